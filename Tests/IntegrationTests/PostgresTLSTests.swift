// TLS towards clients, towards servers, both, and passed through, with real libpq at the client's end.

import Foundation
import Gateway
import TestSupport
import Testing

@Suite("PostgreSQL over TLS")
struct PostgresTLSTests {
    private static let ask = ["-A", "-t", "-c", "select 'hello'"]
    private static let tlsOfServer = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"

    /// psql may refuse a key that others can read.
    private static func certificates() async throws -> Certificates {
        let certificates = try await Certificates.make(clientName: PostgresServer.role)
        chmod(certificates.clientKey, 0o600)
        return certificates
    }

    @Test("TLS ends at the gateway, and the server is spoken to in the clear", arguments: [false, true])
    func terminated(required: Bool) async throws {
        let certificates = try await Self.certificates()
        try await PostgresServer.run { server in
            try await PostgresGateway.run(
                to: server.port,
                settings: .init(tls: .terminating(certificates, required: required))
            ) { gateway in
                let encrypted = try await server.psql(gateway.port, Self.ask, env: certificates.verifyFull)
                #expect(encrypted.text == "hello\n")
                let inside = try await server.psql(
                    gateway.port, ["-A", "-t", "-c", Self.tlsOfServer, "-c", "\\conninfo"], env: certificates.verifyFull
                )
                #expect(inside.text.hasPrefix("f\n"))
                #expect(inside.text.contains("TLSv1.3"))
                let clear = try await server.psql(gateway.port, Self.ask, env: ["PGSSLMODE": "disable"])
                if required {
                    #expect(clear.errorText.contains("FATAL:  this listener accepts only encrypted connections"))
                    let raw = try PostgresConnection(gateway.port)
                    try raw.send(PostgresBytes.startup())
                    #expect(try raw.message()?.fields["C"] == "28000")
                } else {
                    #expect(clear.text == "hello\n")
                }
                let wrong = try await server.psql(
                    gateway.port, Self.ask,
                    env: ["PGSSLMODE": "verify-full", "PGSSLROOTCERT": try await Self.certificates().authority])
                #expect(wrong.status == 2)
                #expect(try await gateway.settles { $0.failures["client-tls"] == 1 })
            }
        }
    }

    @Test("the gateway speaks TLS to the server and verifies its certificate and name")
    func originated() async throws {
        let certificates = try await Self.certificates()
        try await PostgresServer.run(.init(auth: .password, certificates: certificates)) { server in
            try await PostgresGateway.run(
                to: server.port, settings: .init(backendTLS: .trusting(certificates))
            ) { gateway in
                let result = try await server.psql(gateway.port, ["-A", "-t", "-c", Self.tlsOfServer])
                #expect(result.text == "t\n")
            }
            try await PostgresGateway.run(
                to: server.port, settings: .init(backendTLS: .trusting(certificates, name: "elsewhere"))
            ) { gateway in
                let result = try await server.psql(gateway.port, Self.ask)
                #expect(result.errorText.contains("FATAL:  no TLS connection to backend \"db0\""))
                #expect(result.errorText.contains("certificate is not trusted"))
            }
        }
    }

    @Test("a server without TLS is never spoken to in the clear when TLS is asked for")
    func noDowngrade() async throws {
        let certificates = try await Self.certificates()
        try await PostgresServer.run { server in
            try await PostgresGateway.run(
                to: server.port, settings: .init(backendTLS: .trusting(certificates))
            ) { gateway in
                let raw = try PostgresConnection(gateway.port)
                try raw.send(PostgresBytes.startup())
                let fields = try raw.message()?.fields ?? [:]
                #expect(fields["C"] == "08001")
                #expect(fields["D"]?.contains("does not offer TLS") == true)
                #expect(try await gateway.settles { $0.failures["backend-tls"] == 1 })
            }
        }
    }

    @Test(
        "a server's answer to SSLRequest is one byte: more is an attack, an error is not shown",
        arguments: [
            (Array("SX".utf8), "08006"), (Array("N".utf8) + PostgresBytes.welcome(), "08006"),
            (Array("Q".utf8), "08006"),
            (PostgresBytes.message("E", Array("SFATAL\0Mforged words\0\0".utf8)), "08001"), ([], "08001"),
        ])
    func encryptionAnswer(_ answer: [UInt8], _ code: String) async throws {
        let certificates = try await Self.certificates()
        let backend = try PostgresStandIn { connection, _ in
            _ = try connection.packet()
            try connection.send(answer)
            connection.finish()
            _ = try connection.rest()
        }
        defer { backend.stop() }
        try await PostgresGateway.run(
            to: backend.port, settings: .init(backendTLS: .trusting(certificates))
        ) { gateway in
            try await onThread {
                let client = try PostgresConnection(gateway.port)
                try client.send(PostgresBytes.startup())
                let message = try client.message()
                #expect(message?.fields["C"] == code)
                #expect(message?.description.contains("forged") == false)
                #expect(message?.description.contains("db0") == true)
                #expect(try client.rest().isEmpty)
            }
        }
    }

