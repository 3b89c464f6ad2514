// Logins that PostgreSQL has judged by another service: they do through the gateway what they do without it.

import Foundation
import Synchronization
import TestSupport
import Testing

// BSD authentication and SSPI are the two methods of pg_hba.conf that no Linux server has.
@Suite("PostgreSQL's authentication by other services, through the gateway", .serialized)
struct PostgresForeignAuthenticationTests {
    private static let ask = ["-w", "-A", "-t", "-c", "select current_user, 'hello'"]
    private static let password = "a longer password than one block of RADIUS"

    /// Compares a login at the gateway with one at the server.
    private func compare(
        _ server: PostgresServer, _ gateway: PostgresGateway, password: String = password, works: Bool, _ words: String
    ) async throws {
        let env = ["PGPASSWORD": password]
        let direct = try await server.psql(server.port, Self.ask, env: env)
        let through = try await server.psql(gateway.port, Self.ask, env: env)
        #expect(direct.text == (works ? "postgres|hello\n" : ""))
        #expect(through.output == direct.output)
        #expect(through.errorText == server.asSeen(direct.errorText, at: gateway.port))
        #expect(through.ending == direct.ending)
        // Without a password libpq itself gives up, and says so.
        if !works, !password.isEmpty { #expect(through.errorText.contains("FATAL:  \(words)")) }
    }

    /// Compares the right password, a wrong one and none.
    private func comparePasswords(_ access: String, _ words: String) async throws {
        try await PostgresServer.run(.init(access: ["host all all 127.0.0.1/32 \(access)"])) { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                try await compare(server, gateway, works: true, words)
                try await compare(server, gateway, password: "wrong", works: false, words)
                try await compare(server, gateway, password: "", works: false, "")
            }
        }
    }

    @Test("a directory (ldap) decides")
    func ldap() async throws {
        let directory = try await LDAPServer.start(PostgresServer.role, password: Self.password)
        defer { directory.stop() }
        try await comparePasswords(
            """
            ldap ldapserver=127.0.0.1 ldapport=\(directory.port) ldapprefix="cn=" ldapsuffix=",\(LDAPServer.suffix)"
            """, "LDAP authentication failed for user \"postgres\"")
    }

    @Test("a RADIUS server decides")
    func radius() async throws {
        let radius = try RadiusServer(password: Self.password)
        defer { radius.stop() }
        try await comparePasswords(
            """
            radius radiusservers="127.0.0.1" radiusports="\(radius.port)" radiussecrets="\(RadiusServer.secret)"
            """, "RADIUS authentication failed for user \"postgres\"")
    }

    @Test(
        "the machine's modules (pam) decide", .enabled(if: geteuid() == 0, "only root may add a service to /etc/pam.d"))
    func pam() async throws {
        let folder = try TemporaryFolder()
        let check = try folder.write(
            "check", "#!/bin/sh\n[ \"$(tr -d '\\0')\" = '\(Self.password)' ]\n")
        chmod(check, 0o755)
        let service = "fairlead-test-\(getpid())"
        let path = "/etc/pam.d/\(service)"
        let modules = "auth required pam_exec.so quiet expose_authtok \(check)\naccount required pam_permit.so\n"
        try Data(modules.utf8).write(to: URL(filePath: path))
        defer { unlink(path) }
        try await comparePasswords("pam pamservice=\(service)", "PAM authentication failed for user \"postgres\"")
    }

    @Test(
        "ident asks whose connection it is, and behind the gateway it is the gateway's",
        .enabled(if: geteuid() == 0, "only root may listen on ident's port, 113"))
    func ident() async throws {
        let owner = SharedText()
        let ident = try ScriptedServer(port: 113) { connection, _ in
            // RFC 1413: `port there, port here`, answered with the same and a name.
            let question = try connection.readLine()
            try connection.send("\(question) : USERID : UNIX : \(owner.text.withLock { $0 })\r\n")
        }
        defer { ident.stop() }
        try await PostgresServer.run(.init(access: ["host all all 127.0.0.1/32 ident"])) { server in
            try await PostgresGateway.run(to: server.port) { gateway in
                owner.text.withLock { $0 = PostgresServer.role }
                try await compare(server, gateway, works: true, "")
                owner.text.withLock { $0 = "somebody-else" }
                try await compare(server, gateway, works: false, "Ident authentication failed for user \"postgres\"")
            }
        }
        #expect(ident.connectionCount == 4)
    }
}

/// A text that a test changes while a stand-in server reads it.
private final class SharedText: Sendable {
    let text = Mutex("")
}
