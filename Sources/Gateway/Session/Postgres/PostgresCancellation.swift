// Carries a CancelRequest to the server whose session it is meant for.

import PostgresWire
import Reactor

/// A request to cancel what another connection runs.
struct PostgresCancellation {
    let session: Session
    let keys: PostgresKeyRegistry

    /// Sends `packet` to the server that owns `key` and waits until it has closed; the client hears nothing but
    /// the end, as the protocol has it.
    ///
    /// The wait matters: a client takes the close as "it was delivered". A key that no session here was given may
    /// come through another gateway in front of the same server, so it goes to the listener's own backend.
    func run(_ key: PostgresKey, packet: [UInt8]) async {
        let owner = keys.owner(of: key)
        let backend = owner?.backend ?? session.backend
        do throws(GatewayFailure) {
            let upstream = try await PostgresUpstream.connect(session, to: backend, at: owner?.address)
            defer { upstream.close() }
            upstream.send(packet)
            await waitForEnd(upstream)
        } catch {
            session.note(error)
        }
        await session.client.closeAfterLastWords()
    }

    private func waitForEnd(_ upstream: Socket) async {
        do throws(IOError) {
            while !upstream.hasEnded, !upstream.hasWriteFailed {
                if try upstream.receive() == .nothing { try await upstream.untilReadable("cancelling") }
            }
        } catch {
            session.log(.debug, "the cancelled server did not close", ["error": "\(error)"])
        }
    }
}
