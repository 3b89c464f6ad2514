// Redis backends that are down, die, stay silent or do not take what is sent.

import Foundation
import TestSupport
import Testing

@Suite("faults of a Redis backend", .serialized, .blocking)
struct FaultsBackendTests {
    @Test("a backend that is down is named, with the cause")
    func down() throws {
        let port = try FreePort.take()
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(port)")
        let client = try gateway.connect()
        try client.send("PING\r\n")
        let answer = String(decoding: try client.rest(), as: UTF8.self)
        #expect(
            answer
                == "-ERR fairlead: backend 'cache' (127.0.0.1:\(port)) cannot be reached: connect: Connection refused\r\n"
        )
        #expect(!client.wasReset)
        let metrics = try gateway.settles("the session's end") { $0.isEmpty }
        #expect(metrics.sum("fairlead_failures_total", "cause=\"backend-unreachable\"") == 1)
    }

    @Test("a host that has no address is named, with the cause")
    func unknownHost() throws {
        let gateway = try Fairlead(toRedis: "redis://no-such-host.invalid:6379")
        let client = try gateway.connect()
        try client.send("PING\r\n")
        let answer = String(decoding: try client.rest(), as: UTF8.self)
        #expect(answer.hasPrefix("-ERR fairlead: backend 'cache' (no-such-host.invalid:6379) cannot be reached: "))
        #expect(answer.hasSuffix("\r\n"))
    }

    @Test("a listener whose backlog is full runs into the connect-timeout")
    func connectTimeout() throws {
        let standIn = try StandIn(backlog: 0)
        let fillers = try standIn.fillBacklog()
        defer { for filler in fillers { close(filler) } }
        let gateway = try Fairlead(
            toRedis: "redis://127.0.0.1:\(standIn.port)", backend: ["connect-timeout: 300ms"])
        let client = try gateway.connect()
        try client.send("PING\r\n")
        let answer = String(decoding: try client.rest(), as: UTF8.self)
        #expect(
            answer.hasPrefix(
                "-ERR fairlead: backend 'cache' (127.0.0.1:\(standIn.port)) cannot be reached: no connection within 0.3"
            ))
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"backend-connect-timeout\"") == 1)
    }

    @Test(
        "a backend that dies inside a value resets the client and puts no word into the value",
        arguments: [false, true])
    func diesInsideValue(_ isReset: Bool) throws {
        let standIn = try StandIn()
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(standIn.port)")
        let client = try gateway.connect()
        try client.send("GET a\r\n")
        let backend = try standIn.accept()
        #expect(try backend.receive(7) == Array("GET a\r\n".utf8))
        try backend.send("$10\r\nabc")
        #expect(try client.receive(8) == Array("$10\r\nabc".utf8))
        if isReset { backend.reset() } else { backend.close() }
        #expect(try client.rest().isEmpty)
        #expect(client.wasReset)
        let metrics = try gateway.settles("the session's end") { $0.isEmpty }
        #expect(metrics.sum("fairlead_failures_total", "cause=\"backend-lost\"") == 1)
    }

    @Test(
        "each command that was pending gets one error, in order, and then the connection closes",
        arguments: [false, true])
    func diesBetweenReplies(_ isReset: Bool) throws {
        let standIn = try StandIn()
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(standIn.port)")
        let client = try gateway.connect()
        let requests = "GET a\r\nSUBSCRIBE b c\r\nPING\r\nGET d\r\n"
        try client.send(requests)
        let backend = try standIn.accept()
        #expect(try backend.receive(requests.utf8.count) == Array(requests.utf8))
        try backend.send("$1\r\nA\r\n")
        #expect(try client.reply() == "$1\r\nA\r\n")
        if isReset { backend.reset() } else { backend.close() }
        let errors = String(decoding: try client.rest(), as: UTF8.self).split(separator: "\r\n")
        #expect(errors.count == 3)
        #expect(
            errors.allSatisfy {
                $0.hasPrefix("-ERR fairlead: backend 'cache' (127.0.0.1:\(standIn.port)) went away: ")
            })
        #expect(!client.wasReset)
    }

    @Test("a client in the middle of its request hears that the backend died", arguments: [false, true])
    func diesInsideRequest(_ isReset: Bool) throws {
        let standIn = try StandIn()
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(standIn.port)")
        let client = try gateway.connect()
        let half = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1000\r\nhalf"
        try client.send(half)
        let backend = try standIn.accept()
        #expect(try backend.receive(half.utf8.count) == Array(half.utf8))
        if isReset { backend.reset() } else { backend.close() }
        let answer = String(decoding: try client.rest(), as: UTF8.self)
        #expect(answer.hasPrefix("-ERR fairlead: backend 'cache' (127.0.0.1:\(standIn.port)) went away: "))
        #expect(answer.split(separator: "\r\n").count == 1)
    }

    @Test("a backend that refuses with an error of its own and closes is not talked over")
    func refusingBackend() throws {
        let standIn = try StandIn()
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(standIn.port)")
        let client = try gateway.connect()
        try client.send("*3\r\n$3\r\nSET\r\n")
        let backend = try standIn.accept()
        _ = try backend.receive(13)
        let refusal = "-ERR max number of clients reached\r\n"
        try backend.send(refusal)
        backend.close()
        #expect(String(decoding: try client.rest(), as: UTF8.self) == refusal)
    }

    @Test("a backend that answers byte by byte is followed")
    func drippingBackend() throws {
        let standIn = try StandIn()
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(standIn.port)")
        let client = try gateway.connect()
        try client.send("GET a\r\nHELLO 3\r\nGET b\r\n")
        let backend = try standIn.accept()
        backend.isDripping = true
        let replies = "$3\r\na\r\n\r\n%1\r\n$5\r\nproto\r\n:3\r\n>2\r\n+push\r\n_\r\n-WRONGTYPE no\r\n"
        try backend.send(replies)
        #expect(try client.receive(replies.utf8.count) == Array(replies.utf8))
        let metrics = try gateway.metrics()
        #expect(metrics.sum("fairlead_commands_total", "command=\"get\"") == 2)
        #expect(metrics.sum("fairlead_command_codes_total", "command=\"get\"", "code=\"WRONGTYPE\"") == 1)
        #expect(metrics.sum("fairlead_pushes_total") == 1)
        #expect(metrics.sum("fairlead_framing_lost_total") == 0)
    }

    @Test("bytes that are no protocol pass both ways, and a metric says that framing was lost")
    func framingLost() throws {
        let standIn = try StandIn()
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(standIn.port)")
        let client = try gateway.connect()
        let garbage = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 3) }
        try client.send("*1\r\nno bulk\r\n")
        try client.send(garbage)
        let backend = try standIn.accept()
        #expect(try backend.receive(13 + garbage.count).suffix(garbage.count) == garbage[...])
        try backend.send("?no reply\r\n")
        try backend.send(garbage)
        #expect(try client.receive(11 + garbage.count).suffix(garbage.count) == garbage[...])
        let metrics = try gateway.metrics()
        #expect(metrics.sum("fairlead_framing_lost_total", "side=\"client\"") == 1)
        #expect(metrics.sum("fairlead_framing_lost_total", "side=\"backend\"") == 1)
        #expect(metrics.sum("fairlead_bytes_total", "from=\"client\"") == 13 + garbage.count)
    }

    @Test("an idle client of a backend that closes hears the close and no word")
    func closesIdle() throws {
        let standIn = try StandIn()
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(standIn.port)")
        let client = try gateway.connect()
        try client.send("PING\r\n")
        let backend = try standIn.accept()
        _ = try backend.receive(6)
        try backend.send("+PONG\r\n")
        backend.close()
        #expect(try client.rest() == Array("+PONG\r\n".utf8))
        #expect(!client.wasReset)
        client.close()
        let metrics = try gateway.settles("the session's end") { $0.isEmpty }
        #expect(metrics.sum("fairlead_failures_total") == 0)
    }

    @Test("a real server that is killed is named to those who wait for it")
    func killedServer() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server)
        let client = try gateway.connect()
        try client.send("BLPOP q 0\r\n")
        let control = try RawConnection(port: server.port)
        try eventually("the blocked client") { try control.ask("INFO", "clients").contains("blocked_clients:1") }
        server.process.kill()
        let answer = String(decoding: try client.rest(), as: UTF8.self)
        #expect(answer.hasPrefix("-ERR fairlead: backend 'cache' (127.0.0.1:\(server.port)) went away: "))
        let late = try gateway.connect()
        try late.send("PING\r\n")
        #expect(String(decoding: try late.rest(), as: UTF8.self).contains("Connection refused"))
    }

    @Test("a backend that never answers runs into the response-timeout, and is named")
    func silent() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, backend: ["response-timeout: 1s"])
        let client = try gateway.connect()
        #expect(try client.ask("PING") == "+PONG\r\n")
        // Nothing is owed now: time alone ends no session.
        #expect(!client.hasInput(within: 1500))
        server.process.freeze()
        try client.send("PING\r\nPING\r\n")
        let error = "-ERR fairlead: backend 'cache' (127.0.0.1:\(server.port)) did not answer in time\r\n"
        #expect(String(decoding: try client.rest(), as: UTF8.self) == error + error)
        server.process.thaw()
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"backend-silent\"") == 1)
    }

    @Test("a backend that does not read pauses the client, at bounded memory")
    func backendThatDoesNotRead() throws {
        let standIn = try StandIn()
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(standIn.port)")
        let client = try gateway.connect()
        let before = gateway.peakMemory
        try client.send("*2\r\n$4\r\nECHO\r\n$400000000\r\n")
        let backend = try standIn.accept()
        let sent = FaultsBounds.fill(client)
        #expect(sent < 64 << 20, "\(sent) bytes were taken")
        #expect(gateway.peakMemory - before < 8 << 20)
        // What was taken is still on its way: nothing is lost by the pause.
        let rest = try backend.receive(25 + sent)
        #expect(rest.count == 25 + sent)
    }
}

/// Sending until a peer takes no more.
enum FaultsBounds {
    /// Sends until nothing more was taken for half a second; how many bytes went.
    static func fill(_ connection: RawConnection) -> Int {
        let block = [UInt8](repeating: 0x78, count: 65_536)
        var sent = 0
        var quiet = ContinuousClock.now
        while ContinuousClock.now - quiet < .milliseconds(500), sent < 100 << 20 {
            let count = connection.sendWhatFits(block)
            sent += count
            if count > 0 { quiet = ContinuousClock.now } else { usleep(2_000) }
        }
        return sent
    }
}
