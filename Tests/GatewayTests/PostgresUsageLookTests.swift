// What one look at a SQL text finds, and what it does not.

import Testing

@testable import Gateway

@Suite("a look at a SQL text")
struct PostgresUsageLookTests {
    private static func features(_ text: [UInt8]) -> Set<String> {
        let table = PostgresUsageTable.shared
        var seen: Set<String> = []
        var look = PostgresUsageLook(table)
        look.run(0..<text.count, in: text.span) { seen.insert(table.table.features[$0]) }
        return seen
    }

    @Test(
        "finds functions, types, keywords and operators",
        arguments: [
            ("SELECT SUM(x) FROM t", ["function.sum"]),
            ("SELECT my_own(x)", ["function.unknown"]),
            ("INSERT INTO t (a) VALUES (1)", []),
            ("SELECT * FROM a JOIN b ON (a.x IN (1, 2))", ["feature.join"]),
            (
                "SELECT $1::uuid, x:: JSONB, CAST(y AS money)",
                ["feature.parameters", "type.uuid", "type.jsonb", "type.money"]
            ),
            ("SELECT a::something", ["type.unknown"]),
            ("SELECT 1 FROM t FOR NO KEY UPDATE", ["feature.for-no-key-update"]),
            ("SELECT 1 FROM t FOR SHARE NOWAIT", ["feature.for-share", "feature.nowait"]),
            (
                "SELECT j ->> 'a', j @> '{}', n ~ 'x'",
                ["operator.json-arrow", "operator.containment", "operator.regular-expression"]
            ),
        ])
    func finds(text: String, features: [String]) {
        #expect(Self.features(Array(text.utf8)) == Set(features.map { "postgres.\($0)" }))
    }

