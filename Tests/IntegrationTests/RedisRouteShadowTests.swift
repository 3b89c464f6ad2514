// What the shadows of a Redis listener's routes find: each its own route's differences, and nothing of the others.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("a Redis listener whose routes have shadows", .serialized, .blocking)
struct RedisRouteShadowTests {
    /// Answers GET of the keys that end with `word` wrongly.
    private static func wrong(_ word: String) throws -> WrongRedis {
        try WrongRedis { words, reply in
            words[0] == "GET" && words[1].hasSuffix(word) ? "$5\r\nwrong\r\n" : reply
        }
    }

    /// `routes` lead to backends `one` and `two`, all else to `main`; candidates are called as they are in `candidates`.
    private static func gateway(
        _ servers: [RedisServer], _ candidates: [String: Int], routes: [String], shadow: String = "",
        listener: [String] = []
    ) throws -> Fairlead {
        var lines = [
            "admin: 127.0.0.1:0", "workers: 2", "listeners:", "  redis:", "    protocol: redis",
            "    listen: 127.0.0.1:0", "    backend: main",
        ]
        if !shadow.isEmpty { lines.append("    shadow: \(shadow)") }
        lines += listener.map { "    \($0)" }
        lines.append("    routes:")
        lines += routes.map { "      - \($0)" }
        lines.append("backends:")
        for (name, server) in zip(["main", "one", "two"], servers) {
            lines.append("  \(name): { url: \"redis://127.0.0.1:\(server.port)\", mode: shared }")
        }
        for (name, port) in candidates { lines.append("  \(name): { url: \"redis://127.0.0.1:\(port)\" }") }
        return try Fairlead(yaml: lines.joined(separator: "\n") + "\n")
    }

    private static func reports(_ gateway: Fairlead) throws -> [String: ShadowFindings] {
        try gateway.settles("shadows at rest") { $0.sum("fairlead_shadow_waiting") == 0 }
        let all = try ShadowFindings.all(gateway.get("/shadow").body)
        return Dictionary(all.map { ($0.route ?? "", $0) }) { first, _ in first }
    }

