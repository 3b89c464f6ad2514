// What shadows have found, wherever it is shown.

import Foundation
import TestSupport
import Testing

@Suite("what shadows have found", .serialized, .blocking)
struct ShadowSurfacesTests {
    /// Listeners of all three protocols, with candidates that are called as shipped reports are.
    private static func gateway(_ redis: (Int, Int), _ postgres: (Int, Int), _ objects: (Int, Int)) throws -> Fairlead {
        try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 2
                listeners:
                  cache: { protocol: redis, listen: 127.0.0.1:0, backend: keys, shadow: { backend: redis } }
                  pg: { protocol: postgres, listen: 127.0.0.1:0, backend: rows, shadow: { backend: postgres } }
                  s3: { protocol: s3, listen: 127.0.0.1:0, backend: blobs, shadow: { backend: radosgw } }
                backends:
                  keys: { url: "redis://127.0.0.1:\(redis.0)" }
                  redis: { url: "redis://127.0.0.1:\(redis.1)" }
                  rows: { url: "postgres://127.0.0.1:\(postgres.0)" }
                  postgres: { url: "postgres://127.0.0.1:\(postgres.1)" }
                  blobs: { url: "http://127.0.0.1:\(objects.0)" }
                  radosgw: { url: "http://127.0.0.1:\(objects.1)" }
                """)
    }

    @Test("is the same in the table, the documents, the metrics and the verdicts, for each protocol")
    func everywhere() throws {
        let (keys, otherKeys) = (try RedisServer(), try RedisServer())
        let (rows, otherRows) = (try PostgresServer(), try PostgresServer())
        let blobs = try S3ScriptedServer(answering: { _ in S3Text.ok("one") })
        let otherBlobs = try S3ScriptedServer(answering: { _ in S3Text.ok("two") })
        for (server, value) in [(keys, "one"), (otherKeys, "two")] {
            let direct = try RawConnection(port: server.port)
            #expect(try direct.ask("SET", "a", value) == "+OK\r\n")
            #expect(try direct.ask("RPUSH", "l", value) == ":1\r\n")
        }
        try rows.sqlBlocking("create table t as select 'one' as s")
        try otherRows.sqlBlocking("create table t as select 'two' as s")
        let gateway = try Self.gateway(
            (keys.port, otherKeys.port), (rows.port, otherRows.port), (blobs.port, otherBlobs.port))
        let cache = try RawConnection(port: gateway.port("cache"))
        for _ in 0..<2 { #expect(try cache.ask("GET", "a") == "$3\r\none\r\n") }
        #expect(try cache.ask("LRANGE", "l", "0", "-1") == "*1\r\n$3\r\none\r\n")
        let client = try ShadowedPostgres.connect(gateway)
        try ShadowedPostgres.ask(client, "select s from t")
        try ShadowedPostgres.ask(client, "copy t to stdout")
        let objects = try S3RawConnection(to: gateway.port("s3"))
        try objects.send("GET /b/a HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try objects.response(to: "GET").text == "one")
        try gateway.settles("shadows at rest") { $0.sum("fairlead_shadow_waiting") == 0 }

        let groups = [
            ("cache", "redis", ["get value": 2, "lrange value": 1]),
            ("pg", "postgres", ["copy value": 1, "select value": 1]), ("s3", "radosgw", ["GetObject body": 1]),
        ]
        let address = "127.0.0.1:\(gateway.port("admin"))"
        func run(_ words: String...) throws -> String { try Command.runBlocking([try Tools.fairlead] + words).text }
        let table = try run("shadow", "--admin", address)
        let document = try run("shadow", "--admin", address, "--json")
        let folder = try TemporaryFolder()
        let reports = "\(Tools.repository)/conformance/reports"
        let verdicts = try run(
            "portability", "--admin", address, "--json", "--shadow", try folder.write("shadow.json", document), "--to",
            "\(reports)/redis.json", "\(reports)/postgres.json", "\(reports)/radosgw.json")
        #expect(try Self.trimmed(gateway.get("/shadow.txt").body) == Self.trimmed(table))
        #expect(try Self.trimmed(gateway.get("/shadow").body) == Self.trimmed(document))
        let found = try ShadowFindings.all(document)
        let metrics = try gateway.metrics()
        for (listener, candidate, causes) in groups {
            let shadow = try #require(found.first { $0.listener == listener })
            let counts = shadow.differences.map { ("\($0.command) \($0.kind)", $0.count) }
            #expect(Dictionary(uniqueKeysWithValues: counts) == causes && shadow.isAccountedFor, "\(shadow)")
            #expect(table.contains("\(listener) -> \(candidate): differs\n"))
            for (cause, count) in causes {
                let words = cause.split(separator: " ").map(String.init)
                #expect(Self.hasRow(table, ["\(count)"] + words), "\(cause) \(table)")
                #expect(
                    metrics.sum(
                        "fairlead_shadow_differences_total", "candidate=\"\(candidate)\"", "command=\"\(words[0])\"",
                        "kind=\"\(words[1])\"") == count)
                #expect(verdicts.contains("\"shadow: \(cause)\""), "\(cause) \(verdicts)")
            }
        }
    }

    private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }

    /// Whether a line of a table begins with these columns.
    private static func hasRow(_ table: String, _ columns: [String]) -> Bool {
        table.split(separator: "\n").contains { line in
            line.split(separator: " ").prefix(columns.count).map(String.init) == columns
        }
    }
}
