// Which statements that change what tables there are can be repeated elsewhere, by their words.

import PostgresWire
import Testing

@Suite("a statement that defines tables")
struct PostgresDefinitionTests {
    private func definition(_ text: String) -> PostgresDefinition? {
        let bytes = Array(text.utf8)
        return PostgresDefinition(bytes.span)
    }

    @Test(
        "is repeatable where it makes, changes or drops what every server has alike",
        arguments: [
            ("create table if not exists s.T (a int default now());", "t", "t"),
            ("create unlogged table \"T t\" (a int)", "T t", "T t"),
            ("create or replace view v as select a from t", "v", "v"),
            ("create unique index i on only t (a)", "t", nil),
            ("create index on t (lower(a))", "t", nil), ("create sequence q", "q", nil),
            ("create type e as enum ('a')", "e", nil),
            ("alter table only t add column b int default 7", "t", nil), ("alter table t rename to u", "t", "u"),
            ("alter table t rename column a to b", "t", nil), ("drop table if exists t, u cascade", "t", nil),
            ("drop index i", "i", nil),
        ])
    func repeatable(text: String, subject: String, made: String?) {
        #expect(definition(text)?.subject == subject && definition(text)?.made == made)
        #expect(definition(text)?.isRenaming == text.contains("rename to"))
    }

    @Test(
        "is none where it is in doubt",
        arguments: [
            "create table t as select 1", "create temp table t (a int)", "create index concurrently i on t (a)",
            "alter table t add b timestamp default now()", "alter table t add b int default random()",
            "alter table t alter a type text using current_user", "alter table t set schema s",
            "alter table t attach partition u default",
            "create function f() returns int language sql as 'select 1'", "create database d", "drop role r",
            "drop table pg_class",
            "create materialized view v as select 1", "grant all on t to u", "create table", "create", "",
            "drop table t; drop table u",
            "create table \"t", "insert into t values (1)",
        ])
    func doubtful(text: String) { #expect(definition(text) == nil) }
}