    @Test("TLS on both sides", arguments: [PostgresVersion.debian15, .direct17])
    func both(_ version: PostgresVersion) async throws {
        let certificates = try await Self.certificates()
        try await PostgresServer.run(.init(version: version, auth: .md5, certificates: certificates)) { server in
            try await PostgresGateway.run(
                to: server.port,
                settings: .init(tls: .terminating(certificates, required: true), backendTLS: .trusting(certificates))
            ) { gateway in
                let result = try await server.psql(
                    gateway.port, ["-A", "-t", "-c", Self.tlsOfServer], env: certificates.verifyFull)
                #expect(result.text == "t\n")
                let sql = "select repeat(md5(i::text), 100) from generate_series(1, 5000) i"
                let direct = try await server.psql(server.port, ["-A", "-t", "-c", sql])
                let through = try await server.psql(
                    gateway.port, ["-A", "-t", "-c", sql], env: certificates.verifyFull)
                #expect(through.output == direct.output)
            }
        }
    }

    @Test("direct TLS needs ALPN, and libpq's sslnegotiation=direct works")
    func direct() async throws {
        let certificates = try await Self.certificates()
        try await PostgresServer.run(.init(version: .direct17)) { server in
            try await PostgresGateway.run(
                to: server.port, settings: .init(tls: .terminating(certificates, required: true))
            ) { gateway in
                let env = certificates.verifyFull.merging(["PGSSLNEGOTIATION": "direct"]) { $1 }
                let result = try await server.psql(gateway.port, Self.ask, env: env)
                #expect(result.text == "hello\n")
                func handshake(_ more: [String]) async throws -> CommandResult {
                    try await Command.run(
                        ["openssl", "s_client", "-connect", "127.0.0.1:\(gateway.port)", "-quiet"] + more,
                        input: Data(PostgresBytes.startup() + PostgresBytes.terminate))
                }
                #expect(try await handshake(["-alpn", "postgresql"]).output.first == UInt8(ascii: "R"))
                #expect(try await handshake([]).output.isEmpty)
                #expect(try await handshake(["-alpn", "http/1.1"]).output.isEmpty)
                #expect(try await handshake(["-starttls", "postgres"]).output.first == UInt8(ascii: "R"))
            }
        }
    }

    @Test("passthrough takes the client's TLS to the server: verify-full, channel binding, client certificates")
    func passthrough() async throws {
        let certificates = try await Self.certificates()
        let options = PostgresServer.Options(
            version: .direct17, auth: .scram, certificates: certificates, clientCertificates: true)
        try await PostgresServer.run(options) { server in
            try await PostgresGateway.run(
                to: server.port, settings: .init(tls: .passthrough(required: true))
            ) { gateway in
                for negotiation in ["postgres", "direct"] {
                    let env = certificates.verifyFull.merging(certificates.clientShown) { $1 }.merging([
                        "PGCHANNELBINDING": "require", "PGSSLNEGOTIATION": negotiation,
                    ]) { $1 }
                    let result = try await server.psql(gateway.port, ["-A", "-t", "-c", Self.tlsOfServer], env: env)
                    #expect(result.errorText.isEmpty)
                    #expect(result.text == "t\n")
                }
                let clear = try await server.psql(gateway.port, Self.ask, env: ["PGSSLMODE": "disable"])
                #expect(clear.errorText.contains("accepts only encrypted connections"))
                #expect(try await gateway.settles { $0.framingLost["opaque"] == 2 })
            }
        }
    }

    @Test("passthrough relays a server's error to SSLRequest and refuses more than one byte otherwise")
    func passthroughAnswers() async throws {
        let error = PostgresBytes.message("E", Array("SFATAL\0C53300\0Mfull\0\0".utf8))
        for (answer, code) in [(error, "53300"), (Array("SX".utf8), "08006")] {
            let backend = try PostgresStandIn { connection, _ in
                _ = try connection.packet()
                try connection.send(answer)
            }
            defer { backend.stop() }
            try await PostgresGateway.run(
                to: backend.port, settings: .init(tls: .passthrough(required: true))
            ) { gateway in
                try await onThread {
                    let client = try PostgresConnection(gateway.port)
                    try client.send(PostgresBytes.sslRequest)
                    #expect(try client.message()?.fields["C"] == code)
                    client.finish()
                    #expect(try client.rest().isEmpty)
                }
            }
        }
    }

