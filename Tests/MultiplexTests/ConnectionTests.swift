// Opening, losing and bounding connections.

import Foundation
import Reactor
import Synchronization
import TestSupport
import Testing

@testable import Multiplex

@Suite("Connections open, break and come back", .timeLimit(.minutes(1)))
struct ConnectionTests {
    static func echo(_ connection: ScriptedConnection) throws {
        while true { try connection.send("re:\(try connection.readLine())\n") }
    }

    @Test("a backend that refuses makes its callers fail at once, and each failed attempt waits longer")
    func refused() async throws {
        let port = try FreePort.take()
        try await Rig.run(
            port: port, configure: { configuration, _ in configuration.firstBackoff = 20_000_000 },
            { rig in
                #expect(await rig.outcome("a").isUnavailable)
                #expect(rig.multiplexer.counters.connectFailures == 1)
                // Within the back-off nobody tries.
                for _ in 0..<10 { #expect(await rig.outcome("a").isUnavailable) }
                #expect(rig.multiplexer.counters.connectFailures == 1)
                let server = try ScriptedServer(port: port) { connection, _ in try Self.echo(connection) }
                defer { server.stop() }
                try await rig.until {
                    rig.multiplexer.isKeptOpen = true
                    return rig.multiplexer.open == 1
                }
                #expect(await rig.outcome("a") == .success("re:a"))
            })
    }

    @Test("waits double up to the longest, and jitter shortens them by up to a half")
    func backoff() {
        var configuration = MultiplexConfiguration(.inOrder)
        configuration.firstBackoff = 100
        configuration.longestBackoff = 1_000
        for (jitter, waits) in [(0.0, [100, 200, 400, 800, 1_000, 1_000]), (1.0, [50, 100, 200, 400, 500, 500])] {
            configuration.jitter = { jitter }
            var backoff = Backoff(configuration)
            #expect(backoff.isOver(0))
            for wait in waits {
                backoff.failed(now: 5_000)
                #expect(backoff.end == 5_000 + UInt64(wait))
                #expect(!backoff.isOver(backoff.end - 1) && backoff.isOver(backoff.end))
            }
            backoff.succeeded()
            #expect(backoff.isOver(0))
        }
        var endless = Backoff(configuration)
        for _ in 0..<100 { endless.failed(now: 0) }
        #expect(endless.end <= 1_000)
    }

    @Test("a server that accepts and hangs up is backed off from, too")
    func hangsUp() async throws {
        let server = try ScriptedServer { _, _ in }
        defer { server.stop() }
        try await Rig.run(
            port: server.port, configure: { configuration, _ in configuration.firstBackoff = 60_000_000_000 },
            { rig in
                for _ in 0..<20 { _ = await rig.outcome("a") }
                #expect(rig.multiplexer.counters.opened == 2)
                #expect(await rig.outcome("a").isUnavailable)
            })
        #expect(server.connectionCount == 2)
    }

    @Test("what a lost connection owed is indeterminate, and the next request opens another")
    func lost() async throws {
        let server = try ScriptedServer { connection, _ in
            try connection.send("re:\(try connection.readLine())\n")
            _ = try connection.readLine()
        }
        defer { server.stop() }
        try await Rig.run(port: server.port) { rig in
            for _ in 0..<3 {
                #expect(await rig.outcome("a") == .success("re:a"))
                // Repeatable or not: its bytes have left.
                #expect(await rig.outcome("b", isRepeatable: true).isIndeterminate)
            }
            #expect(rig.multiplexer.counters.opened == 3)
            #expect(rig.multiplexer.counters.lost == 3)
        }
    }

    @Test("a request of which no byte has left is unavailable, or repeated when it may be")
    func nothingLeft() async throws {
        let gate = Gate()
        let server = try ScriptedServer { connection, number in
            if number == 0 {
                // It takes nothing of what follows, so that the second request stays queued.
                _ = try connection.read(1)
                connection.finish()
                return gate.wait()
            }
            try Self.echo(connection)
        }
        defer { server.stop() }
        let large = String(repeating: "x", count: 30_000_000)
        try await Rig.run(
            port: server.port, configure: { configuration, _ in configuration.queuedBytes = 1 << 30 },
            { rig in
                let first = LineExchange(large)
                let (plain, repeatable) = (LineExchange("plain"), LineExchange("repeatable", isRepeatable: true))
                rig.multiplexer.submit(first)
                rig.multiplexer.submit(plain)
                rig.multiplexer.submit(repeatable)
                await #expect(throws: MultiplexFailure.self) { try await rig.multiplexer.wait(for: first) }
                #expect(Result<String, MultiplexFailure>.failure(first.failure ?? .cancelled).isIndeterminate)
                await #expect(throws: MultiplexFailure.self) { try await rig.multiplexer.wait(for: plain) }
                try await rig.multiplexer.wait(for: repeatable)
                #expect(repeatable.answer == ["re:repeatable"])
                #expect(repeatable.encodings == 2)
                #expect(plain.encodings == 1 && first.encodings == 1)
                gate.open()
            })
    }

    @Test("a login comes before every request, on each connection anew")
    func login() async throws {
        let server = try ScriptedServer { connection, _ in
            try connection.send("welcome\n")
            #expect(try connection.readLine() == "login")
            try connection.send("ok\n")
            try connection.send("re:\(try connection.readLine())\n")
        }
        defer { server.stop() }
        try await Rig.run(
            port: server.port,
            configure: { _, delegate in
                delegate.login = { connection throws(MultiplexFailure) in
                    let greeting = LineExchange("")
                    try await connection.perform(greeting)
                    #expect(greeting.answer == ["welcome"])
                    let login = LineExchange("login")
                    try await connection.perform(login)
                    guard login.answer == ["ok"] else { throw .unavailable("refused") }
                }
            },
            { rig in
                for _ in 0..<3 {
                    #expect(await rig.outcome("a") == .success("re:a"))
                    try await rig.until { rig.multiplexer.open == 0 }
                }
            })
    }

    @Test("a failed login is a failed attempt: those who wait hear its reason", arguments: ["no", "?garbage", ""])
    func failedLogin(reply: String) async throws {
        let server = try ScriptedServer { connection, _ in
            _ = try connection.readLine()
            if !reply.isEmpty { try connection.send("\(reply)\n") }
        }
        defer { server.stop() }
        try await Rig.run(
            port: server.port,
            configure: { configuration, delegate in
                configuration.firstBackoff = 60_000_000_000
                delegate.login = { connection throws(MultiplexFailure) in
                    let login = LineExchange("login")
                    try await connection.perform(login)
                    if login.answer != ["ok"] { throw .unavailable("wrong password") }
                }
            },
            { rig in
                let end = await rig.outcome("a")
                #expect(end.isUnavailable)
                if reply == "no" { #expect("\(end)".contains("wrong password")) }
                #expect(rig.multiplexer.counters.opened == 0)
                #expect(rig.multiplexer.counters.connectFailures == 1)
            })
    }

    @Test("a login that hangs ends with the connect time-out")
    func hangingLogin() async throws {
        let server = try ScriptedServer { connection, _ in connection.readToEnd() }
        defer { server.stop() }
        try await Rig.run(
            port: server.port,
            configure: { configuration, delegate in
                configuration.connectTimeout = 300_000_000
                delegate.login = { connection throws(MultiplexFailure) in
                    try await connection.perform(LineExchange("login"))
                }
            },
            { rig in #expect(await rig.outcome("a").isUnavailable) })
    }

    @Test("places are bounded: beyond the depth they wait, beyond the waiting room they fail")
    func bounds() async throws {
        let gate = Gate()
        let server = try ScriptedServer { connection, _ in
            var lines = [try connection.readLine(), try connection.readLine()]
            gate.wait()
            while true {
                for line in lines { try connection.send("re:\(line)\n") }
                lines = [try connection.readLine()]
            }
        }
        defer { server.stop() }
        try await Rig.run(
            port: server.port,
            configure: { configuration, _ in
                configuration.depth = 2
                configuration.waiting = 3
            },
            { rig in
                let exchanges = (0..<7).map { LineExchange("q\($0)") }
                for exchange in exchanges.prefix(2) { rig.multiplexer.submit(exchange) }
                try await rig.until { rig.multiplexer.pending == 2 }
                for exchange in exchanges.dropFirst(2) { rig.multiplexer.submit(exchange) }
                #expect(rig.multiplexer.waiting == 3)
                #expect(exchanges.map(\.isOver) == [false, false, false, false, false, true, true])
                gate.open()
                for (number, exchange) in exchanges.prefix(5).enumerated() {
                    try await rig.multiplexer.wait(for: exchange)
                    #expect(exchange.answer == ["re:q\(number)"])
                }
                for exchange in exchanges.suffix(2) {
                    #expect(Result<String, MultiplexFailure>.failure(exchange.failure ?? .cancelled).isUnavailable)
                }
            })
    }

    @Test("waiting for a place counts into a request's time")
    func waitingTimesOut() async throws {
        let server = try ScriptedServer { connection, _ in
            _ = try connection.readLine()
            connection.readToEnd()
        }
        defer { server.stop() }
        try await Rig.run(
            port: server.port, configure: { configuration, _ in configuration.depth = 1 },
            { rig in
                let holder = LineExchange("holder")
                rig.multiplexer.submit(holder)
                try await rig.until { rig.multiplexer.pending == 1 }
                let waiting = LineExchange("waiting", timeout: .nanoseconds(300_000_000))
                await #expect(throws: MultiplexFailure.self) { try await rig.multiplexer.perform(waiting) }
                #expect(Result<String, MultiplexFailure>.failure(waiting.failure ?? .cancelled).isUnavailable)
                #expect(!holder.isOver)
                #expect(rig.multiplexer.open == 1)
            })
    }

    @Test("further connections are opened when the ones before are busy, and the least busy one is taken")
    func spreading() async throws {
        let server = try ScriptedServer { connection, _ in try Self.echo(connection) }
        defer { server.stop() }
        try await Rig.run(
            port: server.port, configure: { configuration, _ in configuration.connections = 3 },
            { rig in
                for _ in 0..<10 { #expect(await rig.outcome("one") == .success("re:one")) }
                #expect(rig.multiplexer.open == 1)
                let exchanges = (0..<30).map { LineExchange("q\($0)") }
                for exchange in exchanges { rig.multiplexer.submit(exchange) }
                try await rig.until { rig.multiplexer.open >= 2 }
                for exchange in exchanges { try await rig.multiplexer.wait(for: exchange) }
            })
    }

    @Test("a quiet connection is asked whether it lives, and given up when it does not answer")
    func keepAlive() async throws {
        let asked = Mutex(0)
        let server = try ScriptedServer { connection, number in
            while true {
                let line = try connection.readLine()
                if line == "alive?" { asked.withLock { $0 += 1 } }
                if line == "alive?", asked.withLock({ $0 >= 3 }), number == 0 { return connection.readToEnd() }
                try connection.send("re:\(line)\n")
            }
        }
        defer { server.stop() }
        try await Rig.run(
            port: server.port,
            configure: { configuration, delegate in
                configuration.keepAlive = 20_000_000
                delegate.hasKeepAlive = true
            },
            { rig in
                #expect(await rig.outcome("a") == .success("re:a"))
                try await rig.until { rig.multiplexer.counters.lost == 1 }
                #expect(asked.withLock { $0 } == 3)
                #expect(await rig.outcome("a") == .success("re:a"))
            })
    }

    @Test("an idle connection is closed, which is no loss")
    func idle() async throws {
        let server = try ScriptedServer { connection, _ in try Self.echo(connection) }
        defer { server.stop() }
        try await Rig.run(
            port: server.port, configure: { configuration, _ in configuration.idleTimeout = 20_000_000 },
            { rig in
                #expect(await rig.outcome("a") == .success("re:a"))
                try await rig.until { rig.multiplexer.open == 0 }
                #expect(await rig.outcome("a") == .success("re:a"))
                #expect(rig.multiplexer.counters.lost == 0)
                #expect(rig.multiplexer.counters.opened == 2)
            })
    }
}
