// The S3 front: requests forwarded one at a time, heads byte for byte, bodies as they stream; or translated.

import Reactor
import S3Wire

/// Serves S3 clients.
package struct S3Front: Front {
    package let wire = WireProtocol.s3
    package let commandNames = S3Command.allCases.map(\.name)
    package let listenerALPN = ["http/1.1"]
    package let backendALPN = ["http/1.1"]

    package init() {}

    package func serve(_ session: Session) async {
        guard await session.secureClient() else { return }
        if let shadow = session.listener.shadow {
            session.client.tap = S3ShadowTap(shadow, session.local.counts(of: shadow))
        }
        if let gate = session.gate {
            await S3Translator(session, gate).serve()
            return
        }
        await S3Conversation(session).serve()
    }

    package func refuse(_ session: Session, because failure: GatewayFailure) async {
        // Over TLS the client could not read a plain answer, and a handshake is what a full listener has no room for.
        if session.listener.tls == nil {
            let reply = S3ErrorReply(S3ErrorCode(failure.cause), message: failure.message, requestID: session.label)
            session.client.send(reply.bytes)
        }
        await session.client.closeAfterLastWords()
    }
}
