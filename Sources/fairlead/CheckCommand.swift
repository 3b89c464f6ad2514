// `fairlead check`: validates a configuration without starting anything.

import ArgumentParser
import Gateway

/// `fairlead check`: says whether a configuration is usable, and everything that is wrong with it if not.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate a configuration and report every problem with its line and key.",
        discussion: """
            Certificate and key files are looked into as well. Nothing is started and no backend is contacted.

            EXAMPLES
              fairlead check fairlead.yaml
              fairlead check --redis 6380=redis://127.0.0.1:6379
              fairlead check --keys
            """)

    @Argument(help: ArgumentHelp("The configuration file.", valueName: "FILE"))
    var file: String?

    @Option(help: ArgumentHelp("The same, as `serve` takes it.", valueName: "FILE"))
    var config: String?

    @Flag(help: "Print every configuration key as a Markdown table instead.")
    var keys = false

    @OptionGroup var arguments: ConfigurationArguments

    func run() throws {
        if keys {
            print(ConfigurationKey.markdownTable())
            return
        }
        guard file == nil || config == nil else {
            throw UsageError(message: "the configuration is named twice: FILE and --config", command: "check")
        }
        let file = file ?? config
        try arguments.validate(file: file, command: "check", fileUsage: "fairlead.yaml")
        let configuration: Configuration
        do {
            configuration = try arguments.configuration(file: file, checkingFiles: true)
        } catch _ as ExitCode {
            // Options are the very thing that this command is asked about.
            throw ExitCodes.failed
        }
        print("OK")
        for listener in configuration.listeners {
            let line = ListenerLine(
                name: listener.name, protocolName: listener.protocol.rawValue,
                addresses: listener.listen.map(\.description),
                destination: configuration.destination(of: configuration.served(listener)))
            print(line)
        }
    }
}
