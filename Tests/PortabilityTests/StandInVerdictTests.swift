// Verdicts on backends that have locks, queues and sequences in place of what Redis clients ask for.

import Capabilities
import Testing

@testable import Conformance
@testable import Portability
@testable import Usage

@Suite("verdicts on stand-ins")
struct StandInVerdictTests {
    private static func application(_ features: [String: UInt64]) -> Application {
        Application(
            protocol: "redis", listener: "cache", identity: ["name": "nightly"],
            features: features.mapValues { Feature(count: $0, first: 1_000, last: 2_000) })
    }

    private static func report(_ capabilities: [Capability], _ proven: [String: Verdict]) -> Report {
        var cases: [Report.Entry] = []
        for (name, verdict) in proven.sorted(by: { $0.key < $1.key }) {
            var entry = Report.Entry(
                id: "capabilities/\(name)/a", title: "", proves: [name], source: "", tags: [], client: "hiredis",
                verdict: verdict)
            entry.reason = verdict == .identical ? "" : "it is lost"
            cases.append(entry)
        }
        return Report(
            name: "house", standing: .passed,
            targets: [Report.Target(wire: "redis", label: "", product: "", version: "", features: [])],
            capabilities: Dictionary(
                uniqueKeysWithValues: capabilities.map { ($0.name, ManifestEntry(.native)) }),
            fairlead: "", suites: "", seed: 1, started: "", duration: 0, command: "", cases: cases)
    }

    private static func judged(_ features: [String: UInt64], on report: Report) -> Assessment {
        Assessment(application(features), on: report, SuiteFeatures())
    }

    private static let lock: [Capability] = [
        .keyValueGet, .keyValueSet, .keyValueTTL, .lockAcquire, .lockRelease, .lockExtend,
    ]

    @Test("SET with NX and a time is a lock: safe with what is otherwise, as cases prove it")
    func locks() throws {
        let used: [String: UInt64] = [
            "redis.command.set": 10, "redis.option.set.nx": 4, "redis.option.set.px": 4,
            "redis.shape.set.nx-with-time": 4,
        ]
        let one = Self.judged(used, on: Self.report(Self.lock, ["lock.acquire": .identical]))
        #expect(one.verdict == .limited)
        let finding = try #require(one.findings.first)
        #expect(one.findings.count == 1 && finding.subject == "lock: stands in" && finding.level == .limit)
        #expect(finding.reason.contains("GET") && finding.cases == ["capabilities/lock.acquire/a"])
        #expect(Set(finding.features.map(\.feature)) == ["redis.option.set.nx", "redis.shape.set.nx-with-time"])

        let unproven = Self.judged(used, on: Self.report(Self.lock, ["lock.acquire": .skipped]))
        #expect(unproven.verdict == .limited && unproven.findings.map(\.level) == [.limit, .unproven])
        let disproven = Self.judged(used, on: Self.report(Self.lock, ["lock.acquire": .differs]))
        #expect(disproven.verdict == .blocked && disproven.findings.first?.reason == "it is lost")
        #expect(disproven.findings.first?.cases == ["capabilities/lock.acquire/a"])
    }

    @Test("where not every SET with NX has a time it is blocked, with the way to be a lock")
    func noLocks() throws {
        let report = Self.report(Self.lock, ["lock.acquire": .identical])
        for used: [String: UInt64] in [
            ["redis.command.set": 10, "redis.option.set.nx": 4],
            ["redis.command.set": 10, "redis.option.set.nx": 4, "redis.shape.set.nx-with-time": 3],
        ] {
            let one = Self.judged(used, on: report)
            let finding = try #require(one.findings.first)
            #expect(one.verdict == .blocked && finding.subject == "kv.conditional-set")
            #expect(finding.features.map(\.feature) == ["redis.option.set.nx"])
            #expect(finding.remedy?.contains("NX only together with EX, PX") == true)
        }
        // Whoever looks for a key, and ends no lock, has none.
        let cache = Self.judged(
            [
                "redis.command.set": 4, "redis.option.set.nx": 4, "redis.shape.set.nx-with-time": 4,
                "redis.command.get": 4,
            ],
            on: report)
        #expect(cache.verdict == .blocked && cache.findings.map(\.subject) == ["lock: stands in"])
        #expect(cache.findings.first?.reason.contains("GET would not find it") == true)
        let careful = Self.judged(
            [
                "redis.command.set": 4, "redis.option.set.nx": 4, "redis.shape.set.nx-with-time": 4,
                "redis.command.get": 4, "redis.command.evalsha": 4,
            ], on: report)
        #expect(careful.verdict == .limited)
        // Lives of keys are no locks.
        let lives = Self.judged(
            [
                "redis.command.set": 10, "redis.option.set.nx": 1, "redis.option.set.px": 9,
                "redis.shape.set.nx-with-time": 1,
            ],
            on: Self.report([.keyValueSet, .lockAcquire], ["lock.acquire": .identical]))
        #expect(lives.verdict == .blocked && lives.findings.first?.subject == "kv.ttl")
        let mixed = Self.judged(
            [
                "redis.command.set": 6, "redis.option.set.nx": 3, "redis.option.set.px": 3, "redis.option.set.ex": 3,
                "redis.shape.set.nx-with-time": 3,
            ], on: Self.report([.keyValueSet, .lockAcquire], ["lock.acquire": .identical]))
        #expect(mixed.findings.first?.subject == "kv.ttl")
        // A backend that has nothing but locks takes what is a lock.
        let onlyLocks = Self.judged(
            [
                "redis.command.set": 4, "redis.option.set.nx": 4, "redis.option.set.px": 4,
                "redis.shape.set.nx-with-time": 4,
            ],
            on: Self.report([.lockAcquire], ["lock.acquire": .identical]))
        #expect(onlyLocks.verdict == .limited, "\(onlyLocks.findings)")
    }

