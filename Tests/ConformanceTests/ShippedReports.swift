// The reports that are committed: which backends, how their servers are started, and how each run is asked for.

import Foundation
import TestSupport
import Testing

/// One committed report and the run that makes it.
struct ShippedReport: Sendable, CustomTestStringConvertible {
    /// The file's name without its ending, and the heading of its column.
    let name: String
    /// Starts what is needed and gives the arguments of `fairlead conform` to `run`, with the folder that it is to run in: reports
    /// repeat their command, and are to name no folder of the machine that made them.
    let make: @Sendable (_ run: Run) async throws -> Void

    typealias Run = @Sendable (_ arguments: [String], _ folder: String) async throws -> Void

    var testDescription: String { name }

    static let folder = "\(Tools.repository)/conformance/reports"

    static let all: [ShippedReport] = [
        ShippedReport("redis") { run in
            let server = try await ConformanceServers.redis()
            try await run(["redis://127.0.0.1:\(server.port)", "--suite", "redis"] + scratch(server), Tools.repository)
        },
        throughFairlead("redis-through-fairlead", []),
        throughFairlead("redis-through-fairlead-shared", ["mode: shared"]),
        ShippedReport("postgres") { run in
            let server = try await ConformanceServers.postgres()
            try await run(
                [
                    ConformanceServers.postgresURL(server.port), "--restart", ConformanceServers.restartCommand(server),
                    "--suite",
                    "postgres",
                ], Tools.repository)
        },
        ShippedReport("postgres-through-fairlead") { run in
            let server = try await ConformanceServers.postgres()
            let gateway = try await PassingGateway.start("postgres", to: "postgres://127.0.0.1:\(server.port)")
            defer { gateway.stop() }
            try await run(
                [
                    ConformanceServers.postgresURL(gateway.port), "--against",
                    ConformanceServers.postgresURL(server.port),
                    "--restart", ConformanceServers.restartCommand(server), "--suite",
                    "postgres",
                ], Tools.repository)
        },
        ShippedReport("radosgw") { run in
            let server = try await RadosGateway.start()
            defer { server.stop() }
            let declared = "conformance/declared/radosgw.yaml"
            try await run(
                [
                    ConformanceServers.url(server.credentials, server.port), "--declared", declared, "--suite", "s3",
                ], Tools.repository)
        },
        ShippedReport("radosgw-through-fairlead") { run in
            let server = try await RadosGateway.start()
            defer { server.stop() }
            let gateway = try await PassingGateway.start("s3", to: server.url)
            defer { gateway.stop() }
            try await run(
                [
                    ConformanceServers.url(server.credentials, gateway.port), "--against",
                    ConformanceServers.url(server.credentials, server.port), "--declared",
                    "conformance/declared/radosgw-through-fairlead.yaml", "--suite", "s3",
                ], Tools.repository)
        },
        ShippedReport("embedded") { run in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            try await run(["--adapter", "embedded", "--option", "folder=store", "--scratch"], folder.path)
        },
        memcached("memcached"), memcached("memcached-binary"), memcached("memcached-swift"),
        ShippedReport("nats") { run in
            let server = try await NatsServer.start()
            try await run(["--adapter", "nats", "--url", server.url, "--scratch"], Tools.repository)
        },
        ShippedReport("etcd") { run in
            let server = try await EtcdServer.start()
            try await run(["--adapter", "etcd", "--url", server.url, "--scratch"], Tools.repository)
        },
        ShippedReport("process-python") { run in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let socket = folder.file("adapter.sock")
            let adapter = try await blocking { try examplePython(folder, socket) }
            defer { adapter.stop() }
            _ = try folder.write(
                "fairlead.yaml",
                """
                listeners: { house: { protocol: redis, listen: "127.0.0.1:0", backend: house } }
                backends: { house: { adapter: process, url: "unix:\(socket)", conformance: unverified } }

                """)
            try await run(["house", "--config", "fairlead.yaml", "--scratch"], folder.path)
        },
    ]

    init(_ name: String, _ make: @escaping @Sendable (Run) async throws -> Void) {
        self.name = name
        self.make = make
    }

    private static func throughFairlead(_ name: String, _ backend: [String]) -> ShippedReport {
        ShippedReport(name) { run in
            let server = try await ConformanceServers.redis()
            let direct = "redis://127.0.0.1:\(server.port)"
            let gateway = try await PassingGateway.start("redis", to: direct, backend: backend)
            defer { gateway.stop() }
            try await run(
                ["redis://127.0.0.1:\(gateway.port)", "--against", direct, "--suite", "redis"] + scratch(server),
                Tools.repository)
        }
    }

    private static func scratch(_ server: RedisServer) throws -> [String] {
        ["--scratch", "--restart", try ConformanceServers.restartCommand(server)]
    }

    private static func memcached(_ adapter: String) -> ShippedReport {
        ShippedReport(adapter) { run in
            let server = try await MemcachedServer.start()
            try await run(["--adapter", adapter, "--url", server.url, "--scratch"], Tools.repository)
        }
    }

    /// The out-of-process example, with the modules that protoc makes for it.
    private static func examplePython(_ folder: TemporaryFolder, _ socket: String) throws -> ServerProcess {
        let source = "\(Tools.repository)/adapters/process"
        try Command.checkBlocking(
            [try Tools.python, "-m", "grpc_tools.protoc", "-I\(source)", "--python_out=\(folder.path)"]
                + ["--grpc_python_out=\(folder.path)", "\(source)/fairlead_adapter.proto"])
        let log = folder.file("log")
        let process = try ServerProcess(
            "adapter", [try Tools.python, "-u", "\(source)/examples/fairlead_kv.py", socket], log: log,
            env: ["PYTHONPATH": folder.path, "PYTHONDONTWRITEBYTECODE": "1"])
        try process.waitUntil("the line that it listens") {
            (try? String(contentsOfFile: log, encoding: .utf8))?.contains("listening") ?? false
        }
        return process
    }
}
