// What PostgreSQL would not do with its types, against a real server: the same rows, or the same SQLSTATE.

import Foundation
import TestSupport
import Testing

@Suite("Types of operands over the embedded database")
struct TranslatedPostgresTypeTests {
    private static let tables = [
        """
        create table t (id int primary key, a int, s smallint, b bigint, n numeric(10,2), f float8, x text, d date,
          ts timestamp, c bool)
        """,
        """
        insert into t values (1, 2147483647, 32767, 9223372036854775807, 1.50, 2.5, 'hi', '2024-01-02', '2024-01-02', true),
          (2, 1, 1, 1, 1, 1, 'b', '2024-03-01', '2024-03-01 04:05:06', false)
        """,
    ]

    private static let statements = [
        // Whole numbers beyond their type, in what is shown, compared and stored.
        "select 2147483647 + 1", "select 2147483648 + 1", "select 2147483647 + 1 - 1", "select a + 1 from t",
        "select a + 1 from t where id = 2", "select s + 1 from t order by id", "select s * s from t order by id",
        "select s + s from t", "select b + 1 from t", "select b * b from t where id = 2",
        "select - a from t order by id",
        "select -(-2147483648)::int4", "select - ((-2147483648)::int4)", "select 9223372036854775807 * 2",
        "select (-2147483648)::int4 / -1", "select count(*) from t where a + 1 > 0", "select 5 - -3, - - 3, +4, -(-5)",
        "select 10 % 3 * 2, 10 - 3 - 2, 2 + 3 * 4 - 5", "select (1 + 2) * 3, 7 / 2, -7 / 2, -7 % 3",
        "update t set a = a + 1 where id = 1", "update t set b = b + 1 where id = 1",
        "update t set a = a + 1 where id = 2 returning a", "insert into t (id, a) values (9, 2147483647 + 1)",
        "select case when a + 1 > 1 then a + 1 else 0 end from t where id = 2",
        "select (a + b) * 2 from t where id = 2",
        "select sum(a) + 1, count(*) * 2, length('abc') + 1 from t", "select a / 0 from t", "select 1 % 0",
        // Strings without a type beside something that has one.
        "select 'a' + 1", "select 1 + 'a'", "select '5' + 1", "select 7 / '2'", "select 1 = 'a'", "select 1 = ' 1 '",
        "select a from t where a = 'x'", "select id from t where c = 'true'", "select id from t where d = '2024-1-2'",
        "select id from t where ts > '2024-01-02'", "select id from t where a + 0 = '1'", "select 'a' + 'b'",
        "select id from t where 'f' = c", "select a + length('2' || '3') from t where id = 2",
        // Operators and functions that are not there.
        "select id from t where x = 5", "select 'a'::text + 1", "select true + 1", "select x + 1 from t",
        "select c = 1 from t", "select lower(1)", "select upper(a) from t", "select lower('A'), length('abc')",
        "select left(x, 1 + 0) from t order by id", "select lpad(a, 2, 'x') from t",
        // Dates and days.
        "select d + 1, 1 + d, d - 1, d - date '2024-01-01' from t order by id", "select d + a from t where id = 1",
        "select id from t where d + 1 = '2024-01-03'", "select d - 2 * 3 from t where id = 2",
        // Functions outside of what they are for, and limits.
        "select sqrt(-1)", "select ln(0)", "select ln(-1)", "select log(0)", "select power(0, -1)",
        "select power(-8, 0.5)", "select sqrt(4), power(2, 10), exp(0)", "select exp(1000)", "select 1 limit -1",
        "select 1 offset -1", "select id from t order by id limit 1 offset 1",
        "select id from t order by id limit null",
        "select id from t order by id offset 1 rows fetch first 1 row only", "select id from t order by id limit 3 - 2",
        // One value from several rows.
        "select (select id from t)", "select id from t where id = (select id from t)",
        "select (select id from t where id = 1), (select max(id) from t), (select x from t where id = 2)",
        "select id, (select u.x from t u where u.id = t.id) from t order by id",
        "select (select id from t where false)",
        "select id from t where id in (select id from t) order by id", "select (1, 2) = (select 1, 2)",
        "select * from (select id from t) q order by id", "select coalesce((select id from t where id = 9), 7)",
        "update t set a = (select 3)", "update t set a = (select id from t)", "select (select 1 union select 2)",
        "select (select id from t order by id desc limit 1)",
        // What is grouped.
        "select a, count(*) from t", "select max(a), x from t", "select x, a from t group by x",
        "select id, x from t group by id order by id", "select x || 'y', count(*) from t group by x order by 1",
        "select x as y, count(*) from t group by 1 order by 1",
        "select length(x), count(*) from t group by length(x) order by 1",
        "select a from t where count(*) > 1", "select x, a + count(*) from t group by x",
        "select t.a, count(*) from t as t",
        "select count(*) filter (where a > 1) from t",
        "select sum(a) over () from t where id = 2", "select upper(x) as u, count(*) from t group by u order by u",
        // || binds less tightly than arithmetic.
        "select 1 + 2 || 'x'", "select 'x' || 1 + 2",
    ]

