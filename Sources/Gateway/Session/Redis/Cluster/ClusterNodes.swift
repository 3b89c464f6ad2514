// The nodes of a Redis cluster as one worker knows them.

import Reactor
import RedisWire

/// The slot map of one cluster on one worker, with the shared connections to each node; touched on its worker's thread only.
///
/// The map is learnt from any node at the first client, corrected by each MOVED, and asked for again after a MOVED, after a
/// failure, and every ``period``; however many ask for that, it happens once in ``patience``.
final class ClusterNodes: @unchecked Sendable {
    /// Nanoseconds from one question about the map to the next.
    static let patience: UInt64 = 500_000_000
    /// The same while replicas are wanted that no node names yet.
    static let replicaPeriod: UInt64 = 1_000_000_000
    /// Nanoseconds that commands which may go anywhere do not go to a node that has failed.
    static let avoidance: UInt64 = 3_000_000_000
    /// Nanoseconds that a node which the map no longer has may still take to answer.
    static let grace: UInt64 = 2_000_000_000
    /// Nanoseconds after which the map is asked for although nobody has found it wrong, while there are clients.
    static let period: UInt64 = 15_000_000_000

    /// Nodes that errors may name, beside those of the map.
    private static let mostLanes = 2 * RedisLimits.clusterShards.maximum

    private struct Place: Hashable {
        let address: RedisNodeAddress
        let isReplica: Bool
    }

    let backend: Backend
    unowned let local: WorkerState
    private(set) var map = RedisClusterMap()
    /// Counts the changes of the map.
    @exclusivity(unchecked) private(set) var version = 0
    private var lanes: [Place: RoutedLane] = [:]
    /// By the place of the shard in the map.
    @exclusivity(unchecked) private var masters: [RoutedLane] = []
    @exclusivity(unchecked) private var replicas: [[RoutedLane]] = []
    /// Until when a node is avoided, by its lane's number.
    private var failures: [Int: UInt64] = [:]
    private(set) var seeds: [RoutedLane] = []
    /// See ClusterScan.swift.
    var keptScanMasters: (version: Int, masters: ScanMasters)?

    // The asking; see ClusterRefresh.swift.
    let waker: Waker
    var task: Task<Void, Never>?
    /// Whether somebody has found the map wrong since it was asked for.
    var isAsked = false
    /// How often nodes were asked, and how often one has answered.
    var attempts = 0
    var answers = 0
    var turn = 0
    /// Sessions that wait for the first answer.
    var waiting: [Waker] = []
    /// In whose name nodes are asked.
    var identity = RedisIdentity()
    /// Clients that there are.
    var clientCount = 0

    init(_ backend: Backend, _ local: WorkerState) {
        self.backend = backend
        self.local = local
        waker = Waker(worker: local.worker)
        identity.login = backend.login
        guard case .cluster(let endpoints) = backend.configuration.topology else { return }
        seeds = endpoints.compactMap { endpoint in
            guard case .host(let host, let port) = endpoint else { return nil }
            return lane(RedisNodeAddress(host: host, port: port))
        }
    }

    // MARK: Lanes

    /// The lane to the node at `address`, made at first use; as `isReplica`, its connections say READONLY.
    func lane(_ address: RedisNodeAddress, isReplica: Bool = false) -> RoutedLane {
        let place = Place(address: address, isReplica: isReplica)
        if let lane = lanes[place] { return lane }
        let node = Backend(node: address, isReplica: isReplica, of: backend)
        let upstreams = SharedUpstreams(node, local)
        // A node that hangs may have been replaced already.
        upstreams.onSilence = { [weak self] in self?.ask() }
        let lane = RoutedLane(node, upstreams, index: freeIndex)
        lanes[place] = lane
        return lane
    }

    /// The smallest number that no lane has.
    private var freeIndex: Int {
        let taken = Set(lanes.values.map(\.index))
        return (0...taken.count).first { !taken.contains($0) } ?? taken.count
    }

    /// Where commands without a key go for the client with this number: to one master, always the same while the map holds
    /// and that master has not failed lately.
    func home(_ number: Int) -> RoutedLane {
        let lanes = allMasters
        let home = lanes[number % lanes.count]
        guard !failures.isEmpty, isDown(home) else { return home }
        return (1..<lanes.count).lazy.map { lanes[(number + $0) % lanes.count] }.first { !self.isDown($0) } ?? home
    }

