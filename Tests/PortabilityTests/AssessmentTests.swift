// Verdicts from profiles and reports that are made up, so that every reason has its case.

import Capabilities
import Testing

@testable import Conformance
@testable import Portability
@testable import Usage

@Suite("verdicts")
struct AssessmentTests {
    // MARK: Subjects

    private static func application(
        _ features: [String: UInt64], sizes: [String: SizeRanges] = [:], wire: String = "redis"
    ) -> Application {
        Application(
            protocol: wire, listener: "cache", identity: ["name": "checkout"],
            features: features.mapValues { Feature(count: $0, first: 1_000, last: 2_000) }, sizes: sizes)
    }

    private static func entry(
        _ id: String, _ verdict: Verdict, proves: [String], tags: [String] = [], reason: String = "",
        refused: String? = nil,
        step: String? = nil
    ) -> Report.Entry {
        var entry = Report.Entry(
            id: id, title: "", proves: proves, source: "", tags: tags, client: "raw", verdict: verdict)
        entry.reason = reason
        entry.refusedCapability = refused
        if let step { entry.steps = [Report.Moment(line: 1, action: step, connection: "main")] }
        return entry
    }

    private static func report(
        _ capabilities: [String: ManifestEntry] = [:], _ cases: [Report.Entry] = [], wire: String = "redis",
        standing: Report.Standing = .passed
    ) -> Report {
        Report(
            name: "house", standing: standing,
            targets: [Report.Target(wire: wire, label: "", product: "", version: "", features: [])],
            capabilities: capabilities, fairlead: "", suites: "", seed: 1, started: "", duration: 0, command: "",
            cases: cases)
    }

    private static let plain: [String: ManifestEntry] = [
        "kv.get": ManifestEntry(.native), "kv.set": ManifestEntry(.native), "kv.delete": ManifestEntry(.native),
    ]

