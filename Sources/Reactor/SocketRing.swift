// A socket whose small messages go over its worker's io_uring.

import CLinux
import Glibc

extension Socket {
    /// Small reads in a row after which a socket goes over the ring.
    static let smallReadsDue = 2
    /// The same of one that has come back from it.
    static let smallReadsDueAgain = 64

    /// Says that no TLS begins on this socket any more, so its bytes may go over the worker's ring, where it has one.
    package func settle() {
        guard worker.ring != nil, tls == nil, smallReadsLeft < 0 else { return }
        smallReadsLeft = Self.smallReadsDue
    }

    /// A plain read of `count` bytes has emptied the socket.
    @inline(__always)
    func wasEmptied(by count: Int) {
        guard smallReadsLeft >= 0 else { return }
        smallReadsLeft = count <= Ring.bufferSize ? smallReadsLeft - 1 : Self.smallReadsDueAgain
        if smallReadsLeft <= 0 { board() }
    }

    /// Moves to the ring, where nothing waits for room; if it does, at a later read.
    private func board() {
        smallReadsLeft = 1
        guard flow == nil, let ring = worker.ring, !hasQueued, canWriteNow, !hasEnded else { return }
        smallReadsLeft = Self.smallReadsDueAgain
        worker.unregister(descriptor: number)
        let flow = RingFlow(self, number)
        self.flow = flow
        flow.startReceiving(ring)
    }

    /// Receives what the ring has brought; nil when this socket reads for itself again.
    func receiveFromRing(_ flow: RingFlow) throws(IOError) -> Received? {
        guard let ring = worker.ring else { return nil }
        if let (base, count) = flow.next(ring) {
            worker.received = base
            if !flow.hasBytes, flow.isReceiving { facts.isReadable = false }
            worker.counters.bytesReceived &+= count
            if let tap { worker.withReceived(count) { tap.received($0) } }
            return .bytes(count)
        }
        let failure = flow.takeFailure()
        if failure != 0 {
            facts.isReadable = false
            facts.hasEnded = true
            throw .system(call: "receive", code: failure)
        }
        if flow.isReceiving {
            facts.isReadable = false
            return .nothing
        }
        if !flow.isSending { self.flow = nil }
        return nil
    }

    func ringHasBytes() {
        guard !hasEnded else { return }
        facts.becomeReadable()
        waker.wake()
    }

    /// The ring receives no more for this socket: epoll tells what happens from here on.
    func ringHasEnded() {
        do throws(IOError) {
            try worker.register(self, descriptor: number, for: Self.interest)
        } catch {
            // Without it nobody would hear of its end.
            abandon()
        }
        if !hasEnded { facts.becomeReadable() }
        waker.wake()
    }

    func ringHasSent(_ count: Int, error: Int32, isWatched: Bool) {
        worker.counters.bytesSent &+= count
        if error != 0 { failWriting(.system(call: "send", code: error)) }
        let isNews = roomHasCome() || error != 0 || isWatched
        if isNews { waker.wake() }
    }
}
