// Which of a Redis listener's commands and keys a shadow is about, where the listener has routes.

import RedisWire
import Wire

/// What each route of a listener is to one of its shadows, on one worker.
struct RedisShadowScope {
    /// A route as the shadow sees it.
    struct Route {
        /// Whether its commands are the shadow's.
        let isOwn: Bool
        /// Whether they are compared.
        let isCompared: Bool
        /// Whether it leads to a backend with keys that are compared, so that its writes may be of these.
        let reaches: Bool
        /// What tells its keys from those of other backends, with the first bytes that they have there.
        let opening: [UInt8]
        /// First bytes of a key that the backend does not see.
        let dropped: Int
    }

    private let table: RouteTable?
    /// By the routes' places among the listener's.
    private let routes: [Route]
    /// Whether a route goes by user or database, so that it takes a known state to tell.
    let mindsState: Bool

    private static let only = Route(isOwn: true, isCompared: true, reaches: true, opening: [], dropped: 0)

    init(_ shadow: Shadow, of listener: ListenerState, on local: WorkerState) {
        guard listener.routes.count > 1 else {
            table = nil
            routes = [Self.only]
            mindsState = false
            return
        }
        let table = local.routeTable(of: listener)
        let entries = table.entries.sorted { $0.index < $1.index }
        let own = entries.filter { listener.shadow(of: $0) === shadow }
        let compared = own.filter { entry in shadow.route != nil || Self.isPlain(entry, among: own, entries) }
        routes = entries.map { entry in
            Route(
                isOwn: own.contains { $0.index == entry.index },
                isCompared: compared.contains { $0.index == entry.index },
                reaches: compared.contains { $0.lane === entry.lane },
                opening: [UInt8(truncatingIfNeeded: entry.lane.index)] + (entry.rewrite ?? []),
                dropped: entry.rewrite == nil ? 0 : entry.prefix.count)
        }
        mindsState = entries.contains { $0.user != nil || $0.database != nil }
        self.table = table
    }

    /// Whether a listener's candidate, which gets keys as clients spell them and knows no users, holds one key for each that
    /// the backends hold under this route.
    private static func isPlain(
        _ entry: RouteTable.Entry, among own: [RouteTable.Entry], _ entries: [RouteTable.Entry]
    ) -> Bool {
        if entry.rewrite != nil, entries.contains(where: { $0.index != entry.index && $0.lane === entry.lane }) {
            return false
        }
        return entry.user == nil || own.allSatisfy { $0.lane === entry.lane }
    }

    /// The route that `key` takes for a client in `state`.
    func route(of key: Span<UInt8>, _ state: RoutedState) -> Route {
        guard let table else { return Self.only }
        return routes[table.entry(of: key, state).index]
    }

    /// The route that commands without a key take for a client in `state`.
    func home(_ state: RoutedState) -> Route {
        guard let table else { return Self.only }
        return routes[table.home(state).index]
    }

    /// The route of a command about all keys, and whether what it is told of is all the shadow's.
    func whole(
        _ command: RedisWholeCommand, in bytes: Bytes, _ state: RoutedState
    ) -> (route: Route, isAlone: Bool) {
        guard let table else { return (Self.only, true) }
        let entry = (table.isDivided(state) ? table.entry(whole: command, in: bytes, state) : nil) ?? table.home(state)
        let isAlone = table.entries.allSatisfy { $0.lane !== entry.lane || routes[$0.index].isCompared }
        return (routes[entry.index], isAlone)
    }
}

extension ListenerState {
    /// The shadow that is about what `entry` takes.
    fileprivate func shadow(of entry: RouteTable.Entry) -> Shadow? { routeShadows[entry.index] ?? shadow }
}
