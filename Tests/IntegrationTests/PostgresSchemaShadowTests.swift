// What the shadow of a PostgreSQL listener finds when statements that write go to a scratch schema of the candidate's.

import TestSupport
import Testing

@Suite("a PostgreSQL listener whose shadow has a scratch schema", .serialized, .blocking)
struct PostgresSchemaShadowTests {
    private static let tables =
        "create table t (id serial primary key, n int unique, s text); insert into t (n, s) values (1, 'a'), (2, 'b');"

    /// Two servers, of which the second has the table in a schema of its own, and another in that of the same name.
    private static func servers(_ more: String = "") throws -> (primary: PostgresServer, candidate: PostgresServer) {
        let (primary, candidate) = (try PostgresServer(), try PostgresServer())
        try primary.sqlBlocking(tables)
        try candidate.sqlBlocking("create table t as select 'untouched' as s")
        try candidate.sqlBlocking("create schema \"Shadow\"; set search_path to \"Shadow\"; \(tables) \(more)")
        return (primary, candidate)
    }

    @Test("writes go there and nowhere else, in transactions too")
    func written() throws {
        let (primary, candidate) = try Self.servers()
        let gateway = try ShadowedPostgres.gateway(primary, candidate, ", scratch-schema: Shadow")
        let client = try ShadowedPostgres.connect(gateway)
        let statements = [
            "insert into t (n, s) values (3, 'c') returning id", "update t set s = 'x' where n = 1", "begin",
            "delete from t where n = 2", "commit", "select t.n, t.s from t order by id",
        ]
        for sql in statements {
            try ShadowedPostgres.ask(client, sql)
            try ShadowedPostgres.run(client, "select n from t order by id")
        }
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.identical == 2 * statements.count, "\(report)")
        let read = "select n, s from t order by id"
        #expect(
            try candidate.sqlBlocking("set search_path to \"Shadow\"; \(read)").hasSuffix(primary.sqlBlocking(read)))
        #expect(try candidate.sqlBlocking("select s from public.t") == "untouched\n")
    }

    @Test("what names a schema itself is not repeated, and what it wrote is copied")
    func elsewhere() throws {
        let (primary, candidate) = try Self.servers()
        let gateway = try ShadowedPostgres.gateway(primary, candidate, ", scratch-schema: Shadow")
        let client = try ShadowedPostgres.connect(gateway)
        for sql in [
            "insert into public.t (n, s) values (4, 'd')", "select s from public.t", "begin",
            "set local search_path to public", "rollback",
        ] { try ShadowedPostgres.ask(client, sql) }
        try ShadowedPostgres.compares(gateway, client, "select n, s from t order by id")
        var report = try ShadowedPostgres.report(gateway)
        #expect(
            report.causes == [] && report.isAccountedFor && report.dropped["database", default: 0] >= 2, "\(report)")
        let before = report.dropped["database", default: 0]
        try ShadowedPostgres.ask(client, "set search_path to public")
        try ShadowedPostgres.ask(client, "insert into t (n) values (5)")
        report = try ShadowedPostgres.report(gateway)
        #expect(report.dropped["database"] == before + 1, "\(report)")
        let other = try ShadowedPostgres.connect(gateway)
        try ShadowedPostgres.compares(gateway, other, "select n from t order by n")
        #expect(try candidate.sqlBlocking("select s from public.t") == "untouched\n")
    }

    @Test("what is written wrongly there is found")
    func planted() throws {
        let (primary, candidate) = try Self.servers("alter table t alter s set default 'canary'")
        let gateway = try ShadowedPostgres.gateway(primary, candidate, ", scratch-schema: Shadow")
        let client = try ShadowedPostgres.connect(gateway)
        try ShadowedPostgres.ask(client, "insert into t (n) values (5) returning s")
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == ["insert null"] && report.isAccountedFor, "\(report)")
    }
}
