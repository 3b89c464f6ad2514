// Copies keys from the place that serves to the other one, and compares the two.

import Migration
import Reactor
import RedisWire

/// The keys of one direction; it belongs to the runner's task.
struct MigrationCopier {
    private let from: RedisMigrationLink
    private let to: RedisMigrationLink
    private let fromReader: KeyReader
    private let toReader: KeyReader

    /// Keys that are read and written at a time.
    static let batch = 128

    /// What became of some keys.
    struct Outcome {
        var copied: Int64 = 0
        var differing: [[UInt8]] = []
        /// To be looked at once more: they changed while they were read.
        var again: [[UInt8]] = []
        var refused: [(type: String, reason: String)] = []
    }

    /// - Parameter areAlike: whether both are Redis servers, so that one may take what the other has dumped.
    init(from: RedisMigrationLink, to: RedisMigrationLink, areAlike: Bool) {
        self.from = from
        self.to = to
        fromReader = KeyReader(link: from, canDump: areAlike)
        toReader = KeyReader(link: to, canDump: areAlike)
    }

    /// Leaves `keys` at the one place as they are at the other; with `comparing` only those that differ are written.
    func copy(_ keys: [[UInt8]], in database: UInt32, comparing: Bool) async throws(LinkProblem) -> Outcome {
        var outcome = Outcome()
        var rest = keys[...]
        while !rest.isEmpty {
            let count = try await copy(first: Array(rest), in: database, comparing: comparing, &outcome)
            rest = rest.dropFirst(count)
        }
        return outcome
    }

    /// The same for the first of `keys`, as many as can be held in memory; how many they were.
    private func copy(
        first some: [[UInt8]], in database: UInt32, comparing: Bool, _ outcome: inout Outcome
    ) async throws(LinkProblem) -> Int {
        let wanted = try await fromReader.read(some, in: database)
        var keys = Array(some.prefix(wanted.count))
        let known = comparing ? try await toReader.read(keys, in: database) : []
        if comparing { keys = Array(keys.prefix(known.count)) }
        var commands: [[[UInt8]]] = []
        var owners: [(key: [UInt8], type: String, count: Int)] = []
        for (place, key) in keys.enumerated() {
            guard let content = wanted[place] else {
                outcome.again.append(key)
                continue
            }
            if comparing, let other = known[place] {
                // What only the server itself understands has many forms, and is written again.
                if content.isEqual(to: other) { continue }
                if case .opaque = content.value {} else { outcome.differing.append(key) }
            }
            if case .foreign(let type) = content.value {
                outcome.refused.append((type, "it is not moved to such a place"))
                continue
            }
            let own = content.commands(for: key)
            commands += own
            owners.append((key, content.typeName, own.count))
        }
        let answers = try await to.ask(commands, in: database)
        var place = 0
        for owner in owners {
            let error = answers[place..<(place + owner.count)].lazy.compactMap(\.error).first
            place += owner.count
            if let error { outcome.refused.append((owner.type, error)) } else { outcome.copied += 1 }
        }
        return keys.count
    }

    /// Keys of the other place that this one has not; nil when it cannot list its keys.
    func extras(
        in database: UInt32, _ cursor: [UInt8]
    ) async throws(LinkProblem) -> (cursor: [UInt8], keys: [[UInt8]])? {
        guard let page = try await Self.page(to, in: database, cursor) else { return nil }
        let answers = try await from.ask(page.keys.map { [Array("EXISTS".utf8), $0] }, in: database)
        return (page.cursor, page.keys.indices.filter { answers[$0].integer == 0 }.map { page.keys[$0] })
    }

    func delete(_ keys: [[UInt8]], in database: UInt32) async throws(LinkProblem) {
        _ = try await to.ask(keys.map { [Array("DEL".utf8), $0] }, in: database)
    }

    /// The next keys of the place that serves; nil when it cannot list them.
    func keys(in database: UInt32, _ cursor: [UInt8]) async throws(LinkProblem) -> (cursor: [UInt8], keys: [[UInt8]])? {
        try await Self.page(from, in: database, cursor)
    }

    private static func page(
        _ link: RedisMigrationLink, in database: UInt32, _ cursor: [UInt8]
    ) async throws(LinkProblem) -> (cursor: [UInt8], keys: [[UInt8]])? {
        let words = ["SCAN", String(decoding: cursor, as: UTF8.self), "COUNT", "\(batch)"].map { Array($0.utf8) }
        let answer = try await link.ask([words], in: database)[0]
        if let error = answer.error {
            if error.hasPrefix("UNSUPPORTED") || error.hasPrefix("ERR UNSUPPORTED") { return nil }
            throw LinkProblem(description: error)
        }
        guard let parts = answer.elements, parts.count == 2, let next = parts[0].bytes, let keys = parts[1].elements
        else {
            throw LinkProblem(description: "SCAN has no page")
        }
        return (next, keys.compactMap(\.bytes))
    }

    /// The databases that hold something, each with its number of keys; one of which nothing is known when nothing is told.
    func databases() async throws(LinkProblem) -> [(database: UInt32, keys: Int64?)] {
        let answer = try await from.ask("INFO", "keyspace", in: 0)
        var found: [(UInt32, Int64?)] = []
        for line in answer.text.split(whereSeparator: \.isNewline) where line.hasPrefix("db") {
            // db0:keys=12,expires=0,avg_ttl=0
            let parts = line.dropFirst(2).split(separator: ":")
            guard parts.count == 2, let number = UInt32(parts[0]) else { continue }
            let keys = parts[1].split(separator: ",").first { $0.hasPrefix("keys=") }.flatMap { Int64($0.dropFirst(5)) }
            found.append((number, keys))
        }
        // A cluster has one database, and INFO is of one node.
        if found.contains(where: { $0.0 != 0 }) { return found }
        let size = try await from.ask("DBSIZE", in: 0)
        if size.error != nil, !found.isEmpty { return found }
        return size.integer == 0 ? [] : [(UInt32(0), size.integer)]
    }

    /// Whether the other place has nothing; nil when it does not tell.
    func isOtherEmpty() async throws(LinkProblem) -> Bool? {
        let answer = try await to.ask("INFO", "keyspace", in: 0)
        if answer.text.split(whereSeparator: \.isNewline).contains(where: { $0.hasPrefix("db") }) { return false }
        return try await to.ask("DBSIZE", in: 0).integer.map { $0 == 0 }
    }

    func clearOther() async throws(LinkProblem) {
        if let error = try await to.ask("FLUSHALL", in: 0).error { throw LinkProblem(description: error) }
    }
}
