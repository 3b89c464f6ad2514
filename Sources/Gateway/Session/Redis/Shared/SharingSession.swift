// How a session that shares connections ends.

import Reactor
import RedisWire

extension SharingClient {
    /// Error replies that a client with a deep pipeline gets when its own connection is lost; then it is closed.
    private static let repliesAtMost = 1024

    /// Says farewell as ``outcome`` asks for; closing the client is the caller's part.
    final func end() async {
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

    private final func ownClosed() async {
        guard let own else { return }
        // A server that closes after QUIT, or idle, says all there is to say by closing.
        if own.isOwed { return await fail(.lost(own.backend, "it closed the connection")) }
        let relay = Relay(client: client, upstream: own.socket, metrics: metrics)
        await relay.linger()
    }

    /// Answers what the client's own connection left unanswered, in order, and closes.
    final func fail(_ failure: GatewayFailure) async {
        session.note(failure)
        if let own, !own.mayAnswer { return client.reset() }
        // A server says nothing to those whose user was deleted; it closes their connections.
        if failure.cause == .loginRefused { return await client.closeAfterLastWords() }
        let reply = RedisErrorReply.compose(failure.message)
        for _ in 0..<min(own?.repliesOwed ?? 1, Self.repliesAtMost) { client.send(reply) }
        await client.closeAfterLastWords()
    }
}
