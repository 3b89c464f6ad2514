// How the commands of a routed client get on their ways.

import Reactor
import RedisWire
import Wire

extension RoutedClient {
    private static let readsPerTurn = 2
    /// Bytes of replies that wait for others before no further command is taken.
    private static let bufferLimit = 256 * 1024
    /// Commands that may go elsewhere before the own connection is looked at, when that has something to say.
    private static let sentAwayLimit = 64

    func stepRouted() -> Bool {
        isStalled = false
        if resendDue <= worker.now { sendLater() }
        // Nothing was asked of it, so whatever it says is its end.
        if hasDeadParked { unpark() }
        do throws(IOError) {
            try takeRequests()
        } catch {
            return over(.clientFailed)
        }
        guard slots.isEmpty else {
            if needsOwn || isLeaving || isAway || client.hasEnded { isStalled = true }
            return false
        }
        if isDelayed, !isLeaving {
            do throws(IOError) {
                if try hasGivenUp() { leave(with: Self.gaveUp) }
            } catch {
                return over(.clientFailed)
            }
        }
        if needsOwn || isLeaving {
            flush()
            return over(isLeaving ? .finished : .needsOwn)
        }
        if isAway, !holdsWhole || ownSpeaks && !client.isCongested {
            // What the own connection has to say by itself is not kept waiting, neither by what is held for another one.
            flush()
            isAway = false
            waker.wake()
        } else if client.hasEnded, !holdsWhole, own == nil {
            flush()
            if !client.hasQueued { return over(.finished) }
            isStalled = true
        }
        return false
    }

    /// Whether the own connection, which is not asked anything meanwhile, has something to say, such as a message.
    private var ownSpeaks: Bool { own?.socket.isReadable == true }

    /// Whether one more command may be sent now, wherever it goes.
    private var hasRoom: Bool {
        // A client that never stops asking hears its own connection after so many; one that never stops hearing has them answered.
        if isAway, sentAway >= Self.sentAwayLimit, ownSpeaks { return false }
        return owed < (smallRepliesDue > 0 ? 1 : window) && slots.count < RedisLimits.sharedWindow.maximum
            && buffered < Self.bufferLimit && !client.isCongested
    }

    private func takeRequests() throws(IOError) {
        if holdsWhole { passHeld() }
        var reads = 0
        while client.isReadable, !client.isCongested, !needsOwn, !holdsWhole, !isLeaving,
            own == nil || isAway
        {
            guard hasRoom else {
                isStalled = true
                return
            }
            guard reads < Self.readsPerTurn else { return waker.wake() }
            reads += 1
            switch try client.receive() {
            case .bytes(let count):
                metrics.bytesFromClients &+= UInt64(count)
                moved()
                if held.isEmpty {
                    worker.withReceived(count) { bytes in
                        let passed = pass(bytes)
                        if passed < count { hold(bytes.extracting(passed..<count)) }
                    }
                    putSubstitute()
                } else {
                    worker.withReceived(count) { hold($0) }
                    passHeld()
                }
            case .nothing, .end: return
            }
        }
    }

    private func passHeld() {
        // Taken out, so that looking at the bytes and keeping the rest of them do not meet.
        var bytes: [UInt8] = []
        swap(&bytes, &held)
        let passed = pass(bytes.span)
        keep(&bytes, from: passed)
        putSubstitute()
    }

    /// Puts what stands for the command that was taken last before what is held.
    private func putSubstitute() {
        guard !substitute.isEmpty else { return }
        held = substitute + held
        substitute = []
        holdsWhole = true
        waker.wake()
    }

    /// Sends the whole commands at the start of `bytes`, as many as may go; how many bytes they are.
    private func pass(_ bytes: Span<UInt8>) -> Int {
        var offset = 0
        holdsWhole = false
        // A command that comes in crumbs is looked at again once a while, and once there is more than is held of one.
        if !RedisLimits.partialLooks.allows(looks), RedisLimits.sharedCommand.allows(bytes.count) { return 0 }
        while offset < bytes.count, !needsOwn, !isLeaving, substitute.isEmpty {
            guard hasRoom else {
                holdsWhole = true
                isStalled = true
                break
            }
            if let reply = strangerRefusal(bytes, at: offset) {
                leave(with: reply)
                return bytes.count
            }
            switch RedisWholeCommand.find(in: bytes, at: offset) {
            case .whole(let command):
                looks = 0
                guard take(command, in: bytes) else { return offset }
                usage?.received(command, in: bytes, pending: slots.count &- 1)
                // A login that gets here is the gateway's own; all others go on connections of their own.
                usage?.answeredHere(user: isLoggedIn ? String(decoding: user, as: UTF8.self) : nil)
                if isAway { sentAway &+= 1 }
                offset = command.range.upperBound
            case .partial where RedisLimits.sharedCommand.allows(bytes.count &- offset):
                looks += 1
                return offset
            case .partial, .irregular:
                let isDone = takeOdd(bytes, at: &offset)
                looks = 0
                if !isDone { return offset }
            }
        }
        return offset
    }

