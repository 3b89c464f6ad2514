// GSSAPI through the gateway: a real Kerberos realm, a real server, and psql with a real ticket.

import Gateway
import TestSupport
import Testing

@Suite("PostgreSQL's gss method through the gateway", .serialized)
struct PostgresKerberosTests {
    private static let role = PostgresServer.role
    private static let asks =
        "select gss_authenticated, principal, encrypted from pg_stat_gssapi where pid = pg_backend_pid()"
    private static let gss = "host all all 127.0.0.1/32 gss include_realm=0"
    /// What `asks` answers to a client whose ticket is the superuser's.
    private static let plain = "t|\(role)@\(KerberosRealm.name)|f\n"
    private static let encrypted = "t|\(role)@\(KerberosRealm.name)|t\n"

    /// A realm, and a server that takes its tickets.
    private static func run(
        access: [String] = [gss], certificates: Certificates? = nil,
        _ body: (KerberosRealm, PostgresServer) async throws -> Void
    ) async throws {
        let realm = try await KerberosRealm.start()
        defer { realm.stop() }
        try await PostgresServer.run(
            .init(
                certificates: certificates, settings: ["krb_server_keyfile = 'FILE:\(realm.keytab)'"], access: access,
                environment: realm.serverEnvironment)
        ) { server in try await body(realm, server) }
    }

    /// psql as a client that holds a ticket and calls the server by the name in its service's.
    private static func psql(
        _ server: PostgresServer, _ port: Int, ticket: [String: String], encryption: String, _ arguments: [String],
        env: [String: String] = [:]
    ) async throws -> CommandResult {
        let place = ["PGHOST": "localhost", "PGHOSTADDR": "127.0.0.1", "PGGSSENCMODE": encryption]
        return try await server.psql(
            port, ["-A", "-t"] + arguments, env: place.merging(ticket) { $1 }.merging(env) { $1 })
    }

    @Test("psql logs in by its ticket as it does directly, but the session is not encrypted by GSSAPI")
    func logsIn() async throws {
        try await Self.run { realm, server in
            let ticket = try await realm.logIn(Self.role)
            try await PostgresGateway.run(to: server.port) { gateway in
                let more = ["-c", Self.asks, "-c", "select current_user", "-c", "select * from nosuch"]
                let encrypted = try await Self.psql(server, server.port, ticket: ticket, encryption: "prefer", more)
                let direct = try await Self.psql(server, server.port, ticket: ticket, encryption: "disable", more)
                #expect(encrypted.text == Self.encrypted + "postgres\n")
                #expect(direct.text == Self.plain + "postgres\n")
                for encryption in ["prefer", "disable"] {
                    let through = try await Self.psql(
                        server, gateway.port, ticket: ticket, encryption: encryption, more)
                    #expect(through.output == direct.output)
                    #expect(through.errorText == direct.errorText)
                    #expect(through.ending == direct.ending)
                }
                let counts = await gateway.snapshot()
                #expect(counts.framingLost.isEmpty)
                #expect(counts.failures.isEmpty)
                #expect(counts.upstreamsOpened == 2)
            }
        }
    }

    @Test("the server's AuthenticationGSS reaches the client, and a token that is none its own refusal")
    func messages() async throws {
        try await Self.run { _, server in
            try await PostgresGateway.run(to: server.port) { gateway in
                try await onThread {
                    let direct = try Self.forgery(server.port)
                    #expect(direct.first == PostgresMessage(type: "R", body: PostgresBytes.number(7)))
                    #expect(direct.last?.type == "E")
                    #expect(try Self.forgery(gateway.port) == direct)
                }
            }
        }
    }

    /// What a server says to a login whose first token is garbage.
    private static func forgery(_ port: Int) throws -> [PostgresMessage] {
        let client = try PostgresConnection(port)
        try client.send(PostgresBytes.startup())
        let first = try client.message()
        try client.send(PostgresBytes.message("p", Array("no token".utf8)))
        return try [first].compactMap(\.self) + client.messages()
    }

