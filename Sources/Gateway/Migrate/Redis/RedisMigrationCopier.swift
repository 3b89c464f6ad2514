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

    private let scope: MigrationScope
    private let isForward: Bool
    private let mayRefuseNames: Bool

    let batch = 128
    let pause: UInt64 = 20_000_000
    /// Keys that a server looks at for one answer, where it gives only those of a route.
    private static let lookedAt = 2048

    /// - Parameters:
    ///   - areAlike: whether both are Redis servers, so that one may take what the other has dumped.
    ///   - isForward: whether keys go to the target.
    ///   - mayRefuseNames: whether the place that is copied to has rules of its own for names. A Redis server takes every one, and
    ///     what stands before it may refuse some for what will pass.
    ///   - scope: the keys that move.
    init(
        from: RedisMigrationLink, to: RedisMigrationLink, areAlike: Bool, isForward: Bool, mayRefuseNames: Bool,
        _ scope: MigrationScope
    ) {
        self.mayRefuseNames = mayRefuseNames
        self.scope = scope
        self.isForward = isForward
        self.from = from
        self.to = to
        fromReader = KeyReader(link: from, canDump: areAlike, isServing: true)
        toReader = KeyReader(link: to, canDump: areAlike, isServing: false)
    }

    // MARK: Copying

    func copy(
        _ keys: [[UInt8]], of part: MigrationPart, comparing: Bool
    ) async throws(LinkProblem) -> MigrationOutcome {
        var outcome = MigrationOutcome()
        let database = Self.database(part)
        // Clients have asked for it, and have got none either: no key is there.
        guard try await from.refusal(of: database) == nil else { return outcome }
        let refusal = try await to.refusal(of: database)
        var rest = keys[...]
        while !rest.isEmpty {
            if let refusal {
                let count = try await refuse(first: Array(rest), in: database, refusal, &outcome)
                rest = rest.dropFirst(count)
                continue
            }
            let count = try await copy(first: Array(rest), in: database, comparing: comparing, &outcome)
            rest = rest.dropFirst(count)
        }
        return outcome
    }

    private static func database(_ part: MigrationPart) -> UInt32 {
        if case .database(let number) = part { number } else { 0 }
    }

    /// Names those of the first of `keys` that hold something, because the other place does not have their database; how
    /// many were looked at.
    private func refuse(
        first some: [[UInt8]], in database: UInt32, _ refusal: String, _ outcome: inout MigrationOutcome
    ) async throws(LinkProblem) -> Int {
        let wanted = try await fromReader.read(some, in: database)
        for (key, content) in zip(some, wanted) {
            guard let content else {
                outcome.again.append(key)
                continue
            }
            if content.value == .missing { continue }
            let label = MigrationKeyLabel.text(key, database: database)
            outcome.refused.append((key, content.typeName, "\(label): \(refusal)"))
        }
        return wanted.count
    }

    /// The same for the first of `keys`, as many as can be held in memory; how many they were.
    private func copy(
        first some: [[UInt8]], in database: UInt32, comparing: Bool, _ outcome: inout MigrationOutcome
    ) async throws(LinkProblem) -> Int {
        let wanted = try await fromReader.read(some, in: database)
        var keys = Array(some.prefix(wanted.count))
        let known = comparing ? try await toReader.read(keys, in: database) : []
        if comparing { keys = Array(keys.prefix(known.count)) }
        let refusedBefore = outcome.refused.count
        var commands: [[[UInt8]]] = []
        var owners: [(key: [UInt8], content: KeyContent, count: Int)] = []
        for (place, key) in keys.enumerated() {
            guard let content = wanted[place] else {
                outcome.again.append(key)
                continue
            }
            if comparing, let other = known[place] {
                // What only the server itself understands has many forms, and is written again.
                if content.isEqual(to: other) { continue }
                switch content.value {
                case .opaque, .foreign, .unreadable: break
                default: outcome.differing += 1
                }
            }
            if let reason = content.value.obstacle {
                let label = MigrationKeyLabel.text(key, database: database)
                outcome.refused.append((key, content.typeName, "\(label): \(reason)"))
                continue
            }
            let own = content.commands(for: key)
            commands += own
            owners.append((key, content, own.count))
        }
        let answers = try await to.ask(commands, in: database)
        var place = 0
        for owner in owners {
            let error = answers[place..<(place + owner.count)].lazy.compactMap(\.error).first
            place += owner.count
            guard let error else {
                outcome.copied += 1
                continue
            }
            // What is deleted here, and was never there, is settled.
            if owner.content.value == .missing, mayRefuseNames || error.hasPrefix("ERR UNSUPPORTED "),
                try await toReader.lacks(owner.key, in: database)
            {
                continue
            }
            let label = MigrationKeyLabel.text(owner.key, database: database)
            outcome.refused.append((owner.key, owner.content.typeName, "\(label): \(error)"))
        }
        try await remove(outcome.refused[refusedBefore...].map(\.key), in: database)
        return keys.count
    }

    /// Takes what cannot be held out of the target: an older form of it would pass for what clients have written.
    private func remove(_ keys: [[UInt8]], in database: UInt32) async throws(LinkProblem) {
        guard isForward, !keys.isEmpty else { return }
        _ = try await to.ask(keys.map { [Array("DEL".utf8), $0] }, in: database)
    }

    func deleteExtras(_ keys: [[UInt8]], of part: MigrationPart) async throws(LinkProblem) {
        let extras = try await missing(keys, of: part, at: .serving)
        _ = try await to.ask(extras.map { [Array("DEL".utf8), $0] }, in: Self.database(part))
    }

    func missing(
        _ keys: [[UInt8]], of part: MigrationPart, at side: MigrationSide
    ) async throws(LinkProblem) -> [[UInt8]] {
        let (link, database) = (link(side), Self.database(part))
        // What a place has no database for is not to be asked for there, and stays.
        guard try await link.refusal(of: database) == nil else { return [] }
        let answers = try await link.ask(keys.map { [Array("EXISTS".utf8), $0] }, in: database)
        return keys.indices.filter { answers[$0].integer == 0 }.map { keys[$0] }
    }

    // MARK: Listing

    private func link(_ side: MigrationSide) -> RedisMigrationLink { side == .serving ? from : to }

    func page(
        of part: MigrationPart, at side: MigrationSide, after cursor: [UInt8]?
    ) async throws(LinkProblem) -> MigrationPage? {
        let start = Array("0".utf8)
        var words = [Array("SCAN".utf8), cursor ?? start, Array("COUNT".utf8)]
        words.append(Array("\(scope.hasPrefix ? Self.lookedAt : batch)".utf8))
        if let pattern = scope.pattern { words += [Array("MATCH".utf8), pattern] }
        let answer = try await link(side).ask([words], in: Self.database(part))[0]
        if let error = answer.error {
            if error.hasPrefix("UNSUPPORTED") || error.hasPrefix("ERR UNSUPPORTED") { return nil }
            throw LinkProblem(description: error)
        }
        guard let parts = answer.elements, parts.count == 2, let next = parts[0].bytes, let keys = parts[1].elements
        else {
            throw LinkProblem(description: "SCAN has no page")
        }
        let names = keys.compactMap(\.bytes).filter { scope.holds($0) }
        return MigrationPage(keys: names, next: next == start ? nil : next)
    }

    func parts(of side: MigrationSide) async throws(LinkProblem) -> [(part: MigrationPart, keys: Int64?)] {
        let all = try await databases(of: side)
        // How many of them are the route's, nobody tells.
        return scope.hasPrefix ? all.map { ($0.part, nil) } : all
    }

    /// The databases that hold something, of those where keys move; one of which nothing is known when nothing is told.
    private func databases(of side: MigrationSide) async throws(LinkProblem) -> [(part: MigrationPart, keys: Int64?)] {
        let answer = try await link(side).ask("INFO", "keyspace", in: 0)
        var found: [(MigrationPart, Int64?)] = []
        for line in answer.text.split(whereSeparator: \.isNewline) where line.hasPrefix("db") {
            // db0:keys=12,expires=0,avg_ttl=0
            let parts = line.dropFirst(2).split(separator: ":")
            guard parts.count == 2, let number = UInt32(parts[0]) else { continue }
            let keys = parts[1].split(separator: ",").first { $0.hasPrefix("keys=") }.flatMap { Int64($0.dropFirst(5)) }
                .map { max(0, $0) }
            found.append((.database(number), keys))
        }
        // A cluster has one database, and INFO is of one node.
        if !found.contains(where: { $0.0 != .database(0) }) {
            let size = try await link(side).ask("DBSIZE", in: 0)
            if size.error == nil || found.isEmpty {
                found = size.integer == 0 ? [] : [(.database(0), size.integer.map { max(0, $0) })]
            }
        }
        return found.filter { scope.holds(Self.database($0.0)) }
    }

    func contents() async throws(LinkProblem) -> MigrationContents {
        let there = try await databases(of: .other)
        guard scope.hasPrefix else {
            if there.isEmpty { return .nothing }
            if there.contains(where: { $0.keys == nil }) { return .unknown }
            return .something(scope.isEverything ? "it is not empty" : "the route's database is not empty")
        }
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

    func clear() async throws(LinkProblem) {
        guard !scope.hasPrefix else {
            throw LinkProblem(description: "\(to.name) does not list the keys of the route")
        }
        let command = scope.database == nil ? "FLUSHALL" : "FLUSHDB"
        if let error = try await to.ask(command, in: scope.database ?? 0).error {
            throw LinkProblem(description: error)
        }
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
