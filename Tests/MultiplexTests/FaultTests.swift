// What a backend can do wrong, and what its callers are told.

import Reactor
import TestSupport
import Testing

@testable import Multiplex

@Suite("A faulty backend costs an error and no more", .timeLimit(.minutes(1)))
struct FaultTests {
    static func echo(_ connection: ScriptedConnection) throws {
        while true { try connection.send("re:\(try connection.readLine())\n") }
    }

    /// How three requests that were submitted together end.
    static func three(
        _ rig: Rig.Inside, timeout: ExchangeTimeout = .usual
    ) async -> [Result<String, MultiplexFailure>] {
        let exchanges = (0..<3).map { LineExchange("q\($0)", isByID: rig.delegate.isByID, timeout: timeout) }
        for exchange in exchanges { rig.multiplexer.submit(exchange) }
        var ends: [Result<String, MultiplexFailure>] = []
        for exchange in exchanges {
            do throws(MultiplexFailure) {
                try await rig.multiplexer.wait(for: exchange)
                ends.append(.success(exchange.answer.joined(separator: "|")))
            } catch {
                ends.append(.failure(error))
            }
            #expect(exchange.finishedCount == 1)
        }
        return ends
    }

    @Test("garbage breaks the connection: the oldest hears of it, and no other gets an answer")
    func garbage() async throws {
        let server = try ScriptedServer { connection, number in
            guard number == 0 else { return try Self.echo(connection) }
            for _ in 0..<3 { _ = try connection.readLine() }
            try connection.send("re:q0\n?what\nre:q2\n")
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            let ends = await Self.three(rig)
            #expect(ends[0] == .success("re:q0"))
            #expect(ends[1] == .failure(.protocolBroken("a line that begins with ?")))
            #expect(ends[2].isIndeterminate)
            #expect(await rig.outcome("again") == .success("re:again"))
            #expect(rig.multiplexer.counters.protocolBreaks == 1)
            #expect(rig.delegate.losses.count == 1)
        }
    }

    @Test("an answer that its exchange does not know breaks the connection")
    func wrongAnswer() async throws {
        let server = try ScriptedServer { connection, number in
            guard number == 0 else { return try Self.echo(connection) }
            for _ in 0..<3 { _ = try connection.readLine() }
            try connection.send("not mine\nre:q1\nre:q2\n")
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            let ends = await Self.three(rig)
            #expect(ends[0] == .failure(.protocolBroken("a line of one's own")))
            #expect(ends[1].isIndeterminate && ends[2].isIndeterminate)
            #expect(await rig.outcome("again") == .success("re:again"))
        }
    }

    @Test("half an answer and a close is no answer")
    func halfAnswer() async throws {
        let server = try ScriptedServer { connection, number in
            guard number == 0 else { return try Self.echo(connection) }
            for _ in 0..<3 { _ = try connection.readLine() }
            try connection.send("re:q0\nre:q")
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            let ends = await Self.three(rig)
            #expect(ends[0] == .success("re:q0"))
            #expect(ends[1].isIndeterminate && ends[2].isIndeterminate)
            #expect(await rig.outcome("again") == .success("re:again"))
            #expect(rig.multiplexer.counters.lost == 1)
        }
    }

    @Test("an answer before any request breaks the connection, and is nobody's")
    func unasked() async throws {
        let server = try ScriptedServer { connection, number in
            guard number == 0 else { return try Self.echo(connection) }
            #expect(try connection.readLine() == "first")
            try connection.send("re:first\nre:second\n")
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            #expect(await rig.outcome("first") == .success("re:first"))
            try await rig.until { rig.multiplexer.counters.protocolBreaks == 1 }
            #expect(await rig.outcome("second") == .success("re:second"))
            #expect(rig.multiplexer.counters.opened == 2)
        }
    }

