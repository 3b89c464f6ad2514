// The typed pass by itself: what it costs, and that no words upset it.

import Capabilities
import TestSupport
import Testing

@testable import EmbeddedAdapter

@Suite("The typed pass over SQL")
struct TypingTests {
    private func lookups(_ session: any SQLSession) -> Int {
        (session as? EmbeddedSQLSession)?.connection.relations.lookups ?? -1
    }

    @Test("a table's columns are looked up once, and again when any session has changed the tables")
    func cache() async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            let other = try await service.session()
            try await session.all("create table t (id int primary key, a int)")
            for number in 0..<3 { try await session.all("select a + \(number) from t where id = \(number)") }
            #expect(lookups(session) == 1)
            #expect(await session.state("select a || 1 from t") == "42883")
            #expect(lookups(session) == 1)
            // Another session's change is seen at once, and it costs one look.
            try await other.all("drop table t")
            try await other.all("create table t (id int primary key, a text)")
            #expect(await session.state("select a || 1 from t") == "00000")
            #expect(await session.state("select a + 1 from t") == "42883")
            #expect(lookups(session) == 2)
            // So is a temporary table of the session's own, which hides the other.
            try await session.all("create temporary table t (a int)")
            #expect(await session.state("select a || 1 from t") == "42883")
            #expect(await session.state("select a + 1 from t") == "00000")
            #expect(await other.state("select a + 1 from t") == "42883")
            try await session.all("drop table pg_temp.t")
            #expect(await session.state("select a + 1 from t") == "42883")
            await session.close()
            await other.close()
        }
    }

    @Test(
        "a kept statement is typed anew when another session has changed its table, and one that a client holds is refused"
    )
    func kept() async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            let other = try await service.session()
            let text = Array("select a from t".utf8)
            try await session.all("create table t (a int)")
            let first = try await session.prepare(text, parameterTypes: [])
            #expect(first.columns?.map(\.type) == [.int32])
            first.close()
            let held = try await session.prepare(Array("select a from t where a is null".utf8), parameterTypes: [])
            try await other.all("drop table t")
            try await other.all("create table t (a text)")
            let second = try await session.prepare(text, parameterTypes: [])
            #expect(second.columns?.map(\.type) == [.text])
            let cursor = try session.open(held, [])
            await #expect(throws: SQLFailure("0A000", "cached plan must not change result type")) {
                _ = try await cursor.fetch(0)
            }
            await cursor.close()
            await session.close()
            await other.close()
        }
    }

    @Test("what a transaction has changed and undone is not remembered")
    func rolledBack() async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            try await session.all("create table t (a int)")
            try await session.begin(SQLTransactionMode())
            try await session.all("alter table t add column b text")
            #expect(await session.state("select b + 1 from t") == "42883")
            try await session.rollback()
            #expect(await session.state("select b || 'x' from t") == "42703")
            try await session.all("alter table t add column b int")
            #expect(await session.state("select b + 1 from t") == "00000")
            await session.close()
        }
    }

    @Test("a statement of any depth and length is read or refused, and never upsets the stack")
    func depth() async throws {
        func nested(_ open: String, _ inner: String, _ close: String, _ count: Int) -> String {
            "select " + String(repeating: open, count: count) + inner + String(repeating: close, count: count)
        }
        let cases = [
            (nested("(", "1", ")", 60), "00000"), (nested("(", "1", ")", 390), "54001"),
            (nested("(", "1", ")", 50_000), "54001"),
            (nested("(select ", "1", ")", 5_000), "54001"), (nested("coalesce(", "1", ")", 5_000), "54001"),
            ("select 1 = ()", "42601"), ("select () + 1", "42601"), ("select x where () over () = 1", nil),
            (nested("not ", "true", "", 5_000), nil), (nested("case when true then ", "1", " end", 2_000), nil),
            (nested("1 + ", "1", "", 900), "00000"), (nested("1 union all select ", "1", "", 400), "00000"),
        ]
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            for (sql, state) in cases {
                let got = await session.state(sql)
                if let state { #expect(got == state, "\(sql.prefix(40))") }
            }
            #expect(await session.state("select 1") == "00000")
            await session.close()
        }
    }

    @Test("every beginning of a statement, and every statement without one of its words, is read or given up")
    func pieces() throws {
        let texts = [
            "with recursive r (n) as (select 1 union all select n + 1 from r where n < 3) select distinct n, count(*) filter (where n > 1) over (partition by n order by n desc nulls last rows between 1 preceding and current row) from r group by n having max(n) > 1 order by 1, n limit 3 offset 1",
            "select t.*, case a when 1 then 'x' else cast(b as text) end as c from t as q (a, b) left join u using (a) natural join v cross join (values (1, 2), (3, 4)) w (x, y) where a not between 1 and 2 and b in (1, 2) or c is distinct from d and (a, b) = (select 1, 2) and e like 'x' escape '!' intersect all select array[1, 2], exists (select 1), extract(year from d), trim(both 'x' from y), position('a' in b) for update",
            "insert into s.t as x (a, b) values (1, default), ($1, 'x') on conflict (a) where b > 1 do update set a = excluded.a, (b, c) = (1, 2) where x.a > 1 returning a, x.b as c, *",
            "update only t as q set a = a + 1, (b, c) = (select 1, 2) from u where q.id = u.id returning q.*",
            "delete from t where a = any ($1) returning count(*)",
            "create view v (a, b) as select a, round(b / 3, 2) from t group by 1, 2 order by 1",
            "create table x as select sum(a), avg(b) from t with data",
        ]
        for text in texts {
            let bytes = Array(text.utf8)
            let tokens = try SQLLexer.tokens(bytes)
            for place in tokens.indices {
                let cut = Array(bytes[..<tokens[place].start])
                _ = try? SQLTranslator.translate(cut, SQLLexer.tokens(cut))
                let holed = Array(bytes[..<tokens[place].start] + bytes[tokens[place].end...])
                _ = try? SQLTranslator.translate(holed, SQLLexer.tokens(holed))
                let doubled = Array(bytes[..<tokens[place].end] + [0x20] + bytes[tokens[place].start...])
                _ = try? SQLTranslator.translate(doubled, SQLLexer.tokens(doubled))
            }
        }
    }

    @Test(
        "decimal numbers are computed as numeric.c does",
        arguments: [
            ("1", "3", "0.33333333333333333333"), ("10", "4.0", "2.5000000000000000"),
            ("100.0", "7", "14.2857142857142857"),
            ("0.001", "3", "0.00033333333333333333"), ("10000000000", "3.0", "3333333333.33333333"),
            ("7", "2", "3.5000000000000000"),
            ("-1.50", "3", "-0.50000000000000000000"), ("0", "7", "0.00000000000000000000"),
        ])
    func quotients(_ one: String, _ other: String, _ quotient: String) throws {
        let one = try #require(try SQLDecimal(.text(one)))
        let other = try #require(try SQLDecimal(.text(other)))
        #expect(String(decoding: try one.divided(by: other).text, as: UTF8.self) == quotient)
    }
}
