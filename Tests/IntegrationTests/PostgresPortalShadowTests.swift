// What becomes of portals with names and of rows that are fetched in parts, beside a shadow.

import Foundation
import TestSupport
import Testing

@Suite("portals of a PostgreSQL listener with a shadow", .serialized, .blocking)
struct PostgresPortalShadowTests {
    private static let tables =
        "create table t (id int primary key, n int); insert into t select i, i from generate_series(1, 9) i"

    private static func bind(_ portal: String) -> [UInt8] {
        PostgresBytes.message(
            "B", PostgresBytes.text(portal) + PostgresBytes.text("") + [0, 0, 0, 0, 0, 0])
    }

    private static func execute(_ portal: String, rows: Int) -> [UInt8] {
        PostgresBytes.message("E", PostgresBytes.text(portal) + PostgresBytes.number(rows))
    }

    @Test("rows that are fetched in parts are counted, and the rest of their transaction is compared")
    func parts() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        try ShadowedPostgres.ask(client, "begin")
        try client.send(
            PostgresBytes.parse("select id from t order by id") + Self.bind("c")
                + Self.execute("c", rows: 4)
                + PostgresBytes.sync)
        #expect(try client.messages().filter { $0.type == "D" }.count == 4)
        try client.send(Self.execute("c", rows: 4) + PostgresBytes.sync)
        #expect(try client.messages().filter { $0.type == "D" }.count == 4)
        try ShadowedPostgres.ask(client, "update t set n = 0 where id = 1")
        try ShadowedPostgres.ask(client, "commit")
        try ShadowedPostgres.ask(client, "select n from t where id = 1")
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.dropped["portal"] == 2 && report.identical == 4, "\(report)")
        #expect(try ShadowedPostgres.scratch(server, "select n from t where id = 1") == "0\n")
    }

    @Test("a write through a portal with a name makes its table doubtful, and nothing else")
    func writes() throws {
        let server = try ShadowedPostgres.server(
            Self.tables + "; create table u (n int); insert into u values (1)")
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        // The first asks; by then it is known which tables there are.
        try ShadowedPostgres.ask(client, "select 1")
        try gateway.settles("tables told apart") { $0.sum("fairlead_shadow_tables") == 2 }
        try client.send(
            PostgresBytes.parse("insert into t values (10, 10)") + Self.bind("w")
                + Self.execute("w", rows: 0)
                + PostgresBytes.sync)
        _ = try client.messages()
        try ShadowedPostgres.ask(client, "select n from u")
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.dropped["portal"] == 1 && report.identical == 2, "\(report)")
    }
}
