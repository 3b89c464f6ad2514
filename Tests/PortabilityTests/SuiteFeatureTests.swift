// What cases are about: their requests, read as the recorder reads live traffic.

import TestSupport
import Testing

@testable import Conformance
@testable import Portability
@testable import Usage

@Suite("what cases ask for")
struct SuiteFeatureTests {
    private static let head = """
        suite: redis/some
        about: Some.
        cases:

        """

    private static func one(_ name: String, _ lines: String, more: String = "") -> String {
        """
          - name: \(name)
            proves: SET
            title: Some.
            source: https://redis.io/
        \(more)    steps:
        \(lines)

        """
    }

    private static func entry(_ id: String, _ verdict: Verdict, line: Int? = nil) -> Report.Entry {
        var entry = Report.Entry(
            id: id, title: "", proves: ["SET"], source: "", tags: [], client: "raw", verdict: verdict)
        if let line { entry.steps = [Report.Moment(line: line, action: "", connection: "main")] }
        return entry
    }

    private static func report(_ entries: [Report.Entry], wire: String = "redis") -> Report {
        Report(
            name: "house", standing: .passed,
            targets: [Report.Target(wire: wire, label: "", product: "", version: "", features: [])], fairlead: "",
            suites: "", seed: 1, started: "", duration: 0, command: "", cases: entries)
    }

    private static func features(_ suite: String, _ wire: String, of report: Report) throws -> SuiteFeatures {
        let folder = try TemporaryFolder()
        _ = try folder.folder(wire)
        _ = try folder.write("\(wire)/some.yaml", suite)
        return try SuiteFeatures(try SuiteLibrary(folder: folder.path, drivers: Drivers.all), of: [report])
    }

    @Test("a case proves what its requests show: options, forms, the protocol, and no word that is a value")
    func proofs() throws {
        let suite =
            Self.head
            + Self.one(
                "a",
                """
                      - { send: [SET, nx, keepttl, PX, "60000"], expect: !simple OK }
                      - { pipeline: [[DEL, a, b], [GET, a]], expect: [0, null] }
                      - { send: [ZADD, z, "1", gt], expect: 1 }
                      - { send: [MULTI], expect: !simple OK }
                      - { send: [EXEC], expect: [] }
                      - times: 3
                        steps: [{ send: [SCAN, "0", MATCH, "${p}*"], expect: !any }]
                      - { set: { option: COUNT } }
                      - { send: [SCAN, "0", "${option}", "10"], save: { page: "1" } }
                      - { send: [GET, "${page}"], expect: null }
                """, more: "    connection: { protocol: 3 }\n")
        let report = Self.report([Self.entry("redis/some/a", .identical)])
        let features = try Self.features(suite, "redis", of: report)
        for feature in [
            "option.set.px", "shape.del.many", "protocol.pipelining", "protocol.resp3", "state.transaction",
            "option.scan.match", "option.scan.count", "command.hello",
        ] {
            #expect(features.proves("redis.\(feature)", in: "redis/some/a"), "\(feature)")
        }
        for feature in ["option.set.nx", "option.set.keepttl", "option.zadd.gt", "protocol.inline"] {
            #expect(!features.proves("redis.\(feature)", in: "redis/some/a"), "\(feature)")
        }
    }

