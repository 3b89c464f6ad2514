// `fairlead usage`: what each application uses, of a running gateway or of exports.

import ArgumentParser
import Gateway
import Usage

/// `fairlead usage`: prints, exports, merges and resets usage profiles.
struct UsageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Show what each application uses: commands, options, statements, operations and sizes.",
        discussion: """
            Reads a running gateway's admin listener, or files that --json has made. Several files become one \
            profile: counts add up, and what no gateway has seen stays unknown.

            EXAMPLES
              fairlead usage
              fairlead usage --admin 127.0.0.1:9900 --samples
              fairlead usage --json > monday.json
              fairlead usage monday.json tuesday.json --app checkout
              fairlead usage gateway-*.json --merge all.json
              fairlead usage --reset
            """)

    @Argument(help: ArgumentHelp("Exported profiles.", valueName: "FILE"))
    var files: [String] = []

    @Option(
        help: ArgumentHelp(
            "A gateway's admin listener: a port, host:port or unix:PATH (default: \(AdminClient.usualAddress), without files).",
            valueName: "ADDR"))
    var admin: String?

    @Option(help: ArgumentHelp("Only applications of this name, user or agent.", valueName: "NAME"))
    var app: String?

    @Flag(help: "Print the profile as JSON.")
    var json = false

    @Flag(help: "Show the redacted examples that the gateway keeps where `usage.samples` asks for them.")
    var samples = false

    @Option(help: ArgumentHelp("Write all that was read, as one profile in JSON.", valueName: "OUT"))
    var merge: String?

    @Flag(help: "Have the gateway forget what it has seen, once it was read.")
    var reset = false

    func run() throws {
        let source = ProfileSource(admin: admin, files: files)
        if reset, source.admin == nil {
            throw UsageError(
                message: "--reset is for a gateway: add --admin ADDR, or leave out the files.", command: "usage")
        }
        do {
            let whole = try source.read()
            // What is written down is whole; `--app` chooses what is shown.
            let profile = try whole.only(app)
            if let merge { try ProfileFile(path: merge).write(whole) }
            if json {
                print(profile.json(), terminator: "")
            } else if merge == nil {
                print(profile.text(showsSamples: samples), terminator: "")
            }
            if reset, let admin = source.admin { _ = try AdminClient(admin).post("/usage/reset") }
        } catch {
            StandardError.write("error: \(error)")
            throw ExitCodes.failed
        }
    }
}
