// What the shadow of a PostgreSQL listener finds in COPY, both ways.

import TestSupport
import Testing

@Suite("COPY at a PostgreSQL listener with a shadow", .serialized, .blocking)
struct PostgresCopyShadowTests {
    private static let tables = """
        create table t (id serial primary key, n int unique, s text); insert into t (n, s) values (1, 'a'), (2, 'b'), (3, null);
        create table u (id int primary key, hits int default 0); insert into u select n, 0 from generate_series(0, 9) n
        """

    /// Sends `sql`, and then what goes with it once the server has asked for it, in two pieces.
    @discardableResult
    private static func copy(
        _ client: PostgresConnection, _ sql: String, _ data: String, extended: Bool = false, fails: Bool = false
    ) throws -> [PostgresMessage] {
        let sync = extended ? PostgresBytes.sync : []
        try client.send(
            extended
                ? PostgresBytes.parse(sql) + PostgresBytes.bind() + PostgresBytes.execute() + sync
                : PostgresBytes.query(sql))
        _ = try client.messages(until: "G")
        let bytes = Array(data.utf8)
        for piece in [bytes[..<(bytes.count / 2)], bytes[(bytes.count / 2)...]] {
            try client.send(PostgresBytes.message("d", Array(piece)))
        }
        try client.send((fails ? PostgresBytes.message("f", [0]) : PostgresBytes.message("c", [])) + sync)
        return try client.messages()
    }

