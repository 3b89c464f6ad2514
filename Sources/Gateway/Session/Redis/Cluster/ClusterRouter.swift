// Decides for one client which node of a cluster each command goes to.

import Reactor
import RedisWire
import Wire

/// Makes a cluster look like one server to a client that knows nothing of clusters.
final class ClusterRouter: RedisRouter {
    let nodes: ClusterNodes
    private let splits: Bool
    private let readsReplicas: Bool
    /// Spreads clients over nodes.
    private let number: Int
    /// The client; it holds this router.
    unowned(unsafe) private var client: RoutedClient?
    /// The map's version by which the commands under way were sent.
    private var version = 0
    /// Whether one of the commands under way was sent to another node than it first went to.
    private var hasRedirected = false

    /// Times that a command whose connection failed is sent.
    private static let attemptsAfterFailure = 3

    let redirects = true

    init(_ nodes: ClusterNodes, _ session: Session) {
        self.nodes = nodes
        splits = session.listener.configuration.splits
        readsReplicas = nodes.backend.configuration.replicaReads == .prefer
        number = Int(truncatingIfNeeded: session.id &>> 1) & Int.max
        nodes.clientCount += 1
    }

    deinit { nodes.clientCount -= 1 }

    /// Waits for the first map, and knows `client` from here on.
    func begin(_ client: RoutedClient) async {
        self.client = client
        await nodes.learn(client.session)
    }

    // MARK: - Deciding

    func home(_ state: RoutedState) -> RoutedLane { nodes.home(number) }

    func decide(_ command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState) -> RedisDecision {
        if let reply = ClusterWords.refusal(command, in: bytes) { return .refused(reply) }
        let keys = RedisKeys.of(command, in: bytes)
        if keys.isEmpty {
            if ClusterWords.isChannels(command.command) { return .anywhere(nodes.channels) }
            if command.command == ClusterWords.scan { return scan(command, in: bytes, state) }
            guard let merge = ClusterWords.merge(command, in: bytes) else { return .anywhere(home(state)) }
            // What MOVED alone has taught may leave a node out.
            guard nodes.answers > 0 else { return notLearnt() }
            let words = bytes.array(command.range)
            return .split(
                RedisSplit(
                    merge, keyCount: 0,
                    parts: nodes.allMasters.map { RedisSplit.Part(lane: $0, command: words, keys: []) }))
        }
        // A client's commands on one key stay in their order: none may overtake one that is still on its way to another
        // node, or was sent there by a map that has changed.
        if isUnsettled { return .later }
        switch RedisSlots.of(keys, command, in: bytes) {
        case .none: return .anywhere(home(state))
        case .one(let slot): return .lane(lane(of: slot, for: command, in: bytes, state))
        case .several: return cross(command, in: bytes, state)
        }
    }

    /// For what would be wrong with a part of the masters.
    func notLearnt() -> RedisDecision {
        askForMap()
        return .refused(ClusterWords.notLearnt)
    }

    private var isUnsettled: Bool {
        guard let client, !client.slots.isEmpty else {
            hasRedirected = false
            version = nodes.version
            return false
        }
        return hasRedirected || version != nodes.version
    }

    private func lane(
        of slot: RedisSlot, for command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState
    ) -> RoutedLane {
        if readsReplicas, isFree, RedisTraits.of(command, in: bytes).contains(.readsOnly),
            RedisSharing.of(command, in: bytes) == .shared, let replica = nodes.replica(of: slot, number)
        {
            return replica
        }
        if let master = nodes.master(of: slot) { return master }
        askForMap()
        // Any node knows better.
        return home(state)
    }

    /// Whether no transaction or own connection of the client ties it to a master.
    private var isFree: Bool {
        guard let client, client.transaction == .none else { return false }
        return client.own == nil || client.own?.pin.holdsNothing == true
    }

    private func cross(
        _ command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState
    ) -> RedisDecision {
        guard splits, let merge = RedisSplit.merge(of: command.command) else {
            return .refused(ClusterWords.crossSlot)
        }
        let split = RedisSplit.split(command, in: bytes, merge) { key, _ in
            let slot = RedisSlot(of: key, 0..<key.count)
            return (lane(of: slot, for: command, in: bytes, state), slot.number)
        }
        return split.map { .split($0) } ?? .refused(RedisSplit.refusal(of: command, merge))
    }

    /// In the client's name, where the gateway has none of its own: only who may log in is told the map.
    private func askForMap() {
        if nodes.backend.login == nil, let login = client?.identity.login { nodes.identity.login = login }
        nodes.ask()
    }

    // MARK: - Own connections

    func noticed(_ code: RedisErrorCode) {
        if code == Self.moved || code == Self.clusterDown { askForMap() }
    }

    func noticed(failureOf lane: RoutedLane) {
        askForMap()
        nodes.failed(lane)
    }

    private static let moved = RedisErrorCode(RedisText("MOVED"))
    private static let clusterDown = RedisErrorCode(RedisText("CLUSTERDOWN"))

    // MARK: - Sending again

    func redirection(
        after error: Span<UInt8>, _ command: Span<UInt8>, from lane: RoutedLane, attempt: Int
    ) -> RedisRedirection? {
        let redirect = RedisRedirect.find(in: error)
        if redirect == .clusterDown { askForMap() }
        guard RedisLimits.redirections.allows(attempt) else { return nil }
        let target: RedisRedirection?
        switch redirect {
        case .moved(let slot, let address):
            askForMap()
            target = nodes.moved(slot, to: address, from: lane).map { RedisRedirection(lane: $0) }
        case .ask(_, let address):
            target = nodes.lane(named: address, from: lane).map {
                RedisRedirection(lane: $0, opening: ClusterWords.asking)
            }
        case .tryAgain:
            target = master(for: command).map { RedisRedirection(lane: $0, pause: Self.pause(before: attempt)) }
        case .clusterDown: target = nil
        case nil:
            // A replica that has lost its master, or is still loading, is no reason for an error.
            let isUnfit = lane.backend.isReplica && ClusterWords.isUnfit(error)
            target = isUnfit ? master(for: command).map { RedisRedirection(lane: $0) } : nil
        }
        if target != nil { hasRedirected = true }
        return target
    }

    func redirection(
        after failure: GatewayFailure, _ command: Span<UInt8>, from lane: RoutedLane, attempt: Int
    ) -> RedisRedirection? {
        askForMap()
        if failure.cause != .loginRefused { nodes.failed(lane) }
        guard failure.cause != .shuttingDown, failure.cause != .loginRefused, attempt < Self.attemptsAfterFailure,
            case .whole(let whole) = RedisWholeCommand.find(in: command, at: 0),
            // Whether it was carried out is not known.
            RedisTraits.of(whole, in: command).contains(.repeatable)
        else { return nil }
        let isKeyless = RedisKeys.of(whole, in: command).isEmpty
        guard let target = isKeyless ? nodes.home(number) : master(for: command) else { return nil }
        hasRedirected = true
        return RedisRedirection(lane: target)
    }

    /// Nanoseconds before the next try of a command whose keys are on both sides of a move: 1 ms, doubling up to 128, so that
    /// all tries together wait for a second for the keys to meet.
    private static func pause(before attempt: Int) -> UInt64 { 1_000_000 << UInt64(min(attempt - 1, 7)) }

    private func master(for command: Span<UInt8>) -> RoutedLane? {
        guard case .whole(let whole) = RedisWholeCommand.find(in: command, at: 0),
            case .one(let slot) = RedisSlots.of(RedisKeys.of(whole, in: command), whole, in: command)
        else { return nil }
        return nodes.master(of: slot)
    }
}
