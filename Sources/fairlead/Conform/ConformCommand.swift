// `fairlead conform`: what a backend really does, over the wire, and what reports of that say.

import ArgumentParser

/// `fairlead conform`: runs suites, and compares and shows reports.
struct ConformCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conform",
        abstract: "Run conformance suites against a target, and report what it does.",
        discussion: """
            A target is a URL, or the name of a backend in --config. conformance/FORMAT.md describes the suites, \
            conformance/REPORT.md the reports.

            EXAMPLES
              fairlead conform redis://127.0.0.1:6379 --html report.html
              fairlead conform postgres://postgres@127.0.0.1:6432 --against postgres://postgres@127.0.0.1:5432
              fairlead conform house-kv --config fairlead.yaml --json reports/house-kv.json
              fairlead conform --adapter memcached --url tcp://127.0.0.1:11211
              fairlead conform run --help
              fairlead conform diff before.json after.json
              fairlead conform matrix conformance/reports/*.json --html matrix.html

            EXIT CODES
              0 nothing is worse than declared, 1 something is, or no report could be made, 2 wrong usage
            """,
        subcommands: [
            ConformRunCommand.self, ConformDiffCommand.self, ConformMatrixCommand.self, ConformManifestCommand.self,
        ],
        defaultSubcommand: ConformRunCommand.self)
}
