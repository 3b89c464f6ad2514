// Where a shadow runs, and through which listeners of its own it asks.

import Logging
import Reactor

/// A shadow with the two listeners, bound nowhere, through which it asks the primary and the candidate.
struct ShadowPlace: Sendable {
    let shadow: Shadow
    let primary: ListenerState
    let candidate: ListenerState
    /// Its place among the gateway's shadows.
    let index: Int

    /// The places of the shadows of `listeners`; their own listeners come behind those, in the order of the indices.
    static func all(
        of listeners: [ListenerState], to routes: [String: Route]
    ) throws(IOError) -> [ShadowPlace] {
        var places: [ShadowPlace] = []
        for (listener, shadow) in listeners.flatMap({ listener in listener.shadows.map { (listener, $0) } }) {
            guard let target = routes[shadow.settings.backend] else { continue }
            var settings = listener.configuration
            settings.shadow = nil
            for index in settings.routes.indices {
                settings.routes[index].shadow = nil
                settings.routes[index].rateLimit = nil
            }
            settings.tls = nil
            settings.listen = []
            settings.idleTimeout = nil
            settings.rateLimit = nil
            settings.sampling = nil
            settings.migration = nil
            // Nobody but the gateway itself gets there, and it knows no client's password.
            if settings.protocol == .postgres { settings.users = [:] }
            let index = listeners.count + 2 * places.count
            let name = "\(listener.name).shadow\(places.count)"
            settings.name = "\(name).primary"
            let primary = try ListenerState(
                settings, index: index, front: listener.front, routes: listener.routes, workers: 1)
            settings.name = "\(name).candidate"
            settings.routes = []
            settings.users = [:]
            // What goes to a scratch bucket is the gateway's own request, whoever the client is.
            if case .bucket = shadow.settings.scratch { settings.accessKeys = [:] }
            settings.backend = shadow.settings.backend
            let route = ListenerRoute(configuration: settings.catchAll, index: 0, target: target)
            let candidate = try ListenerState(
                settings, index: index + 1, front: listener.front, routes: [route], workers: 1)
            places.append(ShadowPlace(shadow: shadow, primary: primary, candidate: candidate, index: places.count))
        }
        return places
    }

    /// Runs it on the worker that is its own until it is cancelled.
    func start(on workers: [WorkerState], logger: Logger) -> Task<Void, Never> {
        let local = workers[index % workers.count]
        return Task(executorPreference: local.worker) {
            guard primary.front.wire != .redis else {
                return await RedisShadowRunner(shadow, primary: primary, candidate: candidate, local, logger: logger)
                    .run()
            }
            let waker = Waker(worker: local.worker)
            let counts = local.counts(of: shadow)
            func connection(to listener: ListenerState) -> ShadowConnection {
                ShadowConnection(waker: waker) { connection in
                    await SessionRunner.run(connection, listener: listener, local: local, logger: logger)
                }
            }
            if primary.front.wire == .s3 {
                let wire = S3ShadowWire(
                    shadow, primary: connection(to: primary), candidate: connection(to: candidate), candidate)
                await ShadowRunner(shadow, wire, waker, counts).run()
            } else {
                let wire = PostgresShadowWire(
                    shadow, primary: PostgresShadowLinks(to: primary, .init()) { connection(to: primary) },
                    candidate: PostgresShadowLinks(to: candidate, shadow.settings.target(mayWrite: false)) {
                        connection(to: candidate)
                    },
                    writer: PostgresShadowLinks(to: candidate, shadow.settings.target(mayWrite: true)) {
                        connection(to: candidate)
                    })
                await ShadowRunner(shadow, wire, waker, counts).run()
            }
        }
    }
}
