// Reports as files.

import Foundation

/// Reads and writes the files of reports.
package enum ReportFile {
    /// Far more than the largest report has.
    private static let bytesAtMost = 64 << 20

    package static func read(_ path: String) throws(ReportProblem) -> Report { try Report(json: try bytes(path)) }

    /// A small file as text.
    package static func text(_ path: String) throws(ReportProblem) -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }

    /// Writes `text` to `path`, whose folder is made; `-` is standard output.
    package static func write(_ text: String, to path: String) throws(ReportProblem) {
        do {
            if path == "-" { return try FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }
            let file = URL(fileURLWithPath: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file, options: .atomic)
        } catch {
            throw ReportProblem("\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    private static func bytes(_ path: String) throws(ReportProblem) -> Data {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ReportProblem("\(path) cannot be read")
        }
        guard data.count <= bytesAtMost else { throw ReportProblem("\(path) is too large for a report") }
        return data
    }
}
