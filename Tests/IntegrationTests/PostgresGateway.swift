// A gateway in the test's own process, in front of PostgreSQL servers.

import Gateway
import Logging
import TestSupport

/// A running gateway with one PostgreSQL listener for each backend port it was given.
struct PostgresGateway: Sendable {
    let gateway: Gateway
    /// The listeners' ports, in the order of the backends.
    let ports: [Int]
    var port: Int { ports[0] }

    /// What a test wants of each listener and its backend; nil leaves the default.
    struct Settings: Sendable {
        var tls: ListenerTLS?
        var backendTLS: BackendTLS?
        var connections: Int?
        var handshakeTimeout: Duration?
        var idleTimeout: Duration?
        var connectTimeout: Duration?
        var responseTimeout: Duration?
        /// Paths to listen on and to connect to, instead of loopback ports.
        var socket: String?
        var backendSocket: String?

        fileprivate func apply(_ listener: inout ListenerConfiguration, _ backend: inout BackendConfiguration) {
            listener.tls = tls
            if let socket { listener.listen = [.unix(socket)] }
            if let backendSocket { backend.endpoint = .unix(backendSocket) }
            listener.idleTimeout = idleTimeout
            backend.tls = backendTLS
            backend.responseTimeout = responseTimeout
            if let connections { listener.connections = connections }
            if let handshakeTimeout { listener.handshakeTimeout = handshakeTimeout }
            if let connectTimeout { backend.connectTimeout = connectTimeout }
        }
    }

    /// Runs `body` with a gateway in front of the servers at `backends` on loopback, and stops it at the end.
    static func run<Result>(
        to backends: Int..., settings: Settings = Settings(), _ body: (PostgresGateway) async throws -> Result
    ) async throws -> Result {
        var listeners: [ListenerConfiguration] = []
        var targets: [BackendConfiguration] = []
        for (index, port) in backends.enumerated() {
            var target = BackendConfiguration(
                name: "db\(index)", url: "postgres://127.0.0.1:\(port)", protocol: .postgres,
                endpoint: .host("127.0.0.1", port: UInt16(port)))
            var listener = ListenerConfiguration(
                name: "pg\(index)", protocol: .postgres, listen: [.host("127.0.0.1", port: 0)], backend: target.name)
            settings.apply(&listener, &target)
            listeners.append(listener)
            targets.append(target)
        }
        var configuration = Configuration(listeners: listeners, backends: targets)
        configuration.workers = 2
        configuration.shutdownGrace = .zero
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let gateway = try Gateway(configuration: configuration, fronts: [PostgresFront()], logger: logger)
        let ports = try gateway.start().map { Int($0.addresses[0].split(separator: ":").last ?? "") ?? 0 }
        do {
            let result = try await body(PostgresGateway(gateway: gateway, ports: ports))
            await gateway.drain()
            return result
        } catch {
            await gateway.drain()
            throw error
        }
    }

    /// What the listener has counted, over all workers.
    func snapshot(_ listener: Int = 0) async -> ListenerSnapshot {
        let parts = await gateway.snapshots().map { $0.listeners[listener] }
        var sum = parts[0]
        for part in parts.dropFirst() { sum.add(part) }
        return sum
    }

    /// Waits until `condition` holds for the listener's counts; false when it never does.
    func settles(_ condition: (ListenerSnapshot) -> Bool) async throws -> Bool {
        try await Self.holds { condition(await snapshot()) }
    }

    /// Waits until `condition` holds for the counts of the workers; false when it never does.
    func workersSettle(_ condition: ([WorkerSnapshot]) -> Bool) async throws -> Bool {
        try await Self.holds { condition(await gateway.snapshots()) }
    }

    /// Looks until `condition` holds; false when it never does.
    private static func holds(_ condition: () async -> Bool) async throws -> Bool {
        for _ in 0..<1000 {
            if await condition() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    var openSockets: Int {
        get async { await gateway.snapshots().reduce(0) { $0 + $1.counters.openSockets } }
    }
}

extension PostgresServer {
    /// Runs `body` with a server of its own and stops it at the end.
    static func run<Result>(
        _ options: Options = Options(), _ body: (PostgresServer) async throws -> Result
    ) async throws -> Result {
        let server = try await start(options)
        defer { server.stop() }
        return try await body(server)
    }

    /// What psql prints of this server, as it prints it when the same server is at `port`.
    func asSeen(_ text: String, at port: Int) -> String {
        text.replacing("port \(self.port) ", with: "port \(port) ")
    }

    /// Runs psql as a client of `port`, with `arguments` behind its usual ones.
    func psql(
        _ port: Int, _ arguments: [String], env: [String: String] = [:], from other: PostgresInstall? = nil,
        input: String = ""
    ) async throws -> CommandResult {
        try await Command.run(
            [(other ?? install).program("psql"), "-X", "-v", "VERBOSITY=verbose", "-v", "SHOW_ALL_RESULTS=1"]
                + arguments,
            env: environment(port: port).merging(env) { $1 }, input: .init(input.utf8))
    }
}
