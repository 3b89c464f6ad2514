// The life of a session in shared mode: now on the shared connection, now on one of its own.

import Reactor
import RedisWire

extension SharedClient {
    /// Serves the client until it or the gateway ends; closing it is the caller's part.
    func serve() async {
        defer { leave() }
        while true {
            await waker.run(self)
            guard case .needsOwn = outcome else { return await end() }
            needsOwn = false
            if asksElsewhere {
                await askAboutWrites()
                continue
            }
            do throws(GatewayFailure) {
                own = OwnConnection(
                    try await takeOwn(), to: session.backend,
                    RedisPin(
                        identity: upstream.identity, labels: labels, smallRepliesDue: smallRepliesDue,
                        isKept: staysApart))
            } catch {
                return await fail(error)
            }
        }
    }

    /// A connection for the next command, from where it means what the client expects.
    private func takeOwn() async throws(GatewayFailure) -> Socket {
        if let socket = takeParked() { return socket }
        if labels.isEmpty, let socket = upstream.spares.take(for: waker) {
            metrics.upstreamsReused += 1
            return socket
        }
        let socket = try await RedisOpening.open(
            session.backend, as: upstream.identity, labels: labels, session.local.resolver, waker: waker)
        metrics.upstreamsOpened += 1
        return socket
    }
}
