// The way to one adapter process: its connection, the calls on it, and what happens when it breaks.

import Glibc
import NIOCore
import NIOHPACK
import NIOHTTP2

/// What a greeting found: how to ask whether the process still answers.
struct Probe: Sendable {
    var method: Method
    var message: [UInt8]
}

/// One backend's connection to its process, shared by all workers.
///
/// Everything belongs to one event loop; other threads hand calls over, and observers hand what they hear on.
final class Link: @unchecked Sendable {
    let settings: ProcessSettings
    let loop: any EventLoop
    /// How errors name it: `adapter process at unix:/run/house.sock`.
    let process: String
    /// Asks the process what it can do, on every new connection; throws one sentence.
    private let greet: @Sendable (Link) async throws(GreetingFailure) -> Probe

    private var state = LinkState()
    private var connection: LinkConnection?
    /// Tells what belongs to an earlier connection.
    private var generation = 0
    private var probe: Probe?
    private var isProbing = false
    private var watch: RepeatedTask?
    private var lastReceived = NIODeadline.uptimeNanoseconds(0)
    /// Calls that the process works on, and those that wait for something to happen there.
    private var working = 0
    private var waiting = 0
    /// Calls in line for one of the places.
    private var line = CircularBuffer<Call>()
    private var settled: [EventLoopPromise<Void>] = []

    /// The most calls that wait for something to happen, and the most that stand in line.
    static let mostWaiting = 4096

    init(
        _ settings: ProcessSettings, on loop: any EventLoop,
        greet: @escaping @Sendable (Link) async throws(GreetingFailure) -> Probe
    ) {
        self.settings = settings
        self.loop = loop
        self.greet = greet
        process = "adapter process at unix:\(settings.path)"
    }

    // MARK: From any thread

