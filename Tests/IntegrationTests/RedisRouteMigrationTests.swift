// One route of a listener moves to another server, and the others stay where they are.

import Foundation
import TestSupport
import Testing

@Suite("fairlead migrate of one route", .serialized, .blocking)
struct RedisRouteMigrationTests {
    /// Three servers behind one listener: `main` for most, `old` for the route that moves, and `new`.
    private final class Servers: Moving, Sendable {
        let main: RedisServer
        let old: RedisServer
        let new: RedisServer
        let gateway: MovingGateway
        private let folder: TemporaryFolder
        private let port: Int

        /// - Parameters:
        ///   - routes: the entries of the listener's routes.
        ///   - moving: which of them moves, as `migrate.route` has it.
        ///   - listener: further keys of the listener.
        ///   - target: the name of the backend that it moves to.
        ///   - isRest: whether `old` is where all else goes.
        ///   - more: a further listener and a further backend, of a folder.
        init(
            _ routes: String, moving: String, listener: String = "", to target: String = "new", isRest: Bool = false,
            more: (TemporaryFolder) -> (listener: String, backend: String) = { _ in ("", "") }
        ) throws {
            folder = try TemporaryFolder()
            let further = more(folder)
            main = try RedisServer()
            old = try RedisServer()
            new = try RedisServer()
            port = try FreePort.take()
            func backend(_ server: RedisServer) -> String {
                "{ url: \"redis://127.0.0.1:\(server.port)\", mode: shared }"
            }
            gateway = try MovingGateway(
                "redis",
                """
                listeners:
                  redis:
                    protocol: redis
                    listen: 127.0.0.1:\(port)
                    backend: \(isRest ? "old" : "main")
                    routes: [\(routes)]
                    migrate: { to: \(target), state: "\(folder.file("move.json"))", route: \(moving) }
                    \(listener)
                  \(further.listener)
                backends:
                  main: \(backend(main))
                  old: \(backend(old))
                  new: \(backend(new))
                  \(further.backend)

                """)
        }

