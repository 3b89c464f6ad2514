// What the shadow of a PostgreSQL listener finds, what it does not, and that no client ever notices it.

import TestSupport
import Testing

@Suite("a PostgreSQL listener with a shadow", .serialized, .blocking)
struct PostgresShadowTests {
    /// What both servers are made of, and the question that shows the difference.
    private static let planted: [(cause: String, primary: String, candidate: String, question: String)] = [
        ("error", "create table t_error as select 1 as n", "select 1", "select n from t_error"),
        ("no-error", "select 1", "create table t_none as select 1 as n", "select n from t_none"),
        ("error-code", "create table t_code as select 0 as n", "select 1", "select 1 / n from t_code"),
        (
            "message-text", "create function f_text() returns int language plpgsql as 'begin raise ''canary''; end'",
            "create function f_text() returns int language plpgsql as 'begin raise ''pudding''; end'", "select f_text()"
        ),
        (
            "refused", "create function f_refused() returns int language sql as 'select 1'",
            "create function f_refused() returns int language plpgsql as "
                + "'begin raise ''no'' using errcode = ''0A000''; end'", "select f_refused()"
        ),
        (
            "columns", "create table t_columns as select 1 as n", "create table t_columns as select 1 as n, 2 as m",
            "select * from t_columns"
        ),
        (
            "column-name", "create table t_name as select 1 as n", "create table t_name as select 1 as m",
            "select * from t_name"
        ),
        (
            "column-type", "create table t_type as select 1 as n", "create table t_type as select 1::bigint as n",
            "select * from t_type"
        ),
        (
            "rows", "create table t_rows as select 1 as n", "create table t_rows as select 1 as n where false",
            "select n from t_rows"
        ),
        (
            "null", "create table t_null as select 'canary' as n", "create table t_null as select null::text as n",
            "select n from t_null"
        ),
        (
            "value", "create table t_value as select 'canary' as n", "create table t_value as select 'canarY' as n",
            "select n from t_value"
        ),
        (
            "order", "create table t_order as select n, n as k from generate_series(1, 3) n",
            "create table t_order as select n, -n as k from generate_series(1, 3) n", "select n from t_order order by k"
        ),
    ]

    @Test("finds every planted difference with its cause, and no other, in both protocols")
    func planted() throws {
        let (primary, candidate) = (try PostgresServer(), try PostgresServer())
        for plant in Self.planted {
            try primary.sqlBlocking(plant.primary)
            try candidate.sqlBlocking(plant.candidate)
        }
        for server in [primary, candidate] { try server.sqlBlocking("create table same as select 7 as n") }
        let gateway = try ShadowedPostgres.gateway(primary, candidate, ", masks: []")
        let client = try ShadowedPostgres.connect(gateway)
        for plant in Self.planted {
            try ShadowedPostgres.ask(client, plant.question)
            try ShadowedPostgres.run(client, plant.question)
            #expect(try ShadowedPostgres.ask(client, "select n from same").contains { $0.type == "D" })
            #expect(try ShadowedPostgres.run(client, "select n from same").contains { $0.type == "D" })
        }
        // Without an order, rows in another one are the same.
        try ShadowedPostgres.ask(client, "select n from t_order")
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == Self.planted.map { "select \($0.cause)" }.sorted())
        #expect(report.isAccountedFor && report.differences.allSatisfy { $0.count == 2 }, "\(report)")
        #expect(report.identical == 2 * Self.planted.count + 1, "\(report)")
        let total = ShadowFindings.Feature(
            feature: "postgres.statement.select", identical: report.identical, differing: report.differing)
        #expect(report.features == [total] && report.differences.allSatisfy { $0.feature == total.feature })
        let body = try gateway.get("/shadow").body
        for secret in ["canary", "t_value", "pudding"] { #expect(!body.contains(secret)) }
    }

