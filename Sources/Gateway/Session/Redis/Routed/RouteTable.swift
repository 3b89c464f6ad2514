// The routes of a listener on one worker, in the order in which they are tried.

import RedisWire
import Wire

/// Which route a key, or a client, belongs to.
final class RouteTable {
    /// One route; its words are compared with what clients have sent.
    ///
    /// An object, because a copy of all its parts for each command costs more than looking at it.
    final class Entry {
        let prefix: [UInt8]
        let database: [UInt8]?
        let user: [UInt8]?
        let rewrite: [UInt8]?
        let lane: RoutedLane
        let match: RouteMatch
        /// Its place among the listener's routes.
        let index: Int

        init(_ route: ListenerRoute, _ lane: RoutedLane) {
            match = route.configuration.match
            prefix = Array((match.prefix ?? "").utf8)
            database = match.database.map { Array("\($0)".utf8) }
            user = match.user.map { Array($0.utf8) }
            rewrite = route.configuration.rewrite.map { Array($0.utf8) }
            self.lane = lane
            index = route.index
        }

        func takes(_ state: RoutedState) -> Bool {
            (database == nil || database == state.database) && (user == nil || user == state.user)
        }

        func takes(_ key: Span<UInt8>) -> Bool {
            guard prefix.count <= key.count else { return false }
            for index in prefix.indices where prefix[index] != key[index] { return false }
            return true
        }
    }

    /// In the order of ``RouteMatch/precedes(_:)``; the last takes everything.
    let entries: [Entry]
    let splits: Bool
    /// Whose it is: one that is being moved leads to one place and then to another.
    let listener: ListenerState

    init(_ listener: ListenerState, _ local: WorkerState) {
        self.listener = listener
        splits = listener.configuration.splits
        let routes = listener.routes
        var lanes: [RoutedLane] = []
        let entries = routes.compactMap { route -> Entry? in
            guard let backend = route.backend else { return nil }
            let lane =
                lanes.first { $0.backend === backend }
                ?? RoutedLane(backend, local.sharedUpstreams(of: backend), index: lanes.count)
            if lane.index == lanes.count { lanes.append(lane) }
            return Entry(route, lane)
        }
        // Equal ones keep their order, so that the listener's own comes last.
        self.entries = entries.enumerated().sorted { one, other in
            let (left, right) = (one.element.match, other.element.match)
            return left.precedes(right) || !right.precedes(left) && one.offset < other.offset
        }.map(\.element)
    }

    /// The route of `key` for a client in `state`.
    func entry(of key: Span<UInt8>, _ state: RoutedState) -> Entry {
        for entry in entries where entry.takes(key) && entry.takes(state) { return entry }
        return entries[entries.count - 1]
    }

    /// The route of commands without a key for a client in `state`.
    func home(_ state: RoutedState) -> Entry {
        for entry in entries where entry.prefix.isEmpty && entry.takes(state) { return entry }
        return entries[entries.count - 1]
    }

    /// The route of all keys that a command's pattern takes, for a client in `state`; nil where there is no such pattern, or
    /// several routes have such keys.
    func entry(whole command: RedisWholeCommand, in bytes: Bytes, _ state: RoutedState) -> Entry? {
        guard let pattern = RouteNames.pattern(of: command, in: bytes) else { return nil }
        let literal = Array(pattern.prefix { !RouteNames.isSpecial($0) })
        guard let entry = entry(ofAll: literal, state), !entry.prefix.isEmpty else { return nil }
        return entry
    }

    /// The route of all keys that begin with `literal`, for a client in `state`; nil where several routes have such keys.
    func entry(ofAll literal: [UInt8], _ state: RoutedState) -> Entry? {
        let entry = entry(of: literal.span, state)
        // A longer prefix would take some of the keys.
        let isOne = !entries.contains { other in
            other.takes(state) && other.prefix.count > literal.count && other.prefix.starts(with: literal)
                && other.lane !== entry.lane
        }
        return isOne && entry.rewrite == nil ? entry : nil
    }

    /// Whether another database, for the same user, may be at another place.
    var dependsOnDatabase: Bool { entries.contains { $0.database != nil } }

    /// Whether keys of a client in `state` may lie elsewhere than at its home.
    func isDivided(_ state: RoutedState) -> Bool {
        let home = home(state).lane
        return entries.contains { !$0.prefix.isEmpty && $0.takes(state) && ($0.lane !== home || $0.rewrite != nil) }
    }
}
