// One event loop on one thread, and the executor of the sessions that live there.

import CLinux
import Glibc
import Synchronization

/// A thread that waits for descriptors and runs the tasks of the sessions they belong to.
///
/// Sessions are tasks that prefer this executor, so every step of a session runs here and nothing a session
/// touches is ever shared. What other threads want done comes in through ``submit(_:)`` and through `enqueue`.
///
/// What only the worker's thread touches is `@exclusivity(unchecked)`: the run-time check against overlapping access
/// looks thread-local sets up, at each step of each session, for a mistake that one thread's plain calls cannot make.
package final class Worker: TaskExecutor, @unchecked Sendable {
    package let index: Int
    /// Bytes that one read can bring; every read of every session on this worker lands in the same buffer.
    package static let readSize = 128 * 1024

    let epoll: Descriptor
    /// What small messages of plain sockets go over; nil where epoll alone was asked for.
    @exclusivity(unchecked) private(set) var ring: Ring?
    private let wakeUp: WakeUp
    private let inbox = Mutex(Inbox())
    @exclusivity(unchecked) private var ready = JobQueue()
    /// Sessions that gave way and go on in the next turn.
    @exclusivity(unchecked) private var yielded: [Waker] = []
    /// Sessions whose pumps are to do a step; a waker stays alive while its pump runs, because its task sleeps inside.
    @exclusivity(unchecked) private var stepping: [Unmanaged<Waker>] = []
    /// Those of the turn before, kept for their memory.
    @exclusivity(unchecked) private var stepped: [Unmanaged<Waker>] = []
    /// What is to be done when the sessions of this turn have run.
    @exclusivity(unchecked) private var endings: [any TurnEnding] = []
    @exclusivity(unchecked) private var ended: [any TurnEnding] = []
    private let isStopping = Atomic(false)
    private let foreignEnqueues = Atomic(0)

    /// Monotonic nanoseconds, read once each time the loop wakes.
    @inlinable package var now: UInt64 { time }
    @usableFromInline @exclusivity(unchecked) var time: UInt64
    @exclusivity(unchecked) var timers: TimerWheel
    let readBuffer: UnsafeMutableRawBufferPointer
    /// Where the last receive has put its bytes.
    @usableFromInline @exclusivity(unchecked) var received: UnsafeMutableRawPointer?
    package let chunks = ChunkPool()
    @exclusivity(unchecked) package var counters = WorkerCounters()
    @exclusivity(unchecked) private var givingWay = GivingWay()

    /// Throws where `engine` asks for io_uring and there is none; see ``Ring``.
    package init(index: Int, engine: ReactorEngine = .epoll) throws(IOError) {
        self.index = index
        let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw .last("epoll_create1") }
        self.epoll = Descriptor(epoll)
        wakeUp = try WakeUp(descriptor: WakeUp.open())
        time = fl_now()
        timers = TimerWheel(now: time)
        readBuffer = .allocate(byteCount: Self.readSize, alignment: 64)
        received = readBuffer.baseAddress
        ring = engine == .ring ? try Ring(watching: epoll) : nil
        try register(wakeUp, descriptor: wakeUp.descriptor.number, for: [.read])
    }

    deinit { readBuffer.deallocate() }

    // MARK: Work from this thread and from others

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            counters.enqueues &+= 1
            ready.append(job)
        } else {
            foreignEnqueues.add(1, ordering: .relaxed)
            post { $0.jobs.append(job) }
        }
    }

    /// Runs `work` on the worker's thread, soon; from any thread.
    ///
    /// After the worker's end it is dropped, and the answer is false.
    @discardableResult
    package func submit(_ work: @escaping @Sendable () -> Void) -> Bool {
        post { $0.work.append(work) }
    }

    /// Whether the caller runs on this worker's thread.
    package var isCurrent: Bool { fl_current_worker() == Unmanaged.passUnretained(self).toOpaque() }

    /// The worker on whose thread the caller runs; nil on any other thread.
    package static var current: Worker? {
        fl_current_worker().map { Unmanaged<Worker>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whether the caller runs on some worker's thread.
    static var isOnAnyWorker: Bool { fl_current_worker() != nil }

    /// How many jobs other threads have enqueued here since the start.
    package var foreignEnqueueCount: Int { foreignEnqueues.load(ordering: .relaxed) }

    @discardableResult
    private func post(_ change: (inout sending Inbox) -> Void) -> Bool {
        let wasEmpty: Bool? = inbox.withLock { inbox in
            // Nobody takes it any more, and what it holds may hold this worker.
            guard !inbox.isClosed else { return nil }
            let wasEmpty = inbox.isEmpty
            change(&inbox)
            return wasEmpty
        }
        if wasEmpty == true { wakeUp.ring() }
        return wasEmpty != nil
    }

    // MARK: The loop

    /// Starts the thread.
    package func start() throws(IOError) {
        let unmanaged = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, { Worker.main($0) }, unmanaged.toOpaque())
        guard code == 0 else {
            unmanaged.release()
            throw .system(call: "pthread_create", code: code)
        }
        pthread_detach(thread)
    }

    /// Ends the loop once nothing is left that could run; from any thread.
    ///
    /// What was handed over before still runs. Sessions that wait are not woken: they are ended first.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        wakeUp.ring()
    }

    private static func main(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let worker = Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue()
        fl_set_current_worker(argument)
        fl_name_thread("worker-\(worker.index)")
        fl_block_broken_pipe()
        worker.bindRing()
        worker.loop()
        fl_set_current_worker(nil)
        return nil
    }

    private func bindRing() {
        guard let ring else { return }
        do throws(IOError) { try ring.enable() } catch { self.ring = nil }
    }

    private func loop() {
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 256) { events in
            while !isStopping.load(ordering: .acquiring) { turn(events, mayWait: isIdle) }
            repeat { turn(events, mayWait: false) } while !closeInbox()
        }
        // The wheel's wakers hold this worker.
        timers = TimerWheel(now: time)
    }

    /// Whether nothing can go on before something happens.
    private var isIdle: Bool { ready.isEmpty && stepping.isEmpty && yielded.isEmpty }

    /// Refuses further work when there is none left; whether it did.
    private func closeInbox() -> Bool {
        guard isIdle else { return false }
        return inbox.withLock { inbox in
            inbox.isClosed = inbox.isEmpty
            return inbox.isClosed
        }
    }

    private func turn(_ events: UnsafeMutableBufferPointer<epoll_event>, mayWait: Bool) {
        if mayWait, givingWay.isWorthwhile { giveWay() }
        let timeout = mayWait ? timers.millisecondsToNext(now: now) ?? -1 : 0
        // Readiness is only noted here; sessions run below, when the whole batch is known.
        let count = ring.map { wait(on: $0, events, timeout) } ?? wait(events, timeout)
        counters.turns &+= 1
        givingWay.noteTurn(events: count)
        timers.advance(to: now)
        if !yielded.isEmpty { resumeYielded() }
        if wakeUp.hasRung { takeInbox() }
        // Only what was ready at the start: a session that goes on at once must not starve the descriptors.
        if !stepping.isEmpty { runSteps() }
        var remaining = ready.count
        while remaining > 0, let job = ready.popFirst() {
            remaining -= 1
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
        if !endings.isEmpty { endTurn() }
    }

    /// Waits for descriptors and tells their sources; how many they were.
    private func wait(_ events: UnsafeMutableBufferPointer<epoll_event>, _ timeout: Int32) -> Int {
        let count = Int(fl_epoll_wait(epoll.number, events.baseAddress, Int32(events.count), timeout))
        time = fl_now()
        for index in 0..<max(0, count) {
            let event = events.baseAddress.unsafelyUnwrapped + index
            guard let source = fl_event_source(event) else { continue }
            Unmanaged<EventSource>.fromOpaque(source)._withUnsafeGuaranteedRef {
                $0.handle(Readiness(rawValue: fl_event_mask(event)))
            }
        }
        return count
    }

    /// The same where the ring has what is small, and watches epoll for the rest.
    private func wait(on ring: Ring, _ events: UnsafeMutableBufferPointer<epoll_event>, _ timeout: Int32) -> Int {
        ring.wait(milliseconds: ring.isEpollReady ? 0 : timeout)
        time = fl_now()
        let completions = ring.complete()
        guard ring.isEpollReady else { return completions }
        let count = wait(events, 0)
        ring.isEpollReady = count == events.count
        return completions + max(0, count)
    }

    /// Lets others run on this core, whose bytes are then there when the loop looks.
    private func giveWay() {
        let start = fl_now()
        guard givingWay.isDue(at: start) else { return }
        fl_yield()
        givingWay.noteWait(from: start, to: fl_now())
        counters.yields &+= 1
    }

    /// Tells `ending` once, when the sessions that run in this turn have run and before the loop looks at descriptors.
    ///
    /// On the worker's thread only.
    package func atEndOfTurn(_ ending: any TurnEnding) { endings.append(ending) }

    private func endTurn() {
        swap(&endings, &ended)
        // By index: in a debug build an iterator would allocate at each turn.
        for index in ended.indices { ended[index].turnEnds() }
        ended.removeAll(keepingCapacity: true)
    }

    /// Wakes `waker` in the next turn of the loop, after the descriptors were looked at.
    func wakeNextTurn(_ waker: Waker) { yielded.append(waker) }

    /// Lets the pump of `waker` do its step, in this turn of the loop when it is still to come, else in the next.
    func stepNextTurn(_ waker: Waker) { stepping.append(.passUnretained(waker)) }

    private func runSteps() {
        swap(&stepping, &stepped)
        for index in stepped.indices { stepped[index]._withUnsafeGuaranteedRef { $0.step() } }
        stepped.removeAll(keepingCapacity: true)
    }

    private func resumeYielded() {
        for waker in yielded { waker.wake() }
        yielded.removeAll(keepingCapacity: true)
    }

    private func takeInbox() {
        wakeUp.silence()
        let taken = inbox.withLock { inbox in
            let taken = inbox
            inbox = Inbox()
            return taken
        }
        for job in taken.jobs { ready.append(job) }
        for work in taken.work { work() }
    }

    // MARK: Received bytes

    /// Shows the first `count` bytes of the read buffer, which the last receive filled.
    @inlinable
    package func withReceived<R, E: Error>(_ count: Int, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        let bytes = UnsafeRawBufferPointer(start: received, count: count).assumingMemoryBound(
            to: UInt8.self)
        return try body(bytes.span)
    }

    // MARK: Descriptors

    func register(
        _ source: EventSource, descriptor: Int32, for readiness: Readiness, edgeTriggered: Bool = true
    ) throws(IOError) {
        let mask = readiness.rawValue | (edgeTriggered ? fl_edge : 0)
        let pointer = Unmanaged.passUnretained(source).toOpaque()
        guard fl_epoll_add(epoll.number, descriptor, mask, pointer) == 0 else { throw .last("epoll_ctl") }
    }

    func unregister(descriptor: Int32) {
        _ = fl_epoll_remove(epoll.number, descriptor)
    }
}

/// What gathers the work of several sessions and does it once for all of them.
package protocol TurnEnding: AnyObject {
    /// Called on the worker's thread; nothing may be asked of ``Worker/atEndOfTurn(_:)`` in it.
    func turnEnds()
}

/// What other threads have left for a worker.
private struct Inbox: Sendable {
    var jobs: [UnownedJob] = []
    var work: [@Sendable () -> Void] = []
    /// The loop has ended.
    var isClosed = false

    var isEmpty: Bool { jobs.isEmpty && work.isEmpty }
}

/// The descriptor through which other threads wake a worker.
private final class WakeUp: EventSource, @unchecked Sendable {
    let descriptor: Descriptor
    private(set) var hasRung = false

    init(descriptor: consuming Descriptor) {
        self.descriptor = descriptor
        super.init()
    }

    static func open() throws(IOError) -> Descriptor {
        let number = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard number >= 0 else { throw .last("eventfd") }
        return Descriptor(number)
    }

    override func handle(_ readiness: Readiness) { hasRung = true }

    func ring() {
        var one: UInt64 = 1
        _ = write(descriptor.number, &one, 8)
    }

    func silence() {
        hasRung = false
        var value: UInt64 = 0
        _ = read(descriptor.number, &value, 8)
    }
}