        /// With a route for the keys that begin with `a:`, and one for others.
        convenience init(rewrite: String?) throws {
            try self.init(
                "{ prefix: \"a:\", backend: old\(rewrite.map { ", rewrite: \"\($0)\"" } ?? "") }, { prefix: \"b:\", backend: main }",
                moving: "\"a:\"")
        }

        func connect() throws -> RawConnection { try RawConnection(port: port) }

        /// Copies, cuts over, and waits until each of `writers` writes at the target.
        func cutOver(under writers: [MovingWriter]) throws {
            for step in ["--force", "--cut-over"] {
                let result = try migrate(step)
                #expect(result.ending == .exited(0), "\(step): \(result.errorText)")
            }
            let there = writers.map(\.written)
            try eventually("writes at the target") { zip(writers, there).allSatisfy { $0.written > $1 + 50 } }
        }
    }

    /// How many keys of a server begin so, in all of its databases.
    private static func count(_ pattern: String, _ server: RedisServer) throws -> Int {
        let connection = try RawConnection(port: server.port)
        defer { connection.close() }
        var count = 0
        for database in ["0", "5"] {
            _ = try connection.ask("SELECT", database)
            let reply = try connection.ask("EVAL", "return #redis.call('keys', ARGV[1])", "0", pattern)
            count += Int(reply.dropFirst().prefix { $0.isNumber }) ?? 0
        }
        return count
    }

    @Test("its keys move under writes, with the names that they have there, and come back", arguments: [nil, "[z]*:"])
    func moves(rewrite: String?) throws {
        let servers = try Servers(rewrite: rewrite)
        let own = rewrite ?? "a:"
        let pattern = own.replacing("[", with: "\\[").replacing("*", with: "\\*") + "*"
        let client = try servers.connect()
        for number in 0..<3000 {
            #expect(try client.ask("SET", "a:\(number)", "v\(number)") == "+OK\r\n")
            if number < 50 { #expect(try client.ask("SET", "b:\(number)", "w") == "+OK\r\n") }
        }
        _ = try client.ask("SELECT", "5")
        #expect(try client.ask("RPUSH", "a:list", "1", "2") == ":2\r\n")
        // What is not the route's, at its own backend.
        let direct = try RawConnection(port: servers.old.port)
        #expect(try direct.ask("SET", "stranger", "x") == "+OK\r\n")

        let writers = ["a:w0", "a:w1", "c:w2", "b:w3"].map { name in
            MovingWriter(name, keys: 100, transactions: false) { try servers.connect() }
        }
        try servers.cutOver(under: writers)
        for writer in writers { try writer.stop() }
        let after = try servers.connect()
        for writer in writers { #expect(try writer.lost(on: after) == [], "\(writer.name)") }
        let target = try RawConnection(port: servers.new.port)
        #expect(try target.ask("GET", "\(own)2999") == "$5\r\nv2999\r\n")
        #expect(try after.ask("SET", "a:last", "1") == "+OK\r\n" && target.ask("EXISTS", "\(own)last") == ":1\r\n")
        // Nothing else came along, and nothing of the others' was touched.
        let all = try Self.count("*", servers.new)
        #expect(try all == Self.count(pattern, servers.new) && all > 3000)
        #expect(try Self.count("b:*", servers.main) >= 50 && Self.count(pattern, servers.main) == 0)
        #expect(try target.ask("SELECT", "5") == "+OK\r\n" && target.ask("LLEN", "\(own)list") == ":2\r\n")

        let back = try servers.migrate("--roll-back")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        #expect(try direct.ask("EXISTS", "\(own)last", "stranger") == ":2\r\n")
        let again = try servers.connect()
        #expect(try again.ask("SET", "a:here", "1") == "+OK\r\n" && direct.ask("EXISTS", "\(own)here") == ":1\r\n")
        for writer in writers { #expect(try writer.lost(on: again) == [], "\(writer.name)") }
        for connection in [client, direct, after, target, again] { connection.close() }
    }

    /// One way to come to a route that moves.
    private struct Kind: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let routes: String
        let moving: String
        var listener = ""
        /// What its clients say first, and what others do.
        let entry: [String]
        let otherEntry: [String]
        /// The database of its keys.
        var database = "0"
        /// Whether others' keys are at the route's backend as well.
        var sharesSource = false
    }

    private static let kinds = [
        Kind(
            testDescription: "database",
            routes: "{ database: 3, backend: old }, { database: 4, backend: old }, { database: 5, backend: new }",
            moving: "{ database: 3 }", entry: ["SELECT", "3"], otherEntry: ["SELECT", "4"], database: "3",
            sharesSource: true),
        Kind(
            testDescription: "user", routes: "{ user: ann, backend: old }, { database: 4, backend: main }",
            moving: "{ user: ann }", listener: "users: { ann: pw, bob: pw }", entry: ["AUTH", "ann", "pw"],
            otherEntry: ["AUTH", "bob", "pw"]),
        Kind(
            testDescription: "all else", routes: "{ database: 4, backend: main }", moving: "{ all-else: true }",
            entry: ["PING"], otherEntry: ["SELECT", "4"]),
    ]

    @Test("a route by database or user moves, and what no route takes does, under writes of all", arguments: kinds)
    private func movesByKind(kind: Kind) throws {
        let isRest = kind.moving.contains("all-else")
        let servers = try Servers(kind.routes, moving: kind.moving, listener: kind.listener, isRest: isRest)
        @Sendable func connect(_ entry: [String]) throws -> RawConnection {
            let connection = try servers.connect()
            let reply = try RoutedRedis.pipeline(connection, [entry])[0]
            guard reply.hasPrefix("+") else { throw SupportError(reply) }
            return connection
        }
        let direct = try RawConnection(port: servers.old.port)
        let target = try RawConnection(port: servers.new.port)
        if kind.sharesSource {
            // Of another route, at the target and at the source.
            #expect(try target.ask("SELECT", "5") == "+OK\r\n" && target.ask("SET", "others", "x") == "+OK\r\n")
            #expect(try direct.ask("SELECT", "4") == "+OK\r\n" && direct.ask("SET", "others", "x") == "+OK\r\n")
        }
        let client = try connect(kind.entry)
        let fill = (0..<1000).map { ["SET", "k:\($0)", "v\($0)"] } + [["RPUSH", "list", "1", "2"]]
        #expect(try RoutedRedis.pipeline(client, fill).allSatisfy { !$0.hasPrefix("-") })
        let writers = [("a", kind.entry), ("b", kind.entry), ("c", kind.otherEntry)].map { name, entry in
            MovingWriter(name, keys: 100, transactions: false) { try connect(entry) }
        }
        try servers.cutOver(under: writers)
        for writer in writers { try writer.stop() }
        func check(_ when: Comment) throws {
            for (writer, entry) in zip(writers, [kind.entry, kind.entry, kind.otherEntry]) {
                let after = try connect(entry)
                #expect(try writer.lost(on: after) == [], when)
                after.close()
            }
        }
        try check("after the cut-over")
        #expect(try target.ask("SELECT", kind.database) == "+OK\r\n" && target.ask("LLEN", "list") == ":2\r\n")
        #expect(try target.ask("EVAL", "return #redis.call('keys', 'c:*')", "0") == ":0\r\n")
        let after = try connect(kind.entry)
        #expect(try after.ask("SET", "last", "1") == "+OK\r\n" && target.ask("EXISTS", "last") == ":1\r\n")

        let back = try servers.migrate("--roll-back")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        try check("after the way back")
        if kind.sharesSource {
            #expect(try direct.ask("EXISTS", "others") == ":1\r\n")
            #expect(try target.ask("SELECT", "5") == "+OK\r\n" && target.ask("EXISTS", "others") == ":1\r\n")
        }
        #expect(try direct.ask("SELECT", kind.database) == "+OK\r\n" && direct.ask("EXISTS", "last") == ":1\r\n")
        for connection in [direct, target, client, after] { connection.close() }
    }

    @Test("moves to a backend with an adapter through a listener in between, and back")
    func throughDoor() throws {
        let servers = try Servers(
            "{ prefix: \"a:\", backend: old }", moving: "{ prefix: \"a:\" }", to: "door",
            more: { folder in
                let socket = folder.file("house.sock")
                return (
                    "house: { protocol: redis, listen: \"unix:\(socket)\", backend: house }",
                    """
                    door: { url: "unix:\(socket)", mode: shared }
                      house: { adapter: embedded, options: { folder: "\(folder.file("data"))" } }
                    """
                )
            })
        let client = try servers.connect()
        let fill =
            (0..<1000).map { ["SET", "a:\($0)", "v\($0)"] } + [["RPUSH", "a:list", "1", "2"], ["SET", "b", "x"]]
        #expect(try RoutedRedis.pipeline(client, fill).allSatisfy { !$0.hasPrefix("-") })
        let writers = ["a:w", "b:w"].map { name in
            MovingWriter(name, keys: 100, transactions: false) { try servers.connect() }
        }
        try servers.cutOver(under: writers)
        let after = try servers.connect()
        #expect(try after.ask("LLEN", "a:list") == ":2\r\n" && after.ask("GET", "a:999") == "$4\r\nv999\r\n")
        #expect(try after.ask("SET", "a:last", "1") == "+OK\r\n")
        let back = try servers.migrate("--roll-back")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        for writer in writers { try writer.stop() }
        let again = try servers.connect()
        for writer in writers { #expect(try writer.lost(on: again) == [], "\(writer.name)") }
        let direct = try RawConnection(port: servers.old.port)
        #expect(try direct.ask("EXISTS", "a:last", "a:list", "b") == ":2\r\n")
        for connection in [client, after, again, direct] { connection.close() }
    }

    @Test("is refused where the target has keys of the route, and those of others do not matter")
    func foreign() throws {
        let servers = try Servers(rewrite: nil)
        let target = try RawConnection(port: servers.new.port)
        defer { target.close() }
        #expect(try target.ask("MSET", "a:1", "x", "other", "y") == "+OK\r\n")
        #expect(try servers.migrate("--force").errorText.contains("it has keys of the route"))
        #expect(try target.ask("DEL", "a:1") == ":1\r\n")
        #expect(try servers.migrate("--force").ending == .exited(0))
        #expect(try target.ask("EXISTS", "other") == ":1\r\n")
    }
}
