// `fairlead conform diff`, `matrix` and `manifest`: what reports say.

import ArgumentParser
import Conformance

/// `fairlead conform diff A B`: what changed between two reports.
struct ConformDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Tell what changed between two reports.",
        discussion: """
            Exit code 1 when a verdict or a limit has become worse.

            EXAMPLES
              fairlead conform diff before.json after.json
            """)

    @Argument(help: ArgumentHelp("The earlier report.", valueName: "A.json"))
    var before: String

    @Argument(help: ArgumentHelp("The later report.", valueName: "B.json"))
    var after: String

    func run() throws {
        let reports = try ConformReports.read([before, after])
        let difference = ReportDifference(reports[0], reports[1])
        print(difference.text(), terminator: "")
        if difference.isWorse { throw ExitCodes.failed }
    }
}

/// `fairlead conform matrix REPORT…`: one table of them all.
struct ConformMatrixCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "matrix", abstract: "Make the matrix of backends from their reports.",
        discussion: """
            EXAMPLES
              fairlead conform matrix conformance/reports/*.json --html matrix.html
              fairlead conform matrix conformance/reports/*.json --markdown conformance/MATRIX.md
            """)

    @Argument(help: ArgumentHelp("Reports, one column each.", valueName: "REPORT"))
    var reports: [String]

    @Option(help: ArgumentHelp("Write one HTML page.", valueName: "FILE"))
    var html: String?

    @Option(help: ArgumentHelp("Write Markdown; without any file it is printed.", valueName: "FILE"))
    var markdown: String?

    @Option(
        help: ArgumentHelp(
            "Write the Swift file by which a build carries the results on its own adapters.", valueName: "FILE"))
    var proofs: String?

    func run() throws {
        let read = try ConformReports.read(reports)
        let matrix = Matrix(read)
        do {
            if let html { try ReportFile.write(matrix.html(), to: html) }
            if let proofs { try ReportFile.write(ShippedProofs.source(of: read), to: proofs) }
            if markdown != nil || (html == nil && proofs == nil) {
                try ReportFile.write(matrix.markdown(), to: markdown ?? "-")
            }
        } catch {
            StandardError.write("error: \(error)")
            throw ExitCodes.failed
        }
    }
}

/// `fairlead conform manifest REPORT`: the manifest that the verdicts support.
struct ConformManifestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest", abstract: "Print the manifest that a report's verdicts support.",
        discussion: """
            The form is that of `capabilities:` in an adapter.yaml.

            EXAMPLES
              fairlead conform manifest reports/house-kv.json
            """)

    @Argument(help: ArgumentHelp("The report.", valueName: "REPORT"))
    var report: String

    func run() throws {
        for report in try ConformReports.read([report]) { print(report.supportedManifest(), terminator: "") }
    }
}

/// Reports named on a command line.
enum ConformReports {
    /// All of them, or an exit code after every problem was told.
    static func read(_ paths: [String]) throws -> [Report] {
        var reports: [Report] = []
        for path in paths {
            do {
                reports.append(try ReportFile.read(path))
            } catch { StandardError.write("error: \(error)") }
        }
        guard reports.count == paths.count else { throw ExitCodes.failed }
        return reports
    }
}
