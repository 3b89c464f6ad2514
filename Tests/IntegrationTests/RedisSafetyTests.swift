// What happens to clients of a Redis backend that hangs, is gone, or has just come back.

import Foundation
import RedisWire
import Synchronization
import TestSupport
import Testing

@Suite("a Redis backend in trouble", .serialized, .blocking)
struct RedisSafetyTests {
    private static func gateway(toPort port: Int, _ backend: [String], listener: [String] = []) throws -> Fairlead {
        // One worker, so that every client shares the same connection.
        let lines =
            ["admin: 127.0.0.1:0", "workers: 1", "listeners:", "  redis:", "    protocol: redis"]
            + ["    listen: 127.0.0.1:0", "    backend: cache"] + listener.map { "    \($0)" }
            + ["backends:", "  cache:", "    url: redis://127.0.0.1:\(port)"] + backend.map { "    \($0)" }
        return try Fairlead(yaml: lines.joined(separator: "\n") + "\n")
    }

    // MARK: Too much under way

    @Test("a hung server has as many commands under way as configured, and the rest hear BUSY at once")
    func pendingCommands() throws {
        let standIn = try StandIn()
        let gateway = try Self.gateway(toPort: standIn.port, ["mode: shared", "pending-commands: 100"])
        let first = try gateway.connect()
        try first.send(RawConnection.command(["GET", "a"]))
        let server = try standIn.accept()
        _ = try server.receive(through: "a\r\n")
        let pipeline = (0..<16).flatMap { _ in RawConnection.command(["GET", "b"]) }
        let waiting = try (0..<6).map { _ in try gateway.connect() }
        for client in waiting { try client.send(pipeline) }
        _ = try server.receive(pipeline.count * 6)
        let last = try gateway.connect()
        try last.send(pipeline)
        _ = try server.receive(pipeline.count / 16 * 3)
        // A hundred are under way: three of the last client's, who has to wait for them.
        let before = gateway.residentMemory
        for _ in 0..<300 {
            let other = try gateway.connect()
            try other.send((0..<200).flatMap { _ in RawConnection.command(["GET", "c"]) })
            for _ in 0..<200 {
                let reply = try other.reply()
                guard reply.hasPrefix("-BUSY fairlead: backend 'cache'"), reply.hasSuffix("(pending-commands)\r\n")
                else {
                    Issue.record("\(reply)")
                    return
                }
            }
        }
        #expect(gateway.residentMemory < before + (8 << 20))
        #expect(!last.hasInput(within: 50))
        #expect(
            try gateway.metrics().sum("fairlead_commands_refused_total", "reason=\"pending-commands\"") == 300 * 200)
        try server.send(String(repeating: ":1\r\n", count: 100))
        #expect(try first.reply() == ":1\r\n")
        for client in waiting { for _ in 0..<16 { #expect(try client.reply() == ":1\r\n") } }
        _ = try server.receive(pipeline.count / 16 * 13)
        try server.send(String(repeating: ":2\r\n", count: 13))
        let replies = try (0..<16).map { _ in try last.reply() }
        #expect(replies == Array(repeating: ":1\r\n", count: 3) + Array(repeating: ":2\r\n", count: 13))
    }

    @Test("behind replies that are still to come, BUSY keeps its place")
    func pendingInOrder() throws {
        let standIn = try StandIn()
        let gateway = try Self.gateway(
            toPort: standIn.port, ["mode: shared", "pending-commands: 3"], listener: ["deny: [KEYS]"])
        let client = try gateway.connect()
        try client.send((0..<5).flatMap { RawConnection.command(["GET", "\($0)"]) })
        let server = try standIn.accept()
        _ = try server.receive(through: "2\r\n")
        try server.send(":0\r\n:1\r\n:2\r\n")
        #expect(try (0..<3).map { _ in try client.reply() } == [":0\r\n", ":1\r\n", ":2\r\n"])
        for _ in 0..<2 { #expect(try client.reply().hasPrefix("-BUSY fairlead: ")) }
        try client.send(RawConnection.command(["GET", "x"]))
        _ = try server.receive(through: "x\r\n")
    }

    @Test("a server that takes nothing is owed as many bytes as configured")
    func pendingBytes() throws {
        let standIn = try StandIn()
        let gateway = try Self.gateway(toPort: standIn.port, ["mode: shared", "pending-bytes: 256KiB"])
        let value = String(repeating: "v", count: 120_000)
        let clients = try (0..<700).map { _ in try gateway.connect() }
        for client in clients { try client.send(RawConnection.command(["SET", "a", value])) }
        try gateway.settles("some refused") {
            $0.sum("fairlead_commands_refused_total", "reason=\"pending-bytes\"") > 100
        }
        let busy = clients.filter { $0.hasInput(within: 0) }
        #expect(try busy.allSatisfy { try $0.reply().hasPrefix("-BUSY fairlead: ") })
        #expect(gateway.peakMemory < 200 << 20)
    }

    // MARK: Circuit breaker

    @Test("a backend that cannot be reached is left alone, and found again", arguments: ["session", "shared"])
    func breaker(mode: String) throws {
        let port = try FreePort.take()
        let gateway = try Self.gateway(
            toPort: port, ["mode: \(mode)", "circuit-breaker: { failures: 3, pause: 300ms }"])
        func ask() throws -> String {
            let client = try gateway.connect()
            try client.send(RawConnection.command(["PING"]))
            return try client.reply()
        }
        for _ in 0..<3 { #expect(try ask().contains("cannot be reached")) }
        for _ in 0..<5 {
            let reply = try ask()
            #expect(reply.contains("is left alone for another") || reply.contains("cannot be reached"), "\(reply)")
        }
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"circuit-open\"") >= 3)
        #expect(try gateway.metrics().sum("fairlead_backend_circuit") >= 2)
        let server = try RedisServer(.init(), port: port)
        try eventually("the backend is asked again") { try ask() == "+PONG\r\n" }
        let metrics = try gateway.metrics()
        #expect(metrics.sum("fairlead_backend_circuit") == 0)
        #expect(metrics.sum("fairlead_backend_circuit_openings_total") >= 1)
        server.stop()
    }

    @Test("a server that has come back gets few commands at first", .timeLimit(.minutes(2)))
    func slowStart() throws {
        let port = try FreePort.take()
        let gateway = try Self.gateway(
            toPort: port, ["mode: shared", "circuit-breaker: { failures: 1, pause: 1ms, slow-start: 600s }"])
        let client = try gateway.connect()
        try client.send(RawConnection.command(["GET", "a"]))
        #expect(try client.reply().contains("cannot be reached"))
        let server = try ScriptedServer(port: port) { connection, _ in
            while true { _ = try connection.readAvailable() }
        }
        usleep(50_000)
        let clients = try (0..<4).map { _ in try gateway.connect() }
        for client in clients {
            try client.send((0..<8).flatMap { _ in RawConnection.command(["GET", "a"]) })
            try gateway.settles("read") { _ in true }
        }
        let busy = try gateway.settles("sixteen under way, the rest refused") {
            $0.sum("fairlead_commands_refused_total", "reason=\"slow-start\"") == 16
        }
        #expect(busy.sum("fairlead_backend_circuit") == 1)
        server.stop()
    }

    @Test(
        "a server that hangs opens the circuit breaker too, unless it answers in between",
        arguments: ["session", "shared"])
    func silent(mode: String) throws {
        let standIn = try StandIn()
        let gateway = try Self.gateway(
            toPort: standIn.port,
            ["mode: \(mode)", "response-timeout: 1s", "circuit-breaker: { failures: 3, pause: 1h }"])
        func ask(answered: Bool) throws -> String {
            let client = try gateway.connect()
            try client.send(RawConnection.command(["GET", "a"]))
            let server = try standIn.accept()
            _ = try server.receive(through: "a\r\n")
            if answered { try server.send(":1\r\n") }
            defer { server.close() }
            return try client.reply()
        }
        for _ in 0..<2 { #expect(try ask(answered: false).hasSuffix("did not answer in time\r\n")) }
        #expect(try ask(answered: true) == ":1\r\n")
        for _ in 0..<3 { #expect(try ask(answered: false).hasSuffix("did not answer in time\r\n")) }
        let next = try gateway.connect()
        try next.send(RawConnection.command(["GET", "a"]))
        #expect(try next.reply().contains("is left alone for another"))
    }

    @Test("a PostgreSQL or S3 backend that cannot be reached is left alone too")
    func otherProtocols() throws {
        let port = try FreePort.take()
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                listeners:
                  sql: { protocol: postgres, listen: 127.0.0.1:0, backend: db }
                  blobs: { protocol: s3, listen: 127.0.0.1:0, backend: store }
                backends:
                  db: { url: "postgres://127.0.0.1:\(port)", circuit-breaker: { failures: 2, pause: 1h } }
                  store: { url: "http://127.0.0.1:\(port)", circuit-breaker: { failures: 2, pause: 1h } }
                """)
        func ask(_ listener: String, _ bytes: [UInt8]) throws -> String {
            let client = try RawConnection(port: gateway.port(listener))
            try client.send(bytes)
            return String(decoding: try client.rest(), as: UTF8.self)
        }
        // Version 3.0, user `u`.
        let startup: [UInt8] = [0, 0, 0, 16, 0, 3, 0, 0] + Array("user\0u\0\0".utf8)
        let get = Array("GET /b/k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8)
        for (listener, bytes, code) in [("sql", startup, "C08001"), ("blobs", get, "<Code>ServiceUnavailable</Code>")] {
            for _ in 0..<2 {
                let reply = try ask(listener, bytes)
                #expect(reply.contains(code) && reply.contains("cannot be reached"), "\(reply)")
            }
        }
        for (listener, bytes, code) in [("sql", startup, "C08001"), ("blobs", get, "<Code>SlowDown</Code>")] {
            let reply = try ask(listener, bytes)
            #expect(reply.contains(code) && reply.contains("is left alone for another"), "\(reply)")
        }
        let metrics = try gateway.metrics()
        for name in ["db", "store"] { #expect(metrics.sum("fairlead_backend_circuit", "backend=\"\(name)\"") == 3) }
    }

    // MARK: Time-outs

    @Test("a command that may block is waited for, one that may not is given up", arguments: ["session", "shared"])
    func timeouts(mode: String) throws {
        let standIn = try StandIn()
        let gateway = try Self.gateway(toPort: standIn.port, ["mode: \(mode)", "response-timeout: 200ms"])
        for command in [
            ["BLPOP", "a", "0"], ["XREAD", "BLOCK", "0", "STREAMS", "s", "$"], ["BZPOPMIN", "a", "0"],
            ["WAIT", "1", "0"],
            ["SUBSCRIBE", "c"],
        ] {
            let client = try gateway.connect()
            try client.send(RawConnection.command(command))
            let server = try standIn.accept()
            _ = try server.receive(RawConnection.command(command).count)
            // Who has subscribed is owed the confirmation only.
            if command[0] == "SUBSCRIBE" {
                try server.send("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n")
                _ = try client.reply()
            }
            #expect(!client.hasInput(within: 500), "\(command)")
            #expect(!server.hasInput(within: 0), "\(command)")
            client.close()
            server.close()
        }
        let client = try gateway.connect()
        try client.send(RawConnection.command(["GET", "a"]))
        let server = try standIn.accept()
        #expect(try client.reply().hasSuffix("did not answer in time\r\n"))
        // Its late reply is nobody's: the connection is gone.
        _ = try server.receive(through: "a\r\n")
        #expect(try server.rest() == [])
    }

    // MARK: Sending again

    @Test("no command is carried out twice, wherever the server breaks off")
    func resent() throws {
        let seen = Mutex<[String: Int]>([:])
        let server = try ScriptedServer { connection, number in
            var random = SeededGenerator(state: 7 &+ UInt64(number))
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                for _ in 0..<4 { _ = try connection.readLine() }
                let word = try connection.readLine()
                seen.withLock { $0[word, default: 0] += 1 }
                if Bool.random(using: &random) || connection.hasUnread {
                    try connection.send(Array("$\(word.utf8.count)\r\n\(word)\r\n".utf8))
                } else {
                    return
                }
            }
        }
        let gateway = try Self.gateway(toPort: server.port, ["mode: shared"])
        let answered = Mutex(0)
        let failed = Mutex(0)
        let problems = Mutex<[String]>([])
        let group = DispatchGroup()
        for index in 0..<8 {
            group.enter()
            Thread {
                defer { group.leave() }
                do {
                    var client = try gateway.connect()
                    for round in 0..<150 {
                        let words = (0..<4).map { "\(index)-\(round)-\($0)" }
                        try client.send(words.flatMap { RawConnection.command(["ECHO", $0]) })
                        for word in words {
                            do {
                                let reply = try client.reply()
                                if reply == "$\(word.utf8.count)\r\n\(word)\r\n" {
                                    answered.withLock { $0 += 1 }
                                } else if reply.hasPrefix("-ERR fairlead: ") {
                                    failed.withLock { $0 += 1 }
                                } else {
                                    problems.withLock { $0.append("\(word) got \(reply)") }
                                }
                            } catch {
                                guard client.wasReset else { throw error }
                                client = try gateway.connect()
                                break
                            }
                        }
                    }
                } catch {
                    problems.withLock { $0.append("\(error)") }
                }
            }.start()
        }
        group.wait()
        #expect(problems.withLock { $0 } == [])
        #expect(seen.withLock { $0.values.allSatisfy { $0 == 1 } })
        #expect(server.connectionCount > 20 && answered.withLock { $0 } > 500 && failed.withLock { $0 } > 20)
        // Those who had an answer were carried out.
        #expect(seen.withLock { $0.count } >= answered.withLock { $0 })
        server.stop()
    }

    // MARK: Who does not read

    @Test("a client that leaves 64 MiB unread is cut, and nobody else waits for it", .timeLimit(.minutes(3)))
    func cut() throws {
        let server = try RedisServer()
        let gateway = try Self.gateway(toPort: server.port, ["mode: shared"])
        let (slow, other) = (try RawConnection(port: gateway.port(), receiveBuffer: 4096), try gateway.connect())
        let value = String(repeating: "v", count: 250_000)
        #expect(try other.ask("SET", "big", value) == "+OK\r\n")
        // Its window doubles each time that all was answered.
        var size = 16
        while size < 1024 {
            _ = try RoutedRedis.pipeline(slow, Array(repeating: ["PING"], count: size))
            size *= 2
        }
        try slow.send((0..<600).flatMap { _ in RawConnection.command(["GET", "big"]) })
        try gateway.settles("the cut") { $0.sum("fairlead_failures_total", "cause=\"client-lost\"") >= 1 }
        #expect(try other.ask("GET", "none") == "$-1\r\n")
        #expect(gateway.peakMemory < 200 << 20)
        while (try? slow.reply()) != nil {}
        #expect(slow.wasReset)
        slow.close()
        other.close()
        try gateway.settles("nothing left") { $0.isEmpty }
    }

    @Test(
        "who was cut for what it left unread gets a large value whole when it comes again, and holds up nobody",
        .timeLimit(.minutes(3)), arguments: [[], ["deny: [FLUSHALL]"]])
    func slowReader(listener: [String]) throws {
        let server = try RedisServer()
        let gateway = try Self.gateway(toPort: server.port, ["mode: shared"], listener: listener)
        let other = try gateway.connect()
        let size = 80 << 20
        #expect(try other.ask("SETRANGE", "large", "\(size - 1)", "x") == ":\(size)\r\n")
        let slow = try RawConnection(port: gateway.port(), receiveBuffer: 4096)
        try slow.send(RawConnection.command(["GET", "large"]))
        try gateway.settles("the cut") { $0.sum("fairlead_failures_total", "cause=\"client-lost\"") >= 1 }
        slow.close()
        try gateway.settles("its end") { $0.sum("fairlead_sessions_active") == 1 }
        let lost = try gateway.metrics().sum("fairlead_failures_total", "cause=\"client-lost\"")
        let again = try RawConnection(port: gateway.port(), receiveBuffer: 65_536)
        again.gateway = gateway
        // Behind so many small ones, too.
        #expect(
            try RoutedRedis.pipeline(again, Array(repeating: ["PING"], count: 200)).allSatisfy { $0 == "+PONG\r\n" })
        try again.send(RawConnection.command(["GET", "large"]))
        #expect(again.hasInput(within: 60_000))
        // Nothing of it is read for a while, and nobody waits.
        for _ in 0..<20 { #expect(try other.ask("GET", "none") == "$-1\r\n") }
        let length = "$\(size)\r\n".utf8.count + size + 2
        let value = try again.receive(length)
        #expect(value.count == length && value.suffix(3) == Array("x\r\n".utf8))
        #expect(try again.ask("PING") == "+PONG\r\n")
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"client-lost\"") == lost)
        #expect(gateway.peakMemory < 200 << 20)
    }
}
