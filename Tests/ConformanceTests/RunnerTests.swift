// What the runner makes of cases: verdicts, cleaning up, order, comparison.

import Conformance
import Synchronization
import TestSupport
import Testing

@Suite("The runner of conformance suites")
struct RunnerTests {
    private func library(_ cases: String, _ driver: ModelDriver, masks: String = "") throws -> SuiteLibrary {
        let folder = try TemporaryFolder()
        _ = try folder.folder("redis")
        let indented = cases.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n  ")
        try folder.write("redis/model.yaml", "suite: redis/model\nabout: A model.\ncases:\n  \(indented)\n")
        try folder.write("masks.yaml", masks)
        return try SuiteLibrary(folder: folder.path, drivers: [driver])
    }

    private func run(
        _ cases: String, at host: String = "right", against other: String? = nil, masks: String = "",
        driver: ModelDriver = ModelDriver("right", "also-right", "forgetful", "backward"),
        options: RunOptions = RunOptions(seed: 7), progress: Watcher = Watcher()
    ) throws -> RunReport {
        let library = try library(cases, driver, masks: masks)
        func target(_ host: String) -> Target { Target(label: host, wire: .redis, host: host, port: 1) }
        return try ConformanceRun(
            target(host), against: other.map(target), drivers: [driver], library: library, options: options
        ).run(progress)
    }

    /// A case as YAML, with what all of them have.
    private func one(_ name: String, _ rest: String) -> String {
        "- name: \(name)\n  proves: GET\n  title: \(name)\n  source: https://example.org\n  "
            + rest.split(separator: "\n").joined(separator: "\n  ") + "\n"
    }

