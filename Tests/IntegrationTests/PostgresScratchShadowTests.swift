// What the shadow of a PostgreSQL listener finds when statements that write go to a scratch database of the candidate's.

import Synchronization
import TestSupport
import Testing

@Suite("a PostgreSQL listener whose shadow has a scratch database", .serialized, .blocking)
struct PostgresScratchShadowTests {
    private static let tables =
        "create table t (id serial primary key, n int unique, s text); insert into t (n, s) values (1, 'a'), (2, 'b'); "
        + "create table u (id int primary key, hits int default 0); insert into u values (1, 0), (2, 0)"

    @Test("writes go there, in both protocols, and what was written is read and compared")
    func written() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        let statements = [
            "insert into t (n, s) values (3, 'c') returning id", "update t set s = upper(s) where n = 2",
            "delete from only public.t where n = 1", "insert into t (n) values (2)", "insert into t (n) values (4)",
            "insert into u (id) values (2) on conflict (id) do update set hits = 7",
            "select id, n, s from t order by id",
            "select hits from u where id = 2", "truncate u", "select count(*) from u",
        ]
        for sql in statements {
            try ShadowedPostgres.ask(client, sql)
            try ShadowedPostgres.run(client, "select id, n, s from t order by id")
        }
        try ShadowedPostgres.run(client, "insert into t (n, s) values (9, 'z')")
        try ShadowedPostgres.ask(client, "select max(id) from t")
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.identical == 2 * statements.count + 2, "\(report)")
        #expect(try ShadowedPostgres.scratch(server, "select n from t where s = 'z'") == "9\n")
        #expect(
            try ShadowedPostgres.scratch(server, "select count(*) from pg_tables where schemaname = 'public'") == "2\n")
    }

    @Test("finds a write that does something else there, and compares no read behind it until it is made good")
    func planted() throws {
        let rule = "; create rule r as on delete to u do instead nothing; alter table t alter s set default 'canary'"
        let server = try ShadowedPostgres.server(Self.tables, rule)
        for (statement, read, cause) in [
            ("insert into t (n) values (5) returning s", "select s from t order by id", "insert null"),
            ("delete from u where id = 1", "select id from u order by id", "delete tag"),
        ] {
            let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
            let client = try ShadowedPostgres.connect(gateway)
            try ShadowedPostgres.ask(client, statement)
            _ = try ShadowedPostgres.report(gateway)
            if statement.hasPrefix("insert") {
                // The rows can be copied, and then they are the same.
                try ShadowedPostgres.compares(gateway, client, read)
            } else {
                // Not where the rule keeps the old ones.
                try ShadowedPostgres.ask(client, read)
                #expect(try ShadowedPostgres.report(gateway).dropped["stale"] == 1)
                try ShadowedPostgres.compares(gateway, client, "select count(*) from t")
            }
            let report = try ShadowedPostgres.report(gateway)
            #expect(report.causes == [cause] && report.isAccountedFor, "\(report)")
            #expect(try !gateway.get("/shadow").body.contains("canary"))
        }
    }

    @Test("writes that cannot be repeated are counted, and their rows are copied")
    func unsent() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let statements = [
            ("insert into u values (8, (random() * 9)::int)", "incomparable"),
            ("insert into u select id + 50, (random() * 9)::int from u", "incomparable"),
            ("create table v (n int)", "incomparable"),
            ("begin; update u set hits = 3; commit", "stateful"), ("insert into t (n) values (7)", "not-opted"),
        ]
        for (statement, reason) in statements {
            let gateway = try ShadowedPostgres.gateway(
                server, server, ShadowedPostgres.scratch + ", writes: [\"u\", \"v\"]")
            let client = try ShadowedPostgres.connect(gateway)
            try ShadowedPostgres.ask(client, "select id from u where id < 3 order by id")
            try ShadowedPostgres.ask(client, statement)
            // Several statements in one text make the session its client's own.
            let other = try ShadowedPostgres.connect(gateway)
            for read in ["select * from u order by id", "select * from t order by id"] {
                try ShadowedPostgres.compares(gateway, other, read)
            }
            let report = try ShadowedPostgres.report(gateway)
            #expect(report.dropped[reason, default: 0] >= 1, "\(statement) \(report)")
            #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        }
        for table in ["t", "u"] {
            let read = "select * from \(table) order by id"
            #expect(try ShadowedPostgres.scratch(server, read) == server.sqlBlocking(read))
        }
        // The numbers that are given out go on from the same.
        let next = "insert into t (n) values (99) returning id"
        #expect(try ShadowedPostgres.scratch(server, next) == server.sqlBlocking(next))
    }

    @Test(
        "an identical database gives no alarm under clients that write one after the other, or all at once",
        arguments: [1, 8])
    func identical(clients: Int) throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let turn = Mutex(())
        let failures = ShadowedPostgres.crowd(gateway) { client, number in
            for round in 0..<30 {
                let key = (number * 7 + round) % 5
                let write = [
                    "insert into t (n, s) values (\(number * 100 + round), 'x') returning id",
                    "update u set hits = hits + 1 where id = \(key)",
                    "delete from t where n = \(number * 100 + round - 3)",
                ][round % 3]
                if clients == 1 {
                    try turn.withLock { _ in _ = try ShadowedPostgres.ask(client, write) }
                } else {
                    try ShadowedPostgres.run(client, write)
                }
                try ShadowedPostgres.ask(client, "select id, n, s from t order by id")
                try ShadowedPostgres.run(client, "select hits from u where id = \(key)")
            }
        }
        #expect(failures == [])
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        if clients == 1 {
            #expect(
                (report.features.first { $0.feature == "postgres.statement.insert" }?.identical ?? 0) == 80, "\(report)"
            )
            #expect(
                try ShadowedPostgres.scratch(server, "select * from t order by id")
                    == server.sqlBlocking("select * from t order by id"))
        } else {
            #expect(report.compared > 0, "\(report)")
            // What was in doubt is copied once nobody writes.
            let client = try ShadowedPostgres.connect(gateway)
            for read in ["select * from t order by id", "select * from u order by id"] {
                try ShadowedPostgres.compares(gateway, client, read)
                #expect(try ShadowedPostgres.scratch(server, read) == server.sqlBlocking(read))
            }
            #expect(try ShadowedPostgres.report(gateway).causes == [])
        }
        #expect(try gateway.metrics().sum("fairlead_failures_total", "listener=\"pg\"") == 0)
    }
}
