// Routing by key prefix, database and user.

import RedisWire
import Wire

/// Decides by a listener's routes.
final class RouteRouter: RedisRouter {
    /// What is the same for all commands of a client in one state.
    private struct Standing {
        let state: RoutedState
        let home: RouteTable.Entry
        let isDivided: Bool
    }

    let table: RouteTable
    private let isSeveral: Bool
    private let dependsOnDatabase: Bool
    /// That of the state that was asked about last: clients change it seldom.
    @exclusivity(unchecked) private var standing: Standing

    init(_ table: RouteTable) {
        self.table = table
        isSeveral = table.entries.contains { $0.lane !== table.entries[0].lane }
        dependsOnDatabase = table.dependsOnDatabase
        standing = Self.standing(RoutedState(), table)
    }

    private static func standing(_ state: RoutedState, _ table: RouteTable) -> Standing {
        Standing(state: state, home: table.home(state), isDivided: table.isDivided(state))
    }

    private func know(_ state: RoutedState) {
        if standing.state != state { standing = Self.standing(state, table) }
    }

    var dependsOnUser: Bool { table.entries.contains { $0.user != nil } }

    func home(_ state: RoutedState) -> RoutedLane { homeEntry(state).lane }

    private func homeEntry(_ state: RoutedState) -> RouteTable.Entry {
        know(state)
        return standing.home
    }

    func decide(_ command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState) -> RedisDecision {
        know(state)
        if RouteNames.isAnywhere(command.command) {
            if isSeveral, RouteNames.isOfOneConnection(command, in: bytes) {
                return .refused(Self.oneConnection(command, in: bytes))
            }
            return .anywhere(standing.home.lane)
        }
        if dependsOnDatabase, let reply = crossesDatabases(command, in: bytes, state) { return .refused(reply) }
        if isSeveral, RouteNames.isAboutWrites(command.command) { return .refused(Self.severalConnections(command)) }
        guard standing.isDivided else { return .lane(standing.home.lane) }
        if RouteNames.isWhole(command.command) { return decideWhole(command, in: bytes, state) }
        if command.command == .unknown { return decideUnknown(command, in: bytes, state) }
        let keys = RedisKeys.of(command, in: bytes)
        guard !keys.isEmpty, !RouteNames.isChannel(command.command) else { return .lane(home(state)) }
        return decide(command, keys, in: bytes, state)
    }

    func route(of command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState) -> Int {
        let keys = RedisKeys.of(command, in: bytes)
        guard !RouteNames.isChannel(command.command), let place = keys.place(0),
            let key = command.argument(place, in: bytes)
        else { return homeEntry(state).index }
        return table.entry(of: bytes.extracting(key), state).index
    }

    // MARK: - Keys

    private func decide(
        _ command: RedisWholeCommand, _ keys: RedisKeys, in bytes: Span<UInt8>, _ state: RoutedState
    ) -> RedisDecision {
        var arguments = RedisArgumentCursor(command, in: bytes)
        var found: RouteTable.Entry?
        var other: RouteTable.Entry?
        var isRewritten = false
        var index = 0
        // In one pass: places come in the order of the arguments.
        while let place = keys.place(index) {
            guard let argument = arguments.next(in: bytes) else { break }
            guard arguments.place == place &+ 1 else { continue }
            index &+= 1
            let entry = table.entry(of: bytes.extracting(argument), state)
            if entry.rewrite != nil { isRewritten = true }
            guard let first = found else {
                found = entry
                continue
            }
            if first.lane !== entry.lane { other = entry }
        }
        guard let found else { return .lane(home(state)) }
        if let other { return cross(command, in: bytes, found, other, state) }
        if isRewritten { return rewrite(command, keys, in: bytes, found.lane, state) }
        if readsElsewhere(command, in: bytes, found, state) { return .refused(Self.patternsElsewhere(command)) }
        return .lane(found.lane)
    }

    private func cross(
        _ command: RedisWholeCommand, in bytes: Span<UInt8>, _ one: RouteTable.Entry, _ other: RouteTable.Entry,
        _ state: RoutedState
    ) -> RedisDecision {
        let routes = "\(one.match) -> \(one.lane.backend.name); \(other.match) -> \(other.lane.backend.name)"
        guard table.splits, let merge = RedisSplit.merge(of: command.command) else {
            return .refused(RouteNames.crossSlot("\(command.command) has keys of several backends (\(routes))"))
        }
        let split = RedisSplit.split(command, in: bytes, merge) { key, spelled in
            let entry = table.entry(of: key, state)
            if let rewrite = entry.rewrite { spelled = Self.rewritten(key, entry, rewrite) }
            return (entry.lane, 0)
        }
        return split.map { .split($0) } ?? .refused(RedisSplit.refusal(of: command, merge))
    }

    // MARK: - Rewriting

    private func rewrite(
        _ command: RedisWholeCommand, _ keys: RedisKeys, in bytes: Span<UInt8>, _ lane: RoutedLane,
        _ state: RoutedState
    ) -> RedisDecision {
        if RouteNames.tellsKeys(command, in: bytes) {
            return .refused(
                RedisErrorReply.compose(
                    "\(command.command) may answer with keys or ask for others, and those of this route are rewritten"))
        }
        var words = Array("*\(command.argumentCount)\r\n".utf8)
        var arguments = RedisArgumentCursor(command, in: bytes)
        var index = 0
        while let argument = arguments.next(in: bytes) {
            let word = bytes.extracting(argument)
            guard keys.place(index) == arguments.place &- 1 else {
                RedisSplit.append(word, to: &words)
                continue
            }
            index &+= 1
            let entry = table.entry(of: word, state)
            if let rewrite = entry.rewrite {
                RedisSplit.append(Self.rewritten(word, entry, rewrite).span, to: &words)
            } else {
                RedisSplit.append(word, to: &words)
            }
        }
        return .rewritten(lane, words)
    }

    private static func rewritten(_ key: Span<UInt8>, _ entry: RouteTable.Entry, _ rewrite: [UInt8]) -> [UInt8] {
        var result = rewrite
        key.extracting(entry.prefix.count..<key.count).withUnsafeBufferPointer { result.append(contentsOf: $0) }
        return result
    }

    // MARK: - Commands without keys

    /// A command about all keys there are: it goes where its pattern leads, if it has one that leads to one backend.
    private func decideWhole(
        _ command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState
    ) -> RedisDecision {
        if let entry = table.entry(whole: command, in: bytes, state) { return .lane(entry.lane) }
        return .refused(
            RedisErrorReply.compose(
                "\(command.command) is about all keys, and those behind this listener are on several backends: ask each "
                    + "of them, or give a pattern that begins with one route's prefix"))
    }

    /// A command whose keys are not known: it stays at home only if none of its words can be a key of another route.
    private func decideUnknown(
        _ command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState
    ) -> RedisDecision {
        let home = homeEntry(state)
        var arguments = RedisArgumentCursor(command, in: bytes)
        _ = arguments.next(in: bytes)
        var first: RouteTable.Entry?
        var strays = false
        while let argument = arguments.next(in: bytes) {
            let entry = table.entry(of: bytes.extracting(argument), state)
            // Modules put their key first.
            if first == nil { first = entry }
            if entry.lane !== first?.lane || entry.rewrite != nil { strays = true }
        }
        guard let first, strays || first.lane !== home.lane else { return .lane(home.lane) }
        if !first.prefix.isEmpty, first.rewrite == nil { return .lane(first.lane) }
        return .refused(
            RedisErrorReply.compose(
                "which words of this command are keys is not known, and some begin with the prefix of another route"))
    }
}
