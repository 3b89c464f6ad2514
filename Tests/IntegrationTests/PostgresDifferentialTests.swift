// Conversations sent directly and through the gateway: the server's bytes must be the same.

import TestSupport
import Testing

@Suite("PostgreSQL conversations, direct and through the gateway")
struct PostgresDifferentialTests {
    struct Conversation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]

        init(_ name: String, startup: [UInt8] = PostgresBytes.startup(), _ messages: [UInt8]...) {
            testDescription = name
            bytes = startup + messages.flatMap { $0 } + PostgresBytes.terminate
        }
    }

    private typealias Say = PostgresBytes

    static let conversations: [Conversation] = [
        Conversation(
            "several statements", Say.query("select 1; select 2; create temp table t(a int); select a + 0 from t"),
            Say.query("")),
        Conversation(
            "errors and transactions", Say.query("begin; select 1/0"), Say.query("select 1"), Say.query("rollback")),
        Conversation(
            "a pipeline of extended messages", Say.parse("select generate_series(1, 5)"), Say.bind(),
            Say.message("D", [0x50, 0]), Say.execute(rows: 2), Say.execute(), Say.sync),
        Conversation(
            "an error in a pipeline", Say.parse("select nosuch"), Say.bind(), Say.execute(), Say.parse("select 1"),
            Say.sync, Say.query("select 2")),
        Conversation(
            "statements by name", Say.parse("select 1", name: "s"), Say.message("D", [0x53] + Say.text("s")), Say.sync,
            Say.bind("s"), Say.execute(), Say.message("C", [0x53] + Say.text("s")), Say.sync, Say.bind("s"), Say.sync),
        Conversation(
            "flush without sync", Say.parse("select 1"), Say.message("H"), Say.bind(), Say.execute(), Say.message("H"),
            Say.sync),
        Conversation(
            "copy in", Say.query("create temp table t(a int, b text)"), Say.query("copy t from stdin"),
            Say.message("d", Array("1\tx\n2\ty\n".utf8)), Say.message("c"), Say.query("copy t to stdout"),
            Say.query("copy t from stdin"), Say.message("f", Say.text("no")), Say.query("select count(*) from t")),
        Conversation(
            "copy in that the data breaks", Say.query("create temp table t(a int)"), Say.query("copy t from stdin"),
            Say.message("d", Array("x\n".utf8)), Say.message("d", Array("1\n".utf8)), Say.message("c"),
            Say.query("select 1")),
        Conversation(
            "copy in the extended protocol", Say.query("create temp table t(a int)"), Say.parse("copy t from stdin"),
            Say.bind(), Say.execute(), Say.sync, Say.message("d", Array("1\n".utf8)), Say.message("c"), Say.sync,
            Say.query("select a + 0 from t")),
        Conversation(
            "notices, parameters, notifications", Say.query("do $$ begin raise notice 'n'; end $$"),
            Say.query("set application_name = 'x'; set timezone = 'UTC'"), Say.query("listen a; notify a, 'b'")),
        Conversation(
            "a function call",
            Say.message("F", Say.number(1400) + [0, 1, 0, 1, 0, 1] + Say.number(1) + [0x78] + [0, 0]),
            Say.query("select 1")),
        Conversation(
            "a protocol negotiation",
            startup: Say.startup(version: 0x3_0009, ["user", "postgres", "database", "postgres", "_pq_.x", "1"]),
            Say.query("select 1")),
        Conversation(
            "parameters of the startup",
            startup: Say.startup([
                "user", "postgres", "database", "postgres", "application_name", "a b", "options",
                "-c geqo=off -c statement_timeout=7s", "DateStyle", "German",
            ]), Say.query("show geqo; show statement_timeout; select now()::date > '2000-01-01'")),
        Conversation(
            "an unknown parameter", startup: Say.startup(["user", "postgres", "database", "postgres", "nosuch", "1"])),
        Conversation("an unknown user", startup: Say.startup(["user", "nobody", "database", "postgres"])),
        Conversation("no user", startup: Say.startup(["database", "postgres"])),
        Conversation("an unknown database", startup: Say.startup(["user", "postgres", "database", "nosuch"])),
        Conversation("another major version", startup: Say.number(8) + Say.number(0x9_0000)),
        Conversation("version 2", startup: Say.number(8) + Say.number(0x2_0000)),
        Conversation(
            "replication",
            startup: Say.startup(["user", "postgres", "database", "postgres", "replication", "database"]),
            Say.query("select 1"), Say.query("SHOW wal_level"),
            Say.query("CREATE_REPLICATION_SLOT nosuch LOGICAL nosuch")),
        Conversation("a message type that does not exist", Say.message("!", [1])),
        Conversation("a message length that cannot be", [0x51, 0, 0, 0, 3]),
    ]

    @Test("the server's bytes are the same", arguments: conversations, [PostgresVersion.debian15, .protocol18])
    func same(_ conversation: Conversation, _ version: PostgresVersion) async throws {
        let server = try await PostgresShared.server(version)
        try await PostgresGateway.run(to: server.port) { gateway in
            try await onThread {
                let direct = try Self.replies(server.port, conversation.bytes, dripping: false)
                #expect(!direct.isEmpty)
                #expect(try Self.replies(gateway.port, conversation.bytes, dripping: false) == direct)
                #expect(try Self.replies(gateway.port, conversation.bytes, dripping: true) == direct)
            }
        }
    }

    /// All that the server says; a peer that closes early may cut the sending.
    private static func replies(_ port: Int, _ bytes: [UInt8], dripping: Bool) throws -> [UInt8] {
        let client = try PostgresConnection(port)
        do {
            if dripping { try client.drip(bytes) } else { try client.send(bytes) }
        } catch is SupportError {}
        return masked(try client.rest())
    }

    /// The bytes with the process ids of `K` and `A` and the key set to zero: they differ from session to session.
    private static func masked(_ bytes: [UInt8]) -> [UInt8] {
        var masked = bytes
        var start = 0
        while start + 5 <= bytes.count {
            let length = bytes[(start + 1)..<(start + 5)].reduce(0) { $0 << 8 | Int($1) }
            let end = min(start + 1 + length, bytes.count)
            guard length >= 4 else { break }
            switch Character(Unicode.Scalar(bytes[start])) {
            case "K": for place in (start + 5)..<end { masked[place] = 0 }
            case "A": for place in (start + 5)..<min(start + 9, end) { masked[place] = 0 }
            default: break
            }
            start = end
        }
        return masked
    }
}

/// Servers that many small tests share.
actor PostgresShared {
    private static let shared = PostgresShared()
    private var servers: [PostgresVersion: Task<PostgresServer, any Error>] = [:]

    /// A server of `version` that runs until the test process ends.
    static func server(_ version: PostgresVersion) async throws -> PostgresServer {
        try await shared.find(version).value
    }

    private func find(_ version: PostgresVersion) -> Task<PostgresServer, any Error> {
        if let task = servers[version] { return task }
        let task = Task { try await PostgresServer.start(.init(version: version)) }
        servers[version] = task
        return task
    }
}
