// How a client's commands get to the shared connection.

import Reactor
import RedisWire

extension SharedClient {
    private static let readsPerTurn = 2

    func stepSharing() -> Bool {
        isStalled = false
        // Nothing was asked of it, so whatever it says is its end.
        if let parked, parked.isReadable || parked.isHungUp { unpark() }
        do throws(IOError) {
            try takeRequests()
        } catch {
            return over(.clientFailed)
        }
        if needsOwn {
            if owed == 0 { return over(.needsOwn) }
            isStalled = true
        } else if client.hasEnded, !holdsWhole {
            if owed == 0, !client.hasQueued { return over(.finished) }
            isStalled = true
        }
        return false
    }

    private func takeRequests() throws(IOError) {
        if holdsWhole { passHeld() }
        var reads = 0
        while client.isReadable, !client.isCongested, !needsOwn, !holdsWhole {
            guard mayTake(upstream.overload) else { return waitForRoom() }
            guard reads < Self.readsPerTurn else { return waker.wake() }
            reads += 1
            switch try client.receive() {
            case .bytes(let count):
                metrics.bytesFromClients &+= UInt64(count)
                moved()
                if held.isEmpty {
                    worker.withReceived(count) { bytes in
                        let passed = passShared(bytes)
                        if passed < count { hold(bytes.extracting(passed..<count)) }
                    }
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
        let passed = passShared(bytes.span)
        keep(&bytes, from: passed)
    }

    /// Sends the whole commands at the start of `bytes`, as many as may go; how many bytes they are.
    private func passShared(_ bytes: Span<UInt8>) -> Int {
        var offset = 0
        // Where what is to be sent begins: behind commands that were refused.
        var start = 0
        holdsWhole = false
        finding: while offset < bytes.count {
            let overload = upstream.overload
            guard mayTake(overload) else {
                holdsWhole = true
                waitForRoom()
                break
            }
            switch RedisWholeCommand.find(in: bytes, at: offset) {
            case .whole(let command):
                guard smallRepliesDue == 0, RedisLimits.sharedCommand.allows(command.range.count),
                    RedisSharing.of(command, in: bytes) == .shared
                else {
                    needsOwn = true
                    break finding
                }
                usage?.received(command, in: bytes, pending: owed)
                offset = command.range.upperBound
                looks = 0
                if let overload {
                    refuse(overload)
                    start = offset
                } else {
                    owes(command.command)
                }
            case .partial:
                looks += 1
                if !RedisLimits.partialLooks.allows(looks)
                    || !RedisLimits.sharedCommand.allows(bytes.count &- offset)
                {
                    needsOwn = true
                }
                break finding
            case .irregular:
                needsOwn = true
                break finding
            }
        }
        if offset > start {
            upstream.submit(bytes.extracting(start..<offset))
            if parked != nil { unpark() }
        }
        return offset
    }

    /// Whether a command may be sent, or refused because of `overload`, now.
    @inline(__always)
    private func mayTake(_ overload: RedisOverload?) -> Bool {
        overload == nil ? hasRoom : owed == 0 && !client.isCongested
    }

    /// Answers a command of a client that is owed nothing; with replies to come it would have to wait for its place.
    private func refuse(_ overload: RedisOverload) {
        client.send(overload.reply.span)
        metrics.count(refusal: overload.reason)
    }
}
