// What a key holds, read and written with commands that any backend may have.

/// A key's value with its life; equal contents are told apart by their lives within a tolerance only.
struct KeyContent: Sendable {
    enum Value: Equatable, Sendable {
        case missing
        case string([UInt8])
        case list([[UInt8]])
        case set(Set<[UInt8]>)
        case hash([[UInt8]: [UInt8]])
        /// Members with their scores as the server spells them.
        case sortedSet([[UInt8]: [UInt8]])
        /// The server's own form of it (DUMP).
        case opaque([UInt8])
        /// A type that can be moved between servers of one kind only.
        case foreign(String)
    }

    var value: Value
    /// Milliseconds that are left; nil for ever.
    var life: Int64?
    /// Whether the place that it was read from tells lives.
    var tellsLife = true

    /// Milliseconds by which lives may differ: backends that round to seconds, and the time between two looks.
    private static let tolerance: Int64 = 2_000

    func isEqual(to other: KeyContent) -> Bool {
        guard value == other.value else { return false }
        guard tellsLife, other.tellsLife else { return true }
        switch (life, other.life) {
        case (nil, nil): return true
        case (let one?, let two?): return abs(one - two) <= Self.tolerance
        default: return value == .missing
        }
    }

    /// The name of the type for a report.
    var typeName: String {
        switch value {
        case .missing: "none"
        case .string: "string"
        case .list: "list"
        case .set: "set"
        case .hash: "hash"
        case .sortedSet: "zset"
        case .opaque: "dump"
        case .foreign(let name): name
        }
    }

    /// Elements that one command carries.
    private static let piece = 512

    /// The commands that leave `key` as this is.
    func commands(for key: [UInt8]) -> [[[UInt8]]] {
        func word(_ text: String) -> [UInt8] { Array(text.utf8) }
        func filled(_ command: String, _ elements: [[UInt8]], step: Int = 1) -> [[[UInt8]]] {
            var commands = [[word("DEL"), key]]
            var start = 0
            while start < elements.count {
                let end = min(elements.count, start + Self.piece * step)
                commands.append([word(command), key] + elements[start..<end])
                start = end
            }
            if let life { commands.append([word("PEXPIRE"), key, word("\(max(1, life))")]) }
            return commands
        }
        switch value {
        case .missing: return [[word("DEL"), key]]
        case .string(let bytes):
            return [[word("SET"), key, bytes] + (life.map { [word("PX"), word("\(max(1, $0))")] } ?? [])]
        case .list(let items): return filled("RPUSH", items)
        case .set(let members): return filled("SADD", Array(members))
        case .hash(let fields): return filled("HSET", fields.flatMap { [$0.key, $0.value] }, step: 2)
        case .sortedSet(let members): return filled("ZADD", members.flatMap { [$0.value, $0.key] }, step: 2)
        case .opaque(let bytes): return [[word("RESTORE"), key, word("\(life ?? 0)"), bytes, word("REPLACE")]]
        case .foreign: return []
        }
    }
}