    @Test("a list that is a queue, and a counter that is a sequence, are safe with limits")
    func queues() throws {
        let queue: [Capability] = [.queuePut, .queueReserve, .queueAcknowledge, .queueRelease]
        let proven: [String: Verdict] = [
            "queue.put": .identical, "queue.reserve": .identical, "queue.acknowledge": .identical,
        ]
        let mails = Self.judged(
            ["redis.command.lpush": 2, "redis.command.brpop": 2, "redis.state.blocking": 2],
            on: Self.report(queue, proven))
        #expect(mails.verdict == .limited && mails.findings.map(\.subject) == ["queue: stands in"])
        let careful = Self.judged(
            [
                "redis.command.lpush": 2, "redis.command.lmove": 2, "redis.option.lmove.left": 2,
                "redis.option.lmove.right": 2, "redis.shape.lmove.right-to-left": 2, "redis.command.lrem": 2,
            ], on: Self.report(queue, proven))
        #expect(careful.verdict == .limited && careful.findings.map(\.subject) == ["queue: stands in"])
        for feature in ["command.rpush", "shape.lpush.many", "command.llen", "option.lmove.left"] {
            let one = Self.judged(["redis.command.lpush": 2, "redis.\(feature)": 2], on: Self.report(queue, proven))
            let blocked = one.findings.filter { $0.level == .blocked }
            #expect(blocked.flatMap(\.features).map(\.feature) == ["redis.\(feature)"], "\(one.findings)")
            #expect(blocked.first?.remedy?.contains("then the list is a queue") == true)
        }
        let numbers = Self.judged(
            ["redis.command.incr": 2], on: Self.report([.sequenceNext], ["sequence.next": .identical]))
        #expect(numbers.verdict == .limited && numbers.findings.map(\.subject) == ["sequence: stands in"])
        let back = Self.judged(
            ["redis.command.decr": 2], on: Self.report([.sequenceNext], ["sequence.next": .identical]))
        #expect(back.verdict == .blocked && back.findings.first?.remedy?.contains("INCR") == true)
    }

    @Test("nothing stands in for what MULTI holds")
    func transactions() throws {
        let report = Self.report(
            Self.lock + [.sequenceNext, .keyValueTransaction],
            ["sequence.next": .identical, "lock.acquire": .identical])
        let one = Self.judged(
            [
                "redis.command.incr": 9, "redis.shape.incr.queued": 3, "redis.command.multi": 3,
                "redis.command.exec": 3,
                "redis.state.transaction": 3,
            ], on: report)
        #expect(one.verdict == .blocked)
        let finding = try #require(one.findings.first)
        #expect(
            finding.subject == "kv.increment: in MULTI"
                && finding.features.map(\.feature) == ["redis.shape.incr.queued"])
        #expect(finding.remedy?.hasPrefix("send it outside of MULTI") == true)
        let lock = Self.judged(
            [
                "redis.command.set": 9, "redis.option.set.nx": 9, "redis.shape.set.nx-with-time": 9,
                "redis.shape.set.nx-with-time.queued": 3, "redis.command.multi": 3, "redis.command.exec": 3,
            ], on: report)
        #expect(lock.findings.first?.subject == "kv.conditional-set: in MULTI")
        // Where MULTI holds something else, it is no hindrance.
        let beside = Self.judged(
            ["redis.command.incr": 9, "redis.command.multi": 3, "redis.command.exec": 3, "redis.command.get": 3],
            on: report)
        #expect(beside.verdict == .limited)
    }

    @Test("what the gateway emulates is a limit of who uses transactions, and of nobody else")
    func emulations() throws {
        var report = Self.report([.keyValueGet, .keyValueTransaction], [:])
        report.capabilities["kv.increment"] = ManifestEntry(.emulated)
        let used: [String: UInt64] = ["redis.command.get": 2, "redis.command.incr": 2]
        #expect(Self.judged(used, on: report).verdict == .safe)
        let both = Self.judged(used.merging(["redis.state.transaction": 1]) { $1 }, on: report)
        #expect(both.verdict == .limited)
        let finding = try #require(both.findings.first)
        #expect(finding.subject == "kv.transaction: emulated" && finding.reason.contains("(kv.increment)"))
        #expect(Self.judged(["redis.command.get": 2, "redis.state.transaction": 1], on: report).verdict == .safe)
    }

    @Test("a backend that has the thing itself has no stand-in for it")
    func real() {
        let counters: [String: UInt64] = ["redis.command.incr": 4, "redis.command.incrby": 4, "redis.command.get": 1]
        let both = Self.report(
            [.keyValueGet, .keyValueIncrement, .sequenceNext],
            ["sequence.next": .identical, "kv.increment": .identical])
        #expect(Self.judged(counters, on: both).verdict == .safe)

        let report = Self.report(
            [.keyValueSet, .keyValueTTL, .keyValueConditionalSet, .lockAcquire], ["lock.acquire": .identical])
        let one = Self.judged(
            ["redis.command.set": 4, "redis.option.set.nx": 4, "redis.shape.set.nx-with-time": 4], on: report)
        #expect(one.verdict == .safe)
    }
}
