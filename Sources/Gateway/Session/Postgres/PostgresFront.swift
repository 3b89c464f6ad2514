// The PostgreSQL front: one client connection to one upstream connection, every byte passed.

import PostgresWire
import Reactor

/// Serves PostgreSQL clients.
package struct PostgresFront: Front {
    package let wire = WireProtocol.postgres
    package let commandNames = PostgresCommand.allCases.map(\.name.description)
    package let listenerALPN = [PostgresOpener.alpn]
    package let backendALPN = [PostgresOpener.alpn]
    private let keys = PostgresKeyRegistry()

    package init() {}

    package func serve(_ session: Session) async {
        if let gate = session.gate {
            await PostgresTranslator(session, gate).serve()
            return
        }
        await open(session, policy: PostgresEncryptionPolicy(session)) { opening, held in
            await serve(session, opening, held: held)
        }
    }

    /// Says why in the client's own protocol, which takes reading its startup packet first.
    ///
    /// Cancellations are carried out nevertheless: they are how a full server gets room.
    package func refuse(_ session: Session, because failure: GatewayFailure) async {
        if let gate = session.gate {
            await PostgresTranslator(session, gate).refuse(because: failure)
            return
        }
        await open(session, policy: .refuse) { opening, _ in
            switch opening {
            case .session: await refuse(session, PostgresRefusal(failure), isNoted: false)
            default: await serve(session, opening, held: nil)
            }
        }
    }

    private func open(
        _ session: Session, policy: PostgresEncryptionPolicy, _ body: (PostgresOpening, Socket?) async -> Void
    ) async {
        var opener = PostgresOpener(session, policy: policy)
        do throws(PostgresRefusal) {
            let opening = try await opener.read()
            await body(opening, opener.upstream)
        } catch {
            await refuse(session, error)
        }
        opener.upstream?.close()
    }

    private func serve(_ session: Session, _ opening: PostgresOpening, held: Socket?) async {
        switch opening {
        case .nothing: break
        case .cancellation(let key, let packet):
            await PostgresCancellation(session: session, keys: keys).run(key, packet: packet)
        case .opaque(let upstream):
            await pass(session, upstream)
        case .session(let startup, let bytes, let length):
            await relay(session, startup, bytes: bytes, length: length, held: held)
        }
    }

    /// Lets TLS pass that is between the client and its server.
    private func pass(_ session: Session, _ upstream: Socket) async {
        defer { upstream.close() }
        session.metrics.count(framingLost: "opaque")
        session.listener.shadow?.addBlindSession()
        defer { session.listener.shadow?.removeBlindSession() }
        let relay = makeRelay(session, upstream)
        let observer = NoObserver()
        switch await relay.run(observer) {
        case .backendClosed: await relay.linger()
        case .backendFailed(let error):
            session.note(.lost(session.backend, "\(error)"))
            session.client.reset()
        case .idle: session.note(GatewayFailure(.idle, "no byte passed for the idle-timeout"))
        case .silent, .clientFailed, .cancelled: break
        }
    }

    private func relay(
        _ session: Session, _ startup: PostgresStartup, bytes: [UInt8], length: Int, held: Socket?
    ) async {
        let upstream: Socket
        do throws(GatewayFailure) {
            if let held {
                upstream = held
            } else {
                upstream = try await PostgresUpstream.connect(session, to: session.backend)
            }
        } catch {
            await refuse(session, PostgresRefusal(error))
            return
        }
        defer { upstream.close() }
        PostgresShadowTap.attach(to: session, startup, bytes, length)
        let observer = PostgresObserver(session, startup: startup, upstream: upstream, keys: keys)
        upstream.send(bytes)
        if bytes.count > length { observer.clientSent(bytes.span.extracting(length...)) }
        let relay = makeRelay(session, upstream)
        if upstream.isEncrypted, !session.client.isEncrypted {
            do throws(IOError) {
                try await PostgresUpstream.passFirstAnswer(session, upstream, observer)
            } catch {
                await close(session, relay, observer, after: error == .cancelled ? .cancelled : .backendFailed(error))
                return
            }
        }
        let end = await relay.run(observer)
        await close(session, relay, observer, after: end)
    }

    private func makeRelay(_ session: Session, _ upstream: Socket) -> Relay {
        // Encryption was settled with the start; what passes unread may begin with it, but then the gateway takes no part.
        session.client.settle()
        upstream.settle()
        return Relay(
            client: session.client, upstream: upstream, metrics: session.metrics,
            idleTimeout: session.listener.configuration.idleTimeout?.nanoseconds,
            responseTimeout: session.backend.configuration.responseTimeout?.nanoseconds,
            breaker: session.backend.breaker)
    }
}