    /// Connects, and succeeds when the first try is over, however it went.
    func start() -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        loop.execute { [self] in
            settled.append(promise)
            handle(.startRequested)
        }
        return promise.futureResult
    }

    func stop() -> EventLoopFuture<Void> {
        loop.submit { [self] in
            handle(.stopRequested)
            settle()
        }
    }

    /// Begins `call` with its first message; `isLast` when no further one follows.
    func begin(_ call: Call, _ message: [UInt8], isLast: Bool, sent: EventLoopPromise<Void>? = nil) {
        loop.execute { [self] in admit(call, message, isLast: isLast, isGreeting: false, sent) }
    }

    /// The same for the calls of a greeting, which come before all others.
    func beginGreeting(_ call: Call, _ message: [UInt8], isLast: Bool) {
        loop.execute { [self] in admit(call, message, isLast: isLast, isGreeting: true) }
    }

    /// Sends one more message; `sent` is fulfilled once it has left, which is when the process takes it.
    func send(_ call: Call, _ message: [UInt8], sent: EventLoopPromise<Void>?) {
        loop.execute { [self] in write(call, message, sent) }
    }

    /// Says that no further message follows.
    func finish(_ call: Call) {
        loop.execute { [self] in
            call.isFinished = true
            if call.channel != nil { writeEnd(call) }
        }
    }

    func cancel(_ call: Call) {
        loop.execute { [self] in
            guard call.isAdmitted else {
                // Its beginning is still under way to this thread.
                call.isGivenUp = true
                return
            }
            callEnded(call, .cancelled)
            call.channel?.close(promise: nil)
        }
    }

    func grant(_ call: Call, _ count: Int) {
        loop.execute { call.handler?.grant(count) }
    }

    /// Tells, on the event loop, whether calls can be made; while the first try is under way, once it is over.
    func whenReady(_ report: @escaping @Sendable (Result<Void, CallEnding>) -> Void) {
        loop.execute { [self] in
            guard state.isFirstTry, state.phase != .ready else { return report(readiness) }
            let promise = loop.makePromise(of: Void.self)
            settled.append(promise)
            promise.futureResult.whenComplete { [self] _ in report(readiness) }
        }
    }

    private var readiness: Result<Void, CallEnding> {
        state.phase == .ready ? .success(()) : .failure(.notSent(notConnected))
    }

    // MARK: Calls

    private func admit(
        _ call: Call, _ message: [UInt8], isLast: Bool, isGreeting: Bool, _ sent: EventLoopPromise<Void>? = nil
    ) {
        call.isAdmitted = true
        call.isFinished = isLast
        call.isGreeting = isGreeting
        call.waiting = [(MessageFraming.frame(message, ByteBufferAllocator()), sent)]
        guard !call.isGivenUp else {
            call.end(.cancelled)
            return
        }
        if let timeout = call.options.timeout {
            let begun = NIODeadline.now()
            call.deadline = loop.scheduleTask(in: .milliseconds(timeout)) { [self] in
                deadlinePassed(call, timeout, begun)
            }
        }
        if isGreeting {
            guard let connection else { return refuse(call, notConnected) }
            return open(call, connection)
        }
        if state.phase == .ready {
            place(call)
        } else if state.isFirstTry, line.count < Self.mostWaiting {
            line.append(call)
        } else {
            refuse(call, notConnected)
        }
    }

    /// Gives `call` a stream, or a place in line.
    private func place(_ call: Call) {
        guard let connection else { return refuse(call, notConnected) }
        if call.options.waits {
            guard waiting < Self.mostWaiting else {
                return refuse(call, "\(process) has \(waiting) calls that wait, and takes no more")
            }
            waiting += 1
        } else if working < settings.calls {
            working += 1
        } else if line.count < Self.mostWaiting {
            return line.append(call)
        } else {
            return refuse(call, "\(process) is behind: \(line.count) calls wait for it (option calls)")
        }
        open(call, connection)
    }

    private func refuse(_ call: Call, _ why: String) { call.end(.notSent(why)) }

    private var notConnected: String {
        state.reason.isEmpty ? "\(process) is not answering; is it running?" : state.reason
    }

    private func open(_ call: Call, _ connection: LinkConnection) {
        call.stage = .open
        let limit = settings.messageBytes
        connection.makeStream { [self] in
            let handler = CallHandler(call, self, limit: limit)
            call.handler = handler
            return handler
        }.whenComplete { [self] result in
            switch result {
            case .success(let channel): streamMade(call, channel)
            case .failure: callEnded(call, .notSent("\(process) takes no further calls on this connection"))
            }
        }
    }

    private func streamMade(_ call: Call, _ channel: any Channel) {
        guard call.stage == .open else {
            channel.close(promise: nil)
            return
        }
        call.channel = channel
        var headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "http", ":path": call.method.path, ":authority": "localhost",
            "content-type": "application/grpc", "te": "trailers", "user-agent": "fairlead",
        ]
        if let timeout = call.options.timeout { headers.add(name: "grpc-timeout", value: "\(timeout)m") }
        channel.write(HTTP2Frame.FramePayload.headers(.init(headers: headers)), promise: nil)
        let frames = call.waiting
        call.waiting = []
        for (index, (frame, promise)) in frames.enumerated() {
            let isLast = call.isFinished && index == frames.count - 1
            channel.write(
                HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(frame), endStream: isLast)), promise: promise)
        }
        channel.flush()
    }

    private func write(_ call: Call, _ message: [UInt8], _ promise: EventLoopPromise<Void>?) {
        guard call.stage != .ended else {
            promise?.fail(CallEnding.cancelled)
            return
        }
        let frame = MessageFraming.frame(message, ByteBufferAllocator())
        guard let channel = call.channel else { return call.waiting.append((frame, promise)) }
        channel.writeAndFlush(HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(frame))), promise: promise)
    }

    private func writeEnd(_ call: Call) {
        guard call.stage == .open, let channel = call.channel else { return }
        let end = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true))
        channel.writeAndFlush(end, promise: nil)
    }

    /// The call's handler, or whoever gave it up, says that it is over.
    func callEnded(_ call: Call, _ ending: CallEnding) {
        let hadPlace = call.stage == .open
        guard call.end(ending), hadPlace, !call.isGreeting else { return }
        if call.options.waits { waiting -= 1 } else { working -= 1 }
        while state.phase == .ready, working < settings.calls, let next = line.popFirst() {
            if next.stage == .new { place(next) }
        }
    }

    func somethingReceived() { lastReceived = .now() }

    /// Gives up a call that is waited for; on the event loop.
    func expire(_ call: Call, _ milliseconds: Int64) {
        callEnded(
            call, .unanswered("\(process) has let \(call.method.name) wait for \(milliseconds) ms (option timeout)"))
        call.channel?.close(promise: nil)
    }

    private func deadlinePassed(_ call: Call, _ timeout: Int64, _ begun: NIODeadline) {
        let text = "\(process) has not answered \(call.method.name) within \(timeout) ms (option timeout)"
        let wasSent = call.stage == .open
        callEnded(call, wasSent ? .unanswered(text) : .notSent("\(process) is behind: no call within \(timeout) ms"))
        call.channel?.close(promise: nil)
        if wasSent { ask(ifSilentSince: begun) }
    }

    /// Silence may be a call's alone; whether it is the process's, a question that is easily answered tells.
    private func ask(ifSilentSince time: NIODeadline) {
        guard state.phase == .ready, lastReceived < time, !isProbing, let probe else { return }
        isProbing = true
        let asked = generation
        let watcher = ProbeWatcher { [self] isAlive in
            guard asked == generation else { return }
            isProbing = false
            if !isAlive { handle(.probeUnanswered) }
        }
        let question = Call(probe.method, CallOptions(timeout: settings.timeout), watcher)
        admit(question, probe.message, isLast: true, isGreeting: true)
    }

    // MARK: The connection

    private func handle(_ event: LinkState.Event) {
        for action in state.handle(event) { perform(action) }
    }

    private func perform(_ action: LinkState.Action) {
        switch action {
        case .connect: connect()
        case .greet: beginGreeting()
        case .serve:
            settle()
            watch = loop.scheduleRepeatedTask(
                initialDelay: .milliseconds(settings.timeout), delay: .milliseconds(settings.timeout)
            ) { [self] _ in
                // Calls that wait have no deadline that would show a process that hangs.
                if self.waiting > 0 { ask(ifSilentSince: .now() - .milliseconds(settings.timeout)) }
            }
            let delayed = line
            line = []
            for call in delayed where call.stage == .new { place(call) }
        case .drop(let why):
            let dropped = connection
            connection = nil
            probe = nil
            isProbing = false
            watch?.cancel()
            watch = nil
            generation += 1
            settle()
            let delayed = line
            line = []
            for call in delayed { refuse(call, why) }
            dropped?.channel.close(promise: nil)
        case .retry(let milliseconds):
            loop.scheduleTask(in: .milliseconds(milliseconds)) { [self] in handle(.retryDue) }
        }
    }

    private func settle() {
        for promise in settled { promise.succeed() }
        settled = []
    }

    private func connect() {
        let current = generation
        let report: @Sendable (ConnectionWatcher.Event) -> Void = { [self] event in
            connectionReports(event, of: current)
        }
        LinkConnection.open(settings.path, on: loop, timeout: settings.timeout, report: report)
            .whenComplete { [self] result in
                switch result {
                case .success(let connection):
                    guard current == generation, state.phase == .connecting else {
                        return connection.channel.close(promise: nil)
                    }
                    self.connection = connection
                    handle(.connected)
                case .failure(let error):
                    let why = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
                    handle(.connectFailed("\(process) is not answering (\(why)); is it running?"))
                }
            }
    }

    private func beginGreeting() {
        let current = generation
        // Not on a request's path, so it may run wherever there is a thread.
        Task { [self] in
            let result: Result<Probe, GreetingFailure>
            do throws(GreetingFailure) { result = .success(try await greet(self)) } catch { result = .failure(error) }
            loop.execute { [self] in
                guard current == generation else { return }
                switch result {
                case .success(let probe):
                    self.probe = probe
                    handle(.greeted)
                case .failure(let failure): handle(.greetingFailed("\(process) cannot be used: \(failure.text)"))
                }
            }
        }
    }

    private func connectionReports(_ event: ConnectionWatcher.Event, of origin: Int) {
        guard origin == generation else { return }
        switch event {
        case .goingAway:
            // The calls on it may end, within the time that a call has; what waits there would wait in vain.
            let old = connection
            connection = nil
            loop.scheduleTask(in: .milliseconds(settings.timeout)) { old?.channel.close(promise: nil) }
            handle(.connectionLost("\(process) is going away; is it being restarted?"))
        case .closed(let why): handle(.connectionLost("\(process) is not answering (\(why)); is it running?"))
        }
    }
}

/// Waits for the end of a probe.
private final class ProbeWatcher: CallObserver, @unchecked Sendable {
    private let report: (Bool) -> Void

    init(_ report: @escaping (Bool) -> Void) { self.report = report }

    func messageReceived(_ message: [UInt8]) {}

    func callEnded(_ ending: CallEnding) {
        if case .finished = ending { report(true) } else { report(false) }
    }
}
