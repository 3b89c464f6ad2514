// What the gateway keeps on one worker; touched on that worker's thread only.

import Reactor

/// The gateway's belongings on one worker: metrics, idle upstreams and the wakers of its sessions.
package final class WorkerState: @unchecked Sendable {
    package let worker: Worker
    package let resolver: Resolver
    /// By the listeners' indices.
    package let metrics: [ListenerMetrics]
    package let upstreams: UpstreamPool
    /// Whether the gateway is stopping: idle sessions end, busy ones may finish.
    package private(set) var isDraining = false
    private var wakers: [ObjectIdentifier: Waker] = [:]

    init(worker: Worker, resolver: Resolver, listeners: [ListenerState], backendCount: Int) {
        self.worker = worker
        self.resolver = resolver
        metrics = listeners.map { ListenerMetrics(commandCount: $0.front.commandNames.count) }
        upstreams = UpstreamPool(worker: worker, backendCount: backendCount)
    }

    func add(_ waker: Waker) { wakers[ObjectIdentifier(waker)] = waker }
    func remove(_ waker: Waker) { wakers[ObjectIdentifier(waker)] = nil }

    /// Tells every session that the gateway is stopping.
    func startDraining() {
        isDraining = true
        upstreams.closeAll()
        for waker in wakers.values { waker.wake() }
    }
}
