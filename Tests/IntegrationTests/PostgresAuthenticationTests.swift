// How clients prove who they are: each method of pg_hba.conf does through the gateway what it does without it.

import Foundation
import Gateway
import TestSupport
import Testing

@Suite("PostgreSQL's authentication methods through the gateway", .serialized)
struct PostgresAuthenticationTests {
    private static let ask = ["-A", "-t", "-c", "select current_user, 'hello'"]

    /// The code of the first Authentication message, by the PostgreSQL documentation's "Message Formats".
    private static func code(_ auth: PostgresServer.Auth) -> UInt8 {
        switch auth {
        case .trust: 0
        case .password: 3
        case .md5: 5
        case .scram: 10
        }
    }

    @Test(
        "the right, a wrong and no password do what they do directly, in the clear and inside TLS",
        arguments: [PostgresServer.Auth.trust, .password, .md5, .scram])
    func passwords(_ auth: PostgresServer.Auth) async throws {
        let certificates = try await Certificates.make()
        try await PostgresServer.run(.init(auth: auth)) { server in
            try await PostgresGateway.run(
                to: server.port, settings: .init(tls: .terminating(certificates))
            ) { gateway in
                try await onThread {
                    let client = try PostgresConnection(gateway.port)
                    try client.send(PostgresBytes.startup())
                    #expect(try client.message()?.body.prefix(4) == [0, 0, 0, Self.code(auth)])
                }
                for (password, works) in [
                    (PostgresServer.password, true), ("wrong", auth == .trust), ("", auth == .trust),
                ] {
                    let ask = ["-w"] + Self.ask
                    let env = ["PGPASSWORD": password]
                    let direct = try await server.psql(server.port, ask, env: env)
                    #expect(direct.text == (works ? "postgres|hello\n" : ""))
                    for mode in ["disable", "require"] {
                        let through = try await server.psql(
                            gateway.port, ask, env: env.merging(["PGSSLMODE": mode]) { $1 })
                        #expect(through.output == direct.output)
                        #expect(through.errorText == server.asSeen(direct.errorText, at: gateway.port))
                        #expect(through.ending == direct.ending)
                    }
                }
            }
        }
    }

    @Test("a client certificate is the login where TLS passes through, and none or another's is refused")
    func certificate() async throws {
        let certificates = try await Certificates.make(clientName: PostgresServer.role)
        let other = try certificates.issue("other", name: "other", extensions: "extendedKeyUsage=clientAuth")
        for key in [certificates.clientKey, other.key] { chmod(key, 0o600) }
        let access = ["hostssl all all 127.0.0.1/32 cert"]
        try await PostgresServer.run(.init(certificates: certificates, access: access)) { server in
            try await PostgresGateway.run(
                to: server.port, settings: .init(tls: .passthrough(required: true))
            ) { gateway in
                let others = ["PGSSLCERT": other.certificate, "PGSSLKEY": other.key]
                // libpq goes on without a file that is not there, and so does not look into the home folder.
                let none = ["PGSSLCERT": certificates.folder.file("none.pem")]
                for (shown, words) in [
                    (certificates.clientShown, nil),
                    (others, "certificate authentication failed for user \"postgres\""),
                    (none, "connection requires a valid client certificate"),
                ] {
                    let env = certificates.verifyFull.merging(shown) { $1 }
                    let direct = try await server.psql(server.port, Self.ask, env: env)
                    let through = try await server.psql(gateway.port, Self.ask, env: env)
                    #expect(through.output == direct.output)
                    #expect(through.errorText == server.asSeen(direct.errorText, at: gateway.port))
                    #expect(through.ending == direct.ending)
                    if let words {
                        #expect(through.errorText.contains("FATAL:  \(words)"))
                    } else {
                        #expect(through.text == "postgres|hello\n")
                    }
                }
            }
        }
    }

    @Test("where TLS ends at the gateway it is the gateway's certificate that logs in, for every client")
    func gatewayCertificate() async throws {
        let certificates = try await Certificates.make(clientName: PostgresServer.role)
        let access = ["hostssl all all 127.0.0.1/32 cert"]
        try await PostgresServer.run(.init(certificates: certificates, access: access)) { server in
            var shown = BackendTLS.trusting(certificates)
            shown.certificate = certificates.clientCertificate
            shown.key = certificates.clientKey
            for (tls, words) in [
                (shown, nil), (.trusting(certificates), "FATAL:  connection requires a valid client certificate"),
            ] {
                try await PostgresGateway.run(to: server.port, settings: .init(backendTLS: tls)) { gateway in
                    let result = try await server.psql(gateway.port, Self.ask, env: ["PGSSLMODE": "disable"])
                    #expect(result.text == (words == nil ? "postgres|hello\n" : ""))
                    if let words { #expect(result.errorText.contains(words)) }
                }
            }
        }
    }

    @Test("peer asks the Unix socket who the gateway is, and rejections are the server's own")
    func peerAndReject() async throws {
        let user = NSUserName()
        let folder = try TemporaryFolder()
        let access = ["local all \"\(user)\",other peer", "host all rejected 127.0.0.1/32 reject"]
        try await PostgresServer.run(.init(access: access)) { server in
            // A test may run as the superuser itself.
            if user != PostgresServer.role { try await server.sql("create role \"\(user)\" login") }
            try await server.sql("create role other login; create role rejected login")
            let settings = PostgresGateway.Settings(
                socket: folder.file(".s.PGSQL.\(server.port)"),
                backendSocket: "\(server.socketFolder)/.s.PGSQL.\(server.port)")
            try await PostgresGateway.run(to: server.port, settings: settings) { _ in
                for (role, text) in [(user, "\(user)|hello\n"), ("other", "")] {
                    let direct = try await server.psql(
                        server.port, Self.ask, env: ["PGHOST": server.socketFolder, "PGUSER": role])
                    let through = try await server.psql(
                        server.port, Self.ask, env: ["PGHOST": folder.path, "PGUSER": role])
                    #expect(direct.text == text)
                    #expect(through.output == direct.output)
                    #expect(
                        through.errorText == direct.errorText.replacing(server.socketFolder, with: folder.path))
                    #expect(through.errorText.contains("FATAL:  Peer authentication failed") == text.isEmpty)
                }
            }
            try await PostgresGateway.run(to: server.port) { gateway in
                let env = ["PGUSER": "rejected"]
                let direct = try await server.psql(server.port, Self.ask, env: env)
                let through = try await server.psql(gateway.port, Self.ask, env: env)
                #expect(through.errorText == server.asSeen(direct.errorText, at: gateway.port))
                #expect(through.errorText.contains("FATAL:  pg_hba.conf rejects connection"))
            }
        }
    }
}
