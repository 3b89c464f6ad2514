// The life of a session in shared mode: now on the shared connection, now on one of its own.

import Reactor
import RedisWire

extension SharedClient {
    /// Error replies that a client with a deep pipeline gets when its own connection is lost; then it is closed.
    private static let repliesAtMost = 1024

    /// Serves the client until it or the gateway ends; closing it is the caller's part.
    func serve() async {
        defer { leave() }
        while true {
            await waker.run(self)
            guard case .needsOwn = outcome else { return await end() }
            needsOwn = false
            do throws(GatewayFailure) {
                own = OwnConnection(
                    try await takeOwn(),
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
            .lost, "\(session.backend.label): the connection that carried what WAIT asks about is gone")
    }

    private func end() async {
        switch outcome {
        case .needsOwn, .finished: break
        case .cancelled: client.finish()
        case .idle:
            session.note(GatewayFailure(.idle, "no byte passed for the idle-timeout"))
            await client.closeAfterLastWords()
        case .clientFailed:
            if owed > 0 || own?.isOwed == true {
                session.note(GatewayFailure(.clientLost, "the client went away while a reply was owed"))
            }
        case .loginRefused: await client.closeAfterLastWords()
        case .ownClosed: await ownClosed()
        case .ownFailed(let failure): await fail(failure)
        }
    }

    private func ownClosed() async {
        guard let own else { return }
        // A server that closes after QUIT, or idle, says all there is to say by closing.
        if own.isOwed { return await fail(.lost(session.backend, "it closed the connection")) }
        let relay = Relay(client: client, upstream: own.socket, metrics: metrics)
        await relay.linger()
    }

    /// Answers what the client's own connection left unanswered, in order, and closes.
    private func fail(_ failure: GatewayFailure) async {
        session.note(failure)
        if let own, !own.mayAnswer { return client.reset() }
        // A server says nothing to those whose user was deleted; it closes their connections.
        if failure.cause == .loginRefused { return await client.closeAfterLastWords() }
        let reply = RedisErrorReply.compose(failure.message)
        for _ in 0..<min(own?.repliesOwed ?? 1, Self.repliesAtMost) { client.send(reply) }
        await client.closeAfterLastWords()
    }
}
