// A scratch PostgreSQL server.

import Foundation

/// A PostgreSQL server on a free loopback port, with durability off; ended by `stop()` or at deinit.
///
/// The superuser is `PostgresServer.role` with the password `PostgresServer.password`; the database is `postgres`.
/// Connections through the Unix socket are trusted whatever `auth` says, so a test can always look behind the scenes
/// (unless it says otherwise in `access`).
package final class PostgresServer: Sendable {
    package static let role = "postgres"
    package static let password = "scratch-password"

    /// How TCP clients prove who they are.
    package enum Auth: String, Sendable {
        case trust
        case password
        case md5
        case scram = "scram-sha-256"
    }

    package struct Options: Sendable {
        package var version: PostgresVersion
        package var auth: Auth
        /// Turns TLS on (not with `.protocol18`).
        package var certificates: Certificates?
        /// Demands a client certificate of the authority, whose common name is the role.
        package var clientCertificates: Bool
        /// Further lines of postgresql.conf, such as `max_connections = 500`.
        package var settings: [String]
        /// Lines of pg_hba.conf that stand before the others, so that they win: `hostssl all all 127.0.0.1/32 cert`.
        package var access: [String]
        /// Further variables of the server's process.
        package var environment: [String: String]

        package init(
            version: PostgresVersion = .debian15, auth: Auth = .trust, certificates: Certificates? = nil,
            clientCertificates: Bool = false, settings: [String] = [], access: [String] = [],
            environment: [String: String] = [:]
        ) {
            self.version = version
            self.auth = auth
            self.certificates = certificates
            self.clientCertificates = clientCertificates
            self.settings = settings
            self.access = access
            self.environment = environment
        }
    }

    package let folder: TemporaryFolder
    package let port: Int
    package let install: PostgresInstall
    package let process: ServerProcess
    /// The folder of the Unix socket, for libpq's `host=`; the socket is `.s.PGSQL.PORT` in it.
    package var socketFolder: String { folder.path }

    /// Starts a server and waits until it accepts queries (about 0.3 s after the first).
    package static func start(_ options: Options = Options()) async throws -> PostgresServer {
        try await blocking { try PostgresServer(options) }
    }

    /// The blocking form of `start`; `port` starts it again at a known place.
    package init(_ options: Options = Options(), port: Int? = nil) throws {
        let folder = try TemporaryFolder()
        let data = folder.file("data")
        self.folder = folder
        self.port = try port ?? FreePort.take()
        install = try PostgresInstall.find(options.version)
        try Command.checkBlocking(["cp", "-a", try PostgresTemplate.folder(options.version), data])
        var settings = [
            "listen_addresses = '127.0.0.1'", "port = \(self.port)", "unix_socket_directories = '\(folder.path)'",
            "fsync = off", "synchronous_commit = off", "full_page_writes = off", "wal_level = logical",
            "max_wal_senders = 10", "max_replication_slots = 10", "max_connections = 200", "shared_buffers = 32MB",
            "logging_collector = off",
        ]
        if let certificates = options.certificates {
            try Command.checkBlocking(["cp", certificates.serverKey, "\(data)/server.key"])
            try Command.checkBlocking(["chmod", "600", "\(data)/server.key"])
            settings += [
                "ssl = on", "ssl_cert_file = '\(certificates.serverCertificate)'", "ssl_key_file = 'server.key'",
                "ssl_ca_file = '\(certificates.authority)'",
            ]
        }
        settings += options.settings
        try folder.write("data/postgresql.auto.conf", settings.joined(separator: "\n") + "\n")
        let certificate = options.clientCertificates ? " clientcert=verify-full" : ""
        let type = options.clientCertificates ? "hostssl" : "host"
        try folder.write(
            "data/pg_hba.conf",
            """
            \(options.access.joined(separator: "\n"))
            local all all trust
            local replication all trust
            \(type) all all 127.0.0.1/32 \(options.auth.rawValue)\(certificate)
            \(type) replication all 127.0.0.1/32 \(options.auth.rawValue)\(certificate)

            """)
        if let user = PostgresInstall.user { try Command.checkBlocking(["chown", "-R", "\(user):", folder.path]) }
        // INT is PostgreSQL's "fast" and QUIT its "immediate" shutdown; KILL would leave shared memory behind.
        process = try ServerProcess(
            "postgres \(options.version)", [try install.program("postgres"), "-D", data],
            log: folder.file("log"), env: options.environment, user: PostgresInstall.user, stopSignal: SIGINT,
            deathSignal: "QUIT", folder: folder.path)
        try process.waitUntil("a ready server") {
            // The eighth line of this file is the server's own word on its state.
            let state = (try? String(contentsOfFile: "\(data)/postmaster.pid", encoding: .utf8)) ?? ""
            return state.split(separator: "\n").last?.hasPrefix("ready") ?? false
        }
        if options.auth == .md5 {
            // Against a SCRAM secret, "md5" in pg_hba.conf means SCRAM; only an MD5 secret gives the old exchange.
            try sqlBlocking(
                "SET password_encryption = 'md5'; ALTER ROLE \(Self.role) PASSWORD '\(Self.password)'")
        }
    }

    /// Runs SQL through the Unix socket with psql and gives its unaligned, bare output.
    @discardableResult
    package func sql(_ statement: String) async throws -> String {
        try await blocking { [self] in try sqlBlocking(statement) }
    }

    /// The blocking form of `sql`.
    @discardableResult
    package func sqlBlocking(_ statement: String) throws -> String {
        try Command.checkBlocking(
            [
                install.program("psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", socketFolder,
                "-p", "\(port)", "-U", Self.role, "-d", "postgres", "-c", statement,
            ]
        ).text
    }

    /// The variables libpq reads, for a client of this server or of a gateway at `port`.
    package func environment(port: Int? = nil) -> [String: String] {
        [
            "PGHOST": "127.0.0.1", "PGPORT": "\(port ?? self.port)", "PGUSER": Self.role, "PGDATABASE": "postgres",
            "PGPASSWORD": Self.password, "PGPASSFILE": "/dev/null", "PGSERVICEFILE": "/dev/null",
            "PGCONNECT_TIMEOUT": "20",
        ]
    }

    /// Ends the server and removes its folder.
    package func stop() {
        process.stop()
        folder.remove()
    }

    deinit { stop() }
}
