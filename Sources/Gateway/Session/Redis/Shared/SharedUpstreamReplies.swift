// What comes back over a shared connection, and who gets it.

import Reactor
import RedisWire
import Wire

extension SharedUpstream {
    func step() -> Bool {
        guard let socket else { return true }
        var reads = 0
        receiving: while socket.isReadable {
            guard reads < Self.readsPerTurn else {
                waker.wake()
                break
            }
            reads += 1
            do throws(IOError) {
                switch try socket.receive() {
                case .bytes(let count):
                    failure = worker.withReceived(count) { deliver($0) }
                    if failure != nil { return true }
                case .nothing: break receiving
                case .end: break receiving
                }
            } catch {
                return over(.lost(backend, "\(error)"))
            }
        }
        return isOver(socket, hasRead: reads > 0)
    }

    private func isOver(_ socket: Socket, hasRead: Bool) -> Bool {
        if hasRead { backend.breaker?.answered() }
        if socket.hasEnded { return over(.lost(backend, "it closed the connection")) }
        if let error = socket.writeError { return over(.lost(backend, "\(error)")) }
        if waker.isCancelled { return over(GatewayFailure(.shuttingDown, "the gateway is shutting down")) }
        let isQuiet = owed.count == unsent
        if let responseTimeout {
            if isQuiet {
                answerDue = .max
            } else if hasRead {
                expectAnswer(within: responseTimeout)
            } else if answerDue <= worker.now, isBlocked {
                expectAnswer(within: responseTimeout)
            } else if answerDue <= worker.now {
                return over(backend.fellSilent(at: worker.now))
            }
        }
        if hasRead { heardAt = worker.now }
        if silenceDue <= worker.now, let failure = isSilent(owes: !isQuiet) { return over(failure) }
        if sweepDue <= worker.now {
            spares.sweep()
            if isQuiet, clientCount == 0 { return true }
            sweepLater()
        }
        // The time that has come may have been that of an answer which is here.
        if waker.hasTimedOut { setDeadline() }
        letIn()
        return false
    }

    /// Whether the command that is answered next may take as long as it likes.
    private var isBlocked: Bool { owed.first.map { $0.command == .wait || $0.command == .waitaof } ?? false }

    private func over(_ failure: GatewayFailure) -> Bool {
        self.failure = failure
        return true
    }

    /// Gives each part of `bytes` to the client that it belongs to; says what is wrong when it belongs to nobody.
    ///
    /// Whose the bytes are is settled before one of them is passed on.
    private func deliver(_ bytes: Span<UInt8>) -> GatewayFailure? {
        var offset = 0
        // What goes to `owner` in one piece: whole replies, and at the end of the buffer a part of one.
        var start = 0
        var count = 0
        var owner: Unmanaged<SharingClient>?
        while offset < bytes.count {
            guard let entry = owed.first, owed.count > unsent, !(framer.isAtBoundary && bytes[offset] == 0x3E) else {
                pass(bytes.extracting(start..<offset), count, to: owner)
                return GatewayFailure(.backendProtocol, "\(backend.label) sent what nobody had asked for")
            }
            if owner?.toOpaque() != entry.owner.toOpaque() {
                pass(bytes.extracting(start..<offset), count, to: owner)
                start = offset
                count = 0
                owner = entry.owner
            }
            let begin = offset
            do throws(WireError) {
                guard let reply = try framer.next(bytes, at: &offset) else {
                    isMidReply = true
                    if !entry.ticket.isNone {
                        entry.owner._withUnsafeGuaranteedRef {
                            $0.received(bytes.extracting(begin..<offset), entry.ticket, nil)
                        }
                        return nil
                    }
                    break
                }
                isMidReply = false
                _ = owed.removeFirst()
                upstreams.pending &-= 1
                count &+= 1
                entry.owner._withUnsafeGuaranteedRef {
                    $0.answered(entry, reply, generation: generation, now: worker.now)
                    guard !entry.ticket.isNone else { return }
                    // Its replies come from several connections, so each is given by itself.
                    $0.received(bytes.extracting(begin..<offset), entry.ticket, reply)
                    start = offset
                    count = 0
                }
            } catch {
                pass(bytes.extracting(start..<begin), count, to: owner)
                return GatewayFailure(.backendProtocol, "\(backend.label) broke the protocol: \(error)")
            }
        }
        pass(bytes.extracting(start..<offset), count, to: owner)
        return nil
    }

    @inline(__always)
    private func pass(_ bytes: Span<UInt8>, _ replies: Int, to owner: Unmanaged<SharingClient>?) {
        guard bytes.count > 0, let owner else { return }
        owner._withUnsafeGuaranteedRef { $0.delivered(bytes, replies: replies) }
    }
}