    @Test(
        "what is to fail, and what nobody looks at, proves nothing; and a step that failed is about what it asked for")
    func failures() throws {
        let suite =
            Self.head
            + Self.one(
                "a",
                """
                      - { send: [SET, k, v, NX, XX], expect: !error "ERR syntax error" }
                      - { send: [GETEX, k, PERSIST] }
                      - { send: [SET, k, v, EX, "10"], expect: !simple OK }
                      - { send: [SET, k, v, PX, "10"], expect: !simple OK }
                """)
        let lines = suite.split(separator: "\n", omittingEmptySubsequences: false)
        let decisive = (lines.firstIndex { $0.contains("PX") } ?? 0) + 1
        let failed = Self.report([Self.entry("redis/some/a", .differs, line: decisive)])
        let features = try Self.features(suite, "redis", of: failed)
        for feature in ["set.nx", "set.xx", "getex.persist"] {
            #expect(!features.proves("redis.option.\(feature)", in: "redis/some/a"), "\(feature)")
        }
        #expect(features.proves("redis.option.set.ex", in: "redis/some/a"))
        func levels(_ option: String, _ report: Report) -> [Finding.Level] {
            let application = Application(
                protocol: "redis", listener: "cache", identity: [:],
                features: ["redis.option.set.\(option)": Feature(count: 1, first: 1, last: 1)])
            return Assessment(application, on: report, features).findings.map(\.level)
        }
        #expect(levels("px", failed) == [.blocked])
        #expect(levels("ex", failed) == [.unproven] && levels("nx", failed) == [.unproven])
        let held = Self.report([Self.entry("redis/some/a", .identical)])
        let proven = Assessment(
            Application(
                protocol: "redis", listener: "cache", identity: [:],
                features: ["redis.option.set.px": Feature(count: 1, first: 1, last: 1)]), on: held, features)
        #expect(proven.proofs == ["redis.option.set.px": "redis/some/a"])
        #expect(levels("px", held) == [] && levels("nx", held) == [.unproven])
        func failing(of feature: String, _ reports: [Report.Entry]) -> Int? {
            CaseEvidence.of(feature, in: Self.report(reports), features)?.failing.count
        }
        let both = [Self.entry("redis/some/a", .identical), Self.entry("redis/some/a", .failed, line: decisive)]
        #expect(failing(of: "redis.option.set.px", both) == 1)
        #expect(CaseEvidence.of("redis.protocol.tls", in: failed, features) == nil)
        #expect(CaseEvidence.of("redis.subcommand.client.setinfo", in: failed, features) == nil)
        #expect(CaseEvidence.of("postgres.function.unknown", in: failed, features)?.holding.isEmpty == true)
    }

    @Test("statements are read as those of clients are, whatever carries them")
    func statements() throws {
        let suite = """
            suite: postgres/some
            about: Some.
            cases:
              - name: a
                proves: SELECT
                title: Some.
                source: https://www.postgresql.org/
                connection: { options: "-c geqo=off" }
                steps:
                  - { query: "BEGIN; SELECT 'lower(' /* upper( */", expect: !any }
                  - { query: "SELECT sum(a) FROM t WHERE b = $1", params: ["1"], types: [25], results: binary, expect: !any fields }
                  - { prepare: { name: s, query: SELECT $1::uuid }, expect: !any fields }
                  - { query: "SELECT max(", expect: !error { sqlstate: "42601" } }
                  - { copy-in: "COPY t FROM STDIN", data: ["1\\n"], expect: { tag: COPY 1 } }
              - name: b
                proves: Bind
                client: raw
                title: Some.
                source: https://www.postgresql.org/
                steps:
                  - send: [{ Parse: { query: SELECT 1 } }, { Bind: { portal: p } }, { Execute: { portal: p, rows: 1 } }, Sync]
                    expect: !any
            """
        let report = Self.report(
            [Self.entry("postgres/some/a", .identical), Self.entry("postgres/some/b", .identical)], wire: "postgres")
        let features = try Self.features(suite, "postgres", of: report)
        for feature in [
            "feature.startup-options", "statement.begin", "statement.select", "function.sum", "type.text", "type.uuid",
            "feature.binary-results", "feature.named-statement", "feature.copy-in", "feature.copy-from-stdin",
        ] {
            #expect(features.proves("postgres.\(feature)", in: "postgres/some/a"), "\(feature)")
        }
        for feature in ["function.lower", "function.upper", "function.max", "feature.named-portal"] {
            #expect(!features.proves("postgres.\(feature)", in: "postgres/some/a"), "\(feature)")
        }
        for feature in ["feature.named-portal", "feature.row-limit", "feature.extended-query"] {
            #expect(features.proves("postgres.\(feature)", in: "postgres/some/b"), "\(feature)")
        }
    }

