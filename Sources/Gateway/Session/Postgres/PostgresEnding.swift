// How a PostgreSQL session ends, and what its client hears of it.

import PostgresWire
import Reactor

extension PostgresFront {
    /// Ends a session whose relay is over, with one error at most.
    func close(
        _ session: Session, _ relay: Relay, _ observer: PostgresObserver, after end: RelayEnd
    ) async {
        switch end {
        case .backendClosed, .backendFailed:
            // The server's FATAL, the client's Terminate or its plain close came before: all is said.
            if observer.isEndExpected || session.client.hasEnded {
                observer.finish()
                return await relay.linger()
            }
            let detail = if case .backendFailed(let error) = end { "\(error)" } else { "it closed the connection" }
            await fail(session, .lost(session.backend, detail), observer)
        case .silent:
            await fail(
                session, session.backend.fellSilent(at: session.worker.now), observer)
        case .idle:
            await fail(session, GatewayFailure(.idle, "no byte passed for the idle-timeout"), observer)
        case .cancelled:
            await fail(session, GatewayFailure(.shuttingDown, "the gateway is shutting down"), observer)
        case .clientFailed:
            if observer.isOwed {
                session.note(GatewayFailure(.clientLost, "the client went away while an answer was owed"))
            }
            observer.finish()
        }
    }

    private func fail(_ session: Session, _ failure: GatewayFailure, _ observer: PostgresObserver) async {
        let refusal = PostgresRefusal(failure)
        let mayAnswer = observer.acceptsErrorReply
        observer.finish(refusal.reply?.sqlState ?? .none)
        if mayAnswer { return await refuse(session, refusal) }
        session.note(failure)
        // A message was cut: no word fits behind half of one. A reset keeps it from looking complete.
        session.client.reset()
    }

    /// Tells the client what `refusal` has for it and closes.
    func refuse(_ session: Session, _ refusal: PostgresRefusal, isNoted: Bool = true) async {
        if isNoted { session.note(refusal.failure) }
        guard let reply = refusal.reply else { return }
        session.client.send(
            PostgresErrorReply.bytes(for: reply, backend: session.backend.name, cause: refusal.failure.message))
        await session.client.closeAfterLastWords()
    }
}