    @Test(
        "finds nothing in literals, quoted names and comments, or behind one that does not end",
        arguments: [
            "'sum(' 'it''s count('", "e'\\' sum('", "\"sum(\"", "-- sum(1)\n1", "/* sum( /* sum( */ sum( */ 1", "'sum(",
            "/* sum(", "/* sum( */ /", "\"sum(", "-- sum(", "1.5e3sum(",
        ])
    func skips(text: String) { #expect(Self.features(Array(text.utf8)).isEmpty, "\(text)") }

    @Test("takes dollars as the server does")
    func dollars() {
        #expect(
            Self.features(Array("$a$ sum( $b$ count( $a$ max(x)".utf8)) == [
                "postgres.feature.dollar-quotes", "postgres.function.max",
            ])
        #expect(
            Self.features(Array("$$ sum( $$ || min(x)".utf8)) == [
                "postgres.feature.dollar-quotes", "postgres.function.min", "postgres.operator.concatenation",
            ])
        #expect(Self.features(Array("$a$ sum(".utf8)) == ["postgres.feature.dollar-quotes"])
        #expect(Self.features(Array("$".utf8)).isEmpty)
    }

    @Test("tells types of columns where a table is made, and only there")
    func columns() {
        #expect(
            Self.features(Array("SELECT 1; CREATE TABLE date (a timestamptz, \"b\" text, name int[])".utf8)) == [
                "postgres.type.timestamptz", "postgres.type.text", "postgres.type.integer", "postgres.type.array",
            ])
        #expect(Self.features(Array("SELECT a date, b text FROM name".utf8)).isEmpty)
    }

    @Test(
        "finds the forms of statements",
        arguments: [
            ("SELECT DISTINCT ON (a) b FROM t", "distinct distinct-on"),
            ("SELECT a IS DISTINCT FROM b", "distinct-from"),
            ("SELECT 1 INTO t", "select-into"), ("INSERT INTO t DEFAULT VALUES", "column-default"),
            ("DELETE FROM a USING b", "delete-using"), ("SELECT 1 FROM a JOIN b USING (c)", "join join-using"),
            ("SELECT now() AT TIME ZONE 'x'", "at-time-zone"), ("DROP TABLE t CASCADE", "cascade"),
            ("CREATE TABLE a (b int REFERENCES c ON DELETE CASCADE)", "foreign-key foreign-key-action"),
            ("ALTER TABLE t ALTER COLUMN a TYPE int", "alter-table alter-column"),
            (
                "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
                "alter-table add-constraint named-constraint check-constraint"
            ),
            ("CREATE TABLE a (LIKE b)", "like-in-definition"), ("SELECT a LIKE b", "like"),
            ("SELECT a FROM b LEFT JOIN c ON TRUE", "join outer-join"), ("SELECT left(a, 1)", ""),
            ("COPY t TO STDOUT WITH (FORMAT binary)", "copy-to-stdout binary-copy"),
            ("COPY t FROM '/tmp/x'", "copy-file"),
            ("COPY t TO PROGRAM 'x'", "copy-program"), ("PREPARE TRANSACTION 'x'", "two-phase-commit"),
            ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", "cursor holdable-cursor"),
            ("DECLARE c CURSOR WITHOUT HOLD FOR SELECT 1", "cursor"), ("SELECT a[1]", "array"),
            ("SELECT 1 FROM t FETCH FIRST 1 ROW ONLY", "fetch-first only"), ("BEGIN READ ONLY", ""),
            ("CREATE OR REPLACE FUNCTION f() RETURNS int", "function"),
            ("CREATE MATERIALIZED VIEW v", "materialized-view view"),
            ("CREATE CONSTRAINT TRIGGER t", "trigger"), ("DROP TYPE IF EXISTS t", "type exists"),
            ("CREATE ROLE r", "role"), ("ALTER TABLE t DROP role", "alter-table"),
            ("SELECT role, policy, domain, rule, o.default FROM trigger", ""), ("UPDATE t SET role = 1", ""),
            ("SET LOCAL role x", "set-role"), ("SET SESSION AUTHORIZATION x", "session-authorization"),
            ("SELECT 123456789012345678", "long-number"), ("SELECT 1234567.1234567", ""), ("SELECT B'1'", "other"),
            ("SELECT a SYMMETRIC b", "other"),
        ])
    func forms(text: String, forms: String) {
        let expected = Set(forms.split(separator: " ").map { "postgres.feature.\($0)" })
        let kinds = ["postgres.function.", "postgres.type.", "postgres.operator."]
        let found = Self.features(Array(text.utf8)).filter { feature in !kinds.contains { feature.hasPrefix($0) } }
        #expect(found == expected)
    }

    @Test(
        "finds functions and types wherever they stand",
        arguments: [
            ("SELECT * FROM my_own('x') AS x (a int)", "function.unknown"),
            ("SELECT 1 FROM a JOIN other(1) ON TRUE", "function.unknown"),
            ("INSERT INTO t VALUES (my_own (1))", "function.unknown"), ("SELECT \"Mine\"(1)", "function.unknown"),
            ("SELECT s.count(1)", "function.count"), ("INSERT INTO s.count (a) SELECT 1", ""),
            ("SELECT 1 FROM (SELECT 1) t(a)", ""), ("EXECUTE q (1)", ""), ("COPY (SELECT 1) TO x", ""),
            ("SELECT int4range(1, 2)", "type.int4range"),
            ("SELECT now() - interval '1 day'", "function.now type.interval"),
            ("SELECT point '(1,2)'", "type.point"), ("SELECT row(1, 2)", "function.row"),
            ("CREATE INDEX i ON t USING gin (a)", ""), ("SELECT a::pg_catalog.int4", "type.integer"),
            ("SELECT a || b, c @@ d, e #>> f, 1=-1, 2*-1", "operator.concatenation operator.unknown"),
            ("SELECT a <@ b, a !~* b --x", "operator.containment operator.regular-expression"),
        ])
    func operands(text: String, expected: String) {
        let kinds = ["postgres.function.", "postgres.type.", "postgres.operator."]
        let found = Self.features(Array(text.utf8)).filter { feature in kinds.contains { feature.hasPrefix($0) } }
        #expect(found == Set(expected.split(separator: " ").map { "postgres.\($0)" }))
    }

    @Test(
        "tells time zones from UTC",
        arguments: [
            "SET TIME ZONE 'UTC'", "SET TIMEZONE TO 'Etc/UTC'", "SET TimeZone = utc", "SET LOCAL TIME ZONE DEFAULT",
            "SELECT time FROM zone", "SET statement_timeout = 5",
        ])
    func utc(text: String) { #expect(Self.features(Array(text.utf8)).isEmpty) }

    @Test(
        "names those that are none",
        arguments: [
            "SET TIME ZONE 'Europe/Berlin'", "SET TIMEZONE TO 'Europe/Berlin'", "SET SESSION TimeZone='CET'",
            "SET TIME ZONE -5", "SET TIME ZONE 2", "SET TIME ZONE INTERVAL '02:00' HOUR TO MINUTE",
        ])
    func zones(text: String) {
        #expect(Self.features(Array(text.utf8)).contains("postgres.feature.time-zone"))
    }

    @Test("tells what a setting is set to, however often others were seen")
    func settings() throws {
        func query(_ text: String) -> [UInt8] {
            [UInt8(ascii: "Q"), 0, 0, 0, UInt8(text.utf8.count + 5)] + Array(text.utf8) + [0]
        }
        let features = try UsageReading().features(
            of: query("SET TIME ZONE 'UTC'") + query("SET TIME ZONE 'CET'") + query("SELECT 1")
                + query("SELECT 111111111111111111"),
            on: "postgres")
        #expect(features.isSuperset(of: ["postgres.feature.time-zone", "postgres.feature.long-number"]))
    }

    @Test("bears any bytes")
    func anyBytes() {
        var state: UInt64 = 7
        let alphabet = Array("'\"$-/*\\:>@~(e1a_ \n".utf8) + [0, 0xFF]
        for length in 0..<3000 {
            let text = (0..<(length % 97)).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1
                return alphabet[Int(state >> 33) % alphabet.count]
            }
            for feature in Self.features(text) { #expect(feature.hasPrefix("postgres.")) }
            _ = PostgresUsageLook.hash(0..<text.count, in: text.span)
        }
    }

    @Test("tells statements apart, but not their numbers and literals")
    func hashes() {
        func hash(_ text: String) -> UInt64 {
            let bytes = Array(text.utf8)
            return PostgresUsageLook.hash(0..<bytes.count, in: bytes.span)
        }
        #expect(hash("SELECT * FROM t WHERE a = 'x' AND b = 17") == hash("SELECT * FROM t WHERE a = 'yz' AND b = 4"))
        #expect(hash("SELECT a") != hash("SELECT b"))
        #expect(hash("SELECT a WHERE b = 'x'") != hash("SELECT a WHERE c = 'x'"))
        #expect(hash("SELECT 1234567890") != hash("SELECT 1234567890123456789"))
    }
}
