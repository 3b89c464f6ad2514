// What the shadow of a PostgreSQL listener finds when statements that define tables, and writes with queries, go to a scratch place.

import TestSupport
import Testing

@Suite("definitions and queries within writes at a PostgreSQL listener with a shadow", .serialized, .blocking)
struct PostgresDefinitionShadowTests {
    private static let tables = """
        create table t (id int primary key, n int unique, s text); insert into t values (1, 1, 'a'), (2, 2, 'b');
        create table numbered (id serial, n int); create table plain (n int, s text)
        """
    private static let ddl = ShadowedPostgres.scratch + ", ddl: true"

    private static func waitForTables(_ gateway: Fairlead, _ count: Int, _ client: PostgresConnection) throws {
        try ShadowedPostgres.ask(client, "select count(*) from t")
        try gateway.settles("tables told apart") { $0.sum("fairlead_shadow_tables") == count }
    }

    @Test("definitions are repeated and compared, and what they make is known at once", arguments: [false, true])
    func defined(extended: Bool) throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, Self.ddl)
        let client = try ShadowedPostgres.connect(gateway)
        try Self.waitForTables(gateway, 3, client)
        let before = try ShadowedPostgres.report(gateway).identical
        let statements = [
            "create table v (id serial primary key, t int references t, s text default 'x')", "create index on v (s)",
            "insert into v (t) values (1) returning id, s", "select * from v order by id",
            "create view w as select s from v",
            "select s from w", "alter table v add more int default 7", "select id, more from v order by id",
            "create table v (n int)", "drop table missing",
            "begin", "create table x (n int)", "insert into x values (1), (2)", "select n from x order by n", "commit",
            "begin", "drop table x", "rollback", "select n from x order by n", "drop view w", "drop table v, x",
        ]
        try ShadowedPostgres.play(client, statements, extended: extended)
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.identical == before + statements.count, "\(report)")
        try Self.waitForTables(gateway, 3, client)
        #expect(try gateway.metrics().sum("fairlead_shadow_stale_tables") == 0)
    }

    @Test("a table under another name is copied again, and all others stay known")
    func renamed() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, Self.ddl)
        let client = try ShadowedPostgres.connect(gateway)
        try Self.waitForTables(gateway, 3, client)
        try ShadowedPostgres.ask(client, "alter table plain rename to other")
        try ShadowedPostgres.ask(client, "select n from t order by n")
        var report = try ShadowedPostgres.report(gateway)
        #expect(report.dropped["stale"] == 0 && report.identical == 3, "\(report)")
        try ShadowedPostgres.ask(client, "insert into other values (1, 'a')")
        try ShadowedPostgres.compares(gateway, client, "select n, s from other order by n")
        report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(try ShadowedPostgres.scratch(server, "select * from other") == "1|a\n")
    }

    @Test("a definition that does something else there is found, and by default none goes there")
    func planted() throws {
        let server = try ShadowedPostgres.server(Self.tables, "; create table v (n int); drop table plain")
        for (statement, cause) in [
            ("create table v (n int)", "create error"), ("alter table plain add m int", "alter error"),
        ] {
            let gateway = try ShadowedPostgres.gateway(server, server, Self.ddl)
            let client = try ShadowedPostgres.connect(gateway)
            try ShadowedPostgres.ask(client, statement)
            let report = try ShadowedPostgres.report(gateway)
            #expect(report.causes == [cause] && report.isAccountedFor, "\(report)")
        }
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        try ShadowedPostgres.ask(client, "create table y (n int)")
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.dropped["incomparable"] == 1 && report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(try ShadowedPostgres.scratch(server, "select to_regclass('y') is null") == "t\n")
    }

    @Test("writes with queries in them go there where what they read is the same, and in an order that is one")
    func queries() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        try Self.waitForTables(gateway, 3, client)
        let statements = [
            "insert into plain select n, s from t",
            "insert into numbered (n) select n from t order by n desc returning id, n",
            "update t set s = (select max(s) from plain)",
            "delete from t using plain where t.n = plain.n and plain.n = 1",
            "delete from plain where n in (select n from t)",
            "insert into plain values ((select count(*) from numbered))",
        ]
        try ShadowedPostgres.play(client, statements)
        let reads = ["plain", "numbered", "t"].map { "select * from \($0) order by 1" }
        try ShadowedPostgres.play(client, reads)
        var report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.identical == 1 + statements.count + reads.count, "\(report)")
        for read in reads { #expect(try ShadowedPostgres.scratch(server, read) == server.sqlBlocking(read)) }
        // Numbers are given out in the order in which rows come.
        try ShadowedPostgres.ask(client, "insert into numbered (n) select n from plain")
        report = try ShadowedPostgres.report(gateway)
        #expect(report.dropped["incomparable"] == 1 && report.causes == [], "\(report)")
    }

    @Test("what is read from a doubtful table goes nowhere, and its target is doubtful too")
    func misled() throws {
        // A write of it is lost at the candidate: what is there is another.
        let server = try ShadowedPostgres.server(Self.tables, "; alter table t add check (n <> 9)")
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        try Self.waitForTables(gateway, 3, client)
        try ShadowedPostgres.ask(client, "begin")
        try ShadowedPostgres.play(client, ["insert into t values (9, 9, 'z')", "commit"])
        try ShadowedPostgres.play(client, ["insert into plain select n, s from t", "select count(*) from plain"])
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == ["insert error"] && report.isAccountedFor, "\(report)")
        #expect(report.dropped["stale", default: 0] >= 2, "\(report)")
        try ShadowedPostgres.compares(gateway, client, "select count(*) from plain")
        #expect(try ShadowedPostgres.report(gateway).causes == ["insert error"])
    }

    @Test("an identical database gives no alarm under clients that define, copy over and write all at once")
    func concurrent() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, Self.ddl)
        let failures = ShadowedPostgres.crowd(gateway) { client, number in
            for round in 0..<12 {
                let name = "v\(number)_\(round)"
                try ShadowedPostgres.play(
                    client,
                    [
                        "begin", "create table \(name) (n int, s text)", "insert into \(name) values (\(round), 'a')",
                        "select count(*) from \(name)", "commit", "insert into \(name) select n, s from t",
                        "insert into plain select n, s from \(name)",
                        "update t set s = 'r\(round)' where n = \(round % 2 + 1)", "select n from \(name) order by n",
                        "alter table \(name) add m int",
                        round % 2 == 0 ? "drop table \(name)" : "select m from \(name)",
                        "insert into numbered (n) values (\(round))", "select count(*) from numbered",
                    ], extended: round % 3 == 0)
            }
        }
        #expect(failures == [])
        var report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor && report.compared > 0, "\(report)")
        #expect(report.features.contains { $0.feature == "postgres.statement.create" && $0.identical > 0 }, "\(report)")
        let client = try ShadowedPostgres.connect(gateway)
        for read in ["select * from plain order by n, s", "select * from numbered order by id", "select * from v3_5"] {
            try ShadowedPostgres.compares(gateway, client, read)
            #expect(try ShadowedPostgres.scratch(server, read) == server.sqlBlocking(read))
        }
        report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [], "\(report)")
        #expect(try gateway.metrics().sum("fairlead_failures_total", "listener=\"pg\"") == 0)
    }
}
