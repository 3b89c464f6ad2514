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
        /// The place that serves does not give it, in these words.
        case unreadable(String)

        /// Bytes of what is held in memory, apart from what holds it.
        var byteCount: Int {
            switch self {
            case .missing, .foreign, .unreadable: 0
            case .string(let bytes), .opaque(let bytes): bytes.count
            case .list(let items): items.reduce(0) { $0 + $1.count }
            case .set(let members): members.reduce(0) { $0 + $1.count }
            case .hash(let pairs), .sortedSet(let pairs): pairs.reduce(0) { $0 + $1.key.count + $1.value.count }
            }
        }
    }

    var value: Value
    /// Milliseconds that are left; nil for ever.
    var life: Int64?
    /// Whether the place that it was read from tells lives.
    var tellsLife = true
    /// When fields of a hash end, in milliseconds since 1970.
    var fieldEnds: [[UInt8]: Int64] = [:]

    /// Milliseconds by which lives may differ: backends that round to seconds, and the time between two looks.
    private static let tolerance: Int64 = 2_000

    func isEqual(to other: KeyContent) -> Bool {
        guard value == other.value, hasSameFieldEnds(as: other) else { return false }
        guard tellsLife, other.tellsLife else { return true }
        switch (life, other.life) {
        case (nil, nil): return true
        case (let one?, let two?): return abs(one - two) <= Self.tolerance
        default: return value == .missing
        }
    }

    private func hasSameFieldEnds(as other: KeyContent) -> Bool {
        guard fieldEnds.count == other.fieldEnds.count else { return false }
        return fieldEnds.allSatisfy { field, end in
            other.fieldEnds[field].map { end.distance(to: $0).magnitude <= Self.tolerance } ?? false
        }
    }

    /// The name of the type for a report.
    var typeName: String {
        switch value {
        case .missing: "none"
        case .string: "string"
        case .list: "list"
        case .set: "set"
        case .hash: fieldEnds.isEmpty ? "hash" : "hash with lives of fields"
        case .sortedSet: "zset"
        case .opaque: "dump"
        case .foreign(let name): name
        case .unreadable: "keys that cannot be read"
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
        case .hash(let fields):
            return filled("HSET", fields.flatMap { [$0.key, $0.value] }, step: 2)
                + fieldEnds.map { field, end in
                    [word("HPEXPIREAT"), key, word("\(end)"), word("FIELDS"), word("1"), field]
                }
        case .sortedSet(let members): return filled("ZADD", members.flatMap { [$0.value, $0.key] }, step: 2)
        case .opaque(let bytes):
            // 0 stands for ever.
            return [[word("RESTORE"), key, word("\(life.map { max(1, $0) } ?? 0)"), bytes, word("REPLACE")]]
        case .foreign, .unreadable: return []
        }
    }
}

extension KeyContent.Value {
    /// Why it is not even tried at the other place; nil when it is.
    var obstacle: String? {
        switch self {
        case .foreign: "it is not moved to such a place"
        case .unreadable(let error): error
        default: nil
        }
    }
}