    @Test("passthrough to a server without TLS relays its N and goes on in the clear on one connection")
    func passthroughRefused() async throws {
        try await PostgresServer.run(.init(version: .protocol18)) { server in
            try await PostgresGateway.run(
                to: server.port, settings: .init(tls: .passthrough(required: false))
            ) { gateway in
                let result = try await server.psql(gateway.port, Self.ask, env: ["PGSSLMODE": "prefer"])
                #expect(result.text == "hello\n")
                #expect(try await gateway.settles { $0.sessionsClosed == 1 })
                let counts = await gateway.snapshot()
                #expect(counts.upstreamsOpened == 1)
                #expect(counts.commands[PostgresNames.all["select"] ?? 0].latency.count == 1)
            }
        }
    }

    @Test("client certificates are checked where the gateway terminates TLS")
    func clientCertificates() async throws {
        let certificates = try await Self.certificates()
        try await PostgresServer.run { server in
            try await PostgresGateway.run(
                to: server.port,
                settings: .init(tls: .terminating(certificates, required: true, clients: true))
            ) { gateway in
                let shown = try await server.psql(
                    gateway.port, Self.ask, env: certificates.verifyFull.merging(certificates.clientShown) { $1 })
                #expect(shown.text == "hello\n")
                let none = try await server.psql(gateway.port, Self.ask, env: certificates.verifyFull)
                #expect(none.status == 2)
                #expect(none.text.isEmpty)
            }
        }
    }

    @Test("SCRAM passes in the clear and over TLS that ends at the gateway")
    func scram() async throws {
        let certificates = try await Self.certificates()
        try await PostgresServer.run(.init(auth: .scram)) { server in
            try await PostgresGateway.run(
                to: server.port, settings: .init(tls: .terminating(certificates))
            ) { gateway in
                for mode in ["disable", "require"] {
                    let result = try await server.psql(gateway.port, Self.ask, env: ["PGSSLMODE": mode])
                    #expect(result.text == "hello\n")
                }
                let wrong = try await server.psql(gateway.port, Self.ask, env: ["PGPASSWORD": "wrong"])
                #expect(wrong.errorText.contains("password authentication failed"))
                let bound = try await server.psql(
                    gateway.port, Self.ask, env: ["PGSSLMODE": "require", "PGCHANNELBINDING": "require"])
                #expect(bound.errorText.contains("channel binding"))
            }
        }
    }

    @Test("over TLS on both sides channel binding fails, unless both show one certificate or the client turns it off")
    func scramAcrossTwoHandshakes() async throws {
        let certificates = try await Self.certificates()
        let other = try certificates.issue(
            "other", name: "localhost", extensions: "subjectAltName=DNS:localhost,IP:127.0.0.1")
        try await PostgresServer.run(.init(auth: .scram, certificates: certificates)) { server in
            for (certificate, key, binding, works) in [
                (other.certificate, other.key, "prefer", false), (other.certificate, other.key, "disable", true),
                (certificates.serverCertificate, certificates.serverKey, "require", true),
            ] {
                try await PostgresGateway.run(
                    to: server.port,
                    settings: .init(
                        tls: .terminate(TerminatedTLS(certificate: certificate, key: key, required: true)),
                        backendTLS: .trusting(certificates))
                ) { gateway in
                    let result = try await server.psql(
                        gateway.port, Self.ask,
                        env: certificates.verifyFull.merging(["PGCHANNELBINDING": binding]) { $1 })
                    #expect((result.text == "hello\n") == works, "\(binding): \(result.errorText)")
                }
            }
        }
    }

    @Test("a client in the clear logs in by SCRAM at a server that offers channel binding over TLS")
    func scramOriginated() async throws {
        let certificates = try await Self.certificates()
        try await PostgresServer.run(.init(auth: .scram, certificates: certificates)) { server in
            try await PostgresGateway.run(
                to: server.port, settings: .init(backendTLS: .trusting(certificates))
            ) { gateway in
                // The server's offer reaches libpq without SCRAM-SHA-256-PLUS, which it would take for an attack.
                let result = try await server.psql(gateway.port, Self.ask)
                #expect(result.text == "hello\n", "\(result.errorText)")
                let refused = try await server.psql(gateway.port, Self.ask, env: ["PGPASSWORD": "wrong"])
                #expect(refused.errorText.contains("password authentication failed"))
            }
        }
    }
}
