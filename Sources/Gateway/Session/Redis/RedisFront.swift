// The Redis front: one client connection to one upstream connection, every byte passed.

import Reactor
import RedisWire

/// Serves Redis clients.
package struct RedisFront: Front {
    package let wire = WireProtocol.redis
    package let commandNames = RedisCommand.names.map(\.description)

    /// Error replies that a client with a deep pipeline gets when its backend is lost; then the connection closes.
    private static let repliesAtMost = 1024

    package init() {}

    package func serve(_ session: Session) async {
        guard await session.secureClient() else { return }
        if let tap = RedisShadowTap(session.listener, session.local) { session.client.add(tap: tap) }
        if let samples = session.local.keySamples[session.listener.index] {
            session.client.add(tap: RedisKeySampler(samples))
        }
        if let gate = session.gate {
            await RedisTranslator(session, gate).serve()
            return
        }
        for route in session.listener.routes {
            if let backend = route.backend { await session.local.learnMaster(of: backend, session) }
        }
        if let router = session.router {
            let client = RoutedClient(session, router, session.listener.door)
            if let cluster = router as? ClusterRouter { await cluster.begin(client) }
            await client.serve()
            return
        }
        if session.backend.configuration.mode == .shared {
            await SharedClient(session, session.local.sharedUpstreams(of: session.backend)).serve()
            return
        }
        let upstream: Socket
        do throws(GatewayFailure) {
            upstream = try await session.connect()
        } catch {
            await fail(session, error)
            return
        }
        defer { upstream.close() }
        let settings = session.listener.configuration
        let relay = Relay(
            client: session.client, upstream: upstream, metrics: session.metrics,
            idleTimeout: settings.idleTimeout?.nanoseconds,
            responseTimeout: session.backend.configuration.responseTimeout?.nanoseconds,
            breaker: session.backend.breaker)
        let observer = RedisObserver(session: session)
        let end = await relay.run(observer)
        await close(session, relay, observer, after: end)
    }

    package func refuse(_ session: Session, because failure: GatewayFailure) async {
        // Over TLS the client could not read a plain answer, and a handshake is what a full listener has no room for.
        if session.listener.tls == nil { session.client.send(RedisErrorReply.compose(failure.message)) }
        await session.client.closeAfterLastWords()
    }

    private func close(_ session: Session, _ relay: Relay, _ observer: RedisObserver, after end: RelayEnd) async {
        switch end {
        case .backendClosed:
            // A server that closes after QUIT, or idle, says all there is to say by closing.
            guard observer.isOwed else { return await relay.linger() }
            await fail(session, .lost(session.backend, "it closed the connection"), observer)
        case .backendFailed(let error):
            await fail(session, .lost(session.backend, "\(error)"), observer)
        case .silent:
            await fail(session, session.backend.fellSilent(at: session.worker.now), observer)
        case .idle:
            session.note(GatewayFailure(.idle, "no byte passed for the idle-timeout"))
            await session.client.closeAfterLastWords()
        case .clientFailed:
            if observer.isOwed {
                session.note(GatewayFailure(.clientLost, "the client went away while a reply was owed"))
            }
        case .cancelled:
            session.client.finish()
        }
    }

    /// Answers what the backend left unanswered, in order, and closes.
    private func fail(_ session: Session, _ failure: GatewayFailure, _ observer: RedisObserver? = nil) async {
        session.note(failure)
        if observer?.mayAnswer ?? true {
            let reply = RedisErrorReply.compose(failure.message)
            let count = min(observer?.repliesOwed ?? 1, Self.repliesAtMost)
            for _ in 0..<count { session.client.send(reply) }
            await session.client.closeAfterLastWords()
            return
        }
        // A reply was cut: no word fits behind half a value. A reset keeps it from looking complete.
        session.client.reset()
    }
}
