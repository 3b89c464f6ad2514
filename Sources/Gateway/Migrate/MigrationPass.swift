// Goes through all keys once, and through those that were written meanwhile.

import Migration
import Reactor

extension MigrationRunner {
    /// All keys of the place that serves; and, when comparing, those of the other that are not here.
    func pass(_ copier: any MigrationCopier, comparing: Bool) async throws {
        let parts = try await copier.parts(of: .serving)
        let total = parts.contains { $0.keys == nil } ? nil : parts.reduce(0) { $0 + ($1.keys ?? 0) }
        migration.update {
            $0.step = comparing ? .comparing : .filling
            $0.total = total
            $0.seen = 0
            $0.differing = 0
            $0.retagged = 0
            $0.refused = RefusedKeys()
        }
        for (part, _) in parts {
            let prepared = try await copier.prepare(part)
            migration.update { $0.add(prepared, of: part, [[]]) }
            var cursor: [UInt8]?
            repeat {
                guard let page = try await copier.page(of: part, at: .serving, after: cursor) else {
                    throw Refusal(text: "the place that serves cannot list its keys (kv.scan, object.list)")
                }
                cursor = page.next
                try await copy(page.keys, of: part, copier, comparing: comparing)
            } while cursor != nil
        }
        // By force the target serves without all of it: what it has not may be what the source alone has.
        let isSpared = migration.isPartial && migration.phase.serving == .target
        if comparing, !isSpared { try await deleteExtras(copier) }
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

    private func deleteExtras(_ copier: any MigrationCopier) async throws {
        for (part, _) in try await copier.parts(of: .other) {
            var cursor: [UInt8]?
            repeat {
                try checkOrders()
                guard let page = try await copier.page(of: part, at: .other, after: cursor) else { return }
                cursor = page.next
                // One that was written meanwhile is noted, and comes again.
                try await copier.deleteExtras(page.keys, of: part)
            } while cursor != nil
            try await copier.removeIfGone(part)
        }
    }

    private func copyAtOnce(
        _ keys: [[UInt8]], of part: MigrationPart, _ copier: any MigrationCopier, comparing: Bool
    ) async throws {
        let outcome = try await copier.copy(keys, of: part, comparing: comparing)
        for key in outcome.again { again.insert(MigrationKey(part: part, name: key)) }
        migration.update { $0.add(outcome, of: part, keys) }
    }

    private func pace(_ count: Int, _ rate: Int, since start: UInt64) async {
        guard rate > 0, count > 0 else { return }
        let due = start &+ UInt64(count) * 1_000_000_000 / UInt64(rate)
        if due > local.worker.now { await rest(due - local.worker.now) }
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
        for worker in workers {
            let index = migration.atSource.index
            let taken = try await on(worker) { $0.migrationNotes(index)?.takeDirty() }
            guard let taken else { continue }
            keys.formUnion(taken.keys)
            if taken.remainder.isEverything { needsPass = true }
            if !taken.remainder.isSettled { isSettled = false }
        }
        for (part, keys) in Dictionary(grouping: keys, by: \.part) {
            var rest = keys.map(\.name)[...]
            while !rest.isEmpty {
                let some = Array(rest.prefix(copier.batch))
                rest = rest.dropFirst(some.count)
                try await copyAtOnce(some, of: part, copier, comparing: false)
            }
            migration.update { $0.copiedAgain += Int64(keys.count) }
        }
        return isSettled && again.isEmpty && !needsPass
    }
}
