// Servers that are wrong on purpose, over the wire: each is caught by the case that names its fault.

import Conformance
import Foundation
import TestSupport
import Testing

@Suite("known-bad servers", .serialized)
struct BadServerTests {
    /// The case that names a fault.
    private static func witness(_ fault: RedisFault) -> String? {
        switch fault {
        case .none: nil
        case .roundsExpiry: "redis/keys/pttl-reads-milliseconds-back"
        case .losesUpdates: "redis/strings/no-increment-is-lost"
        case .wrongErrorText: "redis/strings/get-of-a-list-is-wrongtype"
        case .reorders: "redis/conversation/a-pipeline-is-answered-in-order"
        case .leaksReplies: "redis/conversation/a-reply-reaches-its-own-connection"
        }
    }

    private static let witnesses = RedisFault.allCases.compactMap(witness)

    @Test("a fault is found by the case that names it, and no fault by none", arguments: RedisFault.allCases)
    func redis(_ fault: RedisFault) async throws {
        let server = try await RedisServer.start()
        let bad = try BadRedis(fault, before: server.port)
        defer { bad.stop() }
        let report = try await blocking {
            let library = try SuiteLibrary(
                folder: "\(Tools.repository)/conformance/suites", drivers: Drivers.all)
            return try ConformanceRun(
                try Target(url: "redis://127.0.0.1:\(bad.port)"), drivers: [RedisDriver()], library: library,
                selection: Selection(cases: Self.witnesses), options: RunOptions(seed: .random(in: 0 ... .max))
            ).run(Watcher())
        }
        #expect(Set(report.cases.map(\.id)) == Set(Self.witnesses))
        let found = report.cases.filter { $0.verdict != .identical }
        let expected = Self.witness(fault).map { [$0] } ?? []
        // Another's reply may reach a pipeline as well.
        let ids = fault == .leaksReplies ? found.map(\.id).filter { expected.contains($0) } : found.map(\.id)
        #expect(ids == expected, "\(found.map(\.reason)), seed \(report.seed)")
        #expect(found.allSatisfy { $0.verdict == .differs }, "\(found.map(\.reason)), seed \(report.seed)")
    }

    // MARK: S3

    /// Cases about If-Match: what has to be found where it is dropped, and what holds all the same.
    private static let conditions = (
        broken: ["s3/conditionals/get-unless-match", "s3/conditionals/head-if-match"],
        sound: ["s3/conditionals/get-if-match", "s3/conditionals/put-if-absent", "s3/conditionals/no-put-if-present"]
    )

    @Test("a server that drops ETag checks is found by the cases that name them", arguments: [true, false])
    func s3(dropsConditions: Bool) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let port = try FreePort.take()
        let store = try await blocking {
            let configuration = try folder.write(
                "fairlead.yaml",
                """
                listeners: { store: { protocol: s3, listen: "127.0.0.1:\(port)", backend: local } }
                backends: { local: { adapter: embedded, options: { folder: "\(try folder.folder("data"))" } } }

                """)
            let process = try ServerProcess(
                "fairlead", [try Tools.fairlead, "serve", "--config", configuration], log: folder.file("log"))
            try process.waitUntilAnswers(port)
            return process
        }
        defer { store.stop() }
        let bad = try BadS3(dropsConditions: dropsConditions, before: port)
        defer { bad.stop() }
        let report = try await blocking {
            let library = try SuiteLibrary(
                folder: "\(Tools.repository)/conformance/suites", drivers: Drivers.all)
            return try ConformanceRun(
                try Target(url: "s3+http://any:thing@127.0.0.1:\(bad.port)"), drivers: Drivers.all, library: library,
                selection: Selection(cases: Self.conditions.broken + Self.conditions.sound),
                options: RunOptions(seed: .random(in: 0 ... .max))
            ).run(Watcher())
        }
        #expect(report.cases.count == 5)
        let found = report.cases.filter { $0.verdict == .differs }.map(\.id)
        #expect(Set(found) == (dropsConditions ? Set(Self.conditions.broken) : []), "\(report.cases.map(\.reason))")
        let sound = report.cases.filter { $0.verdict == .identical }.map(\.id)
        #expect(Set(sound).isSuperset(of: Self.conditions.sound), "\(report.cases.map(\.reason))")
    }
}
