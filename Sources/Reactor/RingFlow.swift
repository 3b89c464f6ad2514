// What a worker's io_uring has under way for one socket.

import CLinux

/// The requests of a socket, and what they have brought; it outlives the socket until the last of them has completed.
final class RingFlow {
    private struct Bytes {
        let buffer: Int32
        let count: Int
    }

    let descriptor: Int32
    /// Nil once it is closed.
    unowned(unsafe) var socket: Socket?
    @exclusivity(unchecked) private var requests = 0
    @exclusivity(unchecked) private var waiting: [Bytes] = []
    @exclusivity(unchecked) private var first = 0
    @exclusivity(unchecked) private(set) var isReceiving = false
    @exclusivity(unchecked) private var isLeaving = false
    /// What ended the receiving, once all that came before is read.
    @exclusivity(unchecked) private(set) var failure: Int32 = 0

    @exclusivity(unchecked) private var copy: UnsafeMutableRawPointer?
    @exclusivity(unchecked) private var copied = 0
    @exclusivity(unchecked) private var sent = 0
    /// Whether bytes are on their way.
    @exclusivity(unchecked) private(set) var isSending = false
    /// Whether somebody waits for the end of that.
    @exclusivity(unchecked) var isSendingWatched = false

    init(_ socket: Socket, _ descriptor: Int32) {
        self.socket = socket
        self.descriptor = descriptor
    }

    /// What a completion carries; its low bits are the kind's.
    var data: UInt64 { UInt64(UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque())) }

    func retainForRequest() {
        if requests == 0 { _ = Unmanaged.passRetained(self) }
        requests += 1
    }

    private func releaseAfterRequest() {
        requests -= 1
        if requests == 0 { Unmanaged.passUnretained(self).release() }
    }

    // MARK: Receiving

    func startReceiving(_ ring: Ring) {
        isReceiving = true
        // At once, so that the steady state allocates nothing.
        waiting.reserveCapacity(2 * Ring.mostWaiting)
        ring.receive(self)
    }

    /// Goes back to epoll once what is under way has come.
    func leave(_ ring: Ring) {
        guard isReceiving, !isLeaving else { return }
        isLeaving = true
        ring.cancelReceive(self)
    }

    var hasBytes: Bool { first < waiting.count }
    /// Whether there is nothing more to say about receiving.
    var isSpent: Bool { !isReceiving && !hasBytes && failure == 0 }

    /// The next bytes, lent by `ring`.
    func next(_ ring: Ring) -> (UnsafeMutableRawPointer?, Int)? {
        guard hasBytes else { return nil }
        let bytes = waiting[first]
        first += 1
        if first == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            first = 0
        }
        return (ring.lend(bytes.buffer), bytes.count)
    }

    func peek(_ ring: Ring) -> UInt8? { hasBytes ? ring.peek(waiting[first].buffer) : nil }

    func takeFailure() -> Int32 {
        defer { failure = 0 }
        return failure
    }

    // MARK: Sending

    /// Takes the first of `bytes`, as many as one request has; nothing may be on its way.
    func send(_ bytes: UnsafeRawBufferPointer, _ ring: Ring) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        let copy = ring.takeCopy()
        copied = min(bytes.count, Ring.largestSend)
        copy.copyMemory(from: base, byteCount: copied)
        self.copy = copy
        sent = 0
        isSending = true
        ring.send(self, UnsafeRawBufferPointer(start: copy, count: copied))
        return copied
    }

    // MARK: Completions

    func completed(_ completion: fl_completion, _ ring: Ring) {
        if completion.data & Ring.Kind.mask == Ring.Kind.send {
            sendCompleted(completion, ring)
        } else {
            receiveCompleted(completion, ring)
        }
    }

    private func receiveCompleted(_ completion: fl_completion, _ ring: Ring) {
        if completion.buffer >= 0 {
            if completion.result > 0, socket != nil {
                waiting.append(Bytes(buffer: completion.buffer, count: Int(completion.result)))
            } else {
                ring.recycle(completion.buffer)
            }
        }
        if completion.more != 0 {
            if waiting.count - first > Ring.mostWaiting { leave(ring) }
            if completion.result > 0 { socket?.ringHasBytes() }
            return
        }
        isReceiving = false
        isLeaving = false
        let code = -completion.result
        // Without an error the end is read once more, where epoll tells of it.
        if code > 0, code != ECANCELED, code != ENOBUFS { failure = code }
        socket?.ringHasEnded()
        releaseAfterRequest()
    }

    private func sendCompleted(_ completion: fl_completion, _ ring: Ring) {
        if completion.result > 0 { sent += Int(completion.result) }
        if completion.result > 0, sent < copied, let copy, socket != nil {
            ring.send(self, UnsafeRawBufferPointer(start: copy + sent, count: copied - sent))
            return releaseAfterRequest()
        }
        if let copy { ring.giveBack(copy) }
        copy = nil
        isSending = false
        let isWatched = isSendingWatched
        isSendingWatched = false
        socket?.ringHasSent(sent, error: completion.result < 0 ? -completion.result : 0, isWatched: isWatched)
        releaseAfterRequest()
    }

    /// The socket is closed.
    func close(_ ring: Ring) {
        socket = nil
        while hasBytes {
            ring.recycle(waiting[first].buffer)
            first += 1
        }
        waiting = []
        first = 0
        if requests > 0 { ring.abandon(descriptor) }
    }
}
