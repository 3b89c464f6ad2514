// Copies keys from the place that serves to the other one, and compares the two.

import Migration
import Reactor
import RedisWire

/// The keys of one direction.
final class RedisMigrationCopier: MigrationCopier {
    private let from: RedisMigrationLink
    private let to: RedisMigrationLink
    private let fromReader: KeyReader
    private let toReader: KeyReader

    /// The keys that move; nil for all.
    private let scope: MigrationScope?

    let batch = 128
    let pause: UInt64 = 20_000_000
    /// Keys that a server looks at for one answer, where it gives only those of a route.
    private static let lookedAt = 2048

    /// - Parameters:
    ///   - areAlike: whether both are Redis servers, so that one may take what the other has dumped.
    ///   - scope: the keys that move; nil for all.
    init(from: RedisMigrationLink, to: RedisMigrationLink, areAlike: Bool, _ scope: MigrationScope? = nil) {
        self.scope = scope
        self.from = from
        self.to = to
        fromReader = KeyReader(link: from, canDump: areAlike)
        toReader = KeyReader(link: to, canDump: areAlike)
    }

    // MARK: Copying

    func copy(
        _ keys: [[UInt8]], of part: MigrationPart, comparing: Bool
    ) async throws(LinkProblem) -> MigrationOutcome {
        var outcome = MigrationOutcome()
        var rest = keys[...]
        while !rest.isEmpty {
            let count = try await copy(
                first: Array(rest), in: Self.database(part), comparing: comparing, &outcome)
            rest = rest.dropFirst(count)
        }
        return outcome
    }

    private static func database(_ part: MigrationPart) -> UInt32 {
        if case .database(let number) = part { number } else { 0 }
    }

    /// The same for the first of `keys`, as many as can be held in memory; how many they were.
    private func copy(
        first some: [[UInt8]], in database: UInt32, comparing: Bool, _ outcome: inout MigrationOutcome
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
                if case .opaque = content.value {} else { outcome.differing += 1 }
            }
            if case .foreign(let type) = content.value {
                let label = MigrationKeyLabel.text(key, database: database)
                outcome.refused.append((key, type, "\(label): it is not moved to such a place"))
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
            if let error {
                let label = MigrationKeyLabel.text(owner.key, database: database)
                outcome.refused.append((owner.key, owner.type, "\(label): \(error)"))
            } else {
                outcome.copied += 1
            }
        }
        return keys.count
    }

    func deleteExtras(_ keys: [[UInt8]], of part: MigrationPart) async throws(LinkProblem) {
        let database = Self.database(part)
        let answers = try await from.ask(keys.map { [Array("EXISTS".utf8), $0] }, in: database)
        let extras = keys.indices.filter { answers[$0].integer == 0 }.map { keys[$0] }
        _ = try await to.ask(extras.map { [Array("DEL".utf8), $0] }, in: database)
    }

    // MARK: Listing

    private func link(_ side: MigrationSide) -> RedisMigrationLink { side == .serving ? from : to }

    func page(
        of part: MigrationPart, at side: MigrationSide, after cursor: [UInt8]?
    ) async throws(LinkProblem) -> MigrationPage? {
        let start = Array("0".utf8)
        var words = [Array("SCAN".utf8), cursor ?? start, Array("COUNT".utf8)]
        words.append(Array("\(scope == nil ? batch : Self.lookedAt)".utf8))
        if let scope { words += [Array("MATCH".utf8), scope.pattern] }
        let answer = try await link(side).ask([words], in: Self.database(part))[0]
        if let error = answer.error {
            if error.hasPrefix("UNSUPPORTED") || error.hasPrefix("ERR UNSUPPORTED") { return nil }
            throw LinkProblem(description: error)
        }
        guard let parts = answer.elements, parts.count == 2, let next = parts[0].bytes, let keys = parts[1].elements
        else {
            throw LinkProblem(description: "SCAN has no page")
        }
        let names = keys.compactMap(\.bytes)
        return MigrationPage(keys: scope.map { names.filter($0.holds) } ?? names, next: next == start ? nil : next)
    }

    func parts(of side: MigrationSide) async throws(LinkProblem) -> [(part: MigrationPart, keys: Int64?)] {
        let all = try await databases(of: side)
        // How many of them are the route's, nobody tells.
        return scope == nil ? all : all.map { ($0.part, nil) }
    }

    /// The databases that hold something; one of which nothing is known when nothing is told.
    private func databases(of side: MigrationSide) async throws(LinkProblem) -> [(part: MigrationPart, keys: Int64?)] {
        let answer = try await link(side).ask("INFO", "keyspace", in: 0)
        var found: [(MigrationPart, Int64?)] = []
        for line in answer.text.split(whereSeparator: \.isNewline) where line.hasPrefix("db") {
            // db0:keys=12,expires=0,avg_ttl=0
            let parts = line.dropFirst(2).split(separator: ":")
            guard parts.count == 2, let number = UInt32(parts[0]) else { continue }
            let keys = parts[1].split(separator: ",").first { $0.hasPrefix("keys=") }.flatMap { Int64($0.dropFirst(5)) }
            found.append((.database(number), keys))
        }
        // A cluster has one database, and INFO is of one node.
        if found.contains(where: { $0.0 != .database(0) }) { return found }
        let size = try await link(side).ask("DBSIZE", in: 0)
        if size.error != nil, !found.isEmpty { return found }
        return size.integer == 0 ? [] : [(.database(0), size.integer)]
    }

    func contents() async throws(LinkProblem) -> MigrationContents {
        let there = try await databases(of: .other)
        if scope != nil {
            for (part, _) in there {
                var cursor: [UInt8]?
                repeat {
                    guard let page = try await page(of: part, at: .other, after: cursor) else { return .unknown }
                    if !page.keys.isEmpty { return .something("it has keys of the route") }
                    cursor = page.next
                } while cursor != nil
            }
            return .nothing
        }
        if there.isEmpty { return .nothing }
        return there.contains { $0.keys == nil } ? .unknown : .something("it is not empty")
    }

    func clear() async throws(LinkProblem) {
        guard scope == nil else { throw LinkProblem(description: "\(to.name) does not list the keys of the route") }
        if let error = try await to.ask("FLUSHALL", in: 0).error { throw LinkProblem(description: error) }
    }

    // MARK: What Redis has nothing of

    func obstacles() -> [MigrationObstacle] { [] }
    func trial(leaving: Set<MigrationLoss>) -> [MigrationObstacle] { [] }
    func lastObstacles() -> [MigrationObstacle] { [] }
    func abortUploads(age: Int64) {}
    func tidy() {}
    func prepare(_ part: MigrationPart) -> MigrationOutcome { MigrationOutcome() }
    func removeIfGone(_ part: MigrationPart) {}

    func close() async {
        await from.close()
        await to.close()
    }
}
