// Answers find their requests, however the backend sends them.

import Reactor
import TestSupport
import Testing

@testable import Multiplex

@Suite("Answers reach those who asked", .timeLimit(.minutes(1)))
struct AnswerTests {
    /// Answers each line with `re:` and the line.
    static func echo(_ connection: ScriptedConnection) throws {
        while true { try connection.send("re:\(try connection.readLine())\n") }
    }

    @Test("a request is answered, and nothing is opened before it")
    func one() async throws {
        let server = try ScriptedServer { connection, _ in try Self.echo(connection) }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            #expect(rig.multiplexer.counters.opened == 0)
            #expect(await rig.outcome("a") == .success("re:a"))
            #expect(await rig.outcome("b") == .success("re:b"))
            #expect(rig.multiplexer.counters.opened == 1)
            #expect(rig.multiplexer.counters.answered == 2)
        }
        #expect(server.connectionCount == 1)
    }

    @Test("an answer that comes byte by byte, and one that comes with two others, are the same")
    func splitAndMerged() async throws {
        let server = try ScriptedServer { connection, _ in
            let lines = try (0..<3).map { _ in try connection.readLine() }
            try connection.drip(lines.map { "re:\($0)\n" }.joined())
            let more = try (0..<3).map { _ in try connection.readLine() }
            try connection.send(more.map { "re:\($0)\n" }.joined())
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            for round in 0..<2 {
                let exchanges = (0..<3).map { LineExchange("\(round).\($0)") }
                for exchange in exchanges { rig.multiplexer.submit(exchange) }
                for exchange in exchanges { try await rig.multiplexer.wait(for: exchange) }
                #expect(exchanges.map(\.answer) == (0..<3).map { ["re:\(round).\($0)"] })
            }
        }
    }

    @Test("an answer of several frames ends with the last, and frames for nobody are dropped")
    func severalFrames() async throws {
        let server = try ScriptedServer { connection, _ in
            _ = try connection.readLine()
            _ = try connection.readLine()
            try connection.send("1\n# padding\n2\n3\nnext\n")
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            let (long, short) = (LineExchange("long", lines: 3), LineExchange("short"))
            rig.multiplexer.submit(long)
            rig.multiplexer.submit(short)
            try await rig.multiplexer.wait(for: short)
            #expect(long.answer == ["1", "2", "3"])
            #expect(short.answer == ["next"])
            #expect(long.finishedCount == 1)
        }
    }

    @Test("by id, answers come in any order")
    func anyOrder() async throws {
        let server = try ScriptedServer { connection, _ in
            let lines = try (0..<16).map { _ in try connection.readLine() }
            for line in lines.reversed() { try connection.send("\(line)!\n") }
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port, .byID(bits: 32)) { rig in
            let exchanges = (0..<16).map { LineExchange("q\($0)", isByID: true) }
            for exchange in exchanges { rig.multiplexer.submit(exchange) }
            for exchange in exchanges { try await rig.multiplexer.wait(for: exchange) }
            #expect(exchanges.map(\.answer) == (0..<16).map { ["q\($0)!"] })
        }
    }

    @Test("what answers nothing goes to the adapter, before, between and after answers")
    func pushes() async throws {
        let server = try ScriptedServer { connection, _ in
            let line = try connection.readLine()
            try connection.send("!one\n\(line)\n!two\n")
            let next = try connection.readLine()
            try connection.send("!three\n\(next)\n")
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            #expect(await rig.outcome("a") == .success("a"))
            #expect(await rig.outcome("b") == .success("b"))
            #expect(rig.delegate.pushes == ["!one", "!two", "!three"])
        }
    }

    @Test("requests of one turn leave in one send and cost no enqueue from outside")
    func oneSend() async throws {
        let server = try ScriptedServer { connection, _ in try Self.echo(connection) }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            _ = try await rig.ask("open")
            let before = rig.worker.counters.sendCalls
            let foreign = rig.worker.foreignEnqueueCount
            let exchanges = (0..<100).map { LineExchange("q\($0)") }
            for exchange in exchanges { rig.multiplexer.submit(exchange) }
            for exchange in exchanges { try await rig.multiplexer.wait(for: exchange) }
            #expect(rig.worker.counters.sendCalls - before == 1)
            #expect(rig.worker.foreignEnqueueCount == foreign)
        }
    }

    @Test(
        "ten thousand requests at once over two connections get their own answers",
        arguments: [Correlation.inOrder, .byID(bits: 32)])
    func tenThousand(correlation: Correlation) async throws {
        let server = try ScriptedServer { connection, _ in try Self.answerInLumps(connection, correlation) }
        defer { server.stop() }
        try await Rig.run(
            port: server.port, correlation,
            configure: { configuration, _ in
                configuration.connections = 2
                configuration.depth = 512
                configuration.waiting = 20_000
                configuration.responseTimeout = 60_000_000_000
            },
            { rig in
                let foreign = rig.worker.foreignEnqueueCount
                let multiplexer = Handed(rig.multiplexer)
                let isByID = correlation != .inOrder
                let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<10_000 {
                        group.addTask(executorPreference: rig.worker) {
                            let exchange = LineExchange("q\(number)", isByID: isByID)
                            try await multiplexer.value.perform(exchange)
                            return exchange.answer == ["q\(number) yes"] ? 0 : 1
                        }
                    }
                    return try await group.reduce(0, +)
                }
                #expect(wrong == 0)
                #expect(rig.multiplexer.counters.answered == 10_000)
                #expect(rig.multiplexer.counters.opened == 2)
                #expect(rig.worker.foreignEnqueueCount == foreign)
            })
    }

    /// Answers what one read brought, by id from behind.
    private static func answerInLumps(_ connection: ScriptedConnection, _ correlation: Correlation) throws {
        while true {
            var lines = [try connection.readLine()]
            while lines.count < 64, let line = connection.bufferedLine { lines.append(line) }
            if correlation != .inOrder { lines.reverse() }
            try connection.send(lines.map { "\($0) yes\n" }.joined())
        }
    }

    @Test("a frame that only the end of the connection completes is an answer")
    func untilClose() async throws {
        let server = try ScriptedServer { connection, number in
            _ = try connection.readLine()
            try connection.send("number \(number)")
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            for number in 0..<3 {
                let exchange = LineExchange("q")
                exchange.endsWithConnection = true
                try await rig.multiplexer.perform(exchange)
                #expect(exchange.answer == ["number \(number)"])
                try await rig.until { rig.multiplexer.open == 0 }
            }
        }
    }

    @Test("after a last answer the connection takes nothing more, and the next request opens another")
    func lastAnswer() async throws {
        let server = try ScriptedServer { connection, _ in
            _ = try connection.readLine()
            try connection.send("last\n")
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            for _ in 0..<3 { #expect(await rig.outcome("q") == .success("last")) }
            #expect(rig.multiplexer.counters.opened == 3)
            #expect(rig.multiplexer.counters.lost == 0)
        }
    }

    @Test("an exchange without an answer is over when it was handed over")
    func withoutAnswer() async throws {
        let server = try ScriptedServer { connection, _ in
            #expect(try connection.readLine() == "told")
            try Self.echo(connection)
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            try await rig.multiplexer.perform(LineExchange("told", expectsAnswer: false))
            #expect(await rig.outcome("a") == .success("re:a"))
        }
    }
}

/// Something of the worker's, on its way to another task of the same worker.
struct Handed<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
