// The order of a stop: one signal drains, two close at once.

import Logging
import Synchronization
import Testing
import UnixSignals

@testable import fairlead

private final class Calls: Sendable {
    private let names = Mutex<[String]>([])
    func add(_ name: String) { names.withLock { $0.append(name) } }
    var all: [String] { names.withLock { $0 } }
}

@Suite("A stop", .timeLimit(.minutes(1)))
struct StopSequenceTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("the first signal drains, and the process ends when the drain does")
    func drained() async {
        let calls = Calls()
        let (signals, send) = AsyncStream<UnixSignal>.makeStream()
        let stop = StopSequence(
            grace: .seconds(1), logger: logger, drain: { calls.add("drain") }, abort: { calls.add("abort") })
        send.yield(.sigterm)
        #expect(await stop.run(until: signals) == .drained)
        #expect(calls.all == ["drain"])
    }

    @Test("a second signal aborts a drain that has not ended")
    func aborted() async {
        let calls = Calls()
        let (signals, send) = AsyncStream<UnixSignal>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        let stop = StopSequence(
            grace: .seconds(1), logger: logger,
            drain: {
                calls.add("drain")
                send.yield(.sigint)
                for await _ in released {}
            }, abort: { calls.add("abort") })
        send.yield(.sigterm)
        #expect(await stop.run(until: signals) == .aborted)
        #expect(calls.all == ["drain", "abort"])
        release.finish()
    }
}
