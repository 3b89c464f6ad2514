// Callers that go away, and the end of everything.

import Foundation
import Reactor
import TestSupport
import Testing

@testable import Multiplex

@Suite("A caller that goes away leaves the connection in order", .timeLimit(.minutes(1)))
struct CancellationTests {
    /// Performs exchanges in tasks of their own, to be cancelled.
    private static func start(_ exchange: LineExchange, _ rig: Rig.Inside) -> Task<MultiplexFailure?, Never> {
        let handed = Handed((exchange, rig.multiplexer))
        return Task(executorPreference: rig.worker) {
            do throws(MultiplexFailure) {
                try await handed.value.1.perform(handed.value.0)
                return nil
            } catch {
                return error
            }
        }
    }

    @Test("a cancelled request's answer is dropped, and its neighbours get theirs", arguments: [false, true])
    func cancelled(isByID: Bool) async throws {
        let gate = Gate()
        let server = try ScriptedServer { connection, _ in
            let lines = try (0..<3).map { _ in try connection.readLine() }
            gate.wait()
            for line in lines { try connection.send("\(line)\n") }
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port, isByID ? .byID(bits: 32) : .inOrder) { rig in
            let exchanges = (0..<3).map { LineExchange("q\($0)", isByID: isByID, isCancellable: true) }
            let tasks = exchanges.map { Self.start($0, rig) }
            try await rig.until { rig.multiplexer.pending == 3 }
            tasks[1].cancel()
            #expect(await tasks[1].value == .cancelled)
            #expect(rig.multiplexer.pending == 3)
            gate.open()
            #expect(await tasks[0].value == nil)
            #expect(await tasks[2].value == nil)
            #expect(exchanges[0].answer == ["q0"] && exchanges[2].answer == ["q2"])
            try await rig.until { rig.multiplexer.pending == 0 }
            #expect(rig.multiplexer.counters.lateAnswers == 1)
            #expect(rig.multiplexer.counters.failures == 0)
            #expect(rig.multiplexer.open == 1)
            #expect(exchanges.map(\.finishedCount) == [1, 1, 1])
        }
    }

    @Test("one that is cancelled while it waits for a place never leaves")
    func cancelledWaiting() async throws {
        let gate = Gate()
        let server = try ScriptedServer { connection, _ in
            while true {
                let line = try connection.readLine()
                gate.wait()
                try connection.send("\(line)\n")
            }
        }
        defer { server.stop() }
        try await Rig.run(
            port: server.port, configure: { configuration, _ in configuration.depth = 1 },
            { rig in
                let exchanges = (0..<3).map { LineExchange("q\($0)", isCancellable: true) }
                let tasks = exchanges.map { Self.start($0, rig) }
                try await rig.until { rig.multiplexer.pending == 1 && rig.multiplexer.waiting == 2 }
                tasks[1].cancel()
                #expect(await tasks[1].value == .cancelled)
                gate.open()
                #expect(await tasks[0].value == nil)
                #expect(await tasks[2].value == nil)
                #expect(exchanges[2].answer == ["q2"])
                #expect(exchanges[1].encodings == 0)
            })
    }

    @Test("a caller that was cancelled before it asks is cancelled")
    func cancelledBefore() async throws {
        let server = try ScriptedServer { connection, _ in
            while true { try connection.send("\(try connection.readLine())\n") }
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            let exchange = LineExchange("q", timeout: .never)
            let task = Self.start(exchange, rig)
            task.cancel()
            // The task has not run yet, because this one holds the worker.
            #expect(await task.value == .cancelled)
            try await rig.until { rig.multiplexer.pending == 0 }
            #expect(await rig.outcome("next") == .success("next"))
        }
    }

    @Test("a stream has no time-out and runs until it is abandoned, which closes its connection")
    func stream() async throws {
        let server = try ScriptedServer { connection, number in
            let line = try connection.readLine()
            if line == "stream" {
                for number in 0..<5 {
                    try connection.send("\(number)\n")
                }
                return connection.readToEnd()
            }
            try connection.send("\(line)\n")
        }
        defer { server.stop() }
        try await Rig.run(
            port: server.port,
            configure: { configuration, _ in configuration.depth = 1 },
            { rig in
                let stream = LineExchange("stream", lines: .max, timeout: .never)
                rig.multiplexer.submit(stream)
                try await rig.until { stream.answer.count == 5 }
                #expect(stream.answer == ["0", "1", "2", "3", "4"])
                rig.multiplexer.abandon(stream)
                #expect(stream.failure == .cancelled)
                try await rig.until { rig.multiplexer.open == 0 }
                #expect(await rig.outcome("next") == .success("next"))
            })
    }

    @Test("closing fails what is under way and what waits, and leaves no socket")
    func close() async throws {
        let server = try ScriptedServer { connection, _ in connection.readToEnd() }
        defer { server.stop() }
        try await Rig.run(
            port: server.port, configure: { configuration, _ in configuration.depth = 1 },
            { rig in
                let exchanges = (0..<3).map { LineExchange("q\($0)") }
                for exchange in exchanges { rig.multiplexer.submit(exchange) }
                try await rig.until { rig.multiplexer.pending == 1 }
                await rig.multiplexer.close()
                #expect(exchanges.map(\.isOver) == [true, true, true])
                let ends = exchanges.map { Result<String, MultiplexFailure>.failure($0.failure ?? .cancelled) }
                #expect(ends[0].isIndeterminate && ends[1].isUnavailable && ends[2].isUnavailable)
                #expect(await rig.outcome("after").isUnavailable)
            })
    }
}
