// Redis clients that leave, do not read, send garbage or come in thousands.

import Foundation
import TestSupport
import Testing

@Suite("faults of Redis clients", .serialized, .blocking)
struct FaultsClientTests {
    @Test("a client that goes away in the middle of a request leaves nothing behind", arguments: [false, true])
    func leavesInsideRequest(_ isReset: Bool) throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server)
        let control = try RawConnection(port: server.port)
        let client = try gateway.connect()
        try client.send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$100\r\nhalf")
        try eventually("the upstream") { try control.ask("INFO", "clients").contains("connected_clients:2") }
        if isReset { client.reset() } else { client.close() }
        try eventually("no upstream") { try control.ask("INFO", "clients").contains("connected_clients:1") }
        #expect(try control.ask("EXISTS", "a") == ":0\r\n")
        try gateway.settles("nothing left") { $0.isEmpty }
    }

    @Test("a client that does not read pauses its backend, at bounded memory, and loses nothing")
    func slowReader() throws {
        let standIn = try StandIn()
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(standIn.port)")
        let client = try gateway.connect(receiveBuffer: 16_384)
        let before = gateway.peakMemory
        try client.send("GET a\r\n")
        let backend = try standIn.accept()
        try backend.send("$400000000\r\n")
        let sent = FaultsBounds.fill(backend)
        #expect(sent < 64 << 20, "\(sent) bytes were taken")
        #expect(gateway.peakMemory - before < 8 << 20)
        let metrics = try gateway.metrics()
        #expect(metrics.sum("fairlead_worker_chunks") > 0)
        // Its own session waits; others of the same worker do not.
        for _ in 0..<4 {
            let other = try gateway.connect()
            try other.send("PING\r\n")
            let upstream = try standIn.accept()
            #expect(try upstream.receive(6) == Array("PING\r\n".utf8))
            try upstream.send("+PONG\r\n")
            #expect(try other.reply() == "+PONG\r\n")
        }
        #expect(try client.receive(12 + sent).count == 12 + sent)
        client.reset()
        try gateway.settles("no chunk left") { $0.sum("fairlead_worker_chunks") == 0 }
    }

    @Test("thousands of connections leave no descriptor, no session, no task and no buffer")
    func thousands() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server)
        let first = try gateway.connect()
        try first.ask("PING")
        first.close()
        try gateway.settles("nothing left") { $0.isEmpty }
        let before = gateway.descriptorCount
        for round in 0..<20 {
            var clients: [RawConnection] = []
            for index in 0..<150 {
                let client = try gateway.connect()
                // Some ask, some leave inside a request, some never say a word.
                switch index % 3 {
                case 0: try client.send("PING\r\n")
                case 1: try client.send("*2\r\n$3\r\nGE")
                default: break
                }
                clients.append(client)
            }
            for (index, client) in clients.enumerated() {
                if index % 3 == 0 { #expect(try client.reply() == "+PONG\r\n") }
                if (index + round) % 2 == 0 { client.reset() } else { client.close() }
            }
        }
        let metrics = try gateway.settles("nothing left") { $0.isEmpty }
        #expect(metrics.sum("fairlead_sessions_total") == 3001)
        #expect(metrics.sum("fairlead_session_tasks_started_total") == 3001)
        try eventually("the descriptors of the start") { gateway.descriptorCount <= before }
    }

    @Test("clients for whom there is no descriptor harm nobody, and are served when there is one again")
    func noDescriptors() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(
            toRedis: "redis://127.0.0.1:\(server.port)", under: ["prlimit", "--nofile=64:64"], keeping: server)
        let first = try gateway.connect()
        #expect(try first.ask("PING") == "+PONG\r\n")
        let crowd = try (0..<80).map { _ in try gateway.connect() }
        try eventually("an accept that fails") { gateway.log.contains("Too many open files") }
        #expect(try first.ask("ECHO", "alive") == "$5\r\nalive\r\n")
        for client in crowd { client.close() }
        try eventually("a new client that is served") {
            let late = try gateway.connect()
            try late.send("PING\r\n")
            return String(decoding: try late.receive(through: "\r\n"), as: UTF8.self) == "+PONG\r\n"
        }
        #expect(try first.ask("PING") == "+PONG\r\n")
        #expect(gateway.process.ending == nil)
    }

    @Test("garbage disturbs no other session and breaks nothing")
    func garbage() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server)
        let bystander = try gateway.connect()
        var random = SeededGenerator(state: 7)
        let pieces = [
            "*", "$", "\r\n", "-1", "99999999999999999999", "*3\r\n$3\r\nSET\r\n", "HELLO 3\r\n", "\0", "MULTI\r\n",
            "*1048577\r\n", "\"", "PING\r\n", "SUBSCRIBE x\r\n", "CLIENT REPLY OFF\r\n", "RESET\r\n",
        ]
        for round in 0..<300 {
            let client = try gateway.connect()
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                if Bool.random(using: &random) {
                    bytes += Array(pieces[Int.random(in: 0..<pieces.count, using: &random)].utf8)
                } else {
                    bytes += (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }
                }
            }
            client.sendAsFarAsTaken(bytes)
            if round % 2 == 0 { client.close() } else { client.reset() }
            if round % 10 == 0 {
                #expect(try bystander.ask("ECHO", "r\(round)") == "$\("r\(round)".count)\r\nr\(round)\r\n")
            }
        }
        #expect(gateway.process.ending == nil)
        bystander.close()
        try gateway.settles("nothing left") { $0.isEmpty }
    }

    @Test("no reply ever reaches another client")
    func ownReplies() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server)
        var clients: [RawConnection] = []
        for _ in 0..<64 { clients.append(try gateway.connect()) }
        for round in 0..<40 {
            for (index, client) in clients.enumerated() {
                try client.send(RawConnection.command(["ECHO", "client \(index) round \(round) a"]))
                try client.send(RawConnection.command(["ECHO", "client \(index) round \(round) b"]))
            }
            for (index, client) in clients.enumerated() {
                for letter in ["a", "b"] {
                    let text = "client \(index) round \(round) \(letter)"
                    #expect(try client.reply() == "$\(text.count)\r\n\(text)\r\n")
                }
            }
        }
        let metrics = try gateway.metrics()
        #expect(metrics.sum("fairlead_commands_total", "command=\"echo\"") == 64 * 80)
    }

    @Test("a client beyond the limit is refused in its own protocol, and one that leaves makes room")
    func limit() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, listener: ["connections: 2"])
        let first = try gateway.connect()
        let second = try gateway.connect()
        #expect(try first.ask("PING") == "+PONG\r\n")
        #expect(try second.ask("PING") == "+PONG\r\n")
        let third = try gateway.connect()
        #expect(
            String(decoding: try third.rest(), as: UTF8.self)
                == "-ERR fairlead: listener 'redis' has reached its limit of 2 connections\r\n")
        third.close()
        first.close()
        try gateway.settles("one session") { $0.sum("fairlead_sessions_active") == 1 }
        let fourth = try gateway.connect()
        #expect(try fourth.ask("PING") == "+PONG\r\n")
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"too-many-connections\"") == 1)
    }

    @Test("a session without a byte is closed after the idle-timeout, a busy one is not")
    func idle() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, listener: ["idle-timeout: 2s"])
        let idle = try gateway.connect()
        let busy = try gateway.connect()
        #expect(try idle.ask("PING") == "+PONG\r\n")
        for _ in 0..<24 {
            #expect(try busy.ask("PING") == "+PONG\r\n")
            usleep(100_000)
        }
        #expect(idle.hasInput(within: 5_000))
        #expect(try idle.rest().isEmpty)
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"idle-timeout\"") == 1)
        #expect(try busy.ask("PING") == "+PONG\r\n")
    }
}

/// A generator with a known start, so that a failure comes again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    /// SplitMix64, by its published constants.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
