// The protocols of the tests: lines that are answered in order, or by the number they begin with.

import Reactor
import Synchronization
import TestSupport
import Testing

@testable import Multiplex

/// Cuts lines; by id a line begins with its number, and one that begins with `!` is a push.
final class LineCodec: FrameCodec {
    private let isByID: Bool
    init(isByID: Bool) { self.isByID = isByID }

    func cut(_ bytes: Span<UInt8>, from start: Int, for exchange: Exchange?) -> FrameCut {
        var end = start
        while end < bytes.count, bytes[end] != 0x0A { end += 1 }
        guard end < bytes.count else { return .partial(needs: 0) }
        let frame = end + 1
        if bytes[start] == UInt8(ascii: "!") { return .frame(end: frame, .push) }
        if bytes[start] == UInt8(ascii: "#") { return .frame(end: frame, .nobody) }
        guard isByID else {
            return bytes[start] == UInt8(ascii: "?")
                ? .broken("a line that begins with ?") : .frame(end: frame, .oldest)
        }
        var id: UInt64 = 0
        var index = start
        while index < end, bytes[index] != UInt8(ascii: " ") {
            guard bytes[index] >= 0x30, bytes[index] <= 0x39 else { return .broken("no number") }
            id = id &* 10 &+ UInt64(bytes[index] - 0x30)
            index += 1
        }
        return .frame(end: frame, .id(id))
    }

    /// What only the end of the connection completes.
    func cutAtEnd(_ bytes: Span<UInt8>, from start: Int, for exchange: Exchange?) -> FrameCut {
        (exchange as? LineExchange)?.endsWithConnection == true
            ? .frame(end: bytes.count, .oldest) : .partial(needs: 0)
    }
}

/// Sends a line and takes one, or as many as it says.
final class LineExchange: Exchange {
    let text: String
    /// The lines of its answer.
    var answer: [String] = []
    var endsWithConnection = false
    private var lines: Int
    private let isByID: Bool
    private(set) var encodings = 0
    var finishedCount = 0

    init(
        _ text: String, lines: Int = 1, isByID: Bool = false, expectsAnswer: Bool = true, isRepeatable: Bool = false,
        isCancellable: Bool = false, timeout: ExchangeTimeout = .usual
    ) {
        self.text = text
        self.lines = lines
        self.isByID = isByID
        super.init(
            expectsAnswer: expectsAnswer, isRepeatable: isRepeatable, isCancellable: isCancellable, timeout: timeout)
    }

    override func encode(id: UInt64, into output: inout OutputBuffer) {
        encodings += 1
        guard !text.isEmpty else { return }
        if isByID {
            output.append(decimal: id)
            output.append(" ")
        }
        output.append(Array(text.utf8))
        output.append(0x0A)
    }

    override func receive(_ frame: Span<UInt8>) -> ExchangeProgress {
        var line = frame.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        if line.hasSuffix("\n") { line.removeLast() }
        if isByID, let space = line.firstIndex(of: " ") { line = String(line[line.index(after: space)...]) }
        if line == "not mine" { return .broken("a line of one's own") }
        answer.append(line)
        lines -= 1
        if line == "last" { return .doneForGood }
        return lines <= 0 ? .done : .more
    }

    override func finished() { finishedCount += 1 }
}

/// The adapter's side in the tests: what it was told is kept.
final class LineDelegate: MultiplexDelegate {
    let isByID: Bool
    var pushes: [String] = []
    var losses: [MultiplexFailure] = []
    var login: ((MultiplexConnection) async throws(MultiplexFailure) -> Void)?
    var hasKeepAlive = false

    init(isByID: Bool) { self.isByID = isByID }

    func makeCodec() -> any FrameCodec { LineCodec(isByID: isByID) }

    func handshake(_ connection: MultiplexConnection) async throws(MultiplexFailure) {
        if let login { try await login(connection) }
    }

    func makeKeepAlive() -> Exchange? {
        hasKeepAlive ? LineExchange("alive?", isByID: isByID, timeout: .nanoseconds(1_000_000_000)) : nil
    }

    func pushReceived(_ frame: Span<UInt8>, on connection: MultiplexConnection) -> Bool {
        let text = frame.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        pushes.append(String(text.dropLast()))
        return text != "!unwanted\n"
    }

    func connectionLost(_ connection: MultiplexConnection, _ failure: MultiplexFailure) { losses.append(failure) }
}

/// A started worker with a multiplexer, and what one test wants to do there.
struct Rig {
    /// What a test has on the worker's thread.
    struct Inside {
        let multiplexer: Multiplexer
        let delegate: LineDelegate
        let worker: Worker

        /// Sends `text` and gives the one line of its answer.
        func ask(_ text: String) async throws(MultiplexFailure) -> String {
            let exchange = LineExchange(text, isByID: delegate.isByID)
            try await multiplexer.perform(exchange)
            return exchange.answer.joined(separator: "|")
        }

        /// How asking for `text` ends.
        func outcome(_ text: String, isRepeatable: Bool = false) async -> Result<String, MultiplexFailure> {
            let exchange = LineExchange(text, isByID: delegate.isByID, isRepeatable: isRepeatable)
            do throws(MultiplexFailure) {
                try await multiplexer.perform(exchange)
                return .success(exchange.answer.joined(separator: "|"))
            } catch {
                return .failure(error)
            }
        }

        /// Lets the worker turn until `condition` holds.
        func until(_ condition: () -> Bool) async throws {
            let waker = Waker(worker: worker)
            waker.setDeadline(after: 30_000_000_000)
            while !condition() {
                try waker.check("the test's condition")
                waker.wake()
                await waker.wait()
            }
        }
    }

    /// Runs `body` on a new worker against the server at `port`.
    static func run(
        port: Int, _ correlation: Correlation = .inOrder,
        configure: @escaping @Sendable (inout MultiplexConfiguration, LineDelegate) -> Void = { _, _ in },
        _ body: @escaping @Sendable (Inside) async throws -> Void
    ) async throws {
        let worker = try Worker(index: 0)
        try worker.start()
        defer { worker.stop() }
        try await Task(executorPreference: worker) {
            let delegate = LineDelegate(isByID: correlation != .inOrder)
            var configuration = MultiplexConfiguration(correlation)
            configuration.jitter = { 0 }
            configure(&configuration, delegate)
            let multiplexer = Multiplexer(
                to: MultiplexEndpoint(.host("127.0.0.1", port: UInt16(clamping: port))), configuration,
                delegate: delegate, worker: worker)
            let inside = Inside(multiplexer: multiplexer, delegate: delegate, worker: worker)
            let result: Result<Void, any Error>
            do { result = .success(try await body(inside)) } catch { result = .failure(error) }
            await multiplexer.close()
            try result.get()
            #expect(multiplexer.pending == 0 && multiplexer.waiting == 0)
            #expect(worker.counters.openSockets == 0)
        }.value
    }
}
