// TLS before a translated PostgreSQL session, and logins that are bound to it.

import Foundation
import TestSupport
import Testing

@Suite("Translated PostgreSQL over TLS", .serialized, .blocking)
struct TranslatedPostgresTLSTests {
    private static let users = ["app": "a secret"]

    private static func tls(_ certificate: String, _ key: String) -> [String] {
        ["tls: { certificate: \"\(certificate)\", key: \"\(key)\" }"]
    }

    private static func tls(_ certificates: Certificates) -> [String] {
        tls(certificates.serverCertificate, certificates.serverKey)
    }

    @Test("psql verifies the certificate and the name, and does its work", arguments: [[:], users])
    func verified(_ users: [String: String]) async throws {
        let certificates = try await Certificates.make()
        try await TranslatedPostgres.run(users: users, listener: Self.tls(certificates)) { server in
            let password = users["app"]
            let script = """
                \\conninfo
                create table t(a int);
                insert into t select 1 union all select 2;
                copy t from stdin;
                3
                \\.
                select sum(a) from t;
                """
            let result = try await server.psql(
                script, ["-A", "-t"], user: "app", password: password, env: certificates.verifyFull)
            #expect(result.errorText == "")
            #expect(result.text.contains("TLSv1.3"))
            #expect(result.text.hasSuffix("\n6\n"))
            // A listener with TLS takes clients in the clear too, unless it says otherwise.
            let clear = try await server.psql(
                "select 1", ["-A", "-t"], user: "app", password: password, env: ["PGSSLMODE": "disable"])
            #expect(clear.text == "1\n")
            let others = try await Certificates.make()
            let foreign = try await server.psql(
                "select 1", user: "app", password: password,
                env: ["PGSSLMODE": "verify-full", "PGSSLROOTCERT": others.authority])
            #expect(foreign.errorText.contains("certificate verify failed"))
        }
    }

    /// The hash of the binding follows the hash of the certificate's signature (RFC 5929, 4.1); libpq makes its own.
    @Test("a login is bound to the certificate when the client asks for it", arguments: ["sha256", "sha384", "sha512"])
    func bound(digest: String) async throws {
        let certificates = try await Certificates.make()
        let own = try certificates.issue(
            "own", name: "localhost", extensions: "subjectAltName=DNS:localhost,IP:127.0.0.1", digest: digest)
        let listener = Self.tls(own.certificate, own.key)
        try await TranslatedPostgres.run(users: Self.users, listener: listener) { server in
            func psql(_ password: String, _ env: [String: String]) async throws -> CommandResult {
                try await server.psql("select current_user", ["-A", "-t"], user: "app", password: password, env: env)
            }
            let required = certificates.verifyFull.merging(["PGCHANNELBINDING": "require"]) { $1 }
            #expect(try await psql("a secret", required).text == "app\n")
            #expect(try await psql("wrong", required).errorText.contains("password authentication failed"))
            let never = certificates.verifyFull.merging(["PGCHANNELBINDING": "disable"]) { $1 }
            #expect(try await psql("a secret", never).text == "app\n")
            let clear = try await psql("a secret", ["PGSSLMODE": "disable", "PGCHANNELBINDING": "require"])
            #expect(clear.errorText.contains("channel binding required"), "\(clear.errorText)")
        }
    }

    @Test("a gateway between, with a certificate of its own, cannot pass a bound login on")
    func between() async throws {
        let certificates = try await Certificates.make()
        try await TranslatedPostgres.run(users: Self.users, listener: Self.tls(certificates)) { server in
            let other = try certificates.issue(
                "other", name: "localhost", extensions: "subjectAltName=DNS:localhost,IP:127.0.0.1")
            let lines =
                [
                    "admin: 127.0.0.1:0", "listeners:", "  pg:", "    protocol: postgres", "    listen: 127.0.0.1:0",
                    "    backend: far", "    tls: { certificate: \"\(other.certificate)\", key: \"\(other.key)\" }",
                    "backends:", "  far:", "    url: postgres://127.0.0.1:\(server.port)?sslmode=verify-full",
                    "    tls: { ca: \"\(certificates.authority)\" }",
                ]
            let middle = try Fairlead(yaml: lines.joined(separator: "\n") + "\n")
            defer { middle.stop() }
            for binding in ["require", "prefer"] {
                let env = certificates.verifyFull.merging([
                    "PGCHANNELBINDING": binding, "PGPORT": "\(middle.port("pg"))",
                ]) { $1 }
                let result = try await server.psql("select 1", user: "app", password: "a secret", env: env)
                #expect(result.errorText.contains("channel binding does not match"), "\(result.errorText)")
            }
        }
    }

    /// A client that says it could bind, and believes that the server cannot, has been lied to.
    @Test("an offer that somebody took away is noticed, and so is a mechanism that does not go with what is said")
    func downgrade() async throws {
        let certificates = try await Certificates.make()
        try await TranslatedPostgres.run(users: Self.users, listener: Self.tls(certificates)) { server in
            let program = """
                import hashlib, os, socket, ssl, struct, sys
                def login(mechanism, message, tls):
                    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                    if tls:
                        s.sendall(struct.pack("!II", 8, 80877103))
                        assert s.recv(1) == b"S"
                        context = ssl.create_default_context()
                        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                        s = context.wrap_socket(s)
                    f = s.makefile("rwb")
                    start = struct.pack("!I", 196608) + b"user\\0app\\0\\0"
                    f.write(struct.pack("!I", len(start) + 4) + start); f.flush()
                    def read():
                        kind, size = struct.unpack("!cI", f.read(5))
                        return kind, f.read(size - 4)
                    kind, offer = read()
                    names = offer[4:].split(b"\\0")
                    body = mechanism + b"\\0" + struct.pack("!I", len(message)) + message
                    f.write(b"p" + struct.pack("!I", len(body) + 4) + body); f.flush()
                    kind, answer = read()
                    return names[:-2], kind, answer
                plain, plus = b"SCRAM-SHA-256", b"SCRAM-SHA-256-PLUS"
                rest = b",,n=,r=abcdefgh"
                names, kind, answer = login(plain, b"n" + rest, True)
                assert names == [plus, plain] and kind == b"R", (names, answer)
                assert login(plus, b"p=tls-server-end-point" + rest, True)[1] == b"R"
                assert login(plain, b"y" + rest, False)[:2] == ([plain], b"R")
                for mechanism, first, tls, word in [
                    (plain, b"y", True, b"negotiation error"), (plus, b"n", True, b"do not go together"),
                    (plain, b"p=tls-server-end-point", True, b"do not go together"),
                    (plus, b"p=tls-unique", True, b"unsupported SCRAM channel-binding type"),
                    (plus, b"p=tls-server-end-point", False, b"invalid SASL authentication mechanism"),
                ]:
                    names, kind, answer = login(mechanism, first + rest, tls)
                    assert kind == b"E" and word in answer, (mechanism, first, answer)
                print("done")
                """
            let lines = try await server.python(program)
            #expect(lines == ["done"])
        }
    }
}
