// Reports as files.

import Foundation

/// Reads and writes the files of reports.
package enum ReportFile {
    /// Far more than the largest report has.
    private static let bytesAtMost = 64 << 20

    /// The report at `path`, which errors begin with.
    package static func read(_ path: String) throws(ReportProblem) -> Report {
        let bytes = try bytes(path)
        do throws(ReportProblem) { return try Report(json: bytes) } catch { throw ReportProblem("\(path): \(error)") }
    }

    /// A small file as text.
    package static func text(_ path: String) throws(ReportProblem) -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }

    /// Writes `text` to `path`, whose folder is made; `-` is standard output.
    package static func write(_ text: String, to path: String) throws(ReportProblem) {
        do {
            if path == "-" { return try FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }
            let file = URL(fileURLWithPath: path)
            let folder = file.deletingLastPathComponent()
            if !FileManager.default.fileExists(atPath: folder.path) {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            }
            try Data(text.utf8).write(to: file, options: .atomic)
        } catch {
            throw ReportProblem("\(path) cannot be written: \(reason(error))")
        }
    }

    /// The system's word for what went wrong: Foundation's own name its domains, and the file again.
    private static func reason(_ error: any Error) -> String {
        let cause = (error as? CocoaError)?.underlying ?? error
        guard let code = (cause as? POSIXError)?.code else { return error.localizedDescription }
        return String(cString: strerror(code.rawValue))
    }

    private static func bytes(_ path: String) throws(ReportProblem) -> Data {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ReportProblem("\(path) cannot be read")
        }
        guard data.count <= bytesAtMost else { throw ReportProblem("\(path) is too large for a report") }
        return data
    }
}
