// The servers that suites are held to: with all that a case may need, and how each is restarted.

import Foundation
import TestSupport

/// Real servers of the trusted wires, each all the run's own.
enum ConformanceServers {
    // MARK: Redis

    /// A redis-server that starts again where it is when it is told to.
    static func redis() async throws -> RedisServer {
        try await RedisServer.start(.init(arguments: ["--enable-debug-command", "local"]))
    }

    /// The process replaces itself, so it is still the one that the test ends; the reply never comes.
    static func restartCommand(_ server: RedisServer) throws -> String {
        let command = "\(try Tools.find("redis-cli")) -p \(server.port)"
        return "\(command) debug restart > /dev/null 2>&1; \(command) ping > /dev/null 2>&1; true"
    }

    // MARK: PostgreSQL

    /// A server of which every need of a case is met: passwords of all kinds, prepared transactions, and a real commit.
    static func postgres(_ certificates: Certificates? = nil) async throws -> PostgresServer {
        try await PostgresServer.start(
            .init(
                auth: .md5, certificates: certificates,
                settings: ["max_prepared_transactions = 10", "synchronous_commit = on"],
                access: [
                    "host all \(PostgresServer.role) 127.0.0.1/32 md5",
                    "host sameuser all 127.0.0.1/32 password",
                ]))
    }

    static func postgresURL(_ port: Int) -> String {
        "postgres://\(PostgresServer.role):\(PostgresServer.password)@127.0.0.1:\(port)/postgres"
    }

    /// Crashes the server, which its own parent starts again from its log.
    static func restartCommand(_ server: PostgresServer) throws -> String {
        let psql = try server.install.program("psql")
        let words = "-X -A -t -q -h 127.0.0.1 -p \(server.port) -U \(PostgresServer.role) -d postgres"
        let question = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
        return "kill -9 $(PGPASSWORD=\(PostgresServer.password) \(psql) \(words) -c \"\(question)\") && sleep 0.3"
    }

    // MARK: S3

    static func url(_ credentials: S3Credentials, _ port: Int) -> String {
        "s3+http://\(credentials.accessKey):\(credentials.secretKey)@127.0.0.1:\(port)"
    }
}
