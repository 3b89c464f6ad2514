// `fairlead adapters`: what this build can translate to.

import ArgumentParser
import Capabilities

/// `fairlead adapters`: lists, shows, checks and begins adapters.
struct AdaptersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adapters",
        abstract: "List, show, check and begin adapters for private protocols.",
        discussion: """
            EXAMPLES
              fairlead adapters list
              fairlead adapters show memcached
              fairlead adapters new house > house.yaml && fairlead adapters check house.yaml
            """,
        subcommands: [
            AdaptersListCommand.self, AdaptersShowCommand.self, AdaptersCheckCommand.self, AdaptersNewCommand.self,
            AdaptersCapabilitiesCommand.self, AdaptersReferenceCommand.self,
        ])
}

/// `fairlead adapters list`: one line an adapter.
struct AdaptersListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the adapters that this build has.",
        discussion: """
            EXAMPLES
              fairlead adapters list
            """)

    func run() {
        let width = ShippedKinds.all.map(\.name.count).max() ?? 0
        for kind in ShippedKinds.all {
            print(kind.name + String(repeating: " ", count: width - kind.name.count + 2) + kind.summary)
        }
    }
}

/// `fairlead adapters capabilities`: the vocabulary as a page.
struct AdaptersCapabilitiesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capabilities", abstract: "Print the vocabulary of capabilities as a Markdown page.",
        discussion: """
            EXAMPLES
              fairlead adapters capabilities
            """)

    func run() { print(CapabilityPage.markdown(), terminator: "") }
}
