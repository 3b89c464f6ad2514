// A PostgreSQL client in front of a private backend: its opening, its login, and the session behind them.

import Capabilities
import PostgresWire
import Reactor
import Wire

/// Serves one client whose backend is reached through a gate.
struct PostgresTranslator {
    private let session: Session
    private let gate: Gate

    init(_ session: Session, _ gate: Gate) {
        self.session = session
        self.gate = gate
    }

    /// Serves until either side is done.
    func serve() async {
        var policy = PostgresEncryptionPolicy(session)
        // Nobody is behind this gateway who could take a handshake.
        if case .passthrough = policy { policy = .refuse }
        var opener = PostgresOpener(session, policy: policy)
        do throws(PostgresRefusal) {
            switch try await opener.read() {
            case .nothing, .opaque: break
            case .cancellation(let key, _):
                PostgresRunningSessions.shared.cancel(key)
                await session.client.closeAfterLastWords()
            case .session(let startup, let bytes, let length):
                await start(startup, bytes, length)
            }
        } catch {
            await refuse(error)
        }
    }

    /// Tells the client why it is not served; a cancellation is carried out nevertheless.
    func refuse(because failure: GatewayFailure) async {
        var opener = PostgresOpener(session, policy: .refuse)
        do throws(PostgresRefusal) {
            switch try await opener.read() {
            case .nothing, .opaque: break
            case .cancellation(let key, _):
                PostgresRunningSessions.shared.cancel(key)
                await session.client.closeAfterLastWords()
            case .session: await refuse(PostgresRefusal(failure))
            }
        } catch {
            await refuse(error)
        }
    }

    private func refuse(_ refusal: PostgresRefusal) async {
        session.note(refusal.failure)
        guard let reply = refusal.reply else { return }
        session.client.send(
            PostgresErrorReply.bytes(for: reply, backend: gate.backend.name, cause: refusal.failure.message))
        await session.client.closeAfterLastWords()
    }

    private func start(_ startup: PostgresStartup, _ bytes: [UInt8], _ length: Int) async {
        PostgresShadowTap.attach(to: session, startup, bytes, length)
        let connection = PostgresClientConnection(session, input: bytes, from: length)
        let login = PostgresLogin(session, gate, connection)
        do {
            let opened = try await login.run(startup, PostgresStartupParameters(bytes, length))
            (session.usage as? PostgresUsage)?.opened(startup)
            // Whoever has ended it waits until nothing of it is left.
            defer { PostgresRunningSessions.shared.remove(opened.running) }
            let translated = PostgresTranslatedSession(session, gate, connection, opened)
            await translated.run()
            await opened.sql.close()
        } catch let report as PostgresReport {
            connection.out.error(report)
            connection.flush()
            session.log(.info, "login refused", ["reason": "\(report.message)"])
            await session.client.closeAfterLastWords()
        } catch let error as IOError {
            if error == .cancelled {
                await refuse(PostgresRefusal(GatewayFailure(.shuttingDown, "the gateway is shutting down")))
            }
            if case .timedOut = error {
                await refuse(
                    PostgresRefusal(GatewayFailure(.handshakeTimedOut, "the client did not finish its login in time")))
            }
        } catch let error as WireError {
            await refuse(PostgresRefusal(GatewayFailure(.clientProtocol, "\(error)")))
        } catch {
            session.log(.debug, "the client left during its login")
        }
    }
}

/// The client has closed its connection, or said that it will.
struct PostgresClientLeft: Error {}
