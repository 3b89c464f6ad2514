// Statements as PostgreSQL's clients write them, and what becomes of them.

import Capabilities
import Foundation
import Testing

@testable import EmbeddedAdapter

@Suite("PostgreSQL's words for SQLite")
struct DialectTests {
    private func translate(_ sql: String) throws -> String {
        let bytes = Array(sql.utf8)
        return String(decoding: try SQLTranslator.translate(bytes, SQLLexer.tokens(bytes)).sql, as: UTF8.self)
    }

    private func failure(_ sql: String) -> SQLFailure? {
        do {
            _ = try translate(sql)
            return nil
        } catch {
            return error as? SQLFailure
        }
    }

    @Test("parameters are found in words only, and strings stay what they are")
    func parameters() throws {
        #expect(
            try translate("select a from t where b = $1 and c = '$2' -- $3")
                == "select a from t where b = ?1 and c = '$2'")
        #expect(try translate("select a from t where \"$1\" = $tag$it's $1$tag$").hasSuffix("\"$1\" = 'it''s $1'"))
    }

    @Test("names are folded to small letters unless they are quoted, and public is nobody's schema")
    func names() throws {
        let words = try translate("SELECT Aa, \"Bb\" FROM PUBLIC.Tt").split(separator: " ")
        #expect(words.joined(separator: " ").replacing(" ,", with: ",") == "select aa, \"Bb\" from tt")
    }

    @Test("a definition is shown with the operators and functions that the client has written")
    func shown() throws {
        func shown(_ expression: String) -> String? { SQLShownText("create view v as \(expression)")?.query }
        #expect(shown("fairlead_float('+d', a , b , (c))") == "a + b / (c)")
        #expect(shown("fairlead_float('*', fairlead_float('-', a , b), 2)") == "a - b * 2")
        #expect(shown("fairlead_decimal_multiply(a , 2,  b, -1)") == "a * b")
        #expect(shown("fairlead_decimal_subtract(0, 0, a, -1)") == "-a")
        #expect(shown("fairlead_real_sum_frame(fairlead_real(a))") == "sum(a)")
        #expect(shown("fairlead_float_avg(a)") == "avg(a)")
    }

    @Test("a cast is a conversion that fails where PostgreSQL's fails")
    func casts() throws {
        #expect(try translate("select x from t where a = $1::int4").contains("fairlead_cast((?1), 23, -1)"))
        #expect(try translate("select x from t where a = cast(b as varchar(3))").contains(", 1043, 7"))
        #expect(failure("select 1::interval")?.state == "0A000")
        #expect(failure("select 1::nonsense")?.state == "42704")
    }

    @Test(
        "what SQLite would do differently is refused by name",
        arguments: [
            "select array[[1],[2]]", "select array[1] || 2", "select 'a' || array['b']", "select '{1}'::int[] || 2",
            "select 2 || '{1}'::int[]", "select cast('{1}' as int[]) || 2", "select array_agg(a) || 1 from t",
            "select (select array_agg(a) from t) || 1", "select array(select 1) || 1", "select (array[1,2])[1]",
            "select '{1}'::interval[]", "select json_agg(distinct a) from t", "create table t (a int[])",
            "alter table t add a text[]", "select 1::int[][]", "alter table t add if not exists a int, add b int",
            "alter table t drop constraint c", "alter table t rename constraint a to b",
            "alter table t alter a set not null",
            "select distinct on (a) a from t", "delete from t using u where t.a = u.a",
            "grant select on t to u", "create function f() returns int as $$x$$",
            "alter table t alter column a type int", "select a from t where b @> c", "merge into t using u on true",
            "insert into t values (default)", "select 12345678901234567890123",
        ])
    func refusals(_ sql: String) {
        #expect(failure(sql)?.state == "0A000", "\(sql)")
        #expect(failure(sql)?.refused != nil)
    }

    @Test(
        "SQLite's own doors stay shut",
        arguments: [
            "attach 'x' as y", "pragma user_version", "select load_extension('x')", "select * from sqlite_master",
            "select * from pragma_table_info('t')", "detach x", "vacuum into 'x' pragma",
        ])
    func doors(_ sql: String) throws {
        if let failure = failure(sql) {
            #expect(failure.state.hasPrefix("42") || failure.state == "3F000")
        } else {
            // VACUUM with anything behind it is an ANALYZE of ours.
            #expect(try translate(sql) == "ANALYZE")
        }
    }

    @Test(
        "result columns have PostgreSQL's names",
        arguments: [
            ("select 1", "?column?"), ("select count(*) from t", "count"), ("select '1'::int8", "int8"),
            ("select a::text from t", "a"), ("select case when a then b end from t", "case"),
            ("select exists(select 1)", "exists"),
            ("select coalesce(a, 1) from t", "coalesce"), ("select true", "?column?"), ("select -1", "?column?"),
            ("select a b from t", "b"), ("select t.a from t", "a"), ("select current_user", "current_user"),
            ("select trim(a) from t", "btrim"), ("select (select 1 as z)", "z"),
            ("select cast(1 as numeric)", "numeric"),
        ])
    func columnNames(_ sql: String, _ name: String) throws {
        let bytes = Array(sql.utf8)
        let items = try SQLTranslator.translate(bytes, SQLLexer.tokens(bytes)).items
        #expect(items.map(\.name) == [name])
    }

    @Test(
        "text that has no end is a syntax error",
        arguments: ["select 'a", "select \"a", "select /* a", "select $a$ b", "select e'\\'"])
    func unterminated(_ sql: String) { #expect(failure(sql)?.state == "42601") }

    @Test(
        "a name may lack what its dot announces",
        arguments: ["create table t .", "create table t . .", "create table t . as"])
    func endings(_ sql: String) { #expect(failure(sql)?.state == "42601") }

    @Test("words at random are translated or refused, and never trap")
    func robustness() {
        let words = [
            "select", "from", "t", "where", "(", ")", "::", "int", "case", "end", "when", "limit", "offset", "fetch",
            "for",
            "update", "any", "[", "]", "as", "'x'", "$1", ",", ".", "*", "/", "extract", "trim", "position", "in",
            "union",
            "all", "values", "create", "table", "primary", "key", "default", "index", "on", "cast", "with", "not",
            "null",
            "array", "date", "interval", "returning", "insert", "into", "drop", "alter", "add", "truncate", "explain",
            "view", "unique", "constraint", "check", "column", "rename", "to", "replace", "or", "if", "exists", "type",
            "set", "data", "no", "conflict", "do", "nothing", "order", "by", "group", "having", "serial", "references",
            "show", "begin", "declare", "cursor", "copy", "using", "nulls", "first", "schema", "temp", "with", "only",
        ]
        // Half of them begin as statements do, so that what follows is looked at.
        let beginnings = [
            "create table t", "create table if not exists t (a int", "create index i on t", "create view v",
            "create unique index on t (", "alter table t add", "alter table t rename", "alter table t drop",
            "drop table",
            "insert into t", "insert into t values (1) on conflict", "select * from t", "update t set a = 1",
            "delete from t", "with a as (select", "truncate t", "select cast (", "create or replace view v as",
        ]
        // The same words in every run; FAIRLEAD_SQL_SEED looks at others.
        let seed = ProcessInfo.processInfo.environment["FAIRLEAD_SQL_SEED"].flatMap { UInt64($0) } ?? 1
        var generator = SeededWords(state: seed)
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...14, using: &generator)
            let beginning = Bool.random(using: &generator) ? beginnings.randomElement(using: &generator) ?? "" : ""
            let words = (0..<count).map { _ in words.randomElement(using: &generator) ?? "" }
            let sql = ([beginning] + words).joined(separator: " ")
            _ = try? translate(sql)
        }
    }
}

/// Words that follow from a seed (Knuth's MMIX generator).
private struct SeededWords: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
