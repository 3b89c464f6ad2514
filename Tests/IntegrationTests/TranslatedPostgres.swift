// A `fairlead` process with a PostgreSQL listener in front of the embedded SQL database.

import Foundation
import TestSupport

/// The process and its folder; a second one can be started on the folder of a first that was killed.
final class TranslatedPostgres: Sendable {
    let fairlead: Fairlead
    var port: Int { fairlead.port("sql") }

    /// Starts on `folder`; with `users`, a password is asked for.
    init(
        _ folder: TemporaryFolder, users: [String: String] = [:], fsync: String = "everysec", listener: [String] = []
    ) throws {
        let logins =
            users.isEmpty
            ? [] : ["    users:"] + users.sorted { $0.key < $1.key }.map { "      \($0.key): \($0.value)" }
        let lines =
            [
                "admin: 127.0.0.1:0", "workers: 2", "listeners:", "  sql:", "    protocol: postgres",
                "    listen: 127.0.0.1:0",
            ]
            + ["    backend: house"] + logins + listener.map { "    \($0)" }
            + ["backends:", "  house:", "    adapter: embedded", "    options:"]
            + ["      folder: \"\(folder.file("data"))\"", "      fsync: \(fsync)"]
        fairlead = try Fairlead(yaml: lines.joined(separator: "\n") + "\n")
    }

    /// Runs `body` with a process on a folder of its own.
    static func run<Result>(
        users: [String: String] = [:], listener: [String] = [], _ body: (TranslatedPostgres) async throws -> Result
    ) async throws -> Result {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try TranslatedPostgres(folder, users: users, listener: listener)
        defer { server.fairlead.stop() }
        return try await body(server)
    }

    func environment(user: String = "postgres", password: String? = nil) -> [String: String] {
        var environment = ["PGHOST": "127.0.0.1", "PGPORT": "\(port)", "PGUSER": user, "PGDATABASE": "postgres"]
        environment["PGPASSWORD"] = password
        return environment
    }

    /// What psql says to a script.
    ///
    /// `env` goes over what it is told otherwise.
    func psql(
        _ script: String, _ arguments: [String] = [], user: String = "postgres", password: String? = nil,
        env: [String: String] = [:]
    ) async throws -> CommandResult {
        let psql = try PostgresInstall.find(.debian15).program("psql")
        return try await Command.run(
            [psql, "-X", "-w", "-v", "VERBOSITY=verbose"] + arguments,
            env: environment(user: user, password: password).merging(env) { $1 },
            input: Data(script.utf8),
            timeout: .seconds(60))
    }

    /// Runs a Python program with the port as its first argument, and gives the lines it prints.
    func python(_ program: String) async throws -> [String] {
        let folder = try TemporaryFolder()
        let file = try folder.write("main.py", program)
        let result = try await Command.check([try Tools.python, file, "\(port)"], timeout: .seconds(120))
        return result.text.split(separator: "\n").map(String.init)
    }
}
