// Examples: what is shown of a request, what is not, and how many are kept.

import RedisWire
import Testing
import Wire

@testable import Gateway

@Suite("examples of features")
struct UsageSampleTests {
    private static func redacted(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        return PostgresUsageSample.redacted(0..<bytes.count, in: bytes.span)
    }

    @Test(
        "of statements show words and signs, and sizes of all that is said",
        arguments: [
            ("SELECT a FROM t WHERE b = 'secret'", "SELECT a FROM t WHERE b = <text, 6 bytes>"),
            ("SELECT  $1,\n\t$$sec$ret$$, 42.5", "SELECT $1, <text, 11 bytes>, <number, 4 bytes>"),
            ("SELECT /* secret */ 1 -- secret\n+ 2", "SELECT <number, 1 bytes> + <number, 1 bytes>"),
            ("SELECT \"secret\", 'it''s secret'", "SELECT <name, 6 bytes>, <text, 2 bytes><text, 8 bytes>"),
            (#"SELECT E'it\'s secret', B'101' x"#, "SELECT <text, 12 bytes>, <text, 3 bytes> x"),
            // It may go on, or not.
            (#"SELECT 'it\' secret"#, "SELECT <text, 3 bytes>…"),
            ("SELECT 'secret", "SELECT <text, 6 bytes>…"),
            ("SELECT é\u{1}", "SELECT ???"),
        ])
    func statements(text: String, shown: String) {
        #expect(Self.redacted(text) == shown)
    }

    @Test("of statements with a password there are none, and none is long")
    func limits() throws {
        #expect(Self.redacted("ALTER ROLE a PASSWORD 'x'") == nil)
        let long = try #require(Self.redacted("SELECT " + String(repeating: "a, ", count: 10_000)))
        #expect(long.utf8.count <= UsageSamples.length + 3 && long.hasSuffix("…"))
        let name = String(repeating: "n", count: 64)
        #expect(Self.redacted("SELECT \(name)") == "SELECT <name, 64 bytes>")
    }

    @Test("are kept in a bounded number, each once, for features that are short of them")
    func kept() {
        var samples = UsageSamples(limit: 2)
        samples.want(1)
        samples.close { "nothing is looked at" }
        #expect(samples.byFeature.isEmpty)
        for text in ["b", "b", "a", "c"] {
            samples.open(1)
            samples.want(2)
            samples.close { text }
        }
        #expect(samples.byFeature == [1: ["b", "a"], 2: ["b", "a"]])
        samples.open(3)
        samples.close { nil }
        #expect(samples.byFeature[3] == nil)
        for feature in 10..<2_000 {
            samples.open(feature)
            samples.close { "x" }
        }
        #expect(samples.byFeature.reduce(0) { $0 + $1.value.count } == UsageSamples.total)
        samples.reset()
        #expect(samples.byFeature.isEmpty)
    }

    @Test("of commands show options, and nothing at all of those that may carry passwords")
    func commands() throws {
        var sample = try #require(RedisUsageSample(.select, count: 40))
        for place in 0..<40 { sample.take(bytes: 3, at: place) }
        sample.show(RedisText("nx"), at: 2)
        sample.show(RedisText("px"), at: 30)
        #expect(
            sample.text.hasPrefix("SELECT <3 bytes> NX <3 bytes>") && sample.text.hasSuffix("<3 bytes> and 24 more"))
        #expect(RedisUsageSample(.auth, count: 2) == nil && RedisUsageSample(.hello, count: 5) == nil)
        var unknown = try #require(RedisUsageSample(.unknown, count: 1))
        unknown.take(bytes: 6, at: 0)
        #expect(unknown.text == "<command, 6 bytes>")
    }
}