    @Test("an answer that comes before its request has left breaks the connection", arguments: [false, true])
    func beforeRequest(isByID: Bool) async throws {
        let (go, sent) = (Gate(), Gate())
        let server = try ScriptedServer { connection, number in
            let line = try connection.readLine()
            try connection.send("\(line)\n")
            guard number == 0 else { return connection.readToEnd() }
            go.wait()
            // The id that the next request will have: the second slot in its first generation.
            try connection.send(isByID ? "\((UInt64(1) << 10) + 1) guess\n" : "guess\n")
            sent.open()
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port, isByID ? .byID(bits: 32) : .inOrder) { rig in
            #expect(await rig.outcome("a") == .success("a"))
            // The worker stands still until the answer is there, so that it reads before it sends.
            go.open()
            sent.wait()
            let early = LineExchange("early", isByID: isByID)
            rig.multiplexer.submit(early)
            await #expect(throws: MultiplexFailure.self) { try await rig.multiplexer.wait(for: early) }
            #expect(early.answer == [])
            #expect(early.failure.map { Result<String, MultiplexFailure>.failure($0).isUnavailable } == true)
            #expect(rig.multiplexer.counters.protocolBreaks == 1)
        }
    }

    @Test(
        "by id, an unknown id and one that was answered already break the connection",
        arguments: ["99999 x", "7777777777777777777777 x", "again", "x x"])
    func badID(reply: String) async throws {
        let server = try ScriptedServer { connection, number in
            let line = try connection.readLine()
            try connection.send("\(line)\n")
            guard number == 0 else { return connection.readToEnd() }
            _ = try connection.readLine()
            try connection.send(reply == "again" ? "\(line)\n" : "\(reply)\n")
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port, .byID(bits: 32)) { rig in
            #expect(await rig.outcome("a") == .success("a"))
            #expect(await rig.outcome("b").isIndeterminate)
            #expect(await rig.outcome("c") == .success("c"))
            #expect(rig.multiplexer.counters.protocolBreaks == 1)
        }
    }

