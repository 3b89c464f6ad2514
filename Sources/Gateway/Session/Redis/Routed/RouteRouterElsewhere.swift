// What reaches beyond the place of a command's keys: other databases, other keys by pattern, all connections of a client.

import RedisWire
import Wire

extension RouteRouter {
    // MARK: - Databases

    /// Why a command that names another database cannot be carried out at the place of its key; nil: it can, or names none.
    func crossesDatabases(
        _ command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState
    ) -> [UInt8]? {
        guard let named = RouteNames.database(namedBy: command, in: bytes) else { return nil }
        guard let (key, database) = named else { return Self.databasesElsewhere(command) }
        var other = state
        other.database = database
        let (here, there) = (table.entry(of: key.span, state), table.entry(of: key.span, other))
        return here.lane === there.lane && here.rewrite == there.rewrite ? nil : Self.databasesElsewhere(command)
    }

    private static func databasesElsewhere(_ command: RedisWholeCommand) -> [UInt8] {
        RedisErrorReply.compose(
            "\(command.command) names a database that is at another backend by this listener's routes, and a backend reaches its own only"
        )
    }

    // MARK: - Patterns

    /// Whether SORT would look for keys by a pattern that another route may have.
    func readsElsewhere(
        _ command: RedisWholeCommand, in bytes: Span<UInt8>, _ found: RouteTable.Entry, _ state: RoutedState
    ) -> Bool {
        RouteNames.sortPatterns(of: command, in: bytes).contains { pattern in
            // As redis src/sort.c lookupKeyByPattern: without a star no key is looked for.
            guard let star = pattern.firstIndex(of: 0x2A) else { return false }
            return table.entry(ofAll: Array(pattern[..<star]), state)?.lane !== found.lane
        }
    }

    static func patternsElsewhere(_ command: RedisWholeCommand) -> [UInt8] {
        RedisErrorReply.compose(
            "\(command.command) looks for keys by a pattern, and such keys may be at another backend: begin the pattern with the prefix of the sorted key's route"
        )
    }

    // MARK: - Connections

    static func oneConnection(_ command: RedisWholeCommand, in bytes: Span<UInt8>) -> [UInt8] {
        aboutOneConnection("\(command.command) \(command.word(1, in: bytes))")
    }

    /// WAIT would tell of the writes to one of the backends.
    static func severalConnections(_ command: RedisWholeCommand) -> [UInt8] {
        aboutOneConnection(command.command.description)
    }

    private static func aboutOneConnection(_ name: String) -> [UInt8] {
        RedisErrorReply.compose(
            "\(name) is about one connection, and a client of this listener has several, to several backends")
    }
}
