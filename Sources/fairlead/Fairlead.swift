// The command line's root: what the program is and which commands it has.

import ArgumentParser

/// `fairlead`: the root of all commands.
struct Fairlead: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fairlead",
        abstract: "One gateway in front of data services: trusted wires pass unchanged, private ones are translated.",
        discussion: """
            EXAMPLES
              Answer redis-cli, psql and aws at once, with a store of its own:
                fairlead serve

              Stand in front of three local servers, without a file:
                fairlead serve --redis 6380=redis://127.0.0.1:6379 \\
                  --postgres 6432=postgres://127.0.0.1:5432 --s3 9001=http://127.0.0.1:9000

              Run from a file, after checking it:
                fairlead check fairlead.yaml && fairlead serve --config fairlead.yaml

            EXIT CODES
              0 done, 1 the thing asked about failed, 2 wrong usage
            """,
        version: fairleadVersion,
        subcommands: [
            ServeCommand.self, CheckCommand.self, UsageCommand.self, AdaptersCommand.self, ConformCommand.self,
            ShadowCommand.self, PortabilityCommand.self, TopCommand.self, MigrateCommand.self,
        ])
}