    @Test("a client that insists on GSSAPI encryption hears from its own library that there is none")
    func insists() async throws {
        try await Self.run { realm, server in
            let ticket = try await realm.logIn(Self.role)
            try await PostgresGateway.run(to: server.port) { gateway in
                let ask = ["-c", Self.asks]
                let direct = try await Self.psql(server, server.port, ticket: ticket, encryption: "require", ask)
                #expect(direct.text == Self.encrypted)
                let through = try await Self.psql(server, gateway.port, ticket: ticket, encryption: "require", ask)
                #expect(through.text.isEmpty)
                #expect(through.status == 2)
                #expect(
                    through.errorText == """
                        psql: error: connection to server at "127.0.0.1", port \(gateway.port) failed: \
                        server doesn't support GSSAPI encryption, but it was required

                        """)
                // The client has gone before it asked for a session.
                #expect(try await gateway.settles { $0.sessionsClosed == 1 })
                let counts = await gateway.snapshot()
                #expect(counts.upstreamsOpened == 0)
                #expect(counts.failures.isEmpty)
            }
        }
    }

    @Test("a server that takes only sessions encrypted by GSSAPI refuses the gateway's in its own words")
    func serverInsists() async throws {
        let access = [
            "hostgssenc all all 127.0.0.1/32 gss include_realm=0", "hostnogssenc all all 127.0.0.1/32 reject",
        ]
        try await Self.run(access: access) { realm, server in
            let ticket = try await realm.logIn(Self.role)
            try await PostgresGateway.run(to: server.port) { gateway in
                let ask = ["-c", Self.asks]
                let accepted = try await Self.psql(server, server.port, ticket: ticket, encryption: "prefer", ask)
                #expect(accepted.text == Self.encrypted)
                let direct = try await Self.psql(server, server.port, ticket: ticket, encryption: "disable", ask)
                let through = try await Self.psql(server, gateway.port, ticket: ticket, encryption: "prefer", ask)
                #expect(through.errorText == server.asSeen(direct.errorText, at: gateway.port))
                #expect(through.errorText.contains("FATAL:  pg_hba.conf rejects connection"))
                #expect(through.ending == direct.ending)
            }
        }
    }

    @Test(
        "a ticket of another principal and none are refused in the words of a direct client, and it is good for its own role"
    )
    func otherPrincipal() async throws {
        try await Self.run { realm, server in
            let ticket = try await realm.logIn("stranger")
            try await server.sql("create role stranger login")
            try await PostgresGateway.run(to: server.port) { gateway in
                for (client, words) in [
                    (ticket, "FATAL:  GSSAPI authentication failed for user \"postgres\""),
                    (realm.clientWithoutTicket, "No Kerberos credentials available"),
                ] {
                    let ask = ["-c", "select 1"]
                    let direct = try await Self.psql(server, server.port, ticket: client, encryption: "disable", ask)
                    let through = try await Self.psql(server, gateway.port, ticket: client, encryption: "prefer", ask)
                    #expect(through.text.isEmpty)
                    #expect(through.errorText == server.asSeen(direct.errorText, at: gateway.port))
                    #expect(through.errorText.contains(words))
                    #expect(through.ending == direct.ending)
                }
                let own = try await Self.psql(
                    server, gateway.port, ticket: ticket, encryption: "prefer",
                    ["-c", "select current_user", "-c", Self.asks], env: ["PGUSER": "stranger"])
                #expect(own.text == "stranger\nt|stranger@\(KerberosRealm.name)|f\n")
            }
        }
    }

    /// Where TLS stands between client and server.
    enum Encryption: CaseIterable {
        case atClient, atServer, both, passthrough

        func settings(_ certificates: Certificates) -> PostgresGateway.Settings {
            let listener = ListenerTLS.terminating(certificates, required: true)
            return switch self {
            case .atClient: .init(tls: listener)
            case .atServer: .init(backendTLS: .trusting(certificates))
            case .both: .init(tls: listener, backendTLS: .trusting(certificates))
            case .passthrough: .init(tls: .passthrough(required: true))
            }
        }
    }

    @Test("a ticket works inside TLS wherever that ends, after an N to GSSENCRequest")
    func insideTLS() async throws {
        let certificates = try await Certificates.make()
        try await Self.run(certificates: certificates) { realm, server in
            let ticket = try await realm.logIn(Self.role)
            let ask = ["-c", Self.asks, "-c", "select ssl from pg_stat_ssl where pid = pg_backend_pid()"]
            for encryption in Encryption.allCases {
                try await PostgresGateway.run(to: server.port, settings: encryption.settings(certificates)) { gateway in
                    // The server certificate's name is the one that the ticket is for.
                    let client = encryption == .atServer ? ["PGSSLMODE": "disable"] : certificates.verifyFull
                    let result = try await Self.psql(
                        server, gateway.port, ticket: ticket, encryption: "prefer", ask, env: client)
                    #expect(result.errorText.isEmpty, "\(encryption)")
                    #expect(result.text == Self.plain + (encryption == .atClient ? "f\n" : "t\n"), "\(encryption)")
                    #expect(try await gateway.settles { $0.sessionsClosed == 1 })
                    let opaque = await gateway.snapshot().framingLost["opaque"]
                    #expect(opaque == (encryption == .passthrough ? 1 : nil), "\(encryption)")
                }
            }
        }
    }
}
