// What the command says of profiles and shadows that its reports do not cover.

import ArgumentParser
import Conformance
import Foundation
import Portability
import TestSupport
import Testing
import Usage

@testable import fairlead

@Suite("fairlead portability")
struct PortabilityCommandTests {
    private static func profile(_ features: [String]) -> String {
        let application = Application(
            protocol: "redis", listener: "cache", identity: [:],
            features: Dictionary(uniqueKeysWithValues: features.map { ($0, Feature(count: 1, first: 1, last: 1)) }))
        return Profile(windows: ["g": [.init(start: 1, end: 2)]], applications: [application]).json()
    }

    @Test("a contract that cannot say all that is needed is a failure")
    func contract() throws {
        let folder = try TemporaryFolder()
        func status(_ features: [String]) throws -> ExitCode? {
            let file = try folder.write("usage.json", Self.profile(features))
            do {
                try PortabilityCommand.parse(["--usage", file, "--require"]).run()
                return nil
            } catch let code as ExitCode {
                return code
            }
        }
        #expect(try status(["redis.command.get"]) == nil)
        #expect(try status(["redis.command.get", "redis.command.xadd"]) == ExitCode(1))
    }

    @Test("a shadow of candidates that no report is about is an error that names both")
    func strangers() throws {
        let folder = try TemporaryFolder()
        let report = try ReportFile.read("\(Tools.repository)/conformance/reports/memcached.json")
        func shadow(_ name: String, _ adapter: String?) -> ShadowDocument.Shadow {
            ShadowDocument.Shadow(
                listener: "cache", candidate: name, adapter: adapter, protocol: "redis", verdict: "identical", seen: 1,
                sent: 1, identical: 1, differing: 0, waiting: .init(commands: 0, bytes: 0), dropped: [:], features: [],
                differences: [])
        }
        let other = try folder.write("other.json", ShadowDocument(shadows: [shadow("house", "etcd")]).json())
        #expect {
            try PortabilityCommand.differences(other, [report])
        } throws: {
            "\($0)"
                == "\(other): it is about 'house' (adapter etcd), and the reports are about memcached (adapter memcached): name a report on the candidate with --to"
        }
        let both = ShadowDocument(shadows: [shadow("house", "etcd"), shadow("kv", "memcached")])
        #expect(throws: Never.self) {
            try PortabilityCommand.differences(try folder.write("both.json", both.json()), [report])
        }
    }

    @Test(
        "what the embedded store's dialect refuses by name is told from what it takes",
        arguments: [
            ("feature.lateral", true), ("feature.grouping-sets", true), ("type.array", true), ("type.interval", true),
            ("function.unnest", true), ("function.to_tsvector", true), ("function.regexp_replace", true),
            ("feature.inherits", true), ("feature.unknown", false), ("feature.join-using", false),
            ("function.lower", false), ("function.coalesce", false), ("type.integer", false), ("type.jsonb", false),
            ("feature.partitioned-table", false), ("function.unknown", false),
        ])
    func dialect(feature: String, isRefused: Bool) throws {
        let dialect = try #require(EmbeddedDialect())
        let reason = dialect.refusal(of: "postgres.\(feature)")
        #expect((reason != nil) == isRefused, "\(reason ?? "taken")")
        #expect(dialect.refusal(of: "postgres.\(feature)") == reason)
    }

    @Test("no sample of what a case of the embedded store's report shows is refused")
    func proven() throws {
        let dialect = try #require(EmbeddedDialect())
        let report = try ReportFile.read("\(Tools.repository)/conformance/reports/embedded.json")
        #expect(CandidateFacts.of(report).takesEmptyKeys == true)
        for feature in PostgresSamples.all {
            guard let reason = dialect.refusal(of: feature) else { continue }
            let suites = try SuiteFeatures(SuitesFolder.library("\(Tools.repository)/conformance/suites"), of: [report])
            let application = Application(
                protocol: "postgres", listener: "sql", identity: [:],
                features: [feature: Feature(count: 1, first: 1, last: 1)])
            let plain = Assessment(application, on: report, suites)
            #expect(plain.verdict != .safe, "\(feature): \(reason)")
            let one = Assessment(application, on: report, suites, facts: .of(report))
            #expect(one.verdict == .blocked, "\(feature): \(one.findings)")
        }
    }
}
