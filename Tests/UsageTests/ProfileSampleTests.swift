// Redacted examples in a profile: bounded, optional, and shown where asked for.

import Testing

@testable import Usage

@Suite("examples in a profile")
struct ProfileSampleTests {
    private static func profile(_ samples: [String: [String]]?) -> Profile {
        var application = Application(protocol: "redis", listener: "cache")
        application.features["redis.command.set"] = Feature(count: 1, first: 1, last: 2)
        application.samples = samples
        return Profile(applications: [application])
    }

    @Test("are bounded in number and length, wherever they come from")
    func bounds() throws {
        let many = (0..<50).map { "\($0) " + String(repeating: "é", count: 400) }
        let read = try Profile(json: Self.profile(["redis.command.set": many]).json())
        let texts = try #require(read.applications[0].samples?["redis.command.set"])
        #expect(texts.count == Profile.sampleLimit && texts.allSatisfy { $0.utf8.count <= Profile.sampleLength })
        #expect(try Profile(json: read.json()) == read)
    }

    @Test("may be missing, as in documents of gateways that keep none")
    func missing() throws {
        let none = Self.profile(nil)
        #expect(!none.json().contains("samples"))
        #expect(try Profile(json: none.json()).applications[0].samples == nil)
        var some = Self.profile(["redis.command.set": ["b", "a", "c"], "redis.command.get": []])
        some.keepSamples(2)
        #expect(some.applications[0].samples == ["redis.command.set": ["b", "a"]])
        some.keepSamples(0)
        #expect(some.applications[0].samples == nil)
    }

    @Test("are shown below their features where asked for, without what a terminal obeys")
    func text() {
        let profile = Self.profile(["redis.command.set": ["SET <key, 1 bytes>", "\u{1B}[2J\n"]])
        #expect(!profile.text().contains("e.g."))
        let text = profile.text(showsSamples: true)
        #expect(
            text.contains("redis.command.set  (last 1970-01-01T00:00:02Z)\n                e.g. SET <key, 1 bytes>\n"))
        #expect(text.contains("e.g. ?[2J?\n"))
    }
}
