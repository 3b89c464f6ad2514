// `fairlead shadow`: shows what comparing candidates has found.

import ArgumentParser

/// `fairlead shadow`: the differences between listeners' backends and their candidates.
struct ShadowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shadow",
        abstract: "Show how candidates' replies differ from those that clients got.",
        discussion: """
            Asks the admin listener of a running gateway. Exits with 1 unless every candidate was compared and none differs.

            EXAMPLES
              fairlead shadow
              fairlead shadow --admin 127.0.0.1:9900 --json
            """)

    @Option(
        help: ArgumentHelp(
            "Where the gateway's admin listener is: a port, host:port or unix:PATH.", valueName: "ADDR"))
    var admin = AdminClient.usualAddress

    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() throws {
        do {
            let client = try AdminClient(admin)
            let text = try client.get("/shadow.txt")
            print(json ? try client.get("/shadow") : text, terminator: "")
            if Self.isGood(text) { return }
        } catch {
            StandardError.write("error: \(error)")
        }
        throw ExitCodes.failed
    }

    /// Whether the report has a verdict, and none but `identical`; a verdict ends the first line of each listener.
    static func isGood(_ report: String) -> Bool {
        let verdicts = report.split(separator: "\n").filter { !$0.hasPrefix(" ") }
        return !verdicts.isEmpty && verdicts.allSatisfy { $0.hasSuffix(": identical") }
    }
}
