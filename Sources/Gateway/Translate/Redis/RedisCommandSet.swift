// All commands that are translated, by id.

import RedisWire

/// The table of commands; made once and shared.
struct RedisCommandSet: Sendable {
    static let shared = RedisCommandSet()

    /// The entries, family by family.
    let entries: [RedisCommandEntry]
    /// Places in `entries` by the command's id; negative for none.
    private let places: [Int16]

    private init() {
        entries =
            RedisStringCommands.entries + RedisKeyCommands.entries + RedisHashCommands.entries
            + RedisListCommands.entries + RedisSetCommands.entries + RedisSortedSetCommands.entries
            + RedisSortedSetRangeCommands.entries + RedisSortedSetCombineCommands.entries + RedisBusCommands.entries
            + RedisScriptCommands.entries + RedisSessionCommand.entries
        var places = [Int16](repeating: -1, count: RedisCommand.count)
        for (place, entry) in entries.enumerated() { places[Int(entry.command.rawValue)] = Int16(place) }
        self.places = places
    }

    /// The entry of `command`, or nil when it is not translated.
    @inline(__always)
    subscript(command: RedisCommand) -> RedisCommandEntry? {
        let place = places[Int(command.rawValue)]
        return place < 0 ? nil : entries[Int(place)]
    }
}
