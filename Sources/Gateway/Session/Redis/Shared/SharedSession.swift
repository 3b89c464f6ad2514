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
            do throws(GatewayFailure) {
                own = OwnConnection(
                    try await takeOwn(), to: session.backend,
                    RedisPin(identity: upstream.identity, labels: labels, smallRepliesDue: smallRepliesDue))
            } catch {
                return await fail(error)
            }
        }
    }

    /// A connection for the next command, from where it means what the client expects.
    private func takeOwn() async throws(GatewayFailure) -> Socket {
        if let socket = takeParked() { return socket }
        if lastGeneration != 0, waitsForReplicas { return try await inherit() }
        if labels.isEmpty, let socket = upstream.spares.take(for: waker) {
            metrics.upstreamsReused += 1
            return socket
        }
        let socket = try await RedisOpening.open(
            session.backend, as: upstream.identity, labels: labels, session.local.resolver, waker: waker)
        metrics.upstreamsOpened += 1
        return socket
    }

    /// Whether the next command is about the writes that its connection has carried.
    private var waitsForReplicas: Bool {
        let bytes = held
        guard case .whole(let command) = RedisWholeCommand.find(in: bytes.span, at: 0) else { return false }
        return command.command == .wait || command.command == .waitaof
    }

    /// The shared connection itself: on any other, WAIT would wait for nothing.
    private func inherit() async throws(GatewayFailure) -> Socket {
        let isSame = lastGeneration == upstream.generation
        isHeir = isSame && upstream.bequeath(to: self)
        while isHeir, !waker.isCancelled, !client.isHungUp { await waker.wait() }
        if let socket = takeInherited() { return socket }
        upstream.forget(self)
        throw GatewayFailure(
            .lost,
            "\(session.backend.label): the connection that carried what WAIT asks about is lost, or another client's WAIT has taken it; clients that WAIT beside others need `mode: session`"
        )
    }
}
