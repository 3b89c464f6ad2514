// What shared connections bring to a client: replies, and word that there will be none.

import Reactor
import RedisWire

extension SharingClient {
    /// A reply has come to its end; its bytes follow with ``delivered(_:replies:)`` or ``received(_:_:_:)``.
    @inline(__always)
    final func answered(_ entry: OwedReply, _ reply: RedisReply, generation: Int, now: UInt64) {
        if lastWrite != generation, RedisTraits.mayWrite(entry.command) { wrote(on: generation) }
        metrics.record(command: Int(entry.command.rawValue), nanoseconds: now &- entry.startedAt)
        if let code = reply.errorCode {
            metrics.count(code: code.name.description, command: Int(entry.command.rawValue))
        }
        if reply.byteCount > UInt64(RedisLimits.sharedReply.maximum) {
            smallRepliesDue = RedisLimits.smallReplies.maximum
        }
    }

    /// Bytes that belong to this client, with so many ends of replies among them.
    @inline(__always)
    final func delivered(_ bytes: Span<UInt8>, replies: Int) {
        if !hasGone, !isCut {
            client.send(bytes)
            metrics.bytesFromBackends &+= UInt64(bytes.count)
            lastMoved = worker.now
            hasNotedLoss = false
            if client.queuedCount > RedisLimits.sharedBacklog.maximum { cut() }
        }
        paid(replies)
    }

    /// A command was not answered and never will be; `isCut` when a part of its reply was delivered.
    final func failed(_ reply: [UInt8], _ failure: GatewayFailure, isCut: Bool) {
        if !hasGone, !self.isCut {
            // Once for all that was under way: each command's own line would keep the worker from everybody else.
            if hasNotedLoss { metrics.count(failure: failure.cause.rawValue) } else { session.note(failure) }
            hasNotedLoss = true
            if isCut {
                reset()
            } else if failure.cause == .loginRefused {
                isLoginRefused = true
                waker.wake()
            } else if !isLoginRefused {
                client.send(reply)
            }
        }
        paid(1)
    }

    @inline(__always)
    final func paid(_ replies: Int) {
        owed &-= replies
        if owed == 0 {
            if window < RedisLimits.sharedWindow.maximum { window &*= 2 }
            if isStalled { waker.wake() }
            if hasGone { Unmanaged.passUnretained(self).release() }
        } else if isStalled, !needsOwn, owed <= window / 2 {
            waker.wake()
        }
    }

    /// Lets go of shared connections; replies that are still to come are dropped.
    final func leaveShared() {
        releaseWriter()
        guard owed > 0 else { return }
        // Shared connections know this client by its address until they have paid what they owe.
        hasGone = true
        _ = Unmanaged.passRetained(self)
    }

    /// Ends a client that does not read: what waits for it has reached its bound, and nobody else may wait for it.
    final func cut() {
        session.note(
            GatewayFailure(
                .clientLost,
                "the client left \(RedisLimits.sharedBacklog.maximum) bytes of replies unread; when it comes again it has a connection of its own"
            ))
        session.listener.slowReaders.note(session.peer)
        reset()
    }

    /// A reset keeps what the client has from looking complete.
    final func reset() {
        isCut = true
        client.reset()
        waker.wake()
    }
}
