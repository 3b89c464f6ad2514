// Asks an S3 place that leaves a request without an answer whether it lives.

import Reactor
import S3Wire

/// A request beside the others, over a connection of its own.
struct S3MigrationProbe {
    private let link: S3MigrationLink
    private let task: Task<Void, Never>

    /// - Parameter link: a connection to `place` that nobody else uses.
    init(_ link: S3MigrationLink, to place: MigrationPlace) {
        self.link = link
        place.asks()
        task = Task(executorPreference: link.waker.worker) {
            // Whatever the answer is, the place has given it.
            let reply = try? await link.askOnce(S3MigrationRequest(.get))
            if let reply, Self.isOfPlace(reply) { place.hears() }
            await link.close()
            place.hasAsked()
        }
    }

    /// Nobody waits for it any more.
    func cancel() { link.waker.cancel() }

    func end() async {
        cancel()
        await task.value
    }

    /// Whether the place itself has said it, and not the gateway in its stead.
    private static func isOfPlace(_ reply: S3MigrationReply) -> Bool {
        !(502...504).contains(reply.status) || reply.code == "SlowDown"
    }
}

extension S3MigrationLink {
    /// Waits for something new from a place of which nothing came since `start`; false when it is given up.
    func wait(since start: UInt64) async -> Bool {
        guard let place else { return await patience.wait(waker, since: start, until: start &+ MigrationPlace.silence) }
        if place.isInDoubt(since: start) {
            let own = S3MigrationLink(to: listener, waker: Waker(worker: waker.worker), patience, nil, serve)
            probe = S3MigrationProbe(own, to: place)
        }
        return await patience.wait(waker, since: start, until: place.due(since: start), of: name)
    }

    /// Something has come, or was taken.
    func hears() {
        guard let place else { return }
        place.hears()
        patience.hears()
    }

    /// The problem of a request that is given up.
    func silent(_ what: String, since start: UInt64) -> LinkProblem {
        place?.givesUp()
        var problem = lost("\(what) in time (\((waker.worker.now &- start) / 1_000_000_000) s)")
        problem.isSilence = true
        return problem
    }
}
