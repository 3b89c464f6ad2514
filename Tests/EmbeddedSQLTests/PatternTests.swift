// What a regular expression costs.

import Capabilities
import Testing

@testable import EmbeddedAdapter

@Suite("Regular expressions of the embedded database")
struct PatternTests {
    /// How often a match of `count` letters was asked whether to go on.
    private func looks(_ pattern: String, _ count: Int) throws -> Int {
        var looks = 0
        let text = String(repeating: "a", count: count)
        #expect(
            try !SQLRegularExpression.matches(text, pattern, ignoringCase: false) { () throws(SQLFailure) in
                looks += 1
            })
        return looks
    }

    @Test("a match costs the text's length times the pattern's, and no more")
    func linear() throws {
        for pattern in ["^(a*)(a*)(a*)(a*)b$", "(a?){20}a{20}b", "((a*)*)*b"] {
            let (short, long) = (try looks(pattern, 4_000), try looks(pattern, 40_000))
            #expect(short > 0 && long <= 11 * short + 10, "\(pattern)")
        }
    }

    @Test("a match ends where its statement has to")
    func stopping() throws {
        var looks = 0
        #expect(throws: SQLFailure.cancelled) {
            try SQLRegularExpression.matches(
                String(repeating: "a", count: 1_000_000), "^((a{0,100}){0,50})*b$", ignoringCase: false
            ) { () throws(SQLFailure) in
                looks += 1
                if looks == 3 { throw .cancelled }
            }
        }
        #expect(looks == 3)
    }
}
