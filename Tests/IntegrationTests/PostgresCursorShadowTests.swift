// What the shadow of a PostgreSQL listener finds in rows that are fetched from cursors.

import TestSupport
import Testing

@Suite("cursors at a PostgreSQL listener with a shadow", .serialized, .blocking)
struct PostgresCursorShadowTests {
    private static let tables =
        "create table t as select n, 'x' || n as s from generate_series(1, 20) n; create table u (n int)"

    @Test("are repeated with their transaction, whether or not it writes, in both protocols", arguments: [false, true])
    func fetched(extended: Bool) throws {
        // The same rows in another order.
        let server = try ShadowedPostgres.server(
            Self.tables, "; create table x as select * from t order by -n; drop table t; alter table x rename to t")
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        let transactions = [
            [
                "begin", "declare c scroll cursor for select n, s from t order by n", "fetch 3 from c",
                "fetch backward c",
                "move absolute 15 in c", "fetch forward all from c", "close c", "commit",
            ],
            [
                "begin", "declare \"C d\" no scroll cursor without hold for select * from t", "fetch all from \"C d\"",
                "rollback",
            ],
            [
                "begin", "insert into u values (1)", "declare c cursor for select n from t", "fetch 5 in c",
                "fetch all in c", "close all", "end",
            ],
            ["begin", "savepoint a", "declare c cursor for select 1", "rollback to a", "fetch c", "rollback"],
        ]
        for transaction in transactions { try ShadowedPostgres.play(client, transaction, extended: extended) }
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.identical == transactions.joined().count, "\(report)")
    }

    @Test(
        "a difference is found where it is",
        arguments: [
            ("update t set s = 'canary' where n = 2", "select n, s from t order by n", "fetch 3 from c", "fetch value"),
            ("update t set s = 'canary' where n = 2", "select n, s from t", "fetch all from c", "fetch value"),
            ("delete from t where n > 2", "select n, s from t", "fetch 3 from c", "fetch rows"),
            ("delete from t where n > 2", "select n, s from t", "move 3 in c", "move tag"),
            ("drop table t", "select n, s from t", "fetch 3 from c", "declare error"),
        ])
    func planted(change: String, query: String, fetch: String, cause: String) throws {
        let server = try ShadowedPostgres.server(Self.tables, "; \(change)")
        for write in ["select 1", "insert into u values (1)"] {
            let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
            let client = try ShadowedPostgres.connect(gateway)
            try ShadowedPostgres.play(client, ["begin", write, "declare c cursor for \(query)", fetch, "commit"])
            let report = try ShadowedPostgres.report(gateway)
            #expect(report.causes == [cause] && report.isAccountedFor, "\(report)")
            #expect(try !gateway.get("/shadow").body.contains("canary"))
        }
    }

    @Test("what cannot be the same there is left out, and what is another each time is noise")
    func leftOut() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        try ShadowedPostgres.play(
            client,
            [
                "begin", "declare c cursor for select n from t limit 3", "fetch 1 from c", "close c",
                "declare c cursor with hold for select 1", "fetch c", "commit", "fetch c", "close c",
            ])
        var report = try ShadowedPostgres.report(gateway)
        #expect(report.identical == 2 && report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.dropped["incomparable"] == 1 && report.dropped["stateful"] == 6, "\(report)")
        for _ in 0..<2 {
            try ShadowedPostgres.play(
                client,
                [
                    "begin", "insert into u values (1)", "declare c cursor for select random() from t",
                    "fetch all from c",
                    "commit",
                ])
        }
        // A row where a cursor stands.
        try ShadowedPostgres.play(
            client,
            [
                "begin", "declare c cursor for select n from t for update", "fetch c",
                "update t set s = 'z' where current of c", "commit",
            ])
        report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor && report.identical == 10, "\(report)")
        #expect(report.dropped["noise"] == 2, "\(report)")
    }

    @Test("an identical database gives no alarm under clients whose cursors are open at one time")
    func concurrent() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let failures = ShadowedPostgres.crowd(gateway) { client, number in
            for round in 0..<20 {
                try ShadowedPostgres.play(
                    client,
                    [
                        "begin", "declare c cursor for select n, s from t\(round % 2 == 0 ? " order by n" : "")",
                        "fetch 7 from c",
                        "update t set s = s || 'y' where n = \((number * 7 + round) % 20)", "fetch all from c",
                        round % 5 == 0 ? "rollback" : "commit",
                    ], extended: round % 3 == 0)
            }
        }
        #expect(failures == [])
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor && report.compared > 0, "\(report)")
        #expect(try gateway.metrics().sum("fairlead_failures_total", "listener=\"pg\"") == 0)
    }
}
