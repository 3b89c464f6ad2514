// Rate limits: the arithmetic of their buckets, and how they are configured.

import Testing

@testable import Gateway

@Suite("A rate limit")
struct RateLimitTests {
    private static let second: UInt64 = 1_000_000_000

    @Test("passes no more than the burst and what the rate brings, in any time and over all workers")
    func bound() {
        var random = SystemRandomNumberGenerator()
        for (commands, burst, workers) in [(5000, 10_000, 4), (3, 2, 2), (1_000_000, 50_000, 8), (7, 1, 4)] {
            let bucket = RateBucket(RateLimit(commands: commands, burst: burst), workers: workers)
            let leases = (0..<workers).map { _ in RateLease(bucket) }
            var now: UInt64 = 77 * Self.second
            // When commands passed; the bound is checked from each of the first to each later one.
            var passed: [UInt64] = []
            for _ in 0..<2000 {
                now += UInt64.random(in: 0...(Self.second / UInt64(commands) * 3), using: &random)
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    let lease = leases[Int.random(in: 0..<workers, using: &random)]
                    guard lease.holds(at: now) else { continue }
                    lease.spend(at: now)
                    passed.append(now)
                }
            }
            #expect(passed.count > 500)
            for start in stride(from: 0, to: passed.count, by: 37) {
                for end in start..<passed.count {
                    let time = Double(passed[end] - passed[start]) / Double(Self.second)
                    let most = Double(burst) + Double(commands) * time
                    if Double(end - start + 1) > most + 1e-6 {
                        Issue.record("\(end - start + 1) commands in \(time) s, at most \(most)")
                        return
                    }
                }
            }
        }
    }

    @Test("gives one busy worker the rate, and seven eighths of the burst at once")
    func supply() {
        for (commands, burst) in [(5000, 10_000), (1, 1), (10_000_000, 10_000_000), (700_000, 80)] {
            let bucket = RateBucket(RateLimit(commands: commands, burst: burst), workers: 4)
            let (one, other) = (RateLease(bucket), RateLease(bucket))
            func drain(_ lease: RateLease, _ now: UInt64) -> Int {
                var count = 0
                while lease.holds(at: now) {
                    lease.spend(at: now)
                    count += 1
                }
                return count
            }
            // What the other has drawn stays with it.
            _ = other.holds(at: Self.second)
            let first = drain(one, Self.second)
            #expect(first <= burst && first * 8 >= burst * 7 - (burst == 1 ? 7 : 8), "\(first) of \(burst)")
            var sum = 0
            for step in 1...100 { sum += drain(one, Self.second + UInt64(step) * Self.second / 100) }
            #expect(sum <= commands && Double(sum) >= min(Double(commands) * 0.998, Double(burst) * 80) - 1, "\(sum)")
        }
    }

    @Test("lets those who wait pass in their order, a period apart, and wakes each once")
    func order() {
        let bucket = RateBucket(RateLimit(commands: 100, burst: 2), workers: 1)
        let lease = RateLease(bucket)
        for _ in 0..<2 {
            #expect(lease.holds(at: Self.second))
            lease.spend(at: Self.second)
        }
        let due = (0..<5).map { _ in lease.reserve(at: Self.second) }
        #expect(due == (1...5).map { Self.second + UInt64($0) * Self.second / 100 })
        // Nobody who comes later gets before them.
        #expect(!lease.holds(at: due[3]))
        #expect(lease.holds(at: due[4] + Self.second / 100))
    }

    @Test("lets a client that only sends what is never refused owe two bursts at most")
    func debt() {
        let lease = RateLease(RateBucket(RateLimit(commands: 10, burst: 10), workers: 1))
        for _ in 0..<100_000 { lease.spend(at: Self.second) }
        #expect(!lease.holds(at: 2 * Self.second))
        #expect(lease.holds(at: 4 * Self.second))
    }

    // MARK: - Configuration

    @Test("is read, and shown again with its defaults")
    func read() throws {
        let file = pair(
            "redis", "redis://h",
            listener: """
                rate-limit: { commands: 5000, burst: 10000, per: client, over: wait }
                routes: [{ prefix: "a:", backend: b, rate-limit: { commands: 7 } }]
                """, backend: "mode: shared")
        let result = try configuration(file)
        var whole = RateLimit(commands: 5000, burst: 10_000)
        whole.owner = .client
        whole.excess = .wait
        #expect(result.listeners.first?.rateLimit == whole)
        #expect(result.listeners.first?.routes.first?.rateLimit == RateLimit(commands: 7, burst: 7))
        #expect(try configuration(result.rendered()) == result)
    }

    @Test(
        "is refused where it makes no sense",
        arguments: [
            ("redis", "rate-limit: { burst: 7 }", "listeners.a.rate-limit.commands: this key is missing"),
            ("redis", "rate-limit: { commands: 0 }", "expected a whole number, 1 to 10000000, got \"0\""),
            ("redis", "rate-limit: { commands: 1, per: user }", "listeners.a.rate-limit.per"),
            ("redis", "rate-limit: 5000", "listeners.a.rate-limit: expected a mapping"),
            ("postgres", "rate-limit: { commands: 1 }", "only Redis listeners count commands"),
        ])
    func mistakes(wire: String, listener: String, message: String) {
        let found = problems(pair(wire, "\(wire)://h", listener: listener))
        #expect(found.contains { $0.contains(message) }, "\(found)")
    }
}
