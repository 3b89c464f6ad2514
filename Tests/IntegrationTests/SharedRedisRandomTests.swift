// Many clients with random commands on shared connections: each hears what it would hear alone, faults or not.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("nobody receives a reply that belongs to someone else", .serialized, .blocking)
struct SharedRedisRandomTests {
    private static let seconds = Soak.seconds
    private static let seed = Soak.seed

    /// Runs `body` on as many threads at once, until each has ended; the first problem is thrown.
    private static func together(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
        let problems = Mutex<[String]>([])
        let group = DispatchGroup()
        for index in 0..<count {
            group.enter()
            Thread {
                do { try body(index) } catch { problems.withLock { $0.append("client \(index): \(error)") } }
                group.leave()
            }.start()
        }
        group.wait()
        if let problem = problems.withLock({ $0.first }) { throw SupportError("\(problem), seed \(seed)") }
    }

    @Test(
        "random commands get the replies that each client's own order gives them",
        arguments: [[], ["deny: [FLUSHALL]"]])
    func model(listener: [String]) throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, listener: listener, backend: ["mode: shared"])
        let end = Date(timeIntervalSinceNow: Self.seconds)
        let port = gateway.port()
        let rounds = Mutex(0)
        try Self.together(16) { index in
            var player = try SharedPlayer("c\(index)", seed: Self.seed &+ UInt64(index), port: port)
            var round = 0
            while Date() < end {
                round += 1
                if round % 25 == 0 { try player.changeVersion() }
                try player.play()
            }
            rounds.withLock { $0 += round }
        }
        #expect(rounds.withLock { $0 } > 100)
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"backend-protocol\"") == 0)
        #expect(try gateway.metrics().sum("fairlead_framing_lost_total") == 0)
        try gateway.settles("nothing left") { $0.isEmpty }
    }

    @Test("a server that loses its connections again and again mixes nothing up")
    func killed() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, backend: ["mode: shared"])
        let end = Date(timeIntervalSinceNow: Self.seconds)
        let port = gateway.port()
        try Self.together(13) { index in
            if index == 12 {
                let control = try RawConnection(port: server.port)
                while Date() < end {
                    usleep(20_000)
                    try control.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                }
                return
            }
            try Self.echo("c\(index)", seed: Self.seed &+ UInt64(index), port: port, until: end)
        }
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"backend-lost\"") > 0)
        try gateway.settles("nothing left") { $0.isEmpty }
    }

    @Test("nor does it with transactions, subscriptions and what waits", arguments: [[], ["deny: [FLUSHALL]"]])
    func killedWithState(listener: [String]) throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, listener: listener, backend: ["mode: shared"])
        let end = Date(timeIntervalSinceNow: Self.seconds)
        let port = gateway.port()
        let replies = Mutex(0)
        try Self.together(13) { index in
            if index == 12 {
                let control = try RawConnection(port: server.port)
                while Date() < end {
                    usleep(20_000)
                    for type in ["normal", "pubsub"] {
                        try control.ask("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes")
                    }
                }
                return
            }
            var player = try SharedPlayer("c\(index)", seed: Self.seed &+ UInt64(index), port: port, isInTrouble: true)
            while Date() < end { try player.playInTrouble() }
            replies.withLock { $0 += player.replies }
        }
        #expect(replies.withLock { $0 } > 100)
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"backend-lost\"") > 0)
        try gateway.settles("nothing left") { $0.isEmpty }
    }

    @Test("a server that breaks off in the middle of replies mixes nothing up")
    func broken() throws {
        let seed = Self.seed
        let server = try ScriptedServer { connection, number in
            var random = SeededGenerator(state: seed &+ UInt64(number))
            var left = Int.random(in: 1...400, using: &random)
            while true {
                // An ECHO, as the clients of this test spell it; MULTI and the like are not among their commands.
                for _ in 0..<4 { _ = try connection.readLine() }
                let reply = Array("\(try connection.readLine())\r\n".utf8)
                let echo = Array("$\(reply.count - 2)\r\n".utf8) + reply
                left -= 1
                guard left > 0 else {
                    try connection.send(Array(echo[..<Int.random(in: 0..<echo.count, using: &random)]))
                    return
                }
                try connection.send(echo)
            }
        }
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(server.port)", backend: ["mode: shared"])
        let end = Date(timeIntervalSinceNow: Self.seconds)
        let port = gateway.port()
        try Self.together(12) { index in
            try Self.echo("c\(index)", seed: seed &+ UInt64(index), port: port, until: end)
        }
        #expect(server.connectionCount > 4)
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"backend-lost\"") > 0)
        server.stop()
    }

    /// Sends pipelines of ECHOs until `end`: each gets its own word, or an error, or the connection ends.
    private static func echo(_ name: String, seed: UInt64, port: Int, until end: Date) throws {
        var random = SeededGenerator(state: seed)
        var connection = try RawConnection(port: port)
        var count = 0
        while Date() < end {
            let words = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                count += 1
                return "\(name)#\(count)" + String(repeating: "y", count: Int.random(in: 0..<200, using: &random))
            }
            connection.sendAsFarAsTaken(words.flatMap { RawConnection.command(["ECHO", $0]) })
            for word in words {
                let reply: String
                do {
                    reply = try connection.reply()
                } catch {
                    // Only half a value ends a connection that shares; nothing else may.
                    guard connection.wasReset else { throw error }
                    connection = try RawConnection(port: port)
                    break
                }
                guard reply == "$\(word.utf8.count)\r\n\(word)\r\n" || reply.hasPrefix("-ERR fairlead: ") else {
                    throw SupportError("\(name) asked for \(word) and got \(reply)")
                }
            }
        }
    }
}
