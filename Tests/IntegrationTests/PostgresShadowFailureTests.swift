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
        let gateway = try PostgresShadowTests.gateway(primary.port, PostgresShadowTests.url(candidate.port))
        do {
            let client = try ShadowedPostgres.connect(gateway)
            for _ in 0..<50 { #expect(try ShadowedPostgres.ask(client, "select 1").contains { $0.type == "D" }) }
            #expect(try gateway.metrics().sum("fairlead_failures_total", "listener=\"pg\"") == 0)
            let report = try ShadowedPostgres.report(gateway)
            #expect(report.identical == 0 && report.isAccountedFor, "\(report)")
        }
        try gateway.settles("no socket, the shadow's own included") { $0.isEmpty }
    }
}
