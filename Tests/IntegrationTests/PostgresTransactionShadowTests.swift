// What the shadow of a PostgreSQL listener finds in transactions, which are repeated as a whole.

import TestSupport
import Testing

@Suite("transactions at a PostgreSQL listener with a shadow", .serialized, .blocking)
struct PostgresTransactionShadowTests {
    private static let tables = """
        create table t (id serial primary key, n int unique, s text); insert into t (n, s) values (1, 'a'), (2, 'b');
        create table u (id int primary key, hits int default 0); insert into u select n, 0 from generate_series(0, 9) n
        """

    @Test("are compared statement by statement, with what they write, to their end", arguments: [false, true])
    func written(extended: Bool) throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        let transactions = [
            ["begin", "insert into t (n, s) values (3, 'c') returning id", "select n, s from t order by id", "commit"],
            ["start transaction isolation level repeatable read", "update u set hits = 7 where id = 2", "end"],
            ["begin", "delete from t where n = 1", "rollback"],
            [
                "begin", "insert into t (n) values (8)", "savepoint a", "insert into t (n) values (8)",
                "rollback to a", "update t set s = 'z' where n = 8", "release a", "commit",
            ],
            ["begin", "select nothing", "update u set hits = 1", "commit"],
            [
                "begin", "select hits from u where id = 2 for update", "update u set hits = hits + 1 where id = 2",
                "commit",
            ],
            ["begin", "set local search_path to pg_catalog, public", "select count(*) from t", "commit"],
            ["begin read only", "select n from t order by n", "commit"],
        ]
        for transaction in transactions { try ShadowedPostgres.play(client, transaction, extended: extended) }
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.identical == transactions.joined().count, "\(report)")
        for table in ["t", "u"] {
            let read = "select * from \(table) order by id"
            #expect(try ShadowedPostgres.scratch(server, read) == server.sqlBlocking(read))
        }
    }

    @Test("several statements in one segment are one transaction")
    func segments() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        func segment(_ statements: [String]) throws {
            let messages = statements.flatMap {
                PostgresBytes.parse($0) + PostgresBytes.bind() + PostgresBytes.execute()
            }
            try client.send(messages + PostgresBytes.sync)
            _ = try client.messages()
        }
        try segment(["begin", "insert into t (n) values (4)"])
        try segment(["update u set hits = 9 where id = 1", "select hits from u where id = 1"])
        try segment(["commit"])
        // The second is undone with the first.
        try segment(["insert into u values (50)", "insert into u values (50)", "select 1"])
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor && report.identical == 8, "\(report)")
        #expect(try ShadowedPostgres.scratch(server, "select hits from u where id = 1") == "9\n")
        #expect(try ShadowedPostgres.scratch(server, "select count(*) from u") == "10\n")
    }

    @Test("a difference is found where it is, in what is read and in what is written")
    func planted() throws {
        let server = try ShadowedPostgres.server(
            Self.tables,
            "; create rule r as on delete to u do instead nothing; alter table t alter s set default 'canary'")
        for (statements, cause, same) in [
            (["begin", "insert into t (n) values (5)", "select s from t where n = 5", "commit"], "select null", 2),
            (["begin", "select 1", "delete from u where id = 1", "commit"], "delete tag", 2),
            (["begin", "select id from u where id = 1 order by id", "rollback"], "select rows", 1),
        ] {
            let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
            let client = try ShadowedPostgres.connect(gateway)
            try ShadowedPostgres.play(client, statements)
            let report = try ShadowedPostgres.report(gateway)
            #expect(report.causes == [cause] && report.isAccountedFor, "\(report)")
            #expect(report.identical == same && report.dropped["stale"] == statements.count - same - 1, "\(report)")
            #expect(try !gateway.get("/shadow").body.contains("canary"))
        }
    }

    @Test("what is another each time is noise in a transaction that writes, too")
    func noise() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        for number in 10..<15 {
            let sql = ["begin", "select now(), random()", "insert into t (n) values (\(number))", "commit"]
            try ShadowedPostgres.play(client, sql, extended: true)
        }
        try ShadowedPostgres.ask(client, "select n from t order by n")
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.identical == 16 && report.dropped["noise"] == 5, "\(report)")
    }

    @Test("what cannot be repeated is counted by its reason, and the client notices nothing")
    func skipped() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let long = ["begin"] + Array(repeating: "select 1", count: 300) + ["commit"]
        let cases: [(statements: [String], reason: String, count: Int, shadow: String)] = [
            (long, "too-large", long.count, ""),
            (["begin", "select 1", "select repeat('x', 70000)", "commit"], "too-large", 4, ""),
            (["begin", "select 1", "create table v (n int)", "drop table v", "commit"], "incomparable", 5, ""),
            (["begin", "select 1", "update u set hits = 2", "commit"], "not-opted", 4, ", writes: [\"t\"]"),
            (["begin", "declare c cursor with hold for select 1", "fetch c", "commit"], "stateful", 2, ""),
            (["begin read write", "select 1", "commit"], "stateful", 3, ""),
        ]
        for entry in cases {
            let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch + entry.shadow)
            let client = try ShadowedPostgres.connect(gateway)
            try ShadowedPostgres.play(client, entry.statements)
            #expect(try ShadowedPostgres.ask(client, "select 7").contains { $0.type == "D" })
            let report = try ShadowedPostgres.report(gateway)
            #expect(report.dropped[entry.reason] == entry.count, "\(entry.statements.prefix(5)) \(report)")
            #expect(report.causes == [] && report.isAccountedFor && report.identical >= 1, "\(report)")
        }
    }

    @Test("one that is left open goes nowhere, and its rows are copied when its client has gone")
    func abandoned() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        do {
            let other = try ShadowedPostgres.connect(gateway)
            try ShadowedPostgres.play(other, ["begin", "update u set hits = 5"])
            try ShadowedPostgres.ask(client, "select count(*) from t")
        }
        try ShadowedPostgres.compares(gateway, client, "select * from u order by id")
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor && report.dropped["unanswered"] == 2, "\(report)")
    }

    @Test("settings made in one go with its client, once it has ended well")
    func settings() throws {
        let server = try PostgresServer()
        try server.sqlBlocking("create schema other; create table other.t as select 1 as n")
        let gateway = try ShadowedPostgres.gateway(server, server)
        for (end, works) in [("rollback", false), ("commit", true)] {
            let client = try ShadowedPostgres.connect(gateway)
            try ShadowedPostgres.play(client, ["begin", "set search_path to other", "select n from t", end])
            #expect(try ShadowedPostgres.ask(client, "select n from t").contains { $0.type == "D" } == works)
        }
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor && report.identical == 10, "\(report)")
    }

    @Test("an identical database gives no alarm under clients whose transactions overlap")
    func concurrent() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let failures = ShadowedPostgres.crowd(gateway) { client, number in
            for round in 0..<20 {
                let key = (number * 7 + round) % 10
                let n = number * 100 + round + 10
                let transaction = [
                    [
                        "begin", "insert into t (n, s) values (\(n), 'x') returning id", "select count(*) from t",
                        "commit",
                    ],
                    [
                        "begin", "select hits from u where id = \(key) for update",
                        "update u set hits = hits + 1 where id = \(key)", "commit",
                    ],
                    ["begin", "select sum(hits) from u", "select n from t order by n", "commit"],
                    ["begin", "delete from t where n = \(n - 3)", "rollback"],
                ][round % 4]
                try ShadowedPostgres.play(client, transaction, extended: round % 2 == 0)
            }
        }
        #expect(failures == [])
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor && report.compared > 0, "\(report)")
        try ShadowedPostgres.expectSame(server, gateway, ["t", "u"])
    }
}
