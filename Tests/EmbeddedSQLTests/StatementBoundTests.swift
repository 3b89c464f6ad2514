// Statements of more parts than any client's have: what would take out of proportion long is refused, all else is done.

import Capabilities
import Testing

@testable import EmbeddedAdapter

@Suite("Bounds of a statement")
struct StatementBoundTests {
    private func list(_ count: Int, _ separator: String = ", ", _ item: (Int) -> String) -> String {
        (1...count).map(item).joined(separator: separator)
    }

    /// What becomes of statements, one after the other.
    private func states(_ statements: [String]) async throws -> [String] {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            try await session.all("create table t (a int, f float8, n numeric)")
            try await session.all("insert into t values (1, 1, 1)")
            var states: [String] = []
            for statement in statements { states.append(await session.state(statement)) }
            return states
        }
    }

    @Test("a thousand queries may have names, and not one more")
    func namedQueries() async throws {
        func statement(_ count: Int) -> String {
            "with \(list(count) { "c\($0) as (select \($0) as x)" }) select x from c1"
        }
        func chain(_ count: Int) -> String {
            "with c0 as (select 1 as x), \(list(count - 1) { "c\($0) as (select x from c\($0 - 1))" }) select x from c0"
        }
        // What the typed pass does not know is bounded too.
        let unread = "with c0 as (select row(1).x), \(list(1_000) { "c\($0) as materialized (values (1))" }) select 1"
        let states = try await states([statement(1_000), statement(1_001), chain(1_000), statement(20_000), unread])
        #expect(states == ["00000", "0A000", "00000", "0A000", "0A000"])
    }

    @Test("a list has as many entries as in PostgreSQL")
    func lists() async throws {
        let states = try await states([
            "select \(list(1_664) { "a as c\($0)" }) from t", "select \(list(1_665) { "a as c\($0)" }) from t",
            "values (\(list(1_665) { "\($0)" }))", "select a from t order by \(list(1_665) { "a + \($0)" })",
            "select count(*) from t group by \(list(1_665) { "a + \($0)" })",
            "update t set a = 1 returning \(list(1_665) { _ in "a" })",
            "select \(list(600) { _ in "t.*" }) from t",
        ])
        #expect(states == ["00000", "54011", "54011", "54011", "54011", "54011", "54011"])
    }

    @Test("a table has as many columns as in PostgreSQL, each with a CHECK of its own name")
    func columns() async throws {
        func table(_ count: Int) -> String {
            "create table w\(count) (\(list(count) { "c\($0) int check (c\($0) > 0)" }))"
        }
        let checks = "create table x (a int, \(list(3_000) { "check (a > -\($0))" }))"
        let states = try await states([table(1_600), table(1_601), checks, "insert into x values (-1)"])
        #expect(states == ["00000", "54011", "00000", "23514"])
    }

    @Test("joins, chains and depths that SQLite would not take fail before they are worked on")
    func chains() async throws {
        let states = try await states([
            "select t1.a from t t1 \(list(59, " ") { "join t t\($0 + 1) using (a)" })",
            "select a from t t0 \(list(2_000, " ") { "join t t\($0) using (a)" })",
            "select 1 from \(list(10_000) { "t t\($0)" })",
            "select a from t where \(list(900, " or ") { "a = \($0)" })",
            "select a from t where \(list(10_000, " or ") { "a = \($0)" })",
            "select \(list(10_000, " + ") { _ in "n" }) from t",
            "select \(list(900, " + ") { _ in "f" }) from t", "select \(list(10_000, " * ") { _ in "f" }) from t",
            "select \(String(repeating: "(", count: 5_000))1\(String(repeating: ")", count: 5_000))",
            "insert into t values \(list(10_000) { "(\($0), 1.5, 1.5)" })", "values \(list(10_000) { "(\($0), 'x')" })",
        ])
        #expect(
            states == [
                "00000", "0A000", "0A000", "00000", "54001", "54001", "00000", "54001", "54001", "00000", "00000",
            ])
    }

    @Test("queries with names and views that double with each other one are refused before SQLite reads them")
    func expansions() async throws {
        func doubled(_ count: Int) -> String {
            "with c0 as (select 1 as x), \(list(count - 1) { "c\($0) (x) as materialized (select a.x from c\($0 - 1) a, c\($0 - 1) b)" }) select x from c\(count - 1)"
        }
        // What the typed pass does not know is counted too.
        let unread = doubled(40).replacing("select 1 as x", with: "select row(1).x")
        let views = (1...12).map {
            "create view v\($0) as select a.x, (select max(x) from v\($0 - 1)) as y from v\($0 - 1) a"
        }
        let states = try await states(
            [doubled(10), doubled(40), unread, "create view v0 as select 1 as x"] + views + [
                "select x from v11", "select a.x from v11 a, v11 b",
                "insert into t (a) select x from v11 union select y from v11",
                "create table n as (select x from v11 union all select y from v11)",
            ])
        let made = [String](repeating: "00000", count: 12)
        #expect(states == ["00000", "0A000", "0A000"] + made + ["0A000", "00000", "0A000", "0A000", "0A000"])
    }

    @Test("a hundred views may be in one another, and each of them can be read after one more was refused")
    func deepViews() async throws {
        let views = (1...101).map { "create view d\($0) as select a from d\($0 - 1)" }
        let states = try await states(
            ["create view d0 as select a from t"] + views + [
                "select a from d101", "select a from d1", "select a from d99",
            ])
        #expect(states.filter { $0 == "00000" }.count == 103)
        #expect(states.suffix(2) == ["00000", "00000"])
        #expect(states.dropLast(2).contains("0A000"))
    }

    @Test("views in one another count as often as SQLite reads them")
    func weights() throws {
        func weight(_ sql: String, _ views: [String: Int] = [:]) throws -> Int {
            try SQLExpansion.weight(try SQLLexer.tokens(Array(sql.utf8)), from: 0) { _, name in views[name] ?? 0 }
        }
        #expect(try weight("select a from t, u join v on a = b", ["t": 2, "v": 3]) == 5)
        #expect(try weight("with c as (select a from t), d as (select a from c, c x) select a from d", ["t": 2]) == 7)
        #expect(try weight("with c as (select a from t) select 1", ["t": 2]) == 0)
        #expect(
            try weight("with recursive c (a) as (select 1 union select a + 1 from c) select a from c, s.t", ["t": 4])
                == 5)
        #expect(try weight("create table x as (select a from t)", ["t": 2]) == 2)
        let deep =
            "with c0 as (select 1), \(list(99) { "c\($0) as (select 1 from c\($0 - 1), c\($0 - 1))" }) select 1 from c99"
        #expect(try weight(deep) == SQLExpansion.most + 1)
    }
}