    @Test("requests of S3 are read with their signatures")
    func requests() throws {
        let suite = """
            suite: s3/some
            about: Some.
            cases:
              - name: a
                proves: GetObject
                title: Some.
                source: https://docs.aws.amazon.com/
                steps:
                  - { put: k, body: !fill { text: a, size: 1073741824 }, checksum: crc32, expect: { status: 200 } }
                  - { get: k, headers: { Range: bytes=0-1 }, expect: { status: 206 } }
                  - { get: k, headers: { If-Match: x }, expect: { status: 412 } }
              - name: b
                proves: GetObject
                client: raw
                title: Some.
                source: https://docs.aws.amazon.com/
                steps:
                  - { get: k, sign: query, query: { response-content-type: a/b }, expect: { status: 200 } }
            """
        let report = Self.report(
            [Self.entry("s3/some/a", .identical), Self.entry("s3/some/b", .identical)], wire: "s3")
        let features = try Self.features(suite, "s3", of: report)
        for feature in ["header.range", "header.x-amz-checksum-crc32", "signature.v4", "operation.PutObject"] {
            #expect(features.proves("s3.\(feature)", in: "s3/some/a"), "\(feature)")
        }
        #expect(!features.proves("s3.header.if-match", in: "s3/some/a"))
        // A case that failed is not about how its requests are signed, if others are signed so and hold.
        let failed = Self.report(
            [Self.entry("s3/some/a", .identical), Self.entry("s3/some/b", .failed, line: 18)], wire: "s3")
        let carried = CaseEvidence.of("s3.signature.v4", in: failed, features)
        #expect(carried?.failing.isEmpty == true && carried?.holding.count == 1)
        let asked = CaseEvidence.of("s3.query.response-content-type", in: failed, features)
        let presigned = CaseEvidence.of("s3.signature.v4-presigned", in: failed, features)
        #expect(asked?.failing.count == 1 && presigned?.failing.count == 1)
        #expect(features.proves("s3.signature.v4-presigned", in: "s3/some/b"))
        #expect(features.proves("s3.query.response-content-type", in: "s3/some/b"))
    }

    @Test("the suites that come with Fairlead prove what clients commonly use")
    func shipped() throws {
        let folder = "\(Tools.repository)/conformance"
        let library = try SuiteLibrary(folder: "\(folder)/suites", drivers: Drivers.all)
        for (name, wanted) in [
            (
                "redis",
                "option.set.nx option.set.px option.set.ex option.set.keepttl option.getex.persist shape.mget.many "
                    + "shape.set.nx-with-time option.zadd.gt option.lmove.left option.hello.setname "
                    + "subcommand.client.setname subcommand.script.load state.transaction state.blocking protocol.resp3 "
                    + "protocol.inline protocol.pipelining"
            ),
            (
                "postgres",
                "statement.begin statement.savepoint feature.named-statement feature.named-portal feature.row-limit "
                    + "feature.binary-parameters feature.copy-in feature.returning function.sum type.jsonb feature.parameters"
            ),
            (
                "radosgw",
                "header.range header.if-match signature.v4 signature.v4-presigned query.delimiter query.uploadid "
                    + "payload.unsigned-payload"
            ),
        ] {
            let report = try ReportFile.read("\(folder)/reports/\(name).json")
            let features = try SuiteFeatures(library, of: [report])
            let wire = name == "radosgw" ? "s3" : name
            for feature in wanted.split(separator: " ") {
                let evidence = CaseEvidence.of("\(wire).\(feature)", in: report, features)
                #expect(evidence?.holding.isEmpty == false, "\(wire).\(feature)")
            }
        }
    }
}
