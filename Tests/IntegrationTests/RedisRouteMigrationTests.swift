// One route of a listener moves to another server, and the others stay where they are.

import Foundation
import TestSupport
import Testing

@Suite("fairlead migrate of one route", .serialized, .blocking)
struct RedisRouteMigrationTests {
    /// Three servers behind one listener: `main` for most, `old` for the route that moves, and `new`.
    private final class Servers: Sendable {
        let main: RedisServer
        let old: RedisServer
        let new: RedisServer
        private let gateway: MovingGateway
        private let folder: TemporaryFolder
        private let port: Int

        /// - Parameter rewrite: what stands at the servers in place of `a:`; nil for that itself.
        init(rewrite: String?) throws {
            main = try RedisServer()
            old = try RedisServer()
            new = try RedisServer()
            folder = try TemporaryFolder()
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
                    backend: main
                    routes:
                      - { prefix: "a:", backend: old\(rewrite.map { ", rewrite: \"\($0)\"" } ?? "") }
                      - { prefix: "b:", backend: main }
                    migrate: { to: new, state: "\(folder.file("move.json"))", route: "a:" }
                backends: { main: \(backend(main)), old: \(backend(old)), new: \(backend(new)) }

                """)
        }

        func connect() throws -> RawConnection { try RawConnection(port: port) }

        func migrate(_ options: String...) throws -> CommandResult { try gateway.migrate(options) }
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
        let moved = try servers.migrate("--force")
        #expect(moved.ending == .exited(0), "\(moved.errorText)")
        let cut = try servers.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        let there = writers.map(\.written)
        try eventually("writes at the target") { zip(writers, there).allSatisfy { $0.written > $1 + 50 } }
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