    @Test("rows that are copied out are compared, in every format, in both protocols", arguments: [false, true])
    func out(extended: Bool) throws {
        let server = try ShadowedPostgres.server(
            Self.tables, "; delete from t where n = 2; insert into t values (2, 2, 'b')")
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        let statements = [
            "copy t to stdout", "copy public.t (n, s) to stdout with (format csv, header, force_quote (s))",
            "copy t to stdout (format binary)", "copy (select n from t order by n) to stdout",
            "copy t (nothing) to stdout",
            "copy (select n from t where false) to stdout (format binary)",
        ]
        try ShadowedPostgres.play(client, statements, extended: extended)
        try ShadowedPostgres.play(client, ["begin", "copy t to stdout", "commit"], extended: extended)
        // Their number would do where the order is the server's choice.
        try ShadowedPostgres.play(client, ["copy (select n from t limit 1) to stdout", "copy pg_class to stdout"])
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.identical == statements.count + 3 && report.dropped["incomparable"] == 2, "\(report)")
        #expect(
            report.features.contains { $0.feature == "postgres.statement.copy" && $0.identical == statements.count + 1 }
        )
    }

    @Test(
        "a difference in what is copied out is found where it is",
        arguments: [
            ("update t set s = 'canary' where n = 2", "", "value", "line 1"),
            ("delete from t where n = 2", "", "rows", ""),
            ("alter table t add more int", "", "columns", ""),
            ("update t set s = 'canary' where n = 2", " (format binary)", "value", "row 1, column 2"),
            ("update t set s = 'canary' where n = 3", " (format binary)", "null", "row 2, column 2"),
            ("drop table t", "", "error", ""),
        ])
    func planted(change: String, format: String, kind: String, place: String) throws {
        let server = try ShadowedPostgres.server(Self.tables, "; \(change)")
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        try ShadowedPostgres.ask(client, "copy t to stdout\(format)")
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == ["copy \(kind)"] && report.isAccountedFor, "\(report)")
        #expect(report.differences.first?.place == place, "\(report)")
        #expect(try !gateway.get("/shadow").body.contains("canary"))
    }

    @Test("rows that are copied in go there as any write, in both protocols", arguments: [false, true])
    func into(extended: Bool) throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        func copy(_ sql: String, _ data: String) throws -> [PostgresMessage] {
            try Self.copy(client, sql, data, extended: extended)
        }
        #expect(try copy("copy t (n, s) from stdin", "10\tx\n11\t\\N\n").contains { $0.type == "C" })
        _ = try copy("copy t (n, s) from stdin with (format csv, header, force_null (s))", "n,s\n12,\"\"\n13,z\n")
        // One that is there already: nothing is taken in.
        #expect(try copy("copy t (n, s) from stdin", "14\tx\n1\ty\n").contains { $0.type == "E" })
        try ShadowedPostgres.ask(client, "begin")
        _ = try copy("copy u from stdin where id > 100", "101\t1\n50\t1\n")
        try ShadowedPostgres.ask(client, "commit")
        try ShadowedPostgres.ask(client, "begin")
        _ = try copy("copy u from stdin", "102\t1\n")
        try ShadowedPostgres.ask(client, "rollback")
        try ShadowedPostgres.ask(client, "copy missing from stdin")
        for read in ["select * from t order by id", "select * from u order by id"] {
            try ShadowedPostgres.ask(client, read)
            #expect(try ShadowedPostgres.scratch(server, read) == server.sqlBlocking(read))
        }
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor && report.identical == 12, "\(report)")
    }

    @Test("rows that do something else there are found, with all that comes behind them")
    func wrong() throws {
        let server = try ShadowedPostgres.server(Self.tables, "; alter table t add check (n <> 10)")
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let client = try ShadowedPostgres.connect(gateway)
        try ShadowedPostgres.ask(client, "begin")
        try Self.copy(client, "copy t (n, s) from stdin", "10\tcanary\n")
        try ShadowedPostgres.play(client, ["select n from t order by n", "commit"])
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == ["copy error"] && report.isAccountedFor && report.dropped["stale"] == 2, "\(report)")
        #expect(try !gateway.get("/shadow").body.contains("canary"))
    }

    @Test("what cannot be repeated is counted, and its table is copied again")
    func skipped() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let long = (100..<700).map { "\($0)\t\(String(repeating: "x", count: 2000))\n" }.joined()
        let cases: [(sql: String, data: String, fails: Bool, shadow: String, reason: String)] = [
            ("copy t (n, s) from stdin", long, false, "", "too-large"),
            ("copy t (n, s) from stdin", "20\tx\n", true, "", "stateful"),
            ("copy t (n, s) from stdin", "21\tx\n", false, ", writes: [\"u\"]", "not-opted"),
            ("copy t (n, s) from stdin where n > random()", "22\tx\n", false, "", "incomparable"),
        ]
        for entry in cases {
            let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch + entry.shadow)
            let client = try ShadowedPostgres.connect(gateway)
            let answer = try Self.copy(client, entry.sql, entry.data, fails: entry.fails)
            #expect(answer.contains { $0.type == "E" } == entry.fails)
            let read = "select * from t order by id"
            try ShadowedPostgres.compares(gateway, client, "select count(*) from t")
            let report = try ShadowedPostgres.report(gateway)
            #expect(
                report.causes == [] && report.isAccountedFor && report.dropped[entry.reason] == 1,
                "\(entry.sql) \(report)")
            #expect(try ShadowedPostgres.scratch(server, read) == server.sqlBlocking(read))
        }
    }

    @Test("an identical database gives no alarm under clients that copy in and out all at once")
    func concurrent() throws {
        let server = try ShadowedPostgres.server(Self.tables)
        let gateway = try ShadowedPostgres.gateway(server, server, ShadowedPostgres.scratch)
        let failures = ShadowedPostgres.crowd(gateway) { client, number in
            for round in 0..<20 {
                let n = number * 100 + round + 10
                try Self.copy(client, "copy t (n, s) from stdin", "\(n)\tx\n", extended: round % 2 == 0)
                let rows = try ShadowedPostgres.ask(client, "copy (select n, s from t) to stdout")
                guard rows.filter({ $0.type == "d" }).count > round else { throw SupportError("not all rows") }
                try ShadowedPostgres.play(client, ["begin", "update u set hits = hits + 1 where id = \(n % 10)"])
                try Self.copy(client, "copy u from stdin", "\(n)\t1\n")
                try ShadowedPostgres.play(client, ["copy u to stdout (format binary)", "commit"], extended: true)
            }
        }
        #expect(failures == [])
        let report = try ShadowedPostgres.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor && report.compared > 0, "\(report)")
        try ShadowedPostgres.expectSame(server, gateway, ["t", "u"])
    }
}
