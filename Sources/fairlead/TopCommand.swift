// `fairlead top`: shows the keys that are asked for most and those that move the most bytes.

import ArgumentParser
import Glibc

/// `fairlead top`: hot keys and big values of the listeners that sample them.
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show hot keys and big values of Redis listeners.",
        discussion: """
            Asks the admin listener of a running gateway. Keys are kept only of listeners with `sample-keys`.

            EXAMPLES
              fairlead top
              fairlead top --every 2
              fairlead top --admin 127.0.0.1:9900 --json
            """)

    @Option(
        help: ArgumentHelp(
            "Where the gateway's admin listener is: a port, host:port or unix:PATH.", valueName: "ADDR"))
    var admin = AdminClient.usualAddress

    @Option(help: ArgumentHelp("Show them again every so many seconds, until interrupted.", valueName: "SECONDS"))
    var every: UInt32?

    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        if every == 0 { throw ValidationError("--every needs a second at least") }
    }

    func run() throws {
        do {
            let client = try AdminClient(admin)
            while true {
                let report = try client.get(json ? "/keys" : "/keys.txt")
                // A terminal is cleared; a file or a pipe gets one report after another.
                if every != nil, !json, isatty(1) == 1 { print("\u{1B}[H\u{1B}[2J", terminator: "") }
                print(report, terminator: "")
                fflush(nil)
                guard let every else { return }
                sleep(every)
            }
        } catch {
            StandardError.write("error: \(error)")
        }
        throw ExitCodes.failed
    }
}
