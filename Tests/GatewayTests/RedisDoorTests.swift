// Who may come in at a Redis listener that asks in front of trusted backends: passwords, and the configuration of it.

import Testing

@testable import Gateway

@Suite("A Redis listener that asks who its clients are")
struct RedisDoorTests {
    // The SHA-256 of `secret`.
    private static let hash = "#2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"

    @Test("admits a user with the password, plain or as its hash, and nobody else")
    func admits() {
        let door = GatewayDoor(["ann": Self.hash, "bob": "secret", "odd": "#secret", "none": ""])
        func admits(_ user: String, _ password: String) -> Bool { door.admits(Array(user.utf8), Array(password.utf8)) }
        #expect(admits("ann", "secret") && admits("bob", "secret") && admits("odd", "#secret") && admits("none", ""))
        #expect(
            !admits("ann", Self.hash) && !admits("ann", "secret ") && !admits("bob", "") && !admits("odd", "secret"))
        #expect(!admits("eve", "secret") && !admits("eve", "") && !admits("", ""))
        #expect(!door.asksNobody && GatewayDoor([:]).asksNobody)
    }

    @Test("keeps the gateway's own login out of what is shown")
    func rendered() throws {
        let text = pair(
            "redis", "redis://h", listener: "users: { ann: hunter2 }",
            backend: "login: { user: gate, password: hunter3 }")
        let result = try configuration(text)
        #expect(result.backends.first?.login == BackendLogin(user: "gate", password: .text("hunter3")))
        #expect(!result.rendered().contains("hunter"))
        let file = try configuration(
            pair("redis", "redis://h", listener: "users: { a: b }", backend: "login: { password-file: pw }"))
        #expect(file.backends.first?.login == BackendLogin(password: .file("/etc/fairlead/pw")))
        #expect(try configuration(file.rendered()).backends == file.backends)
    }

    @Test(
        "has problems that say what to do",
        arguments: [
            ("", "login: { password: x }", "add users, or write allow-anonymous: true"),
            ("users: { a: b }", "login: { user: x }", "expected either password or password-file"),
            (
                "users: { a: b }", "login: { password: x, password-file: y }",
                "expected either password or password-file"
            ),
            (
                "users: { ann: b }\nroutes: [{ user: anne, backend: b }]", "mode: shared",
                "no user is called \"anne\" (did you mean \"ann\"?)"
            ),
        ])
    func mistakes(listener: String, backend: String, message: String) {
        let found = problems(pair("redis", "redis://h", listener: listener, backend: backend))
        #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }

    @Test("a login is for Redis, for PostgreSQL with a user, and for S3 with an access key and a region")
    func others() throws {
        let objects = problems(pair("s3", "http://h", backend: "login: { password: x, region: eu-north-1 }"))
        #expect(objects.count == 1 && objects[0].contains("a secret is an access key's: add user"), "\(objects)")
        let region = problems(pair("postgres", "postgres://h", backend: "login: { user: a, password: x, region: r }"))
        #expect(region.count == 1 && region[0].contains("signed for a region"), "\(region)")
        let nameless = problems(pair("postgres", "postgres://h", backend: "login: { password: x }"))
        #expect(nameless.count == 1 && nameless[0].contains("add user"), "\(nameless)")
        let fine = try configuration(pair("postgres", "postgres://h", backend: "login: { user: a, password: x }"))
        #expect(fine.backends.first?.login?.user == "a")
    }

    @Test("what is denied is read, shown again, and refused where it would deny nothing")
    func deny() throws {
        let file = pair("redis", "redis://h", listener: "deny: [FLUSHALL, config|set, FT.DROP]")
        let result = try configuration(file)
        #expect(result.listeners.first?.denied.map(\.description) == ["flushall", "config set", "ft.drop"])
        #expect(try configuration(result.rendered()) == result)
        #expect(
            try configuration(pair("redis", "redis://h", listener: "deny: KEYS")).listeners.first?.denied.count == 1)
        for (wire, entry, expected) in [
            (
                "redis", "deny: [FLUSHAL]",
                "no command is called \"flushal\" (did you mean \"flushall\"?)"
            ),
            ("redis", "deny: [GET x]", "GET has no subcommands, so \"x\" would never be met"),
            (
                "redis", "deny: [CONFIG GETT]",
                "CONFIG has no subcommand \"gett\" (did you mean \"get\"?), so it would deny nothing; it has get, help, "
            ),
            ("redis", "deny: [CONFIG FOO]", "CONFIG has no subcommand \"foo\", so it would deny nothing"),
            ("redis", "deny: [a b c]", "expected a command, or a command and a subcommand such as CONFIG SET"),
            ("postgres", "deny: [GET]", "only Redis listeners know commands by these names"),
        ] {
            let found = problems(pair(wire, "\(wire)://h", listener: entry))
            #expect(found.contains { $0.contains("listeners.a.deny") && $0.contains(expected) }, "\(found)")
        }
    }
}
