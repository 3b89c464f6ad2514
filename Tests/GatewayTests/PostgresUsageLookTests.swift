// What one look at a SQL text finds, and what it does not.

import Testing

@testable import Gateway

@Suite("a look at a SQL text")
struct PostgresUsageLookTests {
    private static func features(_ text: [UInt8], definesTypes: Bool = false) -> Set<String> {
        let table = PostgresUsageTable.shared
        var seen: Set<String> = []
        var look = PostgresUsageLook(table, definesTypes: definesTypes)
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
            ("SELECT 1 FROM t FOR NO KEY UPDATE", []),
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
                "postgres.feature.dollar-quotes", "postgres.function.min",
            ])
        #expect(Self.features(Array("$a$ sum(".utf8)) == ["postgres.feature.dollar-quotes"])
        #expect(Self.features(Array("$".utf8)).isEmpty)
    }

    @Test("tells types of columns where a table is made, and only there")
    func columns() {
        let text = Array("CREATE TABLE date (a timestamptz, b text)".utf8)
        #expect(Self.features(text).isDisjoint(with: ["postgres.type.timestamptz", "postgres.type.text"]))
        #expect(
            Self.features(text, definesTypes: true).isSuperset(of: ["postgres.type.timestamptz", "postgres.type.text"]))
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
    }
}