    /// What psql says to each statement: its rows, or its error with the SQLSTATE and nothing else.
    private static func answers(_ run: (String) async throws -> CommandResult) async throws -> [String] {
        _ = try await run(tables.joined(separator: ";\n") + ";\n")
        var script = "\\set VERBOSITY sqlstate\n"
        for statement in statements { script += "\\echo @@\nbegin;\n\(statement);\nrollback;\n" }
        return try await run(script).text.components(separatedBy: "@@\n").dropFirst().map { $0 }
    }

    @Test("rows and SQLSTATEs are those of a real server")
    func differential() async throws {
        let server = try await PostgresServer.start()
        let psql = try PostgresInstall.find(.debian15).program("psql")
        // Errors go where the rows go, in their order.
        func command(_ port: Int) -> [String] {
            ["/bin/sh", "-c", "exec \(psql) -X -w -q -A -h 127.0.0.1 -p \(port) -U postgres postgres 2>&1"]
        }
        let expected = try await Self.answers { script in
            try await Command.run(command(server.port), input: Data(script.utf8), timeout: .seconds(60))
        }
        let got = try await TranslatedPostgres.run { gateway in
            try await Self.answers { script in
                try await Command.run(command(gateway.port), input: Data(script.utf8), timeout: .seconds(60))
            }
        }
        #expect(expected.count == Self.statements.count)
        #expect(got.count == expected.count)
        for (statement, (expected, got)) in zip(Self.statements, zip(expected, got)) {
            #expect(got == expected, "\(statement)")
        }
    }

    @Test("the types of results are those of a real server")
    func descriptions() async throws {
        let server = try await PostgresServer.start()
        let psql = try PostgresInstall.find(.debian15).program("psql")
        let queries = [
            "select 1 + 1, 2147483648 + 1, 1.5 + 1, a + 1, s + s, s + 1, b + a, f + 1, n * 2, d + 1, d - d, -a from t",
            "select count(*) + 1, sum(a) * 2, length(x) + 1, (select id from t where id = 1) from t group by x",
        ]
        func described(_ port: Int) async throws -> String {
            let script =
                Self.tables.joined(separator: ";\n") + ";\n" + queries.map { "\($0) \\gdesc\n" }.joined()
            return try await Command.run(
                [psql, "-X", "-w", "-q", "-A", "-h", "127.0.0.1", "-p", "\(port)", "-U", "postgres", "postgres"],
                input: Data(script.utf8), timeout: .seconds(60)
            ).text
        }
        let expected = try await described(server.port)
        #expect(expected.contains("smallint"))
        let got = try await TranslatedPostgres.run { try await described($0.port) }
        #expect(got == expected)
    }
}
