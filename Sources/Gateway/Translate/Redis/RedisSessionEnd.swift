// How a translated session ends, and its last words.

import Reactor
import RedisWire

/// Why a session is over.
enum RedisSessionEnd {
    /// The client has closed its side and has all its replies.
    case clientEnded
    /// The client's connection broke.
    case clientLost
    /// The client asked for it.
    case quit
    /// The client broke the rules of the protocol.
    case protocolBroken(RedisProtocolError)
    /// The client speaks HTTP.
    case crossProtocol
    /// A subscriber takes its messages too slowly.
    case backlog
    /// Messages of a subscription may be missing, so that the client has to subscribe anew.
    case subscriptionsLost(String)
    case idle
    case cancelled
}

extension RedisTranslator {
    /// Says what there is to say and closes the client's connection as far as that is the session's part.
    func say(_ end: RedisSessionEnd) async {
        let client = session.client
        switch end {
        case .clientEnded: await finish()
        case .clientLost: break
        case .quit: await client.closeAfterLastWords()
        case .protocolBroken(let error):
            session.note(GatewayFailure(.clientProtocol, "the client broke the protocol: \(error.code)"))
            if !error.reply.isEmpty {
                out.error(error.reply)
                flush()
            }
            await client.closeAfterLastWords()
        case .crossProtocol:
            session.note(
                GatewayFailure(.clientProtocol, "the client sent POST or Host:, which is HTTP, as a Redis command"))
        case .backlog:
            session.note(GatewayFailure(.clientLost, "the client takes its messages too slowly"))
        case .subscriptionsLost(let reason):
            session.note(GatewayFailure(.lost, "subscriptions were lost: \(reason)"))
        case .idle:
            session.note(GatewayFailure(.idle, "no byte passed for the idle-timeout"))
            await client.closeAfterLastWords()
        case .cancelled: client.finish()
        }
    }

    /// Lets a client that has closed its side take what was sent.
    private func finish() async {
        session.client.finish()
        session.waker.setDeadline(after: 5_000_000_000)
        do throws(IOError) {
            try await session.client.untilSent("the last replies")
        } catch {
            return
        }
    }
}
