// PostgreSQL shadows whose candidates fail.

import TestSupport
import Testing

@Suite("a PostgreSQL listener whose shadow's candidate fails", .blocking)
struct PostgresShadowFailureTests {
    @Test("a candidate that fails takes nothing from the clients, and every drop is counted", arguments: 0..<4)
    func failing(index: Int) throws {
        let scripts: [@Sendable (ScriptedConnection, Int) throws -> Void] = [
            { _, _ in }, { connection, _ in connection.readToEnd() },
            { connection, _ in
                _ = try connection.readAvailable()
                try connection.send(PostgresBytes.welcome())
                connection.readToEnd()
            },
            { connection, _ in
                _ = try connection.readAvailable()
                try connection.send(PostgresBytes.welcome() + Array("pudding".utf8))
                connection.readToEnd()
            },
        ]
        let primary = try PostgresServer()
        let candidate = try ScriptedServer(scripts[index])
        defer { candidate.stop() }
        let gateway = try ShadowedPostgres.gateway(
            primary, ShadowedPostgres.url(candidate.port), ShadowedPostgres.scratch)
        do {
            let client = try ShadowedPostgres.connect(gateway)
            for _ in 0..<50 { #expect(try ShadowedPostgres.ask(client, "select 1").contains { $0.type == "D" }) }
            #expect(try ShadowedPostgres.ask(client, "copy (select 1) to stdout").contains { $0.type == "d" })
            try ShadowedPostgres.ask(client, "create table t (n int)")
            try ShadowedPostgres.play(client, ["begin", "declare c cursor for select 1"])
            #expect(try ShadowedPostgres.ask(client, "fetch c").contains { $0.type == "D" })
            try client.send(PostgresBytes.query("copy t from stdin"))
            #expect(try client.messages(until: "G").last?.type == "G")
            let rows = PostgresBytes.message("d", Array(String(repeating: "7\n", count: 20_000).utf8))
            try client.send(rows + PostgresBytes.message("c", []))
            #expect(try client.messages().contains { $0.type == "C" })
            try ShadowedPostgres.ask(client, "commit")
            #expect(try primary.sqlBlocking("select count(*) from t") == "20000\n")
            #expect(try gateway.metrics().sum("fairlead_failures_total", "listener=\"pg\"") == 0)
            let report = try ShadowedPostgres.report(gateway)
            #expect(report.identical == 0 && report.isAccountedFor, "\(report)")
        }
        try gateway.settles("no socket, the shadow's own included") { $0.isEmpty }
    }
}
