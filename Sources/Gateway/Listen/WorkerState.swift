// What the gateway keeps on one worker; touched on that worker's thread only.

import Reactor

/// The gateway's belongings on one worker: metrics, idle upstreams and the wakers of its sessions.
package final class WorkerState: @unchecked Sendable {
    package let worker: Worker
    package let resolver: Resolver
    /// By the listeners' indices.
    package let metrics: [ListenerMetrics]
    /// By the listeners' indices; nil where it is not recorded what applications use.
    let usage: [ListenerUsage?]
    /// By the listeners' indices; nil where no keys are sampled.
    let keySamples: [KeySamples?]
    package let upstreams: UpstreamPool
    /// Whether the gateway is stopping: idle sessions end, busy ones may finish.
    package private(set) var isDraining = false
    /// Tasks of sessions that began to run here.
    package private(set) var sessionTasksStarted = 0
    private var sessionTasksEnded = 0
    private var wakers: [ObjectIdentifier: Waker] = [:]
    /// By the private backends' indices; made at first use, on the worker's thread.
    package private(set) var gates: [Gate?]
    /// By the trusted backends' indices; made at first use, on the worker's thread.
    private var shared: [SharedUpstreams?]
    /// By the listeners' indices; made at first use, on the worker's thread.
    private var routeTables: [RouteTable?]

    /// By the shadows; made at first use, on the worker's thread.
    private(set) var shadows: [ObjectIdentifier: ShadowCounts] = [:]
    /// By the listeners' indices; made at first use, on the worker's thread.
    private var rateLeases: [[RateLease?]?]
    /// By the trusted backends' indices; made at first use, on the worker's thread.
    private var clusters: [ClusterNodes?]
    /// By the public listeners' indices; nil where no data is moved.
    private let migrations: [MigrationNotes?]
    /// By the trusted backends' indices; made at first use, on the worker's thread.
    private var watches: [SentinelWatch?]

    init(
        worker: Worker, resolver: Resolver, listeners: [ListenerState], backendCount: Int, privateBackendCount: Int,
        migrations: [ListenerMigration], usage settings: UsageConfiguration
    ) {
        self.worker = worker
        self.resolver = resolver
        metrics = listeners.map { ListenerMetrics(commandCount: $0.front.commandNames.count) }
        usage = listeners.map { listener in
            // Nobody's application speaks at a shadow's own places, which listen nowhere.
            settings.isEnabled && !listener.configuration.listen.isEmpty
                ? ListenerUsage(UsageTables.of(listener.front.wire), samples: settings.samples, worker: worker) : nil
        }
        keySamples = listeners.map { $0.configuration.sampling.map { KeySamples($0, worker: worker) } }
        upstreams = UpstreamPool(worker: worker, backendCount: backendCount)
        gates = Array(repeating: nil, count: privateBackendCount)
        shared = Array(repeating: nil, count: backendCount)
        clusters = Array(repeating: nil, count: backendCount)
        watches = Array(repeating: nil, count: backendCount)
        routeTables = Array(repeating: nil, count: listeners.count)
        rateLeases = Array(repeating: nil, count: listeners.count)
        self.migrations = listeners.indices.map { index in
            migrations.first { $0.atSource.index == index }.map { MigrationNotes(serving: $0.serving, $0.scope) }
        }
    }

    /// What is known here of the migration of the listener with `index`; nil where no data is moved.
    func migrationNotes(_ index: Int) -> MigrationNotes? { migrations[index] }

    /// The gate of `backend` on this worker.
    package func gate(of backend: PrivateBackend) -> Gate {
        if let gate = gates[backend.index]?.current {
            gates[backend.index] = gate
            return gate
        }
        let gate = Gate(backend, service: backend.adapter.makeService())
        gates[backend.index] = gate
        return gate
    }

    /// The shared connections to `backend` on this worker.
    package func sharedUpstreams(of backend: Backend) -> SharedUpstreams {
        if let upstreams = shared[backend.index] { return upstreams }
        let upstreams = SharedUpstreams(backend, self)
        shared[backend.index] = upstreams
        return upstreams
    }

    /// The routes of `listener` on this worker.
    func routeTable(of listener: ListenerState) -> RouteTable {
        if let table = routeTables[listener.index], table.listener === listener { return table }
        let table = RouteTable(listener, self)
        routeTables[listener.index] = table
        return table
    }

    /// What is counted here of `shadow`.
    func counts(of shadow: Shadow) -> ShadowCounts {
        if let counts = shadows[ObjectIdentifier(shadow)] { return counts }
        let counts = ShadowCounts()
        shadows[ObjectIdentifier(shadow)] = counts
        return counts
    }

    /// What this worker has drawn from the buckets of `listener`.
    func rateLeases(of listener: ListenerState) -> [RateLease?] {
        if let leases = rateLeases[listener.index] { return leases }
        let leases = listener.rateBuckets.map { $0.map(RateLease.init) }
        rateLeases[listener.index] = leases
        return leases
    }

    /// The nodes of the cluster that `backend` leads to, as this worker knows them.
    func cluster(of backend: Backend) -> ClusterNodes {
        if let nodes = clusters[backend.index] { return nodes }
        let nodes = ClusterNodes(backend, self)
        clusters[backend.index] = nodes
        return nodes
    }

    /// Waits until sentinels were asked for the master of `backend`, where it is theirs to say.
    func learnMaster(of backend: Backend, _ session: Session) async {
        guard backend.master != nil else { return }
        let watch = watches[backend.index] ?? SentinelWatch(backend, self)
        watches[backend.index] = watch
        await watch.learn(session)
    }

    /// Closes the shared connections of this worker; no session may be left.
    func closeShared() async {
        let open = shared
        shared = shared.map { _ in nil }
        for upstreams in open { await upstreams?.close() }
        let nodes = clusters
        clusters = clusters.map { _ in nil }
        for cluster in nodes { await cluster?.close() }
        let watching = watches
        watches = watches.map { _ in nil }
        for watch in watching { await watch?.close() }
    }

    /// Closes the services of this worker; no session may be left.
    func closeGates() async {
        let open = gates
        gates = gates.map { _ in nil }
        for gate in open { await gate?.service.close() }
    }

    /// Tasks of sessions that run here now: a count of its own, so that a task that outlives its session shows.
    package var sessionTaskCount: Int { sessionTasksStarted - sessionTasksEnded }

    func noteSessionTaskStart() { sessionTasksStarted += 1 }
    func noteSessionTaskEnd() { sessionTasksEnded += 1 }

    func add(_ waker: Waker) { wakers[ObjectIdentifier(waker)] = waker }
    func remove(_ waker: Waker) { wakers[ObjectIdentifier(waker)] = nil }

    /// Tells every session that the gateway is stopping.
    func startDraining() {
        isDraining = true
        upstreams.closeAll()
        for waker in wakers.values { waker.wake() }
    }
}