    @Test("every verdict comes from what happened")
    func verdicts() throws {
        let report = try run(
            one("good", "steps: [{ put: [\"${p}k\", v], expect: !simple OK }, { get: \"${p}k\", expect: v }]")
                + one("wrong", "steps: [{ get: \"${p}k\", expect: v }]")
                + one("refused", "steps: [{ refuse: list, expect: 1 }]")
                + one("hangs", "steps: [{ hang: \"${p}k\", within: 20ms }]")
                + one("silent", "steps: [{ hang: \"${p}k\", within: 20ms, expect: !silent }]")
                + one("newer", "needs: { version: \">=99\" }\nsteps: [{ get: k }]")
                + one("lacks", "needs: { feature: large }\nsteps: [{ get: k }]"))
        let verdicts = report.cases.map { "\($0.id.dropFirst(12)) \($0.verdict.rawValue)" }
        #expect(
            verdicts == [
                "good identical", "wrong differs", "refused refused", "hangs failed", "silent identical",
                "newer skipped",
                "lacks skipped",
            ])
        #expect(report.cases[1].reason.contains("v was expected, null came"))
        #expect(report.cases[2].refusedCapability == "kv.list")
        #expect(report.cases[1].steps.last?.evidence.pieces.isEmpty == false)
    }

    @Test("a connection that is refused by a capability's name is refused, and the run goes on")
    func refusedConnection() throws {
        let report = try run(
            one("asked", "connection: { refused: sql.query }\nsteps: [{ get: k, expect: v }]")
                + one("opened", "connection: { refused: sql.query }\nsteps: [{ open: other }]")
                + one("good", "steps: [{ put: [\"${p}k\", v], expect: !simple OK }]"))
        #expect(report.cases.map(\.verdict) == [.refused, .refused, .identical])
        #expect(report.cases.map(\.refusedCapability) == ["sql.query", "sql.query", nil])
        #expect(report.interruption == nil)
    }

    @Test("a lost update shows in the sum of many connections, and an honest store has none")
    func concurrency() throws {
        let steps = """
            within: 20s
            steps:
              - concurrently: { copies: 8, steps: [{ times: 50, steps: [{ add: "${p}n", tally: { sums: !any integer } }] }] }
              - { check: "${sums}", expect: 400 }
              - { get: "${p}n", expect: "400" }
            """
        #expect(try run(one("no-lost-update", steps)).cases[0].verdict == .identical)
        let wrong = try run(one("no-lost-update", steps), at: "forgetful").cases[0]
        #expect(wrong.verdict == .differs)
    }

    @Test("a search finds the largest size that holds, and says when it is less than promised")
    func search() throws {
        let report = try run(
            one(
                "fits",
                "steps: [{ search: bytes, from: 1, up-to: 100000, at-least: 1000, steps: [{ size: \"${size}\", expect: !simple OK }] }]"
            )
                + one(
                    "small",
                    "steps: [{ search: bytes, from: 1, up-to: 100000, at-least: 1001, steps: [{ size: \"${size}\", expect: !simple OK }] }]"
                ))
        #expect(report.cases[0].figures == ["bytes": 1000] && report.cases[0].verdict == .identical)
        #expect(report.cases[1].verdict == .differs && report.cases[1].reason.contains("1001 at least"))
    }

    @Test("what was saved can be used, and what nothing set is a mistake of the case")
    func variables() throws {
        let report = try run(
            one(
                "saves",
                "steps: [{ add: \"${p}n\", save: n }, { put: [\"${p}k\", \"${n}\"] }, { get: \"${p}k\", expect: \"1\" }]"
            )
                + one("unset", "steps: [{ get: \"${nothing}\" }]"))
        #expect(report.cases[0].verdict == .identical)
        #expect(report.cases[1].verdict == .failed && report.cases[1].reason.contains("${nothing}"))
    }

    @Test("two targets are compared with what varies masked")
    func comparison() throws {
        let cases =
            one("same", "steps: [{ add: \"${p}n\" }, { get: \"${p}n\" }]")
            + one("lost", "steps: [{ times: 10, steps: [{ add: \"${p}n\" }] }, { get: \"${p}n\" }]")
            + one("masked", "masks: [numbers]\nsteps: [{ times: 10, steps: [{ add: \"${p}n\" }] }, { get: \"${p}n\" }]")
            + one(
                "hidden",
                "masks: [numbers]\nsteps: [{ times: 10, steps: [{ add: \"${p}n\" }] }, { get: \"${p}n\", expect: \"10\" }]"
            )
            + one(
                "late",
                "masks: [numbers]\nsteps: [{ times: 500, steps: [{ add: \"${p}n\" }] }, { get: \"${p}n\", expect: \"500\" }]"
            )
        let report = try run(
            cases, at: "right", against: "forgetful",
            masks: "masks: [{ name: numbers, why: They grow., pattern: \"[0-9]+\" }]")
        #expect(report.cases.map(\.verdict) == [.identical, .differs, .identical, .differs, .differs])
        #expect(report.cases[3].reason.hasPrefix("only there: line"))
        #expect(
            try run(cases, against: "also-right", masks: "masks: [{ name: numbers, why: w, pattern: x }]").cases
                .allSatisfy { $0.verdict == .identical })
    }

    @Test("an order that nobody promises is not compared, and one that is promised is")
    func unorderedComparison() throws {
        let fill = "{ put: [\"${p}a\", x] }, { put: [\"${p}b\", y] }"
        let names = "[\"${p}b\", \"${p}a\"]"
        let cases =
            one("any-order", "steps: [\(fill), { names: \"${p}\", expect: !simple {is: !unordered \(names)} }]")
            + one("an-order", "steps: [\(fill), { names: \"${p}\", expect: !any simple }]")
        let report = try run(cases, at: "right", against: "backward")
        #expect(report.cases.map(\.verdict) == [.identical, .differs])
    }

    @Test("a restart is over when its command is, whatever it leaves in the background")
    func restart() throws {
        let cases =
            one("up", "steps: [{ restart: true }, { put: [\"${p}k\", v], expect: !simple OK }]")
            + one("down", "steps: [{ restart: true }]")
        var options = RunOptions(seed: 7)
        options.restartCommand = "sleep 25 &"
        let start = ContinuousClock.now
        #expect(try run(cases, options: options).cases.map(\.verdict) == [.identical, .identical])
        // The runner's own patience is 30 s: had it waited for the background, the case would have been cut.
        #expect(ContinuousClock.now - start < .seconds(20))
        options.restartCommand = "exit 3"
        let failed = try run(cases, options: options).cases
        #expect(failed.allSatisfy { $0.verdict == .failed && $0.reason.contains("ended with 3") })
    }

    @Test("the seed decides the order, the report keeps the suites' order, and every place is cleared")
    func order() throws {
        let cases = (0..<20).map { one("case-\($0)", "steps: [{ put: [\"${p}k\", v] }]") }.joined()
        func order(_ seed: UInt64) throws -> [String] {
            let driver = ModelDriver("right")
            var options = RunOptions(seed: seed)
            options.jobs = 1
            let report = try run(cases, driver: driver, options: options)
            #expect(report.cases.map(\.id) == (0..<20).map { "redis/model/case-\($0)" })
            #expect(driver.stores["right"]?.values.withLock { $0.isEmpty } == true)
            #expect(driver.closed.withLock { $0.count } == 20)
            return driver.opened.withLock { $0 }
        }
        #expect(try order(1) == order(1))
        #expect(try order(1) != order(2))
    }

    @Test("a target that dies ends the run with what is known")
    func death() throws {
        let cases = (0..<30).map { one("case-\($0)", "steps: [{ leave: x }]") }.joined()
        var options = RunOptions(seed: 1)
        options.jobs = 1
        let report = try run(cases, options: options)
        #expect(report.interruption?.contains("cannot be reached") == true)
        #expect(report.cases.count < 10 && report.cases.allSatisfy { $0.verdict == .failed })
    }

    @Test(
        "mistakes in suites are named with their place",
        arguments: [
            ("steps: [{ gett: k }]", "a step needs an action"), ("steps: [{ get: k, expct: v }]", "expct"),
            ("steps: [{ wait: 5 }]", "duration"), ("needs: { versoin: \">=7\" }\nsteps: [{ get: k }]", "did you mean"),
            ("steps: [{ concurrently: [[{ on: a, get: k }], [{ on: a, get: k }]] }]", "use the connection a"),
            ("steps: [{ get: k, masks: [nothing] }]", "no mask"), ("within: 2h\nsteps: [{ get: k }]", "duration"),
        ])
    func mistakes(rest: String, message: String) throws {
        do {
            _ = try library(one("wrong", rest), ModelDriver("right"))
            Issue.record("the suite was read")
        } catch let problems as SuiteLibrary.Problems {
            #expect(problems.description.contains(message) && problems.description.contains("model.yaml:"))
        }
    }
}

/// Counts what it is told.
final class Watcher: RunProgress {
    let count = Mutex(0)
    let leftBehind = Mutex([String]())
    func left(_ names: [String], at label: String) { leftBehind.withLock { $0 += names } }
    func began(_ facts: TargetFacts, against: TargetFacts?, cases: Int, scope: String) {}
    func finished(_ result: CaseResult, done: Int, of total: Int) { count.withLock { $0 += 1 } }
}
