// The shared connections of one worker to one backend, by whom they stand for.

import Reactor
import RedisWire

/// Finds the shared connection of an identity, and makes it for its first client; touched on its worker's thread only.
package final class SharedUpstreams: @unchecked Sendable {
    private unowned let local: WorkerState
    private let backend: Backend
    private var upstreams: [RedisIdentity: SharedUpstream] = [:]
    /// Those that nobody joins any more.
    private var retired: [ObjectIdentifier: SharedUpstream] = [:]
    private var tasks: [ObjectIdentifier: Task<Void, Never>] = [:]
    /// Commands under way on all of these connections.
    @exclusivity(unchecked) var pending = 0
    /// Told when a connection owes replies and has said nothing for a while; set before the first client, or never.
    var onSilence: (() -> Void)?
    /// Nanoseconds of the worker's clock after which a connection that is silent is not waited for: the backend has been
    /// replaced.
    @exclusivity(unchecked) var waitsUntil = UInt64.max

    init(_ backend: Backend, _ local: WorkerState) {
        self.backend = backend
        self.local = local
    }

    /// Whether no connection is open or being opened.
    var isEmpty: Bool { tasks.isEmpty }

    /// The connection for one more client of `identity`; ``SharedUpstream/clientCount`` counts it.
    func join(_ identity: RedisIdentity) -> SharedUpstream {
        let upstream = upstreams[identity] ?? start(identity)
        upstream.clientCount += 1
        return upstream
    }

    private func start(_ identity: RedisIdentity) -> SharedUpstream {
        let upstream = SharedUpstream(backend, as: identity, local, among: self)
        upstreams[identity] = upstream
        tasks[ObjectIdentifier(upstream)] = Task(executorPreference: local.worker) { [self] in
            await upstream.run()
            if upstreams[identity] === upstream { upstreams[identity] = nil }
            retired[ObjectIdentifier(upstream)] = nil
            tasks[ObjectIdentifier(upstream)] = nil
        }
        return upstream
    }

    /// Lets those who join from here on have another connection than `upstream`.
    func retire(_ upstream: SharedUpstream) {
        if upstreams[upstream.identity] === upstream { upstreams[upstream.identity] = nil }
        retired[ObjectIdentifier(upstream)] = upstream
    }

    /// Ends all of them; no session may be left.
    func close() async {
        for upstream in upstreams.values { upstream.cancel() }
        for upstream in retired.values { upstream.cancel() }
        for task in tasks.values { await task.value }
    }
}
