// How long keys may live at the most, as the rules for times say it.

import Capabilities
import Testing

@testable import DeclaredAdapter

@Suite("the longest life of a key")
struct LongestLifeTests {
    private static let year = 365 * 86_400
    private static let now: Int64 = 1_800_000_000

    @Test("is what the rules take from now, or whole years up to the last time of day that the server counts")
    func rules() {
        var rules = ExpiryRules()
        rules.isSeconds = true
        #expect(rules.longestLife(now: Self.now) == nil)
        rules.longest = 3_600_000
        #expect(rules.longestLife(now: Self.now) == 3600)
        rules.latest = 60
        #expect(rules.longestLife(now: Self.now) == 60)
        rules.beyond = .since1970
        rules.latest = 2_147_483_647
        #expect(rules.longestLife(now: Self.now) == 11 * Self.year)
        #expect(rules.longestLife(now: 3_000_000_000) == 0)
        rules.isSeconds = false
        rules.latest = 2_147_483_647_000
        rules.isFromNow = false
        #expect(rules.longestLife(now: Self.now) == 11 * Self.year)
        rules.latest = .max
        #expect(rules.longestLife(now: Self.now) == nil)
    }

    @Test("is in the manifest of a file whose server counts to an end", arguments: ["memcached", "memcached-binary"])
    func shipped(name: String) throws {
        let file = try #require(try ShippedAdapters.file(name))
        let bound = try #require(file.manifest[.keyValueTTL].bounds[.expirySeconds])
        #expect(bound % Self.year == 0)
    }
}
