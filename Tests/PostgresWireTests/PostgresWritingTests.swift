// Which statements write one table and nothing that differs from server to server, by their words.

import PostgresWire
import Testing

@Suite("a statement that writes")
struct PostgresWritingTests {
    private func table(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        return PostgresWriting(bytes.span)?.table
    }

    @Test(
        "is repeatable where it writes one table and calls nothing of the server's own",
        arguments: [
            ("insert into t values (1, 'now()')", "t"),
            ("INSERT INTO s.T (a, b) VALUES ($1, lower($2)) RETURNING a;", "t"),
            ("insert into t (a) values (1) on conflict (a) do nothing", "t"), ("insert into t default values", "t"),
            ("update only \"Big T\" set a = a + 1 where b in (1, 2) and (c or d)", "Big T"),
            ("delete from t where a = 1 -- from u", "t"), ("truncate table s.t", "t"),
            ("update t set a = $$select now()$$", "t"), ("copy s.t (a, b) from stdin with (format csv)", "t"),
            ("copy \"T\" from stdin binary", "T"), ("copy t from stdout where a > 1", "t"),
        ])
    func repeatable(text: String, expected: String) {
        #expect(table(text) == expected)
        let bytes = Array(text.utf8)
        #expect(PostgresWriting(bytes.span)?.readsTables == false)
    }

    @Test(
        "may read other tables, in an order or in none",
        arguments: [
            ("insert into t select a from u order by a", false), ("insert into t (a) select count(*) from u", true),
            ("insert into t select a from u order by a on conflict (a) do update set a = excluded.a", false),
            ("insert into t values ((select max(a) from u))", true),
            ("insert into t (select a from u order by a)", true),
            ("update t set a = (select b from u where u.c = t.c)", false),
            ("delete from t using u where t.a = u.a", false),
            ("delete from t where a in (select a from u)", false),
        ])
    func queries(text: String, isUnordered: Bool) {
        let bytes = Array(text.utf8)
        let writing = PostgresWriting(bytes.span)
        #expect(writing?.table == "t" && writing?.readsTables == true && writing?.isUnordered == isUnordered)
    }

    @Test(
        "is none where anything else is read, called or done",
        arguments: [
            "insert into t values (now())", "insert into t values (random())",
            "insert into t values (current_timestamp)",
            "insert into t select now()", "insert into t select a from u limit 1",
            "insert into t select random() from u",
            "insert into t select mine(a) from u", "insert into t select a from u on conflict do nothing",
            "insert into t select a from pg_class", "delete from t where a in (select ctid from u)",
            "insert into t select a from u for update", "insert into t select nextval('s') from u",
            "update t set a = u.a from u where t.b = u.b",
            "update t set a = mine(a)", "update t set a = \"lower\"(a)",
            "insert into t values (nextval('s'))", "insert into t values (current_user)", "update t set a = user",
            "truncate t, u", "truncate t cascade", "update t set a = 1; update u set a = 1", "update t set a = 'a\\'b'",
            "with x as (delete from t returning a) select a from x", "merge into t using u on true",
            "create table t (a int)",
            "select 1", "copy t from 'file'", "copy t to stdout", "copy t from stdin where a > random()",
            "copy pg_class from stdin", "copy t (a from stdin", "update t set a = 1 where current of c", "insert t",
            "update", "", "delete from pg_class",
            "update t set a = s.f(b)",
        ])
    func other(text: String) { #expect(table(text) == nil) }
}
