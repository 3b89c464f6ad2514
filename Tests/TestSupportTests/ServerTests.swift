// Each scratch server starts, answers its own client, and leaves nothing behind.

import Foundation
import TestSupport
import Testing

@Suite struct ServerTests {
    @Test("redis-server answers over TCP, TLS and a Unix socket, and asks for its password")
    func redis() async throws {
        let certificates = try await Certificates.make()
        let server = try await RedisServer.start(.init(certificates: certificates, password: "secret"))
        let tls = try #require(server.tlsPort)
        let ways = [
            ["-p", "\(server.port)"], ["-s", server.socket],
            ["-p", "\(tls)", "--tls", "--cacert", certificates.authority],
        ]
        for way in ways {
            let reply = try await Command.check(["redis-cli", "--no-auth-warning", "-a", "secret"] + way + ["ping"])
            #expect(reply.text == "PONG\n")
        }
        #expect(try await Command.run(["redis-cli", "-p", "\(server.port)", "ping"]).text.hasPrefix("NOAUTH"))
        server.stop()
        #expect(!FreePort.answers(server.port))
        #expect(!FileManager.default.fileExists(atPath: server.folder.path))
    }

    @Test("every PostgreSQL asks for the proof it was told to ask for", arguments: PostgresVersion.allCases)
    func postgres(_ version: PostgresVersion) async throws {
        for auth in [PostgresServer.Auth.trust, .md5, .scram] {
            let server = try await PostgresServer.start(.init(version: version, auth: auth))
            let psql = try server.install.program("psql")
            let good = try await Command.check([psql, "-XAtc", "select 1"], env: server.environment())
            #expect(good.text == "1\n")
            let wrong = try await Command.run(
                [psql, "-XAtc", "select 1"], env: server.environment().merging(["PGPASSWORD": "wrong"]) { $1 })
            #expect((wrong.status == 0) == (auth == .trust))
            #expect(try await server.sql("show wal_level") == "logical\n")
            server.stop()
            #expect(!FreePort.answers(server.port))
        }
    }

    @Test("PostgreSQL serves TLS after SSLRequest, directly, and with a client certificate")
    func postgresTLS() async throws {
        let certificates = try await Certificates.make(clientName: PostgresServer.role)
        let server = try await PostgresServer.start(
            .init(version: .direct17, auth: .scram, certificates: certificates, clientCertificates: true))
        let psql = try server.install.program("psql")
        for negotiation in ["postgres", "direct"] {
            let reply = try await Command.check(
                [psql, "-XAtc", "select ssl from pg_stat_ssl where pid = pg_backend_pid()"],
                env: server.environment().merging([
                    "PGSSLMODE": "verify-full", "PGSSLROOTCERT": certificates.authority,
                    "PGSSLCERT": certificates.clientCertificate, "PGSSLKEY": certificates.clientKey,
                    "PGSSLNEGOTIATION": negotiation,
                ]) { $1 })
            #expect(reply.text == "t\n")
        }
    }

    @Test("PostgreSQL 18 speaks protocol 3.2")
    func postgresProtocol() async throws {
        let server = try await PostgresServer.start(.init(version: .protocol18))
        let reply = try await Command.check(
            [try server.install.program("psql"), "-XAtc", "select 1"],
            env: server.environment().merging(["PGMINPROTOCOLVERSION": "3.2"]) { $1 })
        #expect(reply.text == "1\n")
    }

    @Test("moto keeps an object")
    func moto() async throws {
        let server = try await MotoServer.start()
        try await keepsAnObject(server.url, S3Credentials().environment)
        server.stop()
        #expect(!FreePort.answers(server.port))
    }

    @Test("rclone keeps an object and refuses a wrong secret")
    func rclone() async throws {
        let server = try await RcloneS3Server.start()
        try await keepsAnObject(server.url, server.credentials.environment)
        try await refusesAWrongSecret(server.url, server.credentials.environment)
    }

    @Test("the RADOS gateway keeps an object, takes it in parts, and refuses a wrong secret")
    func radosGateway() async throws {
        let server = try await RadosGateway.start()
        try await keepsAnObject(server.url, server.environment)
        try await refusesAWrongSecret(server.url, server.environment)
        server.stop()
        #expect(!FreePort.answers(server.port))
        #expect(!FileManager.default.fileExists(atPath: server.folder.path))
    }

    /// Sends 20 MB (three parts for `aws s3 cp`) and reads them back.
    private func keepsAnObject(_ url: String, _ env: [String: String]) async throws {
        let folder = try TemporaryFolder()
        let bytes = Data((0..<20_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) })
        try bytes.write(to: URL(fileURLWithPath: folder.file("sent")))
        let s3 = [try Tools.aws, "--endpoint-url", url, "s3"]
        try await Command.check(s3 + ["mb", "s3://bucket"], env: env)
        try await Command.check(s3 + ["cp", folder.file("sent"), "s3://bucket/key"], env: env)
        try await Command.check(s3 + ["cp", "s3://bucket/key", folder.file("got")], env: env)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("got"))) == bytes)
    }

    private func refusesAWrongSecret(_ url: String, _ env: [String: String]) async throws {
        let wrong = env.merging(["AWS_SECRET_ACCESS_KEY": "wrong"]) { $1 }
        let result = try await Command.run([try Tools.aws, "--endpoint-url", url, "s3api", "list-buckets"], env: wrong)
        #expect(result.status != 0)
    }
}
