// What clients of a shared backend are promised, one promise a test.

import Foundation
import RedisWire
import TestSupport
import Testing

@Suite("a backend whose connections are shared", .serialized, .blocking)
struct SharedRedisTests {
    private static func gateway(
        _ options: RedisServer.Options = .init(), backend: [String] = []
    ) throws -> (RedisServer, Fairlead) {
        let server = try RedisServer(options)
        return (server, try Fairlead(to: server, backend: ["mode: shared"] + backend))
    }

    private static func gateway(to standIn: StandIn, backend: [String] = []) throws -> Fairlead {
        try gateway(toPort: standIn.port, backend: backend)
    }

    private static func gateway(toPort port: Int, backend: [String] = []) throws -> Fairlead {
        // One worker, so that every client shares the same connection.
        try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 1
                listeners: { redis: { protocol: redis, listen: 127.0.0.1:0, backend: cache } }
                backends:
                  cache:
                    url: redis://127.0.0.1:\(port)
                    mode: shared
                \(backend.map { "    \($0)\n" }.joined())
                """)
    }

    @Test("a hundred clients need one connection of each worker")
    func few() throws {
        let (server, gateway) = try Self.gateway()
        let clients = try (0..<100).map { _ in try gateway.connect() }
        for (index, client) in clients.enumerated() {
            #expect(try client.ask("SET", "k\(index)", "\(index)") == "+OK\r\n")
        }
        for (index, client) in clients.enumerated() {
            #expect(try client.ask("GET", "k\(index)") == "$\("\(index)".count)\r\n\(index)\r\n")
        }
        #expect(try gateway.metrics().sum("fairlead_upstreams_opened_total") <= 2)
        let control = try RawConnection(port: server.port)
        let clientsLine = try control.ask("INFO", "clients").split(separator: "\r\n").first { $0.contains("connected") }
        #expect(clientsLine == "connected_clients:2" || clientsLine == "connected_clients:3")
        #expect(try gateway.metrics().sum("fairlead_commands_total") == 200)
        for client in clients { client.close() }
        try gateway.settles("nothing left, shared connections included") { $0.isEmpty }
    }

    @Test("a client whose user is deleted is closed, and the others go on")
    func dismissed() throws {
        let (server, gateway) = try Self.gateway()
        let control = try RawConnection(port: server.port)
        try control.ask("ACL", "SETUSER", "guest", "on", ">secret", "+@all", "~*")
        let (guest, other) = (try gateway.connect(), try gateway.connect())
        #expect(try guest.ask("AUTH", "guest", "secret") == "+OK\r\n")
        #expect(try guest.ask("PING") == "+PONG\r\n")
        #expect(try other.ask("PING") == "+PONG\r\n")
        #expect(try control.ask("ACL", "DELUSER", "guest") == ":1\r\n")
        // The server may close the connection before the command is on it, or while it is.
        try guest.send(RawConnection.command(["PING"]))
        while let reply = try? guest.reply() {
            #expect(reply.hasPrefix("-ERR fairlead: ") && reply.contains("went away"))
            try guest.send(RawConnection.command(["PING"]))
        }
        #expect(try other.ask("PING") == "+PONG\r\n")
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"backend-login-refused\"") == 1)
    }

    @Test("a client with a transaction has a connection of its own, and then shares again")
    func returns() throws {
        let (server, gateway) = try Self.gateway()
        let client = try gateway.connect()
        let other = try RawConnection(port: server.port)
        for round in 0..<20 {
            #expect(try client.ask("WATCH", "w") == "+OK\r\n")
            if round % 2 == 0 { try other.ask("SET", "w", "\(round)") }
            #expect(try client.ask("MULTI") == "+OK\r\n")
            #expect(try client.ask("INCR", "n") == "+QUEUED\r\n")
            #expect(try client.ask("EXEC") == (round % 2 == 0 ? "*-1\r\n" : "*1\r\n:\(round / 2 + 1)\r\n"))
            #expect(try client.ask("GET", "n") != "")
        }
        // One shared and one of its own, used again and again.
        #expect(try gateway.metrics().sum("fairlead_upstreams_opened_total") == 2)
    }

    @Test("users, databases and protocol versions do not mix")
    func identities() throws {
        let (server, gateway) = try Self.gateway(.init(password: "sesame"))
        let control = try RawConnection(port: server.port)
        try control.ask("AUTH", "sesame")
        try control.ask("ACL", "SETUSER", "ann", "on", ">a", "~a*", "+@all")
        try control.ask("ACL", "SETUSER", "bob", "on", ">b", "~b*", "+@all")
        let stranger = try gateway.connect()
        let ann = try gateway.connect()
        let bob = try gateway.connect()
        let third = try gateway.connect()
        #expect(try stranger.ask("GET", "a").hasPrefix("-NOAUTH"))
        #expect(try ann.ask("AUTH", "ann", "wrong").hasPrefix("-WRONGPASS"))
        #expect(try ann.ask("GET", "a").hasPrefix("-NOAUTH"))
        #expect(try ann.ask("AUTH", "ann", "a") == "+OK\r\n")
        #expect(try bob.ask("HELLO", "3", "AUTH", "bob", "b").hasPrefix("%7"))
        #expect(try third.ask("AUTH", "sesame") == "+OK\r\n")
        #expect(try third.ask("SELECT", "2") == "+OK\r\n")
        for _ in 0..<10 {
            #expect(try stranger.ask("GET", "a").hasPrefix("-NOAUTH"))
            #expect(try ann.ask("SET", "a", "ann") == "+OK\r\n")
            #expect(try ann.ask("GET", "b").hasPrefix("-NOPERM"))
            #expect(try ann.ask("ACL", "WHOAMI") == "$3\r\nann\r\n")
            #expect(try bob.ask("HSET", "b", "f", "v").hasPrefix(":"))
            #expect(try bob.ask("HGETALL", "b") == "%1\r\n$1\r\nf\r\n$1\r\nv\r\n")
            #expect(try bob.ask("GET", "a").hasPrefix("-NOPERM"))
            #expect(try third.ask("GET", "a") == "$-1\r\n")
        }
        #expect(try ann.ask("RESET") == "+RESET\r\n")
        #expect(try ann.ask("GET", "a").hasPrefix("-NOAUTH"))
        #expect(!gateway.log.contains("sesame"))
    }

    @Test("WAIT counts the replicas of the client's own writes")
    func wait() throws {
        let (server, gateway) = try Self.gateway()
        let replica = try RedisServer(.init(arguments: ["--replicaof", "127.0.0.1 \(server.port)"]))
        let control = try RawConnection(port: server.port)
        try eventually("the replica") { try control.ask("INFO", "replication").contains("state=online") }
        let client = try gateway.connect()
        #expect(try client.ask("SET", "a", "1") == "+OK\r\n")
        #expect(try client.ask("WAIT", "1", "20000") == ":1\r\n")
        let halted = try RawConnection(port: replica.port)
        // The replica takes nothing more in: a write after this is on no replica.
        kill(replica.process.pid, SIGSTOP)
        defer { kill(replica.process.pid, SIGCONT) }
        let second = try gateway.connect()
        #expect(try second.ask("SET", "b", "1") == "+OK\r\n")
        #expect(try second.ask("WAIT", "1", "200") == ":0\r\n")
        #expect(try client.ask("GET", "b") == "$1\r\n1\r\n")
        halted.close()
    }

    @Test("each command in flight gets one error, in order, and the clients go on")
    func backendDies() throws {
        let standIn = try StandIn()
        let gateway = try Self.gateway(to: standIn)
        let first = try gateway.connect()
        let second = try gateway.connect()
        try first.send(RawConnection.command(["GET", "a"]))
        let backend = try standIn.accept()
        _ = try backend.receive(through: "a\r\n")
        try second.send(RawConnection.command(["GET", "b"]) + RawConnection.command(["GET", "c"]))
        _ = try backend.receive(through: "c\r\n")
        try backend.send("$1\r\n1\r\n$1\r\n2\r\n")
        #expect(try first.reply() == "$1\r\n1\r\n")
        #expect(try second.reply() == "$1\r\n2\r\n")
        try first.send(RawConnection.command(["GET", "d"]))
        _ = try backend.receive(through: "d\r\n")
        backend.close()
        let error = "-ERR fairlead: backend 'cache' (127.0.0.1:\(standIn.port)) went away: it closed the connection\r\n"
        #expect(try second.reply() == error)
        #expect(try first.reply() == error)
        try second.send(RawConnection.command(["GET", "e"]))
        let next = try standIn.accept()
        #expect(try next.receive(through: "e\r\n") == RawConnection.command(["GET", "e"]))
        try next.send("$1\r\n5\r\n")
        #expect(try second.reply() == "$1\r\n5\r\n")
    }

    @Test("half a reply resets the client that got it, and nobody gets the other half")
    func halfReply() throws {
        let standIn = try StandIn()
        let gateway = try Self.gateway(to: standIn)
        let first = try gateway.connect()
        let second = try gateway.connect()
        try first.send(RawConnection.command(["GET", "a"]))
        let backend = try standIn.accept()
        _ = try backend.receive(through: "a\r\n")
        try second.send(RawConnection.command(["GET", "b"]))
        _ = try backend.receive(through: "b\r\n")
        try backend.send("$10\r\n12345")
        #expect(try first.receive(10) == Array("$10\r\n12345".utf8))
        backend.close()
        #expect(try second.reply().hasPrefix("-ERR fairlead: "))
        #expect(try first.rest().isEmpty)
        #expect(first.wasReset)
    }

    @Test("what nobody asked for goes to nobody", arguments: ["$1\r\nx\r\n", ">2\r\n$1\r\na\r\n$1\r\nb\r\n"])
    func unasked(_ bytes: String) throws {
        let standIn = try StandIn()
        let gateway = try Self.gateway(to: standIn)
        let client = try gateway.connect()
        try client.send(RawConnection.command(["GET", "a"]))
        let backend = try standIn.accept()
        _ = try backend.receive(through: "a\r\n")
        if bytes.hasPrefix(">") {
            try backend.send(bytes)
            #expect(try client.reply().hasPrefix("-ERR fairlead: "))
        } else {
            try backend.send("$1\r\n1\r\n" + bytes)
            #expect(try client.reply() == "$1\r\n1\r\n")
        }
        #expect(try backend.rest().isEmpty)
        try client.send(RawConnection.command(["GET", "b"]))
        let next = try standIn.accept()
        _ = try next.receive(through: "b\r\n")
        try next.send("$1\r\n2\r\n")
        #expect(try client.reply() == "$1\r\n2\r\n")
    }

    @Test("a client that does not read delays nobody, and is cut at its bound")
    func slowReader() throws {
        let (_, gateway) = try Self.gateway()
        let quick = try gateway.connect()
        let value = String(repeating: "v", count: 200_000)
        #expect(try quick.ask("SET", "large", value) == "+OK\r\n")
        let before = gateway.peakMemory
        let slow = try (0..<4).map { _ in try gateway.connect(receiveBuffer: 4096) }
        for client in slow {
            for _ in 0..<500 { try client.send(RawConnection.command(["GET", "large"])) }
        }
        for round in 0..<200 { #expect(try quick.ask("ECHO", "\(round)") == "$\("\(round)".count)\r\n\(round)\r\n") }
        // A window of 16 commands, and its doublings only after all were read.
        #expect(gateway.peakMemory - before < 64 << 20)
        for _ in 0..<500 { #expect(try slow[0].reply().utf8.count == 200_011) }
    }

    @Test("a client that never stops sending is ahead of another by its window at most")
    func fairness() throws {
        let standIn = try StandIn()
        let gateway = try Self.gateway(to: standIn)
        let greedy = try gateway.connect()
        let polite = try gateway.connect()
        let one = RawConnection.command(["GET", "greedy"])
        _ = greedy.sendWhatFits((0..<20_000).flatMap { _ in one })
        let backend = try standIn.accept()
        #expect(try backend.receive(one.count * 16) == (0..<16).flatMap { _ in one })
        #expect(!backend.hasInput(within: 100))
        try polite.send(RawConnection.command(["GET", "polite"]))
        #expect(try backend.receive(through: "polite\r\n") == RawConnection.command(["GET", "polite"]))
        // The window doubles up to 1024, and there it stays.
        try backend.send(String(repeating: ":1\r\n", count: 17))
        #expect(try polite.reply() == ":1\r\n")
        var window = 32
        for _ in 0..<10 {
            _ = try backend.receive(one.count * window)
            #expect(!backend.hasInput(within: 20), "more than \(window)")
            try backend.send(String(repeating: ":1\r\n", count: window))
            window = min(window * 2, 1024)
        }
    }

    @Test("half a command is on no shared connection, and a large one travels alone")
    func halfCommand() throws {
        let standIn = try StandIn()
        let gateway = try Self.gateway(to: standIn)
        let slow = try gateway.connect()
        let other = try gateway.connect()
        let small = RawConnection.command(["SET", "a", String(repeating: "x", count: 1000)])
        try slow.send(Array(small.prefix(500)))
        try other.send(RawConnection.command(["GET", "b"]))
        let backend = try standIn.accept()
        #expect(try backend.receive(through: "b\r\n") == RawConnection.command(["GET", "b"]))
        try backend.send(":1\r\n")
        #expect(try other.reply() == ":1\r\n")
        try slow.send(Array(small.dropFirst(500)))
        #expect(try backend.receive(small.count) == small)
        try backend.send("+OK\r\n")
        #expect(try slow.reply() == "+OK\r\n")
        let large = RawConnection.command(["SET", "a", String(repeating: "x", count: 500_000)])
        try slow.send(Array(large.prefix(400_000)))
        let own = try standIn.accept()
        #expect(try own.receive(300_000) == Array(large.prefix(300_000)))
        try other.send(RawConnection.command(["GET", "b"]))
        #expect(try backend.receive(through: "b\r\n") == RawConnection.command(["GET", "b"]))
    }

    @Test("a silent backend is given up after the response-timeout, blocking commands are not")
    func silent() throws {
        let standIn = try StandIn()
        let gateway = try Self.gateway(to: standIn, backend: ["response-timeout: 300ms"])
        let client = try gateway.connect()
        try client.send(RawConnection.command(["GET", "a"]))
        let backend = try standIn.accept()
        #expect(try client.reply().hasSuffix("did not answer in time\r\n"))
        _ = try backend.rest()
        try client.send(RawConnection.command(["BLPOP", "a", "0"]))
        let own = try standIn.accept()
        #expect(!client.hasInput(within: 600))
        try own.send("*-1\r\n")
        #expect(try client.reply() == "*-1\r\n")
    }

    @Test("a client that leaves a blocking pop takes its connection with it")
    func blockedClientLeaves() throws {
        let (server, gateway) = try Self.gateway()
        let control = try RawConnection(port: server.port)
        let client = try gateway.connect()
        #expect(try client.ask("PING") == "+PONG\r\n")
        try client.send(RawConnection.command(["BLPOP", "queue", "0"]))
        try eventually("the blocked client") { try control.ask("INFO", "clients").contains("blocked_clients:1") }
        client.close()
        try eventually("no blocked client") { try control.ask("INFO", "clients").contains("blocked_clients:0") }
    }

    @Test("an option that only the server's own comparison finds holds up nobody else")
    func blockWithZeroByte() throws {
        let server = try RedisServer()
        let gateway = try Self.gateway(toPort: server.port)
        let control = try RawConnection(port: server.port)
        let (waiting, other) = (try gateway.connect(), try gateway.connect())
        #expect(try other.ask("PING") == "+PONG\r\n")
        try waiting.send(RawConnection.command(["XREAD", "BLOCK\0", "0", "STREAMS", "s", "$"]))
        try eventually("the blocked client") { try control.ask("INFO", "clients").contains("blocked_clients:1") }
        #expect(try other.ask("GET", "none") == "$-1\r\n")
        #expect(try other.ask("XADD", "s", "1-1", "f", "v") == "$3\r\n1-1\r\n")
        #expect(try waiting.reply().contains("1-1"))
    }

    @Test("no command that waits, or that an administrator gives, travels with those of others")
    func flags() throws {
        let server = try RedisServer()
        let shared = Set(
            (0..<RedisCommand.count).map { RedisCommand(rawValue: UInt16($0)) }
                .filter { RedisSharing.atMost($0) == .shared }.map(\.description))
        #expect(shared.contains("get"))
        let control = try RawConnection(port: server.port)
        let blocking = try control.ask("COMMAND", "LIST", "FILTERBY", "ACLCAT", "blocking")
        let dangerous = try control.ask("COMMAND", "LIST", "FILTERBY", "ACLCAT", "admin")
        #expect(blocking.contains("blpop") && dangerous.contains("shutdown"))
        for name in (blocking + dangerous).split(separator: "\r\n") where name.first?.isLetter == true {
            guard name != "xread", name != "xreadgroup", !name.contains("|") else { continue }
            #expect(!shared.contains(String(name)), "\(name)")
        }
    }

    @Test(
        "what is sent behind a command whose reply pins the client is answered too",
        arguments: [
            [["EXEC"]], [["DISCARD"]], [["MULTI", "x"], ["SET", "k", "v"], ["EXEC"]],
            [["MULTI"], ["GET", "big"], ["EXEC"]], [["SET", "big", "v", "GET"]],
        ])
    func behindPins(_ commands: [[String]]) throws {
        let (server, gateway) = try Self.gateway()
        let direct = try RawConnection(port: server.port)
        // Larger than what is held of a command, and than what a client's replies may be beside those of others.
        let big = String(repeating: "b", count: 300 * 1024)
        #expect(try direct.ask("SET", "big", big) == "+OK\r\n")
        let client = try gateway.connect()
        var sent = commands
        if commands[0][0] == "SET" { sent[0][2] = String(repeating: "v", count: 200 * 1024) }
        try client.send((sent + [["ECHO", "tok"]]).flatMap { RawConnection.command($0) })
        for _ in commands { _ = try client.reply() }
        #expect(try client.reply() == "$3\r\ntok\r\n")
    }
}
