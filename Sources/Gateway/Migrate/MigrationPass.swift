// Goes through all keys once, and through those that were written meanwhile.

import Migration
import Reactor

extension MigrationRunner {
    /// All keys of the place that serves; and, when comparing, those of the other that are not here.
    func pass(_ copier: any MigrationCopier, comparing: Bool) async throws {
        let parts = try await copier.parts(of: .serving)
        // As many as a place may say it has.
        let total =
            parts.contains { $0.keys == nil } ? nil : parts.reduce(Int64(0)) { $0.clamped(adding: $1.keys ?? 0) }
        migration.update {
            $0.step = comparing ? .comparing : .filling
            $0.total = total
            $0.seen = 0
            $0.differing = 0
            $0.retagged = 0
            $0.refused = RefusedKeys()
        }
        for (part, _) in parts {
            try take(try await copier.prepare(part), of: part, [[]])
            var cursor: [UInt8]?
            repeat {
                guard let page = try await copier.page(of: part, at: .serving, after: cursor) else {
                    throw Refusal(text: unlisted)
                }
                cursor = page.next
                try await copy(page.keys, of: part, copier, comparing: comparing)
            } while cursor != nil
        }
        if comparing { try await deleteExtras(copier) }
    }

    /// Why nothing can be gone through, and what is left to do.
    private var unlisted: String {
        guard migration.phase.serving == .target else {
            return
                "'\(migration.source.route.name)' does not list its keys (kv.scan, object.list), and cannot be moved from"
        }
        return """
            '\(migration.settings.target)' does not list its keys (kv.scan, object.list), and what was written there while nobody noted it \
            cannot be found: next is --finish, or --roll-back --force, which is without it
            """
    }

    /// The keys of one page, with a look at what was written after each few.
    private func copy(
        _ keys: [[UInt8]], of part: MigrationPart, _ copier: any MigrationCopier, comparing: Bool
    ) async throws {
        var rest = keys[...]
        repeat {
            try checkOrders()
            let started = local.worker.now
            let rate = migration.with { $0.rate }
            let some = Array(rest.prefix(rate > 0 ? min(copier.batch, max(1, rate / 4)) : copier.batch))
            rest = rest.dropFirst(some.count)
            try await copyAtOnce(some, of: part, copier, comparing: comparing)
            migration.update { $0.seen += Int64(some.count) }
            if local.worker.now &- lastCatchUp > copier.pause { _ = try await catchUp(copier) }
            await pace(some.count, rate, since: started)
        } while !rest.isEmpty
    }

    /// Deletes what is not here; by force the target serves without what the source alone holds, which stays there.
    private func deleteExtras(_ copier: any MigrationCopier) async throws {
        let remains = migration.phase.serving == .target ? migration.remains : .nothing
        guard remains != .unknown else { return }
        if migration.phase.serving == .target, unseen != .any, try await deleteVanished(copier, but: remains) { return }
        for (part, _) in try await copier.parts(of: .other) {
            var cursor: [UInt8]?
            repeat {
                try checkOrders()
                guard let page = try await copier.page(of: part, at: .other, after: cursor) else {
                    // It tells that it holds something and not what: cleared, it holds nothing else.
                    if !isUnlisted {
                        isUnlisted = true
                        mayHaveExtras = true
                    }
                    if mayHaveExtras { needsPass = true }
                    return
                }
                cursor = page.next
                // One that was written meanwhile is noted, and comes again.
                try await copier.deleteExtras(remains.others(page.keys, of: part), of: part)
            } while cursor != nil
            if !remains.touches(part) { try await copier.removeIfGone(part) }
        }
    }

    private func copyAtOnce(
        _ keys: [[UInt8]], of part: MigrationPart, _ copier: any MigrationCopier, comparing: Bool
    ) async throws {
        let outcome = try await copier.copy(keys, of: part, comparing: comparing)
        for key in outcome.again { again.insert(MigrationKey(part: part, name: key)) }
        try take(outcome, of: part, keys)
    }

    /// Counts what became of `keys`; what the source has from the target is no longer what it alone holds.
    private func take(_ outcome: MigrationOutcome, of part: MigrationPart, _ keys: [[UInt8]]) throws {
        migration.update { $0.add(outcome, of: part, keys) }
        guard migration.phase.serving == .target, let kept = migration.remains.keys, !kept.isEmpty else { return }
        let settled = Set(keys).subtracting(outcome.again).subtracting(outcome.refused.lazy.map(\.key))
        if migration.with({ $0.remains.settle(settled, of: part) }) {
            try migration.file.write(migration.record(migration.phase))
        }
    }

    private func pace(_ count: Int, _ rate: Int, since start: UInt64) async {
        guard rate > 0, count > 0 else { return }
        let due = start &+ UInt64(count) * 1_000_000_000 / UInt64(rate)
        if due > local.worker.now { await rest(due - local.worker.now) }
    }

    /// Forgets the keys that were written and answered until now: all that is there goes to a place that has nothing yet.
    func forgetNoted() async throws {
        again = []
        for taken in try await clients.takeDirty() where taken.hasSeenScripts {
            migration.update { $0.hasSeenScripts = true }
        }
    }

    /// Has the keys looked at again that could not be held: they may be gone, or the place may take them now.
    func lookAtRefused() {
        again.formUnion(migration.with { $0.status.refused.keys })
    }

    /// Copies the keys that were written; whether no write is under way and none is left.
    func catchUp(_ copier: any MigrationCopier) async throws -> Bool {
        defer { lastCatchUp = local.worker.now }
        var keys = again
        again = []
        var isSettled = keys.isEmpty
        for taken in try await clients.takeDirty() {
            keys.formUnion(taken.keys)
            if taken.hasSeenScripts {
                migration.update { $0.hasSeenScripts = true }
                unseen = max(unseen, .few)
            }
            if taken.remainder.isEverything {
                unseen = max(unseen, taken.remainder.isOrdered ? .any : .few)
                needsPass = true
                mayHaveExtras = true
            }
            if !taken.remainder.isSettled { isSettled = false }
        }
        vanished.subtract(keys)
        do {
            try await copyWritten(keys, copier)
        } catch {
            // Another copier has to begin with them; too many to be kept, they are found by going through all.
            if again.count + keys.count <= DirtyKeys.keyLimit {
                again.formUnion(keys)
            } else {
                needsPass = true
                unseen = max(unseen, .few)
            }
            throw error
        }
        return isSettled && again.isEmpty && !needsPass
    }

    private func copyWritten(_ keys: Set<MigrationKey>, _ copier: any MigrationCopier) async throws {
        for (part, keys) in Dictionary(grouping: keys, by: \.part) {
            var rest = keys.map(\.name)[...]
            while !rest.isEmpty {
                let some = Array(rest.prefix(copier.batch))
                rest = rest.dropFirst(some.count)
                try await copyAtOnce(some, of: part, copier, comparing: false)
            }
            migration.update { $0.copiedAgain += Int64(keys.count) }
        }
    }
}
