// WAIT and WAITAOF, which are about the writes of the connection that they come on.

import Reactor
import RedisWire

extension SharingClient {
    /// ``lastWrite`` when the last write went over a connection of the client's own.
    static let ownWrite = -1

    /// A command that may have written was answered over the shared connection with this number.
    final func wrote(on generation: Int) {
        lastWrite = generation
        ownWriter = nil
        releaseWriter()
    }

    /// A command goes out on `own`.
    @inline(__always)
    final func wrote(_ command: RedisCommand, on own: OwnConnection) {
        guard RedisTraits.mayWrite(command), ownWriter !== own.socket else { return }
        wrote(on: Self.ownWrite)
        ownWriter = own.socket
    }

    /// Leaves `upstream`, which stays open while the client may ask about what it has written over it.
    final func part(from upstream: SharedUpstream) {
        upstream.forget(self)
        guard upstream.isOpen, upstream.generation == lastWrite, writer == nil else {
            upstream.clientCount -= 1
            return
        }
        writer = upstream
    }

    final func releaseWriter() {
        writer?.clientCount -= 1
        writer = nil
    }

    // MARK: Whether the next command asks about them

    /// Whether the command that is held first asks about writes that went over another connection than it would take itself.
    final var asksElsewhere: Bool {
        guard lastWrite != 0 else { return false }
        let bytes = held
        guard case .whole(let command) = RedisWholeCommand.find(in: bytes.span, at: 0) else { return false }
        return asksElsewhere(command, own)
    }

    /// The same of `command`; in a transaction, or among subscriptions, the server says what it makes of it.
    final func asksElsewhere(_ command: RedisWholeCommand, _ own: OwnConnection?) -> Bool {
        guard command.command == .wait || command.command == .waitaof, lastWrite != 0 else { return false }
        if let own, own.pin.isInTransaction || own.pin.isExclusive { return false }
        let next = own?.socket ?? parkedSocket
        return lastWrite != Self.ownWrite || next == nil || next !== ownWriter
    }

    // MARK: Asking

    /// Sends the command that is held first over the connection that carried the last write, and returns when it is answered.
    ///
    /// That connection is blocked meanwhile, so it takes no other commands from here on than those of clients who ask the same.
    /// The client has a connection of its own for what follows: it will ask again.
    final func askAboutWrites() async {
        let bytes = held
        guard case .whole(let command) = RedisWholeCommand.find(in: bytes.span, at: 0) else { return }
        held.removeSubrange(..<command.range.upperBound)
        holdsWhole = !held.isEmpty
        looks = 0
        staysApart = true
        smallRepliesDue = RedisLimits.smallReplies.maximum
        let carrier = writer.flatMap { $0.isOpen && $0.generation == lastWrite ? $0 : nil }
        guard let upstream = carrier ?? sharedUpstream(numbered: lastWrite) else {
            let failure = GatewayFailure(
                .lost,
                "\(session.backend.label): the connection that carried the writes that \(command.command) asks about is closed"
            )
            session.note(failure)
            client.send(RedisErrorReply.compose(failure.message))
            return
        }
        upstream.retire()
        usage?.received(command, in: bytes.span, pending: owed)
        owed &+= 1
        upstream.owe(self, command.command)
        upstream.submit(bytes.span.extracting(command.range))
        waker.setDeadline(after: nil)
        while owed > 0, !waker.isCancelled, !client.isHungUp {
            isStalled = true
            await waker.wait()
        }
    }
}
