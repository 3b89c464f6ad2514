// How a worker learns which node of a cluster serves which slots.

import Reactor
import RedisWire

extension ClusterNodes {
    /// Nodes that are asked before one round of asking is given up.
    private static let mostAsked = 8

    /// Says that the map may be wrong: a node is asked soon.
    func ask() {
        guard !isAsked else { return }
        isAsked = true
        start()
        waker.wake()
    }

    /// Waits until a node was asked once, so that the first command of the first client has a map.
    func learn(_ session: Session) async {
        guard attempts == 0 else { return }
        ask()
        session.waker.setDeadline(after: backend.connectTimeout.nanoseconds)
        defer { session.waker.setDeadline(after: nil) }
        while attempts == 0, !session.waker.hasTimedOut, !session.waker.isCancelled, !session.client.isHungUp {
            if !waiting.contains(where: { $0 === session.waker }) { waiting.append(session.waker) }
            await session.waker.wait()
        }
        waiting.removeAll { $0 === session.waker }
    }

    private func start() {
        guard task == nil else { return }
        task = Task(executorPreference: local.worker) { [self] in
            await run()
            task = nil
        }
    }

    private func run() async {
        var earliest: UInt64 = 0
        var latest = UInt64.max
        while !waker.isCancelled {
            let now = local.worker.now
            if isAsked && now >= earliest || clientCount > 0 && now >= latest {
                isAsked = false
                await refresh()
                attempts += 1
                for session in waiting { session.wake() }
                earliest = local.worker.now &+ Self.patience
                latest = local.worker.now &+ (lacksReplicas ? Self.replicaPeriod : Self.period)
                continue
            }
            waker.setDeadline(at: isAsked ? earliest : clientCount > 0 ? latest : .max)
            await waker.wait()
        }
    }

    /// Asks one node after another until one gives a map.
    private func refresh() async {
        let known = allMasters
        turn &+= 1
        var candidates = known.indices.map { known[($0 + turn) % known.count] }
        for seed in seeds where !candidates.contains(where: { $0 === seed }) { candidates.append(seed) }
        // Who has failed just now may take the whole connect-timeout to fail again.
        candidates = candidates.filter { !isDown($0) } + candidates.filter { isDown($0) }
        for lane in candidates.prefix(Self.mostAsked) where !waker.isCancelled {
            if let map = await map(from: lane) {
                answers += 1
                adopt(map)
                return
            }
        }
    }

    private func map(from lane: RoutedLane) async -> RedisClusterMap? {
        guard case .host(let host, _) = lane.backend.target else { return nil }
        do {
            let socket = try await RedisOpening.open(lane.backend, as: identity, local.resolver, waker: waker)
            defer { socket.close() }
            waker.setDeadline(after: backend.connectTimeout.nanoseconds)
            let reply = try await RedisQuestion(socket).ask(["CLUSTER", "SLOTS"])
            guard let map = RedisClusterMap(reply.span, asked: host), map.servedCount > 0 else { return nil }
            return map
        } catch {
            // The next node may know more; clients hear of a node's failure when their commands need it.
            return nil
        }
    }
}