    @Test("a verdict says of how many requests the options are known")
    func sampling() throws {
        let few = Self.application(["redis.command.get": 64])
        #expect(few.sampling == nil)
        let many = Self.application(["redis.command.set": 120, "redis.command.get": 640, "redis.command.del": 3])
        #expect(many.sampling?.hasPrefix("Looked at, at the least: 70 of 640 get, 64 of 120 set. An option") == true)
        let all = [Assessment(many, on: Self.report(Self.plain), SuiteFeatures())]
        #expect(all.text(windows: [:]).contains("70 of 640 get, 64 of 120 set"))
        #expect(all.html(windows: [:]).contains("70 of 640 get, 64 of 120 set"))
        let json = try all.json(windows: [:])
        #expect(json.contains("\"looked-at\" : 70") && json.contains("\"count\" : 640"))
        #expect(
            [many].requireSection.hasPrefix("# checkout: Looked at, at the least: 70 of 640 get, 64 of 120 set. An"))
        #expect([many].requireSection.hasSuffix("\nrequire:\n  - kv.get\n  - kv.set\n  - kv.delete\n"))
        #expect([few].requireSection == "require:\n  - kv.get\n")
        // Every statement of PostgreSQL that is another one is looked at.
        let orders = Self.application(
            ["postgres.statement.select": 640, "postgres.message.parse": 640, "postgres.message.bind": 640],
            wire: "postgres")
        #expect(orders.sampling?.hasPrefix("Looked at, at the least: 70 of 640 bind. An option") == true)
    }

    // MARK: Private candidates

    @Test("what is covered is safe, and the gateway's own part needs nothing")
    func safe() {
        let one = Assessment(
            Self.application(["redis.command.get": 90, "redis.command.set": 10, "redis.protocol.resp3": 1]),
            on: Self.report(Self.plain), SuiteFeatures())
        #expect(one.verdict == .safe && one.findings.isEmpty)
    }

    @Test("what is refused blocks, with its share, its case and the way around it")
    func blocked() throws {
        var abilities = Self.plain
        abilities["kv.conditional-set"] = ManifestEntry(.native)
        abilities["kv.compare-and-set"] = ManifestEntry(.native)
        let report = Self.report(
            abilities,
            [
                Self.entry("capabilities/kv-expiry/a", .refused, proves: ["kv.ttl"], refused: "kv.ttl"),
                Self.entry("capabilities/list/a", .refused, proves: ["list.push"], refused: "list.push"),
            ])
        let one = Assessment(
            Self.application(["redis.command.get": 98, "redis.command.set": 2, "redis.option.set.ex": 2]), on: report,
            SuiteFeatures())
        #expect(one.verdict == .blocked)
        let finding = try #require(one.findings.first)
        #expect(one.findings.count == 1 && finding.level == .blocked && finding.subject == "kv.ttl")
        #expect(
            finding.features.map(\.feature) == ["redis.option.set.ex"] && finding.share == 0.02 && finding.last == 2_000
        )
        #expect(finding.cases == ["capabilities/kv-expiry/a"])
        #expect(finding.remedy?.hasPrefix("gaps: { kv.ttl: emulate }") == true)

        let list = Assessment(Self.application(["redis.command.lpush": 1]), on: report, SuiteFeatures())
        #expect(list.findings.first?.remedy?.contains("route") == true)
        let stream = Assessment(Self.application(["redis.command.xadd": 1]), on: report, SuiteFeatures())
        #expect(stream.verdict == .blocked && stream.findings.map(\.subject) == ["redis.command.xadd"])
    }

    @Test("a weakened promise limits those who rely on it, and nobody else")
    func weakened() throws {
        var abilities = Self.plain
        abilities["kv.ttl"] = ManifestEntry(.native, weakenings: [.wholeSeconds])
        let report = Self.report(abilities)
        let seconds = Assessment(
            Self.application(["redis.command.set": 100, "redis.option.set.ex": 50]), on: report, SuiteFeatures())
        #expect(seconds.verdict == .safe)
        let milliseconds = Assessment(
            Self.application(["redis.command.set": 100, "redis.option.set.ex": 50, "redis.option.set.px": 2]),
            on: report,
            SuiteFeatures())
        #expect(milliseconds.verdict == .limited)
        let finding = try #require(milliseconds.findings.first)
        #expect(
            finding.subject == "kv.ttl: whole-seconds" && finding.features.map(\.feature) == ["redis.option.set.px"])
        #expect(finding.share == 0.02)
    }

    @Test(
        "whole seconds matter to those who ask what is left of a time, or name the moment, and are not asked for in full"
    )
    func secondsThatAreTold() {
        var abilities = Self.plain
        abilities["kv.ttl"] = ManifestEntry(.native, weakenings: [.wholeSeconds])
        let report = Self.report(abilities)
        for feature in [
            "redis.command.ttl", "redis.command.expiretime", "redis.command.expireat", "redis.option.set.exat",
        ] {
            let one = Assessment(Self.application([feature: 1]), on: report, SuiteFeatures())
            #expect(one.findings.map(\.subject).contains("kv.ttl: whole-seconds"), "\(feature): \(one.findings)")
        }
        #expect([Self.application(["redis.command.ttl": 1])].requirements == ["kv.ttl"])
        #expect([Self.application(["redis.command.pttl": 1])].requirements == ["kv.ttl/whole-seconds"])
    }

    @Test("SQL that no case has played is one finding, and a case that shows it proves more than capabilities do")
    func dialect() {
        var abilities = Self.plain
        for name in ["sql.query", "sql.cursor"] { abilities[name] = ManifestEntry(.native) }
        var report = Self.report(abilities)
        report.targets = [Report.Target(wire: "postgres", label: "", product: "", version: "", features: [])]
        func findings(_ features: [String]) -> [String] {
            let application = Application(
                protocol: "postgres", listener: "sql", identity: [:],
                features: Dictionary(
                    uniqueKeysWithValues: features.map { ("postgres.\($0)", Feature(count: 1, first: 1, last: 1)) }))
            return Assessment(application, on: report, SuiteFeatures()).findings.map { "\($0.level) \($0.subject)" }
        }
        #expect(
            findings(["statement.select", "feature.distinct-on", "type.interval", "function.unknown", "feature.other"])
                == [
                    "unproven SQL dialect"
                ])
        #expect(findings(["statement.select", "feature.simple-query"]) == [])
        #expect(findings(["feature.holdable-cursor"]) == [])
        #expect(findings(["statement.do"]) == ["blocked postgres.statement.do"])
    }

    @Test("what is ignored, what a case disproves, and a report that has failed are limits")
    func limits() {
        var abilities = Self.plain
        abilities["kv.ttl"] = ManifestEntry(.ignored)
        let report = Self.report(
            abilities,
            [
                Self.entry("capabilities/kv/empty", .differs, proves: ["kv.get"], reason: "an empty value is missing"),
                Self.entry("capabilities/kv/fine", .identical, proves: ["kv.set"]),
            ], standing: .failed)
        let one = Assessment(
            Self.application(["redis.command.get": 1, "redis.command.expire": 1, "redis.command.eval": 1]), on: report,
            SuiteFeatures())
        #expect(
            Set(one.findings.map { "\($0.level.rawValue) \($0.subject)" }) == [
                "limit report", "limit kv.ttl: ignored", "limit kv.get", "blocked redis.command.eval",
                "blocked lock.release",
            ])
    }

    @Test("sizes are held to bounds: above one is blocked, about one is a limit")
    func sizes() throws {
        var abilities = Self.plain
        abilities["kv.set"] = ManifestEntry(.native, bounds: [.valueBytes: 1_000_000, .keyBytes: 250])
        let report = Self.report(abilities)
        func verdict(_ name: String, _ sizes: [UInt64]) -> Assessment {
            var counts = [UInt64](repeating: 0, count: SizeRanges.rangeCount)
            for size in sizes { counts[SizeRanges.range(of: size)] += 1 }
            return Assessment(
                Self.application(["redis.command.set": 4], sizes: [name: SizeRanges(counts: counts)]), on: report,
                SuiteFeatures())
        }
        #expect(verdict("redis.value.bytes", [0, 10, 1_000, 500_000]).verdict == .safe)
        #expect(verdict("redis.value.bytes", [10, 10, 10, 900_000]).verdict == .limited)
        let large = verdict("redis.value.bytes", [10, 10, 10, 2_000_000])
        #expect(large.verdict == .blocked && large.findings.first?.subject == "kv.set: value-bytes")
        #expect(large.findings.first?.reason.contains("25 % of those seen") == true)
        #expect(verdict("redis.key.bytes", [10, 300]).verdict == .blocked)
        // Where no value was looked into, no request is said to fit that may not.
        #expect(verdict("redis.request.bytes", [10, 900]).verdict == .safe)
        let unmeasured = verdict("redis.request.bytes", [10, 3_000_000])
        #expect(unmeasured.verdict == .limited)
        #expect(unmeasured.findings.first?.reason.contains("none was measured, and 50 % of the requests") == true)
    }

    @Test("an empty key is held to what is known of the candidate")
    func emptyKeys() {
        func levels(_ takes: Bool?, empty: UInt64 = 1) -> [Finding.Level] {
            Assessment(
                Self.application(
                    ["redis.command.set": 4],
                    sizes: ["redis.key.bytes": SizeRanges(counts: [empty, 0, 3])]), on: Self.report(Self.plain),
                SuiteFeatures(), facts: CandidateFacts(takesEmptyKeys: takes)
            ).findings.map(\.level)
        }
        #expect(levels(true) == [] && levels(false) == [.blocked] && levels(nil) == [.unproven])
        #expect(levels(false, empty: 0) == [] && levels(nil, empty: 0) == [])
    }

    @Test("what a candidate is known to refuse by name is blocked, unless a case shows it")
    func refusedByName() throws {
        let report = Self.report(
            Self.plain, [Self.entry("postgres/a/b", .identical, proves: ["x"])], wire: "postgres")
        let facts = CandidateFacts { $0 == "postgres.feature.lateral" ? "LATERAL is not known here" : nil }
        let one = Assessment(
            Self.application(
                ["postgres.feature.lateral": 1, "postgres.feature.tablesample": 1], wire: "postgres"), on: report,
            SuiteFeatures(), facts: facts)
        #expect(
            one.findings.map { "\($0.level.rawValue) \($0.subject): \($0.reason)" } == [
                "blocked postgres.feature.lateral: refused by name: LATERAL is not known here",
                "unproven SQL dialect: no case of the report has played statements of this form",
            ])
    }

    @Test("a text names every feature of a finding")
    func allFeatures() {
        let features = ["lateral", "tablesample", "array", "inherits", "similar-to", "unlogged"]
        let one = Assessment(
            Self.application(
                Dictionary(uniqueKeysWithValues: features.map { ("postgres.feature.\($0)", 1) }), wire: "postgres"),
            on: Self.report(Self.plain, wire: "postgres"), SuiteFeatures())
        let text = [one].text(windows: [:])
        for feature in features { #expect(text.contains("postgres.feature.\(feature)"), "\(text)") }
    }

    @Test("the case of a blocked finding is one that is about it, though another capability was missed first")
    func refusedBefore() {
        let cases = [
            Self.entry("capabilities/list/push", .refused, proves: ["list.push"], refused: "list.push"),
            Self.entry("capabilities/list/edit", .refused, proves: ["list.edit", "list.pop"], refused: "list.push"),
            Self.entry("capabilities/list/pop", .refused, proves: ["list.pop", "list.push"], refused: "list.push"),
            Self.entry("capabilities/list/other", .identical, proves: ["list.pop"]),
        ]
        let one = Assessment(
            Self.application(["redis.command.lpop": 1]), on: Self.report(Self.plain, cases), SuiteFeatures())
        let finding = one.findings.first { $0.subject == "list.pop" }
        #expect(finding?.level == .blocked)
        #expect(finding?.cases == ["capabilities/list/pop", "capabilities/list/edit"])
    }

    @Test("expiries are held to the bound of whoever sets them")
    func expiries() throws {
        var abilities = Self.plain
        abilities["kv.ttl"] = ManifestEntry(.native, bounds: [.expirySeconds: 2_592_000])
        let report = Self.report(abilities)
        func judged(_ range: Int) -> Assessment {
            var counts = [UInt64](repeating: 0, count: SizeRanges.rangeCount)
            counts[7] = 3
            counts[range] += 1
            return Assessment(
                Self.application(
                    ["redis.command.set": 4, "redis.option.set.ex": 4],
                    sizes: ["redis.expiry.seconds": SizeRanges(counts: counts)]), on: report, SuiteFeatures())
        }
        #expect(judged(21).verdict == .safe)
        let near = try #require(judged(22).findings.first)
        #expect(near.level == .limit && near.subject == "kv.ttl: expiry-seconds")
        let above = try #require(judged(23).findings.first)
        #expect(above.level == .blocked)
        #expect(
            above.reason == "expiries have 2592000 seconds at most there; 25 % of those seen have more")
    }

    @Test("counts that cannot be are borne")
    func hugeCounts() {
        var counts = [UInt64](repeating: .max, count: SizeRanges.rangeCount)
        counts[0] = 1
        let application = Self.application(
            ["redis.command.get": .max, "redis.command.set": .max, "redis.option.set.nx": .max, "redis.option.set": 1],
            sizes: ["redis.value.bytes": SizeRanges(counts: counts)])
        var abilities = Self.plain
        abilities["kv.set"] = ManifestEntry(.native, bounds: [.valueBytes: 1_000])
        abilities["lock.acquire"] = ManifestEntry(.native)
        let one = Assessment(application, on: Self.report(abilities), SuiteFeatures())
        #expect(one.verdict == .blocked && one.application.requests == .max)
    }

    @Test("a command in no table is judged by its name")
    func unknownNames() {
        let application = Self.application(["redis.unknown.json.set": 3])
        let here = Assessment(application, on: Self.report(Self.plain), SuiteFeatures())
        #expect(here.findings.map { "\($0.level.rawValue) \($0.subject)" } == ["blocked redis.unknown.json.set"])
        let proven = Self.report(
            [:], [Self.entry("redis/modules/json", .identical, proves: ["JSON.SET"])])
        #expect(Assessment(application, on: proven, SuiteFeatures()).verdict == .safe)
        let other = Self.report([:], [Self.entry("redis/modules/json", .identical, proves: ["JSON.GET"])])
        #expect(Assessment(application, on: other, SuiteFeatures()).findings.map(\.level) == [.unproven])
    }

    @Test("a report about another wire says nothing")
    func otherWire() {
        let one = Assessment(
            Self.application(["s3.operation.GetObject": 1], wire: "s3"), on: Self.report(Self.plain), SuiteFeatures())
        #expect(one.verdict == .blocked && one.findings.map(\.subject) == ["s3"])
    }

    // MARK: Trusted candidates

    @Test("a trusted candidate is judged by the cases that prove a command")
    func cases() {
        let report = Self.report(
            [:],
            [
                Self.entry("redis/strings/a", .identical, proves: ["GET", "SET"]),
                Self.entry("redis/sorted-sets/a", .identical, proves: ["ZADD"]),
                Self.entry("redis/sorted-sets/b", .differs, proves: ["ZADD"], reason: "GT is not known"),
                Self.entry("redis/streams/a", .failed, proves: ["XADD"], reason: "unknown command"),
                Self.entry("redis/geo/a", .skipped, proves: ["GEOADD"]),
            ])
        func findings(_ command: String) -> [String] {
            Assessment(Self.application(["redis.command.\(command)": 1]), on: report, SuiteFeatures()).findings
                .map { "\($0.level.rawValue) \($0.subject)" }
        }
        #expect(findings("get") == [])
        #expect(findings("zadd") == ["limit redis.command.zadd"])
        #expect(findings("xadd") == ["blocked redis.command.xadd"])
        #expect(findings("geoadd") == ["unproven not proven"])
        #expect(findings("lpush") == ["unproven not proven"])
    }

    // MARK: Shadows

    @Test("what a shadow has found is a limit of the command that it found it in")
    func shadows() throws {
        func shadow(_ wire: String, _ command: String) -> ShadowDocument.Shadow {
            ShadowDocument.Shadow(
                listener: "cache", candidate: "house", protocol: wire, verdict: "differs", seen: 8, sent: 8,
                identical: 1,
                differing: 7, waiting: .init(commands: 0, bytes: 0), dropped: [:],
                features: [.init(feature: ShadowDocument.feature(command, of: wire), identical: 1, differing: 7)],
                differences: [
                    .init(
                        feature: ShadowDocument.feature(command, of: wire), command: command, kind: "value", count: 7,
                        first: "2026-11-27T10:00:00.000Z", last: "2026-11-27T11:00:00.000Z",
                        example: "GET <key, 3 bytes>", place: "", primary: "", candidate: "")
                ])
        }
        let document = ShadowDocument(shadows: [
            shadow("redis", "get"), shadow("postgres", "select"), shadow("s3", "GetObject"),
        ])
        let json = document.json()
        #expect(try ShadowDocument(json: json) == document)
        #expect(throws: ProfileError.self) {
            try ShadowDocument(json: json.replacing("fairlead-shadow/1", with: "fairlead-shadow/2"))
        }
        #expect(throws: ProfileError.self) { try ShadowDocument(json: "{}") }
        #expect(
            try ShadowDifference.read(json).map(\.feature)
                == ["redis.command.get", "postgres.statement.select", "s3.operation.GetObject"])
        let differences = try ShadowDifference.read(json)
        func verdict(_ command: String) -> MoveVerdict {
            Assessment(
                Self.application(["redis.command.\(command)": 1]), on: Self.report(Self.plain), SuiteFeatures(),
                shadow: differences
            ).verdict
        }
        #expect(verdict("get") == .limited && verdict("set") == .safe)
    }

    @Test("a shadow's candidate is the one that a report is about by configuration, adapter or name")
    func shadowCandidates() {
        var report = Self.report(Self.plain)
        #expect(ShadowCandidate(name: "house").isSubject(of: report))
        #expect(!ShadowCandidate(name: "other").isSubject(of: report))
        #expect(!ShadowCandidate(name: "house", adapter: "etcd").isSubject(of: report))
        report.adapter = "etcd"
        report.configuration = "c0ffee"
        #expect(ShadowCandidate(name: "other", adapter: "etcd", configuration: "dead").isSubject(of: report))
        #expect(!ShadowCandidate(name: "house", adapter: "nats", configuration: "dead").isSubject(of: report))
        #expect(ShadowCandidate(name: "other", configuration: "c0ffee").isSubject(of: report))
        // A document of a gateway that did not say so yet.
        #expect(ShadowCandidate(name: "house").isSubject(of: report))
    }

    // MARK: Forms

    @Test("text, JSON and page say the same, and escape what applications call themselves")
    func forms() throws {
        let windows = ["gateway": [Profile.Window(start: 1_700_000_000, end: 1_700_003_600)]]
        var application = Self.application(["redis.command.get": 3, "redis.command.lpush": 1])
        application.identity["name"] = "<script>"
        application.identity["user"] = "\u{1B}[2J"
        let all = [Assessment(application, on: Self.report(Self.plain), SuiteFeatures())]
        let text = all.text(windows: windows)
        #expect(text.contains("<script> ?[2J (redis, listener cache): 4 requests, 2 features\n  house: blocked\n"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
        #expect(text.contains("blocked  list.push: the candidate refuses it"))
        #expect(text.contains("used by redis.command.lpush 25 %"))
        #expect(text.contains("from 2023-11-14T22:13:20Z to 2023-11-14T23:13:20Z. What was not seen is unknown."))
        let json = try all.json(windows: windows)
        #expect(json.contains("\"verdict\" : \"blocked\"") && json.contains("\"fairlead-portability/1\""))
        let page = all.html(windows: windows)
        #expect(page.contains("&lt;script&gt;") && !page.contains("<script>") && page.contains("list.push"))
    }

    @Test("a profile becomes a contract")
    func requirements() {
        let applications = [
            Self.application(["redis.command.get": 1, "redis.option.set.px": 1, "redis.command.xadd": 1]),
            Self.application(["redis.command.lpush": 1]),
        ]
        #expect(applications.requirements == ["kv.get", "kv.set", "kv.ttl/whole-seconds", "list.push"])
        #expect(applications.beyondCapabilities == ["redis.command.xadd"])
    }
}
