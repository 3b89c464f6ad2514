// Merging profiles: the order and grouping do not matter, and nothing is counted twice unseen.

import Testing

@testable import Usage

@Suite("profiles that become one")
struct ProfileMergeTests {
    /// Profiles that overlap in gateways, applications, features and sizes, made of numbers that are not random.
    private static func profile(_ seed: UInt64) -> Profile {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return (state >> 33) % bound
        }
        var profile = Profile()
        for _ in 0..<3 {
            let start = next(100)
            profile.windows["gateway-\(next(3))", default: []].append(.init(start: start, end: start + next(20)))
        }
        for _ in 0..<6 {
            var application = Application(
                protocol: "redis", listener: "l\(next(2))", identity: next(2) == 0 ? [:] : ["name": "n\(next(3))"])
            for _ in 0..<4 {
                application.features["f\(next(5))"] = Feature(
                    count: next(9) + 1, first: next(50), last: 50 + next(50), estimated: next(2) == 0)
            }
            application.sizes["s\(next(2))"] = SizeRanges(counts: (0...next(6)).map { _ in next(9) } + [1])
            application.peaks["sessions"] = next(9)
            if next(2) == 0 { application.samples = ["f\(next(2))": (0...next(12)).map { _ in "t\(next(40))" }] }
            profile.applications.append(application)
        }
        return profile
    }

    private static func sum(_ profiles: Profile...) -> Profile {
        var sum = Profile()
        for profile in profiles { sum.merge(profile) }
        return sum
    }

    @Test("in any order and grouping", arguments: 0..<50 as Range<UInt64>)
    func laws(seed: UInt64) {
        let (a, b, c) = (Self.profile(seed), Self.profile(seed + 1000), Self.profile(seed + 2000))
        #expect(Self.sum(a, b) == Self.sum(b, a))
        #expect(Self.sum(Self.sum(a, b), c) == Self.sum(a, Self.sum(b, c)))
        #expect(Self.sum(a, Profile()) == Self.sum(a))
        #expect(Self.sum(a, b).json() == Self.sum(b, a).json())
    }

    @Test("counts add up, first and last reach out, and of peaks the greater holds")
    func counts() {
        func seen(_ count: UInt64, _ first: UInt64, _ last: UInt64, _ sessions: UInt64) -> Profile {
            Profile(applications: [
                Application(
                    protocol: "redis", listener: "l",
                    features: ["redis.command.get": Feature(count: count, first: first, last: last)],
                    sizes: ["redis.key.bytes": SizeRanges(counts: [0, count])], peaks: ["sessions": sessions])
            ])
        }
        let sum = Self.sum(seen(3, 10, 20, 7), seen(.max - 1, 5, 15, 2)).applications
        #expect(sum.count == 1)
        #expect(sum.first?.features == ["redis.command.get": Feature(count: .max, first: 5, last: 20)])
        #expect(sum.first?.sizes == ["redis.key.bytes": SizeRanges(counts: [0, .max])])
        #expect(sum.first?.peaks == ["sessions": 7])
    }

    @Test("windows keep their gaps, and those of one gateway that overlap are told")
    func windows() {
        let morning = Profile(windows: ["a": [.init(start: 0, end: 10)]])
        let noon = Profile(windows: ["a": [.init(start: 10, end: 12)]])
        let evening = Profile(windows: ["a": [.init(start: 20, end: 30)], "b": [.init(start: 5, end: 6)]])
        #expect(
            Self.sum(evening, noon, morning).windows
                == ["a": [.init(start: 0, end: 12), .init(start: 20, end: 30)], "b": [.init(start: 5, end: 6)]])
        #expect(morning.overlaps(with: noon).isEmpty && morning.overlaps(with: evening).isEmpty)
        #expect(morning.overlaps(with: Self.sum(morning, evening)) == ["a"])
        let instant = Profile(windows: ["a": [.init(start: 3, end: 3)]])
        #expect(instant.overlaps(with: instant) == ["a"])
    }

    @Test("the ranges of sizes meet at powers of two and end with one that has no end")
    func ranges() {
        #expect([0, 1, 2, 3, 4, 7, 8].map { SizeRanges.range(of: $0) } == [0, 1, 2, 2, 3, 3, 4])
        #expect(SizeRanges.range(of: .max) == SizeRanges.rangeCount - 1)
    }
}
