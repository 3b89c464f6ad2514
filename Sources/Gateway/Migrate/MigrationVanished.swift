// What the place that serves has lost, and no client has deleted: it is not taken from the other place by itself.

import Migration
import Reactor

/// How many keys clients may have deleted that nobody has named, since both places last held the same.
enum UnseenDeletions: Comparable {
    /// All that was deleted is known by name.
    case none
    /// Some may not be: the gateway was killed, an answer was lost, a script was called.
    case few
    /// Any: a client has deleted all there is, or whoever orders it has seen what there is.
    case any

    /// Of `total` keys, how many are deleted without a word; nil for all.
    func limit(of total: Int) -> Int? {
        switch self {
        case .none: 0
        case .few: min(Self.most, max(Self.least, total / 100))
        case .any: nil
        }
    }

    private static let least = 16
    static let most = 1024
}

extension MigrationRunner {
    /// Deletes at the source what the target does not have, if clients can have deleted so much; whether that was possible.
    ///
    /// A target may lose a part of what it held: it starts again without its last minutes, or gives up keys for want of
    /// memory. What was deleted through the gateway is noted by name, and is gone at the source as well before this ends.
    func deleteVanished(_ copier: any MigrationCopier, but remains: MigrationRemains) async throws -> Bool {
        vanished = []
        let total = try await findVanished(copier, but: remains)
        guard let total, let limit = unseen.limit(of: total) else { return false }
        try await waitForNoted(copier, limit)
        // More may be allowed by now: a client has deleted all there is meanwhile.
        guard vanished.count <= unseen.limit(of: total) ?? .max else { throw refusalOfVanished() }
        for (part, keys) in Dictionary(grouping: vanished, by: \.part) {
            try await copier.deleteExtras(keys.map(\.name), of: part)
        }
        vanished = []
        for (part, _) in try await copier.parts(of: .other) where !remains.touches(part) {
            try await copier.removeIfGone(part)
        }
        return true
    }

    /// Keeps the keys of the source that the target does not have, as many as it takes to know that they are too many; of how
    /// many keys, nil when they are not listed.
    private func findVanished(_ copier: any MigrationCopier, but remains: MigrationRemains) async throws -> Int? {
        var total = 0
        for (part, _) in try await copier.parts(of: .other) {
            var cursor: [UInt8]?
            repeat {
                try checkOrders()
                guard let page = try await copier.page(of: part, at: .other, after: cursor) else { return nil }
                cursor = page.next
                total += page.keys.count
                let missing = try await copier.missing(remains.others(page.keys, of: part), of: part, at: .serving)
                if vanished.count <= UnseenDeletions.most {
                    for key in missing { vanished.insert(MigrationKey(part: part, name: key)) }
                }
            } while cursor != nil
        }
        return total
    }

    /// Takes out what clients were seen deleting meanwhile, and what has come to the end of its life at both places.
    private func waitForNoted(_ copier: any MigrationCopier, _ limit: Int) async throws {
        for _ in 0..<Self.looks where vanished.count > limit {
            try checkOrders()
            _ = try await catchUp(copier)
            await rest(Self.lookPause)
        }
        guard vanished.count > limit else { return }
        for (part, keys) in Dictionary(grouping: vanished, by: \.part) {
            let names = Set(try await copier.missing(keys.map(\.name), of: part, at: .serving))
            let gone = Set(try await copier.missing(Array(names), of: part, at: .other))
            for key in keys where !names.contains(key.name) || gone.contains(key.name) { vanished.remove(key) }
        }
    }

    /// Looks for what was written, and nanoseconds between them: lives are the same to within two seconds.
    private static let looks = 30
    private static let lookPause: UInt64 = 100_000_000

    private func refusalOfVanished() -> Refusal {
        let count = vanished.count > UnseenDeletions.most ? "more than \(UnseenDeletions.most)" : "\(vanished.count)"
        let names = vanished.prefix(3).map(\.label).sorted().joined(separator: ", ")
        defer { vanished = [] }
        return Refusal(
            text: """
                '\(migration.settings.target)' lacks \(count) \(vanished.count == 1 ? "key" : "keys") that '\(migration.source.route.name)' has and that no client was seen deleting \
                (\(names)): they stay until `fairlead migrate \(migration.name)` is given, which deletes them, or `--roll-back --force`, which has \
                '\(migration.source.route.name)' serve with them
                """)
    }
}

extension MigrationKey {
    /// In words for the operator.
    fileprivate var label: String {
        switch part {
        case .database(let number): MigrationKeyLabel.text(name, database: number)
        case .bucket(let bucket): S3MigrationName.text(bucket, name)
        }
    }
}