    @Test("an identical candidate gives no alarm under many clients that read and write")
    func identical() throws {
        let server = try PostgresServer()
        try server.sqlBlocking("create table t as select n, 0 as hits from generate_series(1, 20) n")
        let gateway = try ShadowedPostgres.gateway(server, server, ", follows: true")
        let failures = ShadowedPostgres.crowd(gateway) { client, number in
            try client.send(PostgresBytes.parse("select n, hits from t order by n", name: "s") + PostgresBytes.sync)
            _ = try client.messages()
            for round in 0..<40 {
                let key = (number * 7 + round) % 20 + 1
                let answers = try [
                    ShadowedPostgres.ask(client, "select n, hits from t where n = \(key)"),
                    ShadowedPostgres.run(client, "select sum(n) from t"),
                    ShadowedPostgres.ask(client, "select now(), random() from t"),
                    ShadowedPostgres.ask(client, "show server_version"),
                    ShadowedPostgres.ask(client, "select nothing"),
                ]
                guard answers[0].contains(where: { $0.type == "D" }) else { throw SupportError("no row") }
                try client.send(PostgresBytes.bind("s") + PostgresBytes.execute() + PostgresBytes.sync)
                guard try client.messages().filter({ $0.type == "D" }).count == 20 else {
                    throw SupportError("not all rows")
                }
                try ShadowedPostgres.ask(client, "update t set hits = hits + 1 where n = \(key)")
                for sql in ["begin", "select hits from t", "rollback"] { try ShadowedPostgres.ask(client, sql) }
            }
        }
        #expect(failures == [])
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.verdict == "identical" && report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.compared > 100 && (report.dropped["noise"] ?? 0) >= 3, "\(report)")
    }

    @Test("settings go with a client, its own tables do not, and what is written is not compared any more")
    func sessions() throws {
        let (primary, candidate) = (try PostgresServer(), try PostgresServer())
        for server in [primary, candidate] {
            try server.sqlBlocking("create schema other; create table other.t as select 1 as n; create table u (n int)")
        }
        let gateway = try ShadowedPostgres.gateway(primary, candidate)
        let client = try ShadowedPostgres.connect(gateway)
        try ShadowedPostgres.ask(client, "set search_path to other")
        try ShadowedPostgres.ask(client, "select n from t")
        var report = try ShadowedPostgres.report(gateway)
        #expect(report.identical == 1 && report.causes == [], "\(report)")
        try ShadowedPostgres.ask(client, "create temp table mine (n int)")
        try ShadowedPostgres.ask(client, "select 1")
        report = try ShadowedPostgres.report(gateway)
        #expect(report.identical == 1 && report.dropped["not-opted"] == 1 && report.dropped["stateful"] == 2)
        try ShadowedPostgres.ask(client, "discard all")
        try ShadowedPostgres.ask(client, "insert into u values (1)")
        #expect(try ShadowedPostgres.ask(client, "select n from u").contains { $0.type == "D" })
        try ShadowedPostgres.ask(client, "select 1")
        report = try ShadowedPostgres.report(gateway)
        #expect(report.identical == 2 && report.dropped["stale"] == 1 && report.isAccountedFor, "\(report)")
        #expect(try candidate.sqlBlocking("select count(*) from u") == "0\n")
    }

    @Test("a function that writes does so once, and its reads are compared no more")
    func hiddenWrites() throws {
        let server = try PostgresServer()
        try server.sqlBlocking(
            "create table t (n int); create function f() returns int language sql as 'insert into t values (1) returning n'"
        )
        let gateway = try ShadowedPostgres.gateway(server, server)
        let client = try ShadowedPostgres.connect(gateway)
        #expect(try ShadowedPostgres.ask(client, "select f()").contains { $0.type == "D" })
        #expect(try ShadowedPostgres.report(gateway).dropped["incomparable"] == 1)
        #expect(try server.sqlBlocking("select count(*) from t") == "1\n")
        try ShadowedPostgres.ask(client, "select n from t")
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.dropped["stale"] == 1 && report.causes == [] && report.isAccountedFor, "\(report)")
    }

    @Test("logs in with the backend's own login", arguments: [PostgresServer.Auth.scram, .md5, .password])
    func logins(auth: PostgresServer.Auth) throws {
        let server = try PostgresServer(PostgresServer.Options(auth: auth))
        for (password, isIn) in [(PostgresServer.password, true), ("wrong", false)] {
            let gateway = try ShadowedPostgres.gateway(
                server, server,
                login: ", login: { user: \(PostgresServer.role), password: \(password) }")
            let text = try Command.checkBlocking(
                [try server.install.program("psql"), "-X", "-A", "-t", "-c", "select 41 + 1"],
                env: server.environment(port: gateway.port("pg"))
            ).text
            #expect(text == "42\n")
            let report = try ShadowedPostgres.report(gateway)
            #expect(report.identical == (isIn ? 1 : 0) && report.isAccountedFor, "\(report)")
            #expect(report.dropped["candidate-down"] == (isIn ? 0 : 1), "\(report)")
        }
    }

    @Test("the embedded store is a candidate as any")
    func embedded() throws {
        let (primary, folder) = (try PostgresServer(), try TemporaryFolder())
        let gateway = try ShadowedPostgres.gateway(
            primary, "adapter: embedded, options: { folder: \"\(folder.path)\" }")
        let client = try ShadowedPostgres.connect(gateway)
        try ShadowedPostgres.ask(client, "select 1 as n")
        try ShadowedPostgres.run(client, "values (1), (2)")
        try ShadowedPostgres.ask(client, "select n from generate_series(1, 2) n order by n")
        try ShadowedPostgres.ask(client, "select nothing from nowhere")
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.compared == 4 && report.identical >= 2 && report.isAccountedFor, "\(report)")
    }
}
