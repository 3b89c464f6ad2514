// Which tables a statement may touch, by its words.

import PostgresWire
import Testing

@Suite("what a statement may touch")
struct PostgresReachTests {
    private func reach(_ text: String) -> PostgresReach {
        let bytes = Array(text.utf8)
        return PostgresReach(statement: bytes.span)
    }

    @Test("is among its words")
    func words() {
        let reach = reach("select a.x, \"B b\".y from s.A a join \"B b\" on lower(a.x) = 'c' -- d")
        #expect(reach.words.isSuperset(of: ["a", "B b"]) && !reach.words.contains("c") && !reach.words.contains("d"))
        #expect(!reach.isOpen && reach.calls == [])
    }

    @Test(
        "is anything where it runs what is written elsewhere, or cannot be read",
        arguments: ["do 'x'", "call p()", "execute p", "drop table t", "truncate t cascade", "select 'a\\' from t", ""])
    func open(text: String) { #expect(reach(text).isOpen) }

    @Test("calls are told apart from what is the same everywhere")
    func calls() {
        #expect(reach("select mine(a), count(*), upper(b) from t where a in (1)").calls == ["mine"])
        #expect(reach("insert into t (a) values (1)").calls == ["t"])
    }

    @Test(
        "what is written is the one table that a statement names for it",
        arguments: [
            ("insert into s.t (a) select a from u", "t"), ("update only t set a = 1 from u", "t"),
            ("delete from \"T\" using u", "T"), ("merge into t using u on true when matched then delete", "t"),
            ("insert into t values (1) on conflict do update set a = 2", "t"), ("truncate table t", "t"),
            ("copy t from stdin", "t"),
        ])
    func target(text: String, name: String) { #expect(reach(text).target == name) }

    @Test(
        "and none where there may be others",
        arguments: [
            "truncate t, u", "with x as (delete from t returning a) insert into u select a from x",
            "insert into t with x as (delete from u returning a) select a from x", "select 1", "insert t", "update",
        ])
    func noTarget(text: String) { #expect(reach(text).target == nil) }

    @Test("a schema is told from an alias")
    func schemas() {
        for text in [
            "select t.a from t", "select x.a from t as x", "update t set a = t.a", "select a from t",
            "insert into t values (1) on conflict (a) do update set a = excluded.a",
        ] { #expect(!reach(text).isQualified, "\(text)") }
        for text in ["select a from public.t", "insert into public.t values (1)", "select public.f(1)"] {
            #expect(reach(text).isQualified, "\(text)")
        }
    }

    @Test("a function touches what its source names, and anything where that is made while it runs")
    func functions() {
        func reach(_ source: String) -> PostgresReach {
            let bytes = Array(source.utf8)
            return PostgresReach(function: bytes.span)
        }
        let plain = reach("begin if (new.a > 1) then insert into t values (now()); end if; return new; end")
        #expect(!plain.isOpen && plain.calls == [], "\(plain)")
        #expect(plain.words.contains("t"))
        #expect(reach("begin execute 'drop table t'; end").isOpen)
        #expect(reach("begin perform other(1); end").calls == ["other"])
    }

    @Test("a temporary table is nobody else's")
    func temporary() {
        #expect(reach("create temp table x as select a from t").words == [])
        #expect(reach("create temp table x as select f(a) from t").isOpen)
    }
}