    /// Sends or answers `command`; false when it has to wait.
    private func take(_ command: RedisWholeCommand, in bytes: Span<UInt8>) -> Bool {
        let placement = place(command, in: bytes)
        if limits != nil, placement.reachesBackend {
            switch rateVerdict(on: command, in: bytes) {
            case .passes: break
            case .refused(let reply): return refuse("rate-limit", reply)
            case .waits:
                holdsWhole = true
                isStalled = true
                return false
            }
        }
        switch placement {
        case .lane(let lane):
            if let overload = upstream(of: lane).overload { return refuse(overload) }
            guard accepts(lane) else { break }
            spend(command, in: bytes)
            send(command.command, bytes.extracting(command.range), to: lane)
            return true
        case .rewritten(let lane, let words):
            if let overload = upstream(of: lane).overload { return refuse(overload) }
            guard accepts(lane) else { break }
            spend(command, in: bytes)
            send(command.command, words.span, to: lane)
            return true
        case .split(let split):
            for part in split.parts {
                if let overload = upstream(of: part.lane).overload { return refuse(overload) }
            }
            guard split.parts.allSatisfy({ accepts($0.lane) }) else { break }
            spend(command, in: bytes)
            send(command.command, split)
            return true
        case .own(let lane):
            if own != nil, isAway {
                // Back to it, once every reply before this command is here.
                guard slots.isEmpty else { break }
                flush()
                isAway = false
                waker.wake()
                holdsWhole = false
                return false
            }
            wanted = lane
            errand = .connect
            needsOwn = true
            return false
        case .aside(let lane):
            guard putAside(for: lane) else { break }
            return false
        case .answer(let reply, let effect):
            return answer(reply, effect)
        case .refused(let refusal): return refuse(refusal.reason, reply(to: refusal))
        case .later:
            if slots.isEmpty { waker.wake() }
        }
        holdsWhole = true
        isStalled = true
        return false
    }

    private func refuse(_ overload: RedisOverload) -> Bool {
        guard answer(overload.reply, .none) else { return false }
        metrics.count(refusal: overload.reason)
        return true
    }

    /// Answers a command that is not let through, as the server answers one that a user may not send; false when that has to wait.
    private func refuse(_ reason: String, _ reply: [UInt8]) -> Bool {
        let isQueueing = transaction != .none || own?.pin.isInTransaction == true
        // Where replies can no longer be told apart nobody would know whose this is.
        let effect: RoutedEffect = own?.pin.isLost == true ? .leaves : isQueueing ? .spoils : .none
        guard answer(reply, effect) else { return false }
        metrics.count(refusal: reason)
        return true
    }

    /// Has the next command get a connection of its own to `lane` beside the client's present one; false while replies are
    /// owed.
    func putAside(for lane: RoutedLane) -> Bool {
        guard slots.isEmpty else {
            holdsWhole = true
            isStalled = true
            return false
        }
        if let own, let ownLane { aside = (own, ownLane) }
        isAsideServed = false
        own = nil
        ownLane = nil
        isAway = false
        wanted = lane
        errand = .connect
        needsOwn = true
        return true
    }

    // MARK: Sending

    private func send(_ command: RedisCommand, _ bytes: Span<UInt8>, to lane: RoutedLane) {
        let ticket = slots.append()
        if router.redirects {
            let place = slots.count - 1
            bytes.withUnsafeBufferPointer { slots[place].command.append(contentsOf: $0) }
            slots[place].lane = lane
        }
        submit(command, bytes, to: lane, ticket)
        if hasParked { unpark() }
    }

    private func send(_ command: RedisCommand, _ split: RedisSplit) {
        let ticket = slots.append()
        slots[slots.count - 1].split = split
        for (index, part) in split.parts.enumerated() {
            let ticket = OwedTicket(number: ticket.number, piece: UInt16(index))
            submit(command, part.command.span, to: part.lane, ticket)
        }
        if hasParked { unpark() }
    }

    func submit(_ command: RedisCommand, _ bytes: Span<UInt8>, to lane: RoutedLane, _ ticket: OwedTicket) {
        owed &+= 1
        let upstream = upstream(of: lane)
        upstream.owe(self, command, ticket)
        upstream.submit(bytes)
    }

    // MARK: Answering

    /// Ends the session behind `reply`, which comes in its place.
    func leave(with reply: [UInt8]) { _ = answer(reply, .leaves) }

    /// Answers a command in its place; false when that has to wait.
    private func answer(_ reply: [UInt8], _ effect: RoutedEffect) -> Bool {
        switch effect {
        case .reset, .login:
            // What follows goes on other connections, and would overtake there what is still under way on these.
            guard slots.isEmpty else {
                holdsWhole = true
                isStalled = true
                return false
            }
        default: break
        }
        switch effect {
        case .none: break
        case .begins: transaction = .begun
        case .ends: transaction = .none
        case .spoils:
            if own?.pin.isInTransaction == true {
                // The backend hears of it before anything else happens.
                guard slots.isEmpty else {
                    holdsWhole = true
                    isStalled = true
                    return false
                }
                errand = .discard
                needsOwn = true
            }
            transaction = .spoiled
        case .reset:
            dropOwn()
            labels = []
            transaction = .none
            smallRepliesDue = 0
            user = RoutedState.defaultUser
            isLoggedIn = door == nil || door?.asksNobody == true
            become(RedisIdentity())
        case .login(let name, let instead):
            // The lanes of another user may be others, and so may be what its own connection is allowed.
            if router.dependsOnUser, name != user {
                if own != nil { dropOwn() }
                unpark()
            }
            user = name
            isLoggedIn = true
            if let instead {
                substitute = instead
                return true
            }
        case .leaves: isLeaving = true
        }
        _ = slots.append()
        let place = slots.count - 1
        slots[place].isComplete = true
        slots[place].buffer.append(contentsOf: reply)
        buffered &+= reply.count
        drain()
        return true
    }
}