    @Test("in order, silence ends in a time-out and the connection with it: a late answer meets nobody")
    func silenceInOrder() async throws {
        let gate = Gate()
        let server = try ScriptedServer { connection, number in
            guard number == 0 else { return try Self.echo(connection) }
            for _ in 0..<3 { _ = try connection.readLine() }
            gate.wait()
            try connection.send("late:q0\nlate:q1\nlate:q2\n")
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            let ends = await Self.three(rig, timeout: .nanoseconds(300_000_000))
            #expect(ends == Array(repeating: .failure(.timedOut), count: 3))
            #expect(rig.multiplexer.counters.timeouts == 3)
            try await rig.until { rig.multiplexer.open == 0 }
            gate.open()
            for number in 0..<3 { #expect(await rig.outcome("n\(number)") == .success("re:n\(number)")) }
        }
    }

    @Test("in order, those behind an overdue answer are told that theirs is unknown")
    func behindOverdue() async throws {
        let server = try ScriptedServer { connection, _ in
            _ = try connection.readLine()
            _ = try connection.readLine()
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            let short = LineExchange("short", timeout: .nanoseconds(300_000_000))
            let long = LineExchange("long")
            rig.multiplexer.submit(short)
            rig.multiplexer.submit(long)
            await #expect(throws: MultiplexFailure.timedOut) { try await rig.multiplexer.wait(for: short) }
            await #expect(throws: MultiplexFailure.self) { try await rig.multiplexer.wait(for: long) }
            #expect(long.failure.map { Result<String, MultiplexFailure>.failure($0).isIndeterminate } == true)
        }
    }

    @Test("by id, late answers are dropped, their slots are used again, and the connection goes on")
    func lateByID() async throws {
        let server = try ScriptedServer { connection, _ in
            while true {
                let slow = try connection.readLine()
                let next = try connection.readLine()
                try connection.send("\(slow) late\n\(next)\n")
            }
        }
        defer { server.stop() }
        try await Rig.run(
            port: server.port, .byID(bits: 32), configure: { configuration, _ in configuration.depth = 4 },
            { rig in
                rig.multiplexer.isKeptOpen = true
                try await rig.until { rig.multiplexer.open == 1 }
                for round in 1...6 {
                    let slow = LineExchange("slow", isByID: true, timeout: .nanoseconds(100_000_000))
                    await #expect(throws: MultiplexFailure.timedOut) { try await rig.multiplexer.perform(slow) }
                    #expect(rig.multiplexer.pending == 1)
                    #expect(await rig.outcome("next") == .success("next"))
                    #expect(rig.multiplexer.counters.lateAnswers == round)
                    #expect(rig.multiplexer.pending == 0)
                }
                #expect(rig.multiplexer.counters.opened == 1)
            })
    }

    @Test("by id, a connection with too many late answers is left, and another takes its place")
    func tooManyLate() async throws {
        let server = try ScriptedServer { connection, number in
            if number == 0 { return connection.readToEnd() }
            while true { try connection.send("\(try connection.readLine())\n") }
        }
        defer { server.stop() }
        try await Rig.run(
            port: server.port, .byID(bits: 32),
            configure: { configuration, _ in configuration.depth = 4 },
            { rig in
                for _ in 0..<2 {
                    let silent = LineExchange("a", isByID: true, timeout: .nanoseconds(300_000_000))
                    await #expect(throws: MultiplexFailure.timedOut) { try await rig.multiplexer.perform(silent) }
                }
                try await rig.until { rig.multiplexer.open == 0 }
                #expect(await rig.outcome("c") == .success("c"))
            })
    }

    @Test("by id, three answers that are overdue without a byte in between close the connection")
    func silenceByID() async throws {
        let server = try ScriptedServer { connection, number in
            if number == 0 { return connection.readToEnd() }
            while true { try connection.send("\(try connection.readLine())\n") }
        }
        defer { server.stop() }
        try await Rig.run(port: server.port, .byID(bits: 32)) { rig in
            let patient = LineExchange("patient", isByID: true, timeout: .nanoseconds(20_000_000_000))
            rig.multiplexer.submit(patient)
            try await rig.until { rig.multiplexer.open == 1 }
            for _ in 0..<3 {
                #expect(rig.multiplexer.counters.lost == 0)
                let silent = LineExchange("a", isByID: true, timeout: .nanoseconds(100_000_000))
                await #expect(throws: MultiplexFailure.timedOut) { try await rig.multiplexer.perform(silent) }
            }
            await #expect(throws: MultiplexFailure.self) { try await rig.multiplexer.wait(for: patient) }
            #expect(rig.multiplexer.counters.lost == 1)
            #expect(await rig.outcome("b") == .success("b"))
        }
    }

    @Test("an answer that drips in is overdue all the same")
    func drip() async throws {
        let server = try ScriptedServer { connection, _ in
            _ = try connection.readLine()
            try connection.drip(String(repeating: "x", count: 1_000_000))
        }
        defer { server.stop() }
        try await Rig.run(
            port: server.port, configure: { configuration, _ in configuration.responseTimeout = 300_000_000 },
            { rig in #expect(await rig.outcome("a") == .failure(.timedOut)) })
    }

    @Test("a frame beyond the bound breaks the connection before it is held")
    func largeFrame() async throws {
        let server = try ScriptedServer { connection, _ in
            _ = try connection.readLine()
            try connection.send([UInt8](repeating: 0x78, count: 1_000_000))
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(
            port: server.port, configure: { configuration, _ in configuration.frameBytes = 10_000 },
            { rig in
                #expect(await rig.outcome("a") == .failure(.protocolBroken("a frame of more than 10000 bytes")))
            })
    }

    @Test("a push that the adapter does not take breaks the connection")
    func unwantedPush() async throws {
        let server = try ScriptedServer { connection, _ in
            let line = try connection.readLine()
            try connection.send("!wanted\n!unwanted\nre:\(line)\n")
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            #expect(await rig.outcome("a") == .failure(.protocolBroken("a message that nobody takes")))
            #expect(rig.delegate.pushes == ["!wanted", "!unwanted"])
        }
    }
}

extension Result where Success == String, Failure == MultiplexFailure {
    var isIndeterminate: Bool { if case .failure(.indeterminate) = self { true } else { false } }
    var isUnavailable: Bool { if case .failure(.unavailable) = self { true } else { false } }
}
