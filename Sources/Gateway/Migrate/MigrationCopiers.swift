// Makes whoever copies, for the wire of a listener and the direction of the moment.

import Logging
import Reactor

enum MigrationCopiers {
    /// A copier from the place of `migration` that serves to the other one.
    static func make(
        _ migration: ListenerMigration, waker: Waker, _ local: WorkerState, _ patience: MigrationPatience,
        _ logger: Logger
    ) throws(LinkProblem) -> any MigrationCopier {
        let isForward = migration.phase.serving == .source
        let from = isForward ? migration.source : migration.target
        let to = isForward ? migration.target : migration.source
        let serve: @Sendable (AcceptedConnection, ListenerState) async -> Void = { connection, listener in
            await SessionRunner.run(connection, listener: listener, local: local, logger: logger)
        }
        if migration.atSource.front.wire == .s3 {
            let habits = S3CopyHabits(
                isForward: isForward, wholeLimit: migration.settings.largestRequest,
                leaving: { migration.leaving }, isStopped: { migration.with { $0.order != nil } })
            return S3MigrationCopier(from: from, to: to, waker: waker, patience, habits, serve)
        }
        return RedisMigrationCopier(
            from: try RedisMigrationLink(to: from, waker: waker, local, patience) { await serve($0, from) },
            to: try RedisMigrationLink(to: to, waker: waker, local, patience) { await serve($0, to) },
            areAlike: from.route.isTrusted && to.route.isTrusted, isForward: isForward,
            mayRefuseNames: !to.route.isTrusted, migration.scope)
    }
}
