// One connected socket of a session: bounded reads, a write queue, half-close, and TLS when asked for.

import CLinux
import Glibc

/// What one attempt to receive brought.
package enum Received: Equatable {
    /// So many bytes are in the worker's read buffer; see ``Worker/withReceived(_:_:)``.
    case bytes(Int)
    /// Nothing is there now.
    case nothing
    /// The peer sends no more.
    case end
}

/// A non-blocking stream socket, plain or TLS, that belongs to one session on one worker.
///
/// Reads go to the worker's one buffer and are passed on at once, so an idle or flowing socket holds no memory;
/// only what a slow peer does not take is copied, into a queue that ``isCongested`` bounds: whoever feeds the
/// socket stops reading from the other side until it is false again.
package final class Socket: EventSource {
    /// Queued bytes above which the feeder has to stop, and below which it may go on.
    package static let highWater = 256 * 1024
    package static let lowWater = 64 * 1024

    package unowned(unsafe) let worker: Worker
    /// Who is woken by what happens here; an idle upstream changes hands.
    package var waker: Waker {
        didSet { wakerReference = .passUnretained(waker) }
    }
    /// The same without counting references, for every event.
    @exclusivity(unchecked) private var wakerReference: Unmanaged<Waker>
    private let descriptor: Int32
    @exclusivity(unchecked) private var queue: WriteQueue
    @exclusivity(unchecked) var tls: TLSSession?
    /// What the worker's ring has under way for this socket, while its bytes go over that.
    @exclusivity(unchecked) var flow: RingFlow?
    /// Small reads until they do; negative until ``settle()``.
    @exclusivity(unchecked) var smallReadsLeft = -1
    /// Who sees the bytes pass, if anybody.
    @exclusivity(unchecked) package var tap: (any SocketTap)?

    /// What sessions ask at every step.
    @usableFromInline @exclusivity(unchecked) var facts = SocketFacts()
    @exclusivity(unchecked) private(set) var isWritable = true
    /// Reading has to go on until nothing comes: the peer has closed its direction, the connection is gone, or urgent
    /// bytes came, at whose mark a read stops short (tcp(7)).
    @exclusivity(unchecked) private var mustReadToEnd = false
    /// The peer's TLS stream ended without a close_notify: what came may be cut short.
    package private(set) var wasTruncated = false
    /// What stopped the sending; bytes sent after it are dropped.
    @exclusivity(unchecked) package private(set) var writeError: IOError? {
        didSet { facts.hasWriteFailed = writeError != nil }
    }
    @exclusivity(unchecked) private var mustFinish = false
    private var hasFinished = false
    private var isClosed = false
    /// OpenSSL's reading waits for room to write, or its writing for something to read: messages of the handshake's
    /// kind come after it too (RFC 8446, 4.6).
    private var readNeedsRoom = false
    private var writeNeedsBytes = false

    /// Takes over a connected or connecting descriptor and registers it with the waker's worker.
    package init(adopting descriptor: consuming Descriptor, waker: Waker) throws(IOError) {
        self.waker = waker
        wakerReference = .passUnretained(waker)
        worker = waker.worker
        self.descriptor = descriptor.release()
        queue = WriteQueue(pool: waker.worker.chunks)
        super.init()
        worker.counters.socketsOpened += 1
        do throws(IOError) {
            try worker.register(self, descriptor: self.descriptor, for: Self.interest)
        } catch {
            close()
            throw error
        }
    }

    static let interest: Readiness = [.read, .write, .readHangUp, .urgent]

    deinit { close() }

    // MARK: Readiness

    override func handle(_ readiness: Readiness) {
        var changed = false
        let hasBytes = readiness.has(.anyBytes)
        let hasRoom = readiness.has(.anyRoom)
        if hasBytes || hasRoom && readNeedsRoom {
            if !hasEnded { facts.becomeReadable() }
            readNeedsRoom = false
            changed = true
        }
        if readiness.has(.anyEnd) { mustReadToEnd = true }
        if readiness.has(.anyBreak) { facts.isHungUp = true }
        if !isWritable, hasRoom || hasBytes && writeNeedsBytes {
            isWritable = true
            writeNeedsBytes = false
            // A connecting socket has nothing to flush, but its session waits for this.
            changed = true
            if !queue.isEmpty || mustFinish { flush() }
        }
        if changed { wakerReference._withUnsafeGuaranteedRef { $0.wake() } }
    }

    /// OpenSSL has found nothing to read: the next event is news.
    func consumeReadability() { facts.isReadable = false }
    func consumeWritability() { isWritable = false }
    func assumeReadable() { facts.becomeReadable() }

    /// Says that the first readiness to write is news: the socket is still connecting.
    func expectConnection() { isWritable = false }

    // MARK: Receiving

    /// Reads once into the worker's read buffer.
    package func receive() throws(IOError) -> Received {
        guard isReadable else { return hasEnded ? .end : .nothing }
        guard tls == nil else { return try receiveTLS() }
        if let flow, let received = try receiveFromRing(flow) { return received }
        worker.counters.receiveCalls &+= 1
        let buffer = worker.readBuffer
        worker.received = buffer.baseAddress
        let count = fl_receive(descriptor, buffer.baseAddress, buffer.count)
        if count > 0 {
            // A short read has emptied the socket; the next bytes, or the end, will be an event of their own,
            // unless the end was announced already.
            if count < buffer.count, !mustReadToEnd {
                facts.isReadable = false
                wasEmptied(by: count)
            }
            worker.counters.bytesReceived &+= count
            if let tap { worker.withReceived(count) { tap.received($0) } }
            return .bytes(count)
        }
        return try receiveFailed(count)
    }

    private func receiveFailed(_ count: Int) throws(IOError) -> Received {
        if count == 0 {
            facts.isReadable = false
            facts.hasEnded = true
            return .end
        }
        switch fl_errno() {
        case EAGAIN:
            facts.isReadable = false
            return .nothing
        case EINTR: return .nothing
        default:
            facts.isReadable = false
            facts.hasEnded = true
            throw .last("receive")
        }
    }

    private func receiveTLS() throws(IOError) -> Received {
        guard let tls else { return .nothing }
        worker.counters.receiveCalls &+= 1
        worker.received = worker.readBuffer.baseAddress
        let incoming: TLSSession.Incoming
        do throws(IOError) {
            incoming = try tls.receive(into: worker.readBuffer)
        } catch {
            facts.isReadable = false
            facts.hasEnded = true
            throw error
        }
        switch incoming {
        case .bytes(let count, let mayHaveMore):
            facts.isReadable = mayHaveMore
            worker.counters.bytesReceived &+= count
            if let tap { worker.withReceived(count) { tap.received($0) } }
            return .bytes(count)
        case .wouldBlock(let needsRoom):
            facts.isReadable = false
            readNeedsRoom = needsRoom
            return .nothing
        case .end(let truncated):
            facts.isReadable = false
            facts.hasEnded = true
            wasTruncated = truncated
            return .end
        }
    }

    /// The first byte that waits to be read, left where it is; nil when there is none yet.
    package func peek() throws(IOError) -> UInt8? {
        guard isReadable else { return nil }
        if let flow, let ring = worker.ring, flow.hasBytes { return flow.peek(ring) }
        var byte: UInt8 = 0
        let count = fl_peek(descriptor, &byte, 1)
        if count == 1 { return byte }
        _ = try receiveFailed(count)
        return nil
    }

    /// Whether nothing has come that was not read, neither bytes nor an end; asks the system.
    ///
    /// A readable TLS socket can be quiet: what came may have been a session ticket.
    package func isQuiet() -> Bool {
        guard !isHungUp, !hasEnded else { return false }
        if let tls {
            guard tls.isQuiet() else { return false }
        } else {
            if let flow, flow.hasBytes || flow.failure != 0 { return false }
            var byte: UInt8 = 0
            guard fl_peek(descriptor, &byte, 1) < 0, fl_errno() == EAGAIN else { return false }
        }
        facts.isReadable = false
        return true
    }

    // MARK: Sending

    /// Whether bytes wait for the peer to take them.
    package var hasQueued: Bool {
        if !queue.isEmpty { return true }
        guard let flow, flow.isSending else { return false }
        flow.isSendingWatched = true
        return true
    }
    var canWriteNow: Bool { isWritable && !mustFinish && !mustReadToEnd }
    package var queuedCount: Int { queue.count }

    /// Sends what the peer takes at once and queues the rest.
    ///
    /// It cannot fail: a broken connection shows as ``writeError``, because what the peer said before it broke
    /// is often still to be read.
    package func send(_ bytes: Span<UInt8>) {
        guard !hasWriteFailed, !mustFinish, bytes.count > 0 else { return }
        if let tap { tap.sent(bytes) }
        bytes.withUnsafeBytes { bytes in
            var sent = 0
            if queue.isEmpty, isWritable { sent = write(bytes) }
            guard sent < bytes.count, !hasWriteFailed else { return }
            worker.counters.bytesQueued &+= bytes.count - sent
            queue.append(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            if queue.count > Self.highWater { facts.isCongested = true }
        }
    }

    package func send(_ bytes: [UInt8]) { send(bytes.span) }

    /// Sends what is queued and then closes this direction; what the peer still sends can be read.
    package func finish() {
        guard !mustFinish else { return }
        mustFinish = true
        if queue.isEmpty, flow?.isSending != true { closeDirection() }
    }

    /// The peer takes more; whether anybody has waited for it.
    func roomHasCome() -> Bool {
        isWritable = true
        guard !queue.isEmpty || mustFinish else { return false }
        flush()
        return true
    }

    func failWriting(_ error: IOError) { writeError = error }

    private func flush() {
        while !queue.isEmpty, isWritable, !hasWriteFailed {
            let front = queue.front
            let sent = write(front)
            if sent > 0 { queue.removeFirst(sent) }
        }
        if hasWriteFailed { queue.removeAll() }
        if queue.count <= Self.lowWater { facts.isCongested = false }
        if queue.isEmpty, mustFinish, flow?.isSending != true { closeDirection() }
    }

    /// Writes once; how many bytes went, and `isWritable` is false when the peer takes no more now.
    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        worker.counters.sendCalls &+= 1
        if let tls { return writeTLS(bytes, tls) }
        if let flow, let ring = worker.ring {
            if flow.isSending {
                isWritable = false
                return 0
            }
            if flow.isReceiving, bytes.count <= Ring.largestSend { return flow.send(bytes, ring) }
        }
        let count = fl_send(descriptor, bytes.baseAddress, bytes.count)
        guard count >= 0 else {
            switch fl_errno() {
            case EAGAIN: waitForRoom()
            case EINTR: break
            default: writeError = .last("send")
            }
            return 0
        }
        if count < bytes.count { waitForRoom() }
        worker.counters.bytesSent &+= count
        return count
    }

    private func waitForRoom() {
        isWritable = false
        // Only epoll tells of room.
        if let flow, let ring = worker.ring { flow.leave(ring) }
    }

    private func writeTLS(_ bytes: UnsafeRawBufferPointer, _ tls: TLSSession) -> Int {
        var sent = 0
        while sent < bytes.count {
            switch tls.send(UnsafeRawBufferPointer(rebasing: bytes[sent...])) {
            case .bytes(let count):
                sent += count
                worker.counters.bytesSent &+= count
            case .wouldBlock(let needsBytes):
                isWritable = false
                writeNeedsBytes = needsBytes
                return sent
            case .failed(let error):
                writeError = error
                return sent
            }
        }
        return sent
    }

    private func closeDirection() {
        guard !hasFinished, !isClosed else { return }
        if let tls, !hasWriteFailed, !tls.sayGoodbye() {
            // Even these few bytes need room; the next readiness to write comes back here.
            isWritable = false
            return
        }
        hasFinished = true
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Whether the peer neither sends nor takes anything any more.
    package var isGone: Bool { isHungUp || hasEnded && hasWriteFailed }

    // MARK: The end

    /// Closes the socket at once; what is queued is lost.
    package func close() {
        guard !isClosed else { return }
        isClosed = true
        if let tap {
            self.tap = nil
            tap.ended()
        }
        if !hasFinished, queue.isEmpty, !hasWriteFailed { _ = tls?.sayGoodbye() }
        tls = nil
        queue.removeAll()
        if let flow, let ring = worker.ring { flow.close(ring) }
        flow = nil
        facts.isCongested = false
        // The number may soon be another socket's: nothing reads from it or writes to it from here on.
        facts.isReadable = false
        facts.hasEnded = true
        mustFinish = true
        // Closing alone takes it out of the epoll set only when no fork of this process holds a copy at the moment;
        // an event of the copy would come with a pointer to nobody.
        worker.unregister(descriptor: descriptor)
        _ = Glibc.close(descriptor)
        worker.counters.socketsClosed += 1
    }

    /// Ends the connection in both directions, so that its user sees the peer's end; the user still has to close it.
    package func abandon() {
        guard !isClosed else { return }
        if flow?.isSending == true { worker.ring?.submit() }
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Closes with a reset, so that the peer cannot take the end for a complete answer.
    package func reset() {
        guard !isClosed else { return }
        var linger = linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        hasFinished = true
        close()
    }

    // MARK: What the system knows

    var pendingError: Int32 { fl_socket_error(descriptor) }

    /// Who is at the other end; nil when nobody is.
    package var peer: SocketAddress? {
        var address = SocketAddress()
        address.size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutableBytes(of: &address.storage) { storage in
            guard let base = storage.baseAddress else { return Int32(-1) }
            return getpeername(descriptor, base.assumingMemoryBound(to: sockaddr.self), &address.size)
        }
        return code == 0 ? address : nil
    }

    func attach(_ session: TLSSession) { tls = session }
    var number: Int32 { descriptor }
}
