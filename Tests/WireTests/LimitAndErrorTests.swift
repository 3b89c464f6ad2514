// Named bounds and the errors of a wire.

import Testing
import Wire

@Suite("Limits and errors of a wire")
struct LimitAndErrorTests {
    @Test("a bound allows its maximum and nothing above")
    func limit() {
        let limit = Limit("line", 10, source: "us")
        #expect(limit.allows(10) && limit.allows(0))
        #expect(!limit.allows(11) && !limit.allows(.max))
    }

    @Test("bounds are the same by name and maximum")
    func equality() {
        #expect(Limit("line", 10, source: "us") == Limit("line", 10, source: "them"))
        #expect(Limit("line", 10, source: "us") != Limit("line", 11, source: "us"))
        #expect(Limit("line", 10, source: "us") != Limit("word", 10, source: "us"))
    }

    @Test("an error says whose fault it is, by code and in words")
    func error() {
        let error = WireError(.server, "bad-length", "expected 4, got \(3)")
        #expect(error.side == .server)
        #expect(error.code == "bad-length")
        #expect(error.description == "bad-length: expected 4, got 3")
        #expect(error != WireError(.client, "bad-length", "expected 4, got 3"))
    }
}
