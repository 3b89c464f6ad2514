// A scratch Redis master with a replica, and three sentinels that watch them.

import Foundation

/// Two redis-server processes and three sentinels on loopback; sentinels call the master by ``name``.
package final class RedisSentinels: Sendable {
    package static let name = "mymaster"
    /// The master and its replica, as they start.
    package let servers: [RedisServer]
    package let ports: [Int]
    private let sentinels: [ServerProcess]
    private let folders: [TemporaryFolder]

    /// Starts them and waits until each sentinel knows the replica and the other two.
    package static func start() async throws -> RedisSentinels { try await blocking { try RedisSentinels() } }

    /// The blocking form of `start`.
    package init() throws {
        let arguments = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"]
        let master = try RedisServer(.init(arguments: arguments))
        let replica = try RedisServer(.init(arguments: arguments + ["--replicaof", "127.0.0.1 \(master.port)"]))
        servers = [master, replica]
        ports = try (0..<3).map { _ in try FreePort.take() }
        folders = try ports.map { _ in try TemporaryFolder() }
        sentinels = try zip(ports, folders).map { port, folder in
            let lines = [
                "port \(port)", "bind 127.0.0.1", "dir \(folder.path)",
                "sentinel monitor \(Self.name) 127.0.0.1 \(master.port) 2",
                "sentinel down-after-milliseconds \(Self.name) 500",
                "sentinel failover-timeout \(Self.name) 3000", "",
            ]
            let path = try folder.write("sentinel.conf", lines.joined(separator: "\n"))
            let process = try ServerProcess(
                "redis-sentinel", [try Tools.find("redis-server"), path, "--sentinel"], log: folder.file("log"))
            try process.waitUntilAnswers(port)
            return process
        }
        for port in ports {
            try Self.wait("sentinels that know each other") {
                let text = try Self.ask(port, "SENTINEL", "MASTER", Self.name)
                let lines = text.split(separator: "\n").map(String.init)
                func value(_ key: String) -> String? {
                    lines.firstIndex(of: key).flatMap { lines.indices.contains($0 + 1) ? lines[$0 + 1] : nil }
                }
                return value("num-slaves") == "1" && value("num-other-sentinels") == "2" && value("flags") == "master"
            }
        }
    }

    /// `redis+sentinel://…` with all sentinels.
    package var url: String {
        "redis+sentinel://" + ports.map { "127.0.0.1:\($0)" }.joined(separator: ",") + "/" + Self.name
    }

    /// What a port answers to a command, as redis-cli prints it.
    @discardableResult
    package static func ask(_ port: Int, _ words: String...) throws -> String {
        try Command.runBlocking(["redis-cli", "-p", "\(port)"] + words, timeout: .seconds(20)).text
            .trimmingCharacters(in: .newlines)
    }

    /// The place of the server that the sentinels call master now.
    package func master() throws -> Int {
        let text = try Self.ask(ports[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self.name)
        let port = text.split(separator: "\n").last.flatMap { Int($0) }
        guard let place = servers.firstIndex(where: { $0.port == port }) else {
            throw SupportError("the sentinels name no master: \(text)")
        }
        return place
    }

    /// Has the sentinels make the replica master, and waits until all of them say so.
    package func failover() throws {
        let old = try master()
        try Self.wait("switch") {
            if try master() != old { return true }
            try Self.ask(ports[0], "SENTINEL", "FAILOVER", Self.name)
            usleep(100_000)
            return false
        }
        try waitUntilMaster(1 - old)
    }

    /// Waits until the server at `place` is master, as it says and as all sentinels say.
    package func waitUntilMaster(_ place: Int) throws {
        try Self.wait("master at place \(place)") {
            let port = "\(servers[place].port)"
            return try Self.ask(servers[place].port, "ROLE").hasPrefix("master")
                && ports.allSatisfy {
                    try Self.ask($0, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self.name).hasSuffix(port)
                }
        }
    }

    private static func wait(_ what: String, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try !condition() {
            guard ContinuousClock.now < deadline else { throw SupportError("no \(what)") }
            usleep(50_000)
        }
    }

    package func stop() {
        for sentinel in sentinels { sentinel.stop() }
        for server in servers { server.stop() }
        for folder in folders { folder.remove() }
    }

    deinit { stop() }
}
