// `fairlead adapters show`: what one adapter can do, as its manifest says.

import ArgumentParser
import Capabilities

/// `fairlead adapters show NAME`: the manifest as a table.
struct AdaptersShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what an adapter can do: its manifest.",
        discussion: """
            Prints one line for each capability that the adapter mentions; everything else is refused. What a backend \
            can do in the end also depends on its configuration and on what the adapter learns when it connects: a \
            client can ask for that (Redis: INFO fairlead; PostgreSQL: TABLE fairlead.capabilities).

            EXAMPLES
              fairlead adapters show embedded
              fairlead adapters show ./house/adapter.yaml
            """)

    @Argument(help: ArgumentHelp("The adapter's name, or the path of an adapter.yaml.", valueName: "ADAPTER"))
    var adapter: String

    @Flag(help: "Show the refused capabilities too.")
    var all = false

    func run() throws {
        let manifest: Manifest
        do {
            manifest = try ShippedKinds.manifest(of: adapter)
        } catch {
            StandardError.write("error: \(error)")
            throw ExitCodes.failed
        }
        for line in ManifestTable.lines(of: manifest, all: all) { print(line) }
    }
}

/// A manifest as lines of aligned columns.
enum ManifestTable {
    static func lines(of manifest: Manifest, all: Bool) -> [String] {
        let capabilities = all ? Capability.allCases : manifest.mentioned
        let titles = ["capability", "support", "bounds", "weakenings", "note"]
        let rows = [titles] + capabilities.map { row($0, manifest[$0]) }
        let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            var line = (cells + [row[4]]).joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private static func row(_ capability: Capability, _ entry: ManifestEntry) -> [String] {
        let bounds = entry.bounds.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue)=\($0.value)" }
        return [
            capability.name, entry.support.rawValue, bounds.joined(separator: ","),
            entry.weakenings.map(\.rawValue).sorted().joined(separator: ","), entry.note,
        ]
    }
}
