// The session of a translated Redis client: order, concurrency, blocking commands, and what is committed.

import Foundation
import TestSupport
import Testing

@Suite("The session of a translated Redis client", .serialized, .blocking)
struct TranslatedRedisSessionTests {
    private func with(_ body: (SlowGateway, RawConnection) throws -> Void) async throws {
        let gateway = try await SlowGateway()
        let client = try RawConnection(port: gateway.port)
        do {
            try body(gateway, client)
        } catch {
            client.close()
            await gateway.stop()
            throw error
        }
        client.close()
        await gateway.stop()
    }

    private func commands(_ lines: String...) -> [UInt8] {
        lines.flatMap { RawConnection.command($0.split(separator: " ").map(String.init)) }
    }

    @Test("pipelined commands run side by side and are answered in order")
    func order() async throws {
        try await with { gateway, client in
            try client.send(commands("GET a", "GET b", "PING", "GET quick", "GET c"))
            try eventually("two operations in flight") { gateway.backend.started == ["a", "b"] }
            gateway.backend.release("b")
            #expect(!client.hasInput(within: 50), "the second reply waits for the first")
            gateway.backend.release("a")
            #expect(try client.reply() + client.reply() == "$1\r\na\r\n$1\r\nb\r\n")
            try eventually("the last operation") { gateway.backend.started == ["a", "b", "c"] }
            gateway.backend.release("c")
            #expect(try client.receive(through: "c\r\n") == Array("+PONG\r\n$5\r\nquick\r\n$1\r\nc\r\n".utf8))
        }
    }

    @Test("a command waits for one in flight that writes its key, and only for that")
    func conflict() async throws {
        try await with { gateway, client in
            try client.send(commands("SET a 1", "GET b", "GET a", "GET d"))
            try eventually("what may run") { gateway.backend.started == ["a", "b"] }
            #expect(!client.hasInput(within: 50))
            gateway.backend.release("a")
            try eventually("the read of what was written") { gateway.backend.started == ["a", "b", "a", "d"] }
            for key in ["b", "a", "d"] { gateway.backend.release(key) }
            #expect(try client.receive(through: "d\r\n") == Array("+OK\r\n$1\r\nb\r\n$1\r\na\r\n$1\r\nd\r\n".utf8))
        }
    }

    @Test("no more than the limit run at once, and none is lost")
    func limit() async throws {
        try await with { gateway, client in
            let count = 200
            try client.send((0..<count).flatMap { commands("GET k\($0)") })
            var released = 0
            while released < count {
                try eventually("the next operation") { gateway.backend.started.count > released }
                #expect(gateway.backend.started.count - released <= 64)
                gateway.backend.release("k\(released)")
                released += 1
            }
            for index in 0..<count { #expect(try client.reply().hasSuffix("\r\nk\(index)\r\n")) }
        }
    }

    @Test("a blocking command ends when its client goes away, and keeps nobody else")
    func blocking() async throws {
        try await with { gateway, client in
            let other = try RawConnection(port: gateway.port)
            try client.send(commands("BLPOP q 0", "GET quick"))
            try eventually("the wait") { gateway.backend.started == ["q"] }
            try other.send(commands("GET quick"))
            #expect(try other.reply() == "$5\r\nquick\r\n")
            #expect(gateway.backend.cancelled == 0)
            client.close()
            try eventually("the end of the wait") { gateway.backend.cancelled == 1 }
            other.close()
        }
    }

    @Test("a client that has closed its side gets all its replies")
    func halfClose() async throws {
        try await with { gateway, client in
            try client.send(commands("GET a", "GET quick"))
            client.finish()
            try eventually("the operation") { gateway.backend.started == ["a"] }
            gateway.backend.release("a")
            #expect(try client.rest() == Array("$1\r\na\r\n$5\r\nquick\r\n".utf8))
        }
    }

    @Test("what could not be committed is answered with an error, and reads are not")
    func commit() async throws {
        try await with { gateway, client in
            try client.send(commands("SET quick 1", "GET quick"))
            #expect(try client.reply() + client.reply() == "+OK\r\n$5\r\nquick\r\n")
            #expect(gateway.backend.commits > 0)
            gateway.backend.failToCommit()
            try client.send(commands("GET quick", "SET quick 1", "GET quick"))
            #expect(try client.reply() == "$5\r\nquick\r\n")
            #expect(try client.reply().contains("cannot be reached: the disk is full"))
            #expect(try client.reply() == "$5\r\nquick\r\n")
        }
    }

    @Test("what the backend cannot do is refused by name, and every option counts")
    func refusals() async throws {
        try await with { _, client in
            for (words, capability) in [
                ("SET k v EX 5", "kv.ttl"), ("HSET h a 1", "hash.set"), ("ZADD z 1 a", "sorted-set.add"),
                ("MULTI", "kv.transaction"), ("SUBSCRIBE c", "bus.subscribe"), ("SELECT 1", "kv.databases"),
            ] {
                try client.send(commands(words))
                let reply = try client.reply()
                #expect(
                    reply.hasPrefix("-ERR UNSUPPORTED \(capability): backend 'slow' (adapter slow)"),
                    "\(words): \(reply)")
            }
            try client.send(commands("XADD s * a 1"))
            #expect(try client.reply().hasPrefix("-ERR UNSUPPORTED command 'xadd': backend 'slow' (adapter slow)"))
            try client.send(commands("COMMAND INFO hset blpop"))
            let info = try client.reply()
            #expect(info.hasPrefix("*2\r\n$-1\r\n*10\r\n$5\r\nblpop\r\n"), "only what the backend can do: \(info)")
        }
    }
}
