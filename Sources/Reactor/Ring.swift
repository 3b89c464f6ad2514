// The io_uring of a worker, for small messages of plain sockets; see ARCHITECTURE.md, "epoll, and io_uring".

import CLinux

/// Receives into buffers that are handed out and back, and sends, all batched into the call that also waits.
///
/// Only what is small gains from it: a socket whose messages are large, that is waited for, or that has ended goes back to
/// epoll, which the ring watches too. Touched on its worker's thread only.
final class Ring {
    /// Bytes of one receive buffer, and how many all sockets of the worker share: at most 8 MiB that the kernel fills.
    static let bufferSize = 16 * 1024
    private static let bufferCount = 512
    private static let entries = 8192
    /// Bytes of a send that are copied for it; longer ones are the socket's own business.
    static let largestSend = 16 * 1024
    /// Buffers of one socket that wait for its session, above which it goes back to epoll.
    static let mostWaiting = 4
    /// Copies for sends that are kept when nobody needs them.
    private static let keptCopies = 64

    /// What a completion is about; the rest of its data is the flow.
    enum Kind {
        static let receive: UInt64 = 1
        static let send: UInt64 = 2
        static let mask: UInt64 = 7
        /// The whole of the data of the watch on epoll.
        static let epoll: UInt64 = 7
    }

    private let ring: OpaquePointer
    private let epoll: Int32
    @exclusivity(unchecked) private var copies: [UnsafeMutableRawPointer] = []
    /// The buffer whose bytes a session looks at, or -1.
    @exclusivity(unchecked) private var lent: Int32 = -1
    /// Whether epoll may have more than one look brings.
    @exclusivity(unchecked) var isEpollReady = true

    /// Throws where the kernel has no io_uring, does not let this process use it, or is older than 6.1.
    init(watching epoll: Int32) throws(IOError) {
        self.epoll = epoll
        guard let ring = fl_ring_open(UInt32(Self.entries), UInt32(Self.bufferCount), UInt32(Self.bufferSize)) else {
            throw .last("io_uring_setup")
        }
        self.ring = ring
    }

    deinit {
        fl_ring_close(ring)
        for copy in copies { copy.deallocate() }
    }

    /// Binds the ring to the calling thread.
    func enable() throws(IOError) {
        guard fl_ring_enable(ring) == 0 else { throw .last("io_uring_register") }
        fl_ring_poll(ring, epoll, Kind.epoll)
    }

    /// Hands over what was asked for, and waits for something to happen; nil: for ever.
    func wait(milliseconds: Int32) {
        giveBackLent()
        fl_ring_wait(ring, milliseconds)
    }

    /// Tells the sockets what has completed; how many completions that were.
    func complete() -> Int {
        var count = 0
        var completion = fl_completion()
        while fl_ring_next(ring, &completion) != 0 {
            if completion.data == Kind.epoll {
                isEpollReady = true
                if completion.more == 0 { fl_ring_poll(ring, epoll, Kind.epoll) }
                continue
            }
            // A cancellation.
            guard completion.data != 0 else { continue }
            count += 1
            let flow = Unmanaged<RingFlow>.fromOpaque(Self.pointer(completion.data))
            flow._withUnsafeGuaranteedRef { $0.completed(completion, self) }
        }
        return count
    }

    private static func pointer(_ data: UInt64) -> UnsafeMutableRawPointer {
        // It was made from one.
        UnsafeMutableRawPointer(bitPattern: UInt(data & ~Kind.mask)).unsafelyUnwrapped
    }

    // MARK: Requests

    func receive(_ flow: RingFlow) {
        flow.retainForRequest()
        fl_ring_receive(ring, flow.descriptor, flow.data | Kind.receive)
    }

    func send(_ flow: RingFlow, _ bytes: UnsafeRawBufferPointer) {
        flow.retainForRequest()
        fl_ring_send(ring, flow.descriptor, bytes.baseAddress, UInt32(bytes.count), flow.data | Kind.send)
    }

    /// Ends the receiving of `flow`; what has come before still completes.
    func cancelReceive(_ flow: RingFlow) { fl_ring_cancel(ring, flow.data | Kind.receive) }

    /// Sends what is still to be handed over, and ends all that `descriptor` waits for: it is about to be closed.
    func abandon(_ descriptor: Int32) {
        fl_ring_submit(ring)
        fl_ring_cancel_all(ring, descriptor)
        fl_ring_submit(ring)
    }

    func submit() { fl_ring_submit(ring) }

    // MARK: Memory

    func takeCopy() -> UnsafeMutableRawPointer {
        copies.popLast() ?? .allocate(byteCount: Self.largestSend, alignment: 64)
    }

    func giveBack(_ copy: UnsafeMutableRawPointer) {
        if copies.count < Self.keptCopies { copies.append(copy) } else { copy.deallocate() }
    }

    /// The memory of `buffer`, until the next one is lent or the worker waits.
    func lend(_ buffer: Int32) -> UnsafeMutableRawPointer? {
        giveBackLent()
        lent = buffer
        return fl_ring_buffer(ring, buffer)
    }

    func peek(_ buffer: Int32) -> UInt8 { fl_ring_buffer(ring, buffer).load(as: UInt8.self) }

    func recycle(_ buffer: Int32) { fl_ring_recycle(ring, buffer) }

    private func giveBackLent() {
        guard lent >= 0 else { return }
        fl_ring_recycle(ring, lent)
        lent = -1
    }
}
