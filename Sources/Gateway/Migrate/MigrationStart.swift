// What is looked at, noted and made ready before the first key is copied.

import Migration

extension MigrationRunner {
    /// Names what would be left behind, before anything is copied; nothing begins with what the operator does not leave.
    func look(_ consent: MigrationConsent) async throws {
        try leave(consent)
        guard migration.phase == .rolledBack || migration.phase.isNoting && needsPass else { return }
        migration.update { $0.step = .looking }
        let leaving = migration.leaving
        try await refuseForeign()
        var found = try await copier().obstacles()
        try checkOrders()
        migration.update { $0.obstacles = found.map(\.text) }
        func refuseLosses() throws {
            // Uploads are lost at a cut-over only, and most have come to their end by then.
            let losses = found.filter { $0.loss != .uploads && !leaving.contains($0.loss) }
            if !losses.isEmpty { throw Self.refusal(losses) }
        }
        try refuseLosses()
        // What is copied back comes from where it could be held.
        guard migration.phase.serving == .source else { return }
        found += try await copier().trial(leaving: leaving)
        migration.update { $0.obstacles = found.map(\.text) }
        try refuseLosses()
    }

    /// Notes what stays behind from now on; uploads are left at one cut-over only.
    func leave(_ consent: MigrationConsent) throws {
        let before = migration.leaving
        let leaving = before.union(consent.leaving.subtracting([.uploads]))
        guard leaving != before else { return }
        migration.with { $0.leaving = leaving }
        if migration.hasBegun { try migration.file.write(migration.record(migration.phase)) }
    }

    static func refusal(_ obstacles: [MigrationObstacle]) -> Refusal {
        let namedLimit = 10
        let more = obstacles.count > namedLimit ? "; and \(obstacles.count - namedLimit) more" : ""
        let losses = obstacles.map(\.loss)
        var remedy = "put it right, or leave it behind with --leave \(losses.words)"
        if losses.contains(.uploads) {
            remedy += ", or give up those begun an hour ago or earlier with --abort-uploads 1h"
        }
        return Refusal(text: "\(obstacles.prefix(namedLimit).map(\.text).joined(separator: "; "))\(more): \(remedy)")
    }

    /// Before the first record the target may hold nothing: what the source does not have would be deleted there.
    private func refuseForeign() async throws {
        guard !migration.hasBegun, case .something(let what) = try await copier().contents() else { return }
        throw Refusal(
            text: "the target is not empty, and what the source does not have would be deleted there: \(what)")
    }

    func begin() async throws {
        guard !migration.hasBegun || migration.phase == .rolledBack else { return }
        if migration.phase == .rolledBack {
            try keepPhase(.copying)
            needsPass = true
            wasBegun = true
        } else {
            // From the first record on, what is there counts as the migration's own.
            try await refuseForeign()
            try migration.file.write(migration.record(.copying))
            migration.with { $0.hasBegun = true }
        }
    }

    /// Has a target that holds nothing, and may have lost what it held while it was out of sight, not take it from the source too.
    func refuseVanished(_ copier: any MigrationCopier) async throws {
        // Where not all is known that the target was to have, nothing is deleted at the source.
        guard migration.phase == .cutOver, migration.remains != .unknown else { return }
        migration.update { $0.step = .looking }
        guard try await !holdsSomething(copier), case .something = try await copier.contents() else { return }
        throw Refusal(
            text: """
                '\(migration.settings.target)' holds nothing and '\(migration.source.route.name)' does, which is left as it is until \
                `fairlead migrate \(migration.name)` is given
                """)
    }

    /// Whether the place that serves has anything; also where it does not tell.
    private func holdsSomething(_ copier: any MigrationCopier) async throws -> Bool {
        for (part, _) in try await copier.parts(of: .serving) {
            var cursor: [UInt8]?
            repeat {
                try checkOrders()
                guard let page = try await copier.page(of: part, at: .serving, after: cursor), page.keys.isEmpty else {
                    return true
                }
                cursor = page.next
            } while cursor != nil
        }
        return false
    }

    /// Looks at the place that is copied to; whether it has to be compared from the first.
    func prepare(_ copier: any MigrationCopier) async throws -> Bool {
        guard needsPass else { return true }
        migration.update {
            $0 = ListenerMigration.Status(step: .filling, obstacles: $0.obstacles)
        }
        if wasBegun, migration.phase == .copying { try await copier.tidy() }
        isUnlisted = false
        switch try await copier.contents() {
        case .nothing: return false
        // What it holds is of an earlier try: compared where it can be listed, and cleared where not.
        case .something: return true
        case .unknown:
            isUnlisted = true
            try refuseClearing()
            if wasBegun { try await clear(copier) }
            let target = migration.settings.target
            let note = """
                '\(target)' does not list its keys: after the cut-over there is a way back for as long as this gateway runs, and after a \
                restart of it only with --roll-back --force, without what was written at '\(target)'
                """
            migration.update { if !$0.obstacles.contains(note) { $0.obstacles.append(note) } }
            return false
        }
    }

    /// Empties the other place; what is deleted from here on is noted anew.
    func clear(_ copier: any MigrationCopier) async throws {
        try refuseClearing()
        try await copier.clear()
        mayHaveExtras = false
    }

    /// What is cleared is filled again from all that the other place has, which by force is not all there is.
    private func refuseClearing() throws {
        guard migration.phase.serving == .source || migration.remains == .nothing else {
            throw Refusal(
                text: """
                    '\(migration.source.route.name)' does not list its keys, and cannot be made the same without losing what it alone \
                    holds: next is --finish, or --roll-back --force
                    """)
        }
    }
}
