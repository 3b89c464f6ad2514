// Glob patterns, with answers that redis-server 7.0 gave.

import Capabilities
import Testing

@testable import EmbeddedAdapter

@Suite("Glob patterns")
struct GlobTests {
    @Test(
        "a pattern matches what Redis says it matches",
        arguments: [
            ("abc", "abc", true), ("abc", "ab", false), ("a?c", "abc", true), ("a?c", "ac", false), ("*", "abc", true),
            ("**", "a", true), ("**", "", false), ("a*", "a", true), ("a*c", "abbc", true), ("a*c", "abbd", false),
            ("*a*b*", "xxaxxbxx", true), ("[abc]", "b", true), ("[^abc]", "b", false), ("[a-c]x", "bx", true),
            ("[c-a]x", "bx", true), ("[]a]", "]a]", false), ("[a", "a", true), ("[^", "a", true), ("[", "a", false),
            ("a\\*", "a*", true), ("a\\*", "ab", false), ("a\\", "a\\", true), ("[\\]]", "]", true),
            ("[a-]", "-", false), ("[a-]", "_", true), ("[a-]", "]", true),
            ("", "", true), ("", "a", false), ("?", "", false),
        ])
    func known(pattern: String, text: String, matches: Bool) {
        #expect(Glob.matches(b(pattern), b(text)) == matches)
    }

    @Test("a pattern of many stars takes no more steps than the product of the lengths")
    func bounded() {
        let pattern = b(String(repeating: "a*", count: 200)) + b("b")
        #expect(!Glob.matches(pattern, [UInt8](repeating: UInt8(ascii: "a"), count: 2000)))
    }
}
