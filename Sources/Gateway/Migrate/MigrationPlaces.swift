// The migrations of a gateway: their listeners, and what the admin listener can ask of them.

import Logging
import Migration
import Reactor

extension ListenerMigration {
    /// The migrations of `listeners`; their own listeners come with indices from `next` on, in the order of ``internalListeners``.
    static func all(
        of listeners: [ListenerState], to routes: [String: Route], in configuration: Configuration, next: Int,
        workers: Int
    ) throws -> [ListenerMigration] {
        var migrations: [ListenerMigration] = []
        for listener in listeners {
            guard let settings = listener.configuration.migration, let target = routes[settings.target] else {
                continue
            }
            let index = next + 2 * migrations.count
            let place = listener.configuration.movingPlace
            let moved = listener.configuration.moved(to: settings.target)
            var routes = listener.routes
            routes[place] = ListenerRoute(configuration: moved.allRoutes[place], index: place, target: target)
            let atTarget = try ListenerState(
                moved, index: listener.index, front: listener.front, routes: routes, workers: workers)
            var inner = listener.configuration
            inner.routes = []
            inner.splits = false
            inner.catchAll = RouteConfiguration(backend: listener.configuration.allRoutes[place].backend)
            inner.listen = []
            inner.tls = nil
            inner.users = [:]
            inner.accessKeys = [:]
            inner.region = nil
            inner.domains = []
            inner.idleTimeout = nil
            inner.rateLimit = nil
            inner.denied = []
            inner.shadow = nil
            inner.sampling = nil
            inner.migration = nil
            inner.name = "\(listener.name).migrate.source"
            let source = try ListenerState(
                inner, index: index, front: listener.front,
                routes: [
                    ListenerRoute(configuration: inner.catchAll, index: 0, target: listener.routes[place].target)
                ], workers: 1)
            inner.name = "\(listener.name).migrate.target"
            inner.backend = settings.target
            let targetInner = try ListenerState(
                inner, index: index + 1, front: listener.front,
                routes: [ListenerRoute(configuration: inner.catchAll, index: 0, target: target)], workers: 1)
            migrations.append(
                try ListenerMigration(
                    settings, MigrationSubject(settings.target, in: configuration), atSource: listener,
                    atTarget: atTarget, source: source, target: targetInner))
        }
        return migrations
    }

    var internalListeners: [ListenerState] { [source, target] }

    /// Runs it until it is cancelled.
    func start(on workers: [WorkerState], logger: Logger) -> Task<Void, Never> {
        let home = workers[atSource.index % workers.count]
        return Task(executorPreference: home.worker) {
            await MigrationRunner(self, workers, logger: logger).run()
        }
    }

    /// Takes an order in the words of the admin listener: `start`, `cut-over`, `roll-back`, `finish` or `stop`, and behind the
    /// first three what ``MigrationConsent`` knows, behind `start` also a number (keys a second); false for other words.
    func take(order words: [String]) -> Bool {
        guard let verb = words.first else { return false }
        var words = words.dropFirst()
        var rate = 0
        if verb == "start", let number = words.first.flatMap({ Int($0) }) {
            guard (1...10_000_000).contains(number) else { return false }
            rate = number
            words.removeFirst()
        }
        guard let consent = MigrationConsent(words) else { return false }
        let order: Order
        switch verb {
        case "start": order = .run(consent)
        case "cut-over": order = .cutOver(consent)
        case "roll-back": order = .rollBack(consent)
        case "finish" where consent == MigrationConsent(): order = .finish
        case "stop" where consent == MigrationConsent(): order = .stop
        default: return false
        }
        with {
            $0.order = order
            $0.outcome = nil
            if verb == "start" { $0.rate = rate }
        }
        return true
    }
}