    /// Where all clients subscribe and publish, if they can: the node of the first slot.
    var channels: RoutedLane {
        guard let first = RedisSlot(0), let lane = master(of: first), !isDown(lane) else { return home(0) }
        return lane
    }

    /// Whether a connection to it has failed just now.
    func isDown(_ lane: RoutedLane) -> Bool { failures[lane.index].map { local.worker.now < $0 } ?? false }

    /// Notes that a connection to the node at `lane` has failed.
    func failed(_ lane: RoutedLane) {
        failures[lane.index] = local.worker.now &+ Self.avoidance
        ask()
    }

    /// The lane to the master of `slot`; nil while nobody is known to serve it.
    @inline(__always)
    func master(of slot: RedisSlot) -> RoutedLane? { map.place(of: slot).map { masters[$0] } }

    /// The lane to a replica of `slot`, by the client's number; nil where none is known.
    func replica(of slot: RedisSlot, _ number: Int) -> RoutedLane? {
        guard let place = map.place(of: slot), !replicas[place].isEmpty else { return nil }
        return replicas[place][number % replicas[place].count]
    }

    /// Whether replicas are wanted, and a shard has none that is known.
    var lacksReplicas: Bool {
        backend.configuration.replicaReads == .prefer && replicas.contains { $0.isEmpty }
    }

    /// The lane to the master of the shard at a place in the map.
    func lane(ofShard place: Int) -> RoutedLane? { masters.indices.contains(place) ? masters[place] : nil }

    /// The lanes to all masters.
    var allMasters: [RoutedLane] { masters.isEmpty ? seeds : masters }

    // MARK: The map

    /// The lane to a node that an error from `lane` has named; nil when too many nodes were named already.
    func lane(named address: RedisNodeAddress, from lane: RoutedLane) -> RoutedLane? {
        let address = Self.complete(address, from: lane)
        let isKnown = lanes[Place(address: address, isReplica: false)] != nil
        return isKnown || lanes.count < Self.mostLanes ? self.lane(address) : nil
    }

    /// Notes what MOVED said, and that the map is wrong; the lane to the slot's master.
    func moved(_ slot: RedisSlot, to address: RedisNodeAddress, from lane: RoutedLane) -> RoutedLane? {
        guard let target = self.lane(named: address, from: lane) else { return nil }
        let address = Self.complete(address, from: lane)
        // Whatever the map had said of it: it has slots now, and is waited for.
        target.upstreams.waitsUntil = .max
        if master(of: slot) !== target, map.move(slot, to: address) {
            version += 1
            if map.shards.count > masters.count {
                masters.append(target)
                replicas.append([])
            }
        }
        ask()
        return target
    }

    /// An address with an empty host is at the node that named it.
    private static func complete(_ address: RedisNodeAddress, from lane: RoutedLane) -> RedisNodeAddress {
        guard address.host.isEmpty, case .host(let host, _) = lane.backend.target else { return address }
        return RedisNodeAddress(host: host, port: address.port)
    }

    /// Takes the map that a node has given.
    func adopt(_ map: RedisClusterMap) {
        guard map != self.map else { return }
        self.map = map
        version += 1
        masters = map.shards.map { lane($0.master) }
        replicas = map.shards.map { shard in shard.replicas.map { lane($0, isReplica: true) } }
        let serving = Set((masters + replicas.flatMap(\.self)).map(ObjectIdentifier.init))
        let used = serving.union(seeds.map(ObjectIdentifier.init))
        // Those that are gone are kept until their last client has left them.
        failures = failures.filter { local.worker.now < $0.value }
        lanes = lanes.filter { used.contains(ObjectIdentifier($0.value)) || !$0.value.upstreams.isEmpty }
        let end = local.worker.now &+ Self.grace
        for lane in lanes.values {
            let isServing = serving.contains(ObjectIdentifier(lane))
            lane.upstreams.waitsUntil = isServing ? .max : min(lane.upstreams.waitsUntil, end)
        }
    }

    /// Ends the asking and all shared connections; no session may be left.
    func close() async {
        waker.cancel()
        await task?.value
        for lane in lanes.values { await lane.upstreams.close() }
    }
}