    @Test("each finds what differs at its own candidate, and says which route it is")
    func planted() throws {
        let servers = try (0..<3).map { _ in try RedisServer() }
        let (first, second, rest) = (try Self.wrong("1"), try Self.wrong("2"), try Self.wrong("3"))
        let gateway = try Self.gateway(
            servers, ["new-one": first.port, "new-two": second.port, "new": rest.port],
            routes: [
                #"{ prefix: "a:", backend: one, shadow: { backend: new-one, writes: ["a:"] } }"#,
                #"{ prefix: "b:", backend: two, shadow: { backend: new-two, writes: ["b:"] } }"#,
                #"{ prefix: "c:", backend: two }"#,
            ], shadow: #"{ backend: new, writes: [""] }"#)
        let client = try gateway.connect()
        for prefix in ["a:", "b:", "c:", "d:"] {
            for number in 1...3 {
                #expect(try client.ask("SET", "\(prefix)\(number)", "x") == "+OK\r\n")
                #expect(try client.ask("GET", "\(prefix)\(number)") == "$1\r\nx\r\n")
            }
        }
        #expect(try client.ask("PING") == "+PONG\r\n")
        let reports = try Self.reports(gateway)
        #expect(Set(reports.keys) == ["", "prefix \"a:\"", "prefix \"b:\""])
        let counts = reports.mapValues { [$0.seen, $0.compared, $0.differing] }
        // What goes to a route without a shadow of its own is the listener's.
        #expect(counts == ["": [13, 13, 2], "prefix \"a:\"": [6, 6, 1], "prefix \"b:\"": [6, 6, 1]])
        #expect(reports.values.allSatisfy { $0.isAccountedFor && $0.causes == ["get value"] }, "\(reports)")
        #expect(reports["prefix \"a:\""]?.candidate == "new-one")
        for (server, count) in [(first, 3), (second, 3), (rest, 6)] {
            #expect(try RawConnection(port: server.server.port).ask("DBSIZE") == ":\(count)\r\n")
        }
        let metrics = try gateway.metrics()
        #expect(metrics.sum("fairlead_shadow_differences_total", "candidate=\"new-two\"", "route=\"prefix") == 1)
        let table = try gateway.get("/shadow.txt").body
        #expect(table.contains("redis, prefix \"a:\" -> new-one: differs\n"), "\(table)")
        #expect(table.contains("redis -> new: differs\n"))
    }

    @Test(
        "a candidate of a route gets the keys that the route's backend gets",
        arguments: ["", ", scratch-prefix: \"s:\""])
    func rewritten(scratch: String) throws {
        let servers = try (0..<2).map { _ in try RedisServer() }
        let candidate = try RedisServer()
        let writes = scratch.isEmpty ? #", writes: ["tenant:"]"# : ""
        let gateway = try Self.gateway(
            servers, ["new": candidate.port],
            routes: [
                #"{ prefix: "tenant:", rewrite: "t/", backend: one, shadow: { backend: new\#(writes)\#(scratch) } }"#
            ])
        let client = try gateway.connect()
        #expect(try client.ask("MSET", "tenant:a", "1", "tenant:b", "2") == "+OK\r\n")
        #expect(try client.ask("MGET", "tenant:b", "tenant:a") == "*2\r\n$1\r\n2\r\n$1\r\n1\r\n")
        #expect(try client.ask("SET", "a", "elsewhere") == "+OK\r\n")
        let reports = try Self.reports(gateway)
        let report = try #require(reports["prefix \"tenant:\""])
        #expect(reports.count == 1 && report.identical == 2 && report.seen == 2 && report.isAccountedFor, "\(report)")
        let direct = try RawConnection(port: candidate.port)
        #expect(try direct.ask("GET", (scratch.isEmpty ? "" : "s:") + "t/b") == "$1\r\n2\r\n")
        #expect(try direct.ask("DBSIZE") == ":2\r\n")
    }

    @Test("a command with keys of several routes is counted, and what it writes is no longer compared")
    func split() throws {
        let servers = try (0..<3).map { _ in try RedisServer() }
        let (one, two) = (try RedisServer(), try RedisServer())
        let gateway = try Self.gateway(
            servers, ["new-one": one.port, "new-two": two.port],
            routes: [
                #"{ prefix: "a:", backend: one, shadow: { backend: new-one, writes: ["a:"] } }"#,
                #"{ prefix: "b:", backend: two, shadow: { backend: new-two, writes: ["b:"] } }"#,
            ], listener: ["split: true"])
        let client = try gateway.connect()
        #expect(try client.ask("MSET", "a:1", "x", "b:1", "y", "c:1", "z") == "+OK\r\n")
        #expect(try client.ask("MGET", "a:1", "b:1") == "*2\r\n$1\r\nx\r\n$1\r\ny\r\n")
        #expect(try client.ask("MGET", "a:1", "a:2") == "*2\r\n$1\r\nx\r\n$-1\r\n")
        #expect(try client.ask("GET", "a:2") == "$-1\r\n")
        for (name, seen, identical, stale) in [("a:", 4, 1, 1), ("b:", 2, 0, 0)] {
            let report = try #require(try Self.reports(gateway)["prefix \"\(name)\""])
            #expect(report.seen == seen && report.identical == identical && report.causes == [], "\(report)")
            #expect(report.dropped["other-routes"] == 2 && report.dropped["stale"] == stale && report.isAccountedFor)
        }
        #expect(try client.ask("SET", "a:1", "w") == "+OK\r\n")
        #expect(try client.ask("GET", "a:1") == "$1\r\nw\r\n")
        #expect(try Self.reports(gateway)["prefix \"a:\""]?.identical == 3)
    }

    @Test("what other routes write at the same backend is no longer compared")
    func beside() throws {
        let servers = try (0..<1).map { _ in try RedisServer() }
        let candidate = try RedisServer()
        let gateway = try Self.gateway(
            servers, ["new": candidate.port],
            routes: [#"{ prefix: "x:", rewrite: "y:", backend: main, shadow: { backend: new, writes: ["x:"] } }"#])
        let client = try gateway.connect()
        #expect(try client.ask("SET", "x:1", "a") == "+OK\r\n")
        #expect(try client.ask("GET", "x:1") == "$1\r\na\r\n")
        #expect(try client.ask("SET", "y:1", "b") == "+OK\r\n")
        #expect(try client.ask("SET", "y:2", "b") == "+OK\r\n")
        #expect(try client.ask("GET", "x:1") == "$1\r\nb\r\n")
        #expect(try client.ask("GET", "x:3") == "$-1\r\n")
        let report = try #require(try Self.reports(gateway).values.first)
        #expect(report.causes == [] && report.seen == 4 && report.identical == 3, "\(report)")
        #expect(report.dropped["stale"] == 1 && report.isAccountedFor)
    }

    @Test("identical candidates give no alarm while sixteen clients use all routes at once")
    func identical() throws {
        let servers = try (0..<3).map { _ in try RedisServer() }
        let candidates = try (0..<4).map { _ in try RedisServer() }
        let names = ["new-a", "new-b", "new-d", "new"]
        let gateway = try Self.gateway(
            servers, Dictionary(uniqueKeysWithValues: zip(names, candidates.map(\.port))),
            routes: [
                #"{ prefix: "a:", backend: one, shadow: { backend: new-a, writes: ["a:"] } }"#,
                #"{ prefix: "b:", rewrite: "c:", backend: two, shadow: { backend: new-b, writes: ["b:"] } }"#,
                #"{ prefix: "c:", backend: two }"#,
                #"{ database: 3, backend: two, shadow: { backend: new-d, scratch-database: 5 } }"#,
            ], shadow: #"{ backend: new, scratch-prefix: "s:" }"#, listener: ["split: true"])
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 16) { number in
            do {
                let client = try gateway.connect()
                if number % 4 == 0 { _ = try client.ask("SELECT", "3") }
                for round in 0..<300 { try Self.play(client, number, round) }
                guard try client.ask("ECHO", "\(number)") == "$\("\(number)".count)\r\n\(number)\r\n" else {
                    throw SupportError("a reply went astray")
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        let reports = try Self.reports(gateway)
        #expect(reports.count == 4)
        for (route, report) in reports {
            #expect(report.causes == [], "\(route) \(report.differences)")
            #expect(report.compared > 100 && report.isAccountedFor, "\(route) \(report)")
        }
    }

    private static func play(_ client: RawConnection, _ number: Int, _ round: Int) throws {
        func any(_ list: [[String]]) -> [String] { list.randomElement() ?? [] }
        let owner = Int.random(in: 0..<4) == 0 ? "all" : "\(number)"
        let keys = ["a:", "b:", "c:", "d:"].map { "\($0)\(owner):\(Int.random(in: 0..<4))" }
        let key = keys.randomElement() ?? ""
        let commands =
            switch Int.random(in: 0..<12) {
            case 0: [["MSET", keys[0], "1", keys[1], "2"], ["MGET"] + keys]
            case 1: [["MULTI"], ["SET", keys[0], "\(round)"], ["GET", keys[0]], ["EXEC"]]
            case 2: [["DEL"] + keys, ["EXISTS"] + keys]
            case 3: [["SCAN", "0", "MATCH", "a:*"], ["PING"], ["DBSIZE"]]
            case 4: [["SETRANGE", key, "70000", "x"], ["DEL", key]]
            default:
                [
                    any([
                        ["SET", key, "\(round)"], ["SET", key, "\(round)", "NX"], ["APPEND", key, "x"], ["DEL", key],
                    ]),
                    any([["GET", key], ["STRLEN", key], ["MGET", key, keys[0]]]),
                ]
            }
        try client.send(commands.flatMap { RawConnection.command($0) })
        for _ in commands { _ = try client.reply() }
    }
}
