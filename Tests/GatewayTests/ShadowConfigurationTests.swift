// Shadows in the configuration: what they mean, what is said about bad ones, and how they are rendered.

import RedisWire
import Testing

@testable import Gateway

@Suite("The shadow of a listener")
struct ShadowConfigurationTests {
    private static func file(_ shadow: String, wire: String = "redis", main: String = "redis://127.0.0.1:6379")
        -> String
    {
        """
        listeners:
          cache:
            protocol: \(wire)
            listen: 6380
            backend: main
            shadow: \(shadow)
        backends:
          main: { url: "\(main)" }
          new: { url: redis://127.0.0.1:6378 }
          grown: { url: "redis+cluster://127.0.0.1:7000" }
          pg: { url: "postgres://127.0.0.1:5432" }
          house: { adapter: memcached, url: tcp://127.0.0.1:11211, conformance: unverified }
        """
    }

    private static func shadow(_ text: String) throws -> ShadowConfiguration {
        try #require(try configuration(file(text)).listeners.first?.shadow)
    }

    @Test("is a candidate, and says what goes there")
    func read() throws {
        let plain = try Self.shadow("{ backend: new }")
        #expect(plain == ShadowConfiguration(backend: "new"))
        #expect(plain.share == 10_000 && plain.writes == nil && plain.masks == [.lifetime] && plain.learnsNoise)
        let full = try Self.shadow(
            """
            { backend: house, share: 0.5%, writes: ["a:", "b:"], scratch-prefix: "s:", masks: [order, null-type], \
            learn-noise: false }
            """)
        #expect(full.share == 50)
        #expect(full.writes == ["a:", "b:"])
        #expect(full.scratch == .prefix("s:"))
        #expect(full.masks == [.order, .nullType])
        #expect(!full.learnsNoise)
        #expect(try Self.shadow("{ backend: new, scratch-database: 9 }").scratch == .database(9))
        #expect(try Self.shadow("{ backend: new, masks: [], follows: true }").masks == [])
    }

    @Test(
        "a share is a percentage",
        arguments: [("100%", 10_000), ("10%", 1000), ("0.01%", 1), ("12.5%", 1250), ("1.05%", 105)])
    func share(text: String, expected: Int) throws {
        let shadow = try Self.shadow("{ backend: new, share: \(text) }")
        #expect(shadow.share == expected)
        #expect(shadow.shareText == (text == "12.5%" ? "12.50%" : text))
    }

    @Test("another share is a mistake", arguments: ["10", "0%", "101%", "1.234%", "-1%", ".5%", "5.%", "%", "ten%"])
    func badShare(text: String) {
        let found = problems(Self.file("{ backend: new, share: \"\(text)\" }"))
        #expect(found.count == 1 && found[0].contains("expected a percentage from 0.01% to 100%"), "\(found)")
    }

    @Test("what cannot be is named with its line and key, and what to do")
    func mistakes() {
        let path = "f.yaml:6"
        for (shadow, key, words) in [
            ("{ backend: nwe }", "backend", "no backend is called \"nwe\" (did you mean \"new\"?)"),
            ("{ backend: main }", "backend", "would compare it with itself"),
            ("{ backend: pg }", "backend", "both must speak the same"),
            ("{ backend: new, masks: [ordr] }", "masks[0]", "no mask is called \"ordr\" (did you mean \"order\"?)"),
            ("{ backend: new, writes: { a: b } }", "writes", "expected text, or a list of them"),
            ("{ backend: new, scratch-prefix: a, scratch-database: 1 }", "scratch-database", "keep one"),
            ("{ backend: new, scratch-database: ten }", "scratch-database", "expected a whole number"),
            ("{ backend: new, scratch-prefix: \"\" }", "scratch-prefix", "remove it, or name one"),
            ("{ backend: new, follows: true, writes: [\"a\"] }", "follows", "would get these twice"),
            ("{ backend: grown, scratch-database: 1 }", "scratch-database", "write scratch-prefix"),
            ("{ backend: new, shre: 10% }", "shre", "did you mean \"share\"?"),
            ("{ share: 10% }", "backend", "this key is missing"),
        ] {
            let found = problems(Self.file(shadow))
            #expect(found.count == 1, "\(found)")
            #expect(
                found.first?.hasPrefix(path) == true && found.first?.contains("listeners.cache.shadow.\(key): ") == true
                    && found.first?.contains(words) == true, "\(found)")
        }
    }

    /// A listener with one route, which has a shadow.
    private static func routed(_ shadow: String, _ own: String = "") -> String {
        file("{ backend: grown }").replacing(
            "shadow: { backend: grown }",
            with: "routes: [{ prefix: \"a:\", backend: old, shadow: \(shadow) }]\n    \(own)"
        ).replacing("main: {", with: "old: { url: redis://127.0.0.1:6377, mode: shared }\n  main: { mode: shared,")
    }

    @Test("belongs to one route where it stands there")
    func route() throws {
        let text = Self.routed("{ backend: new, share: 5%, writes: [\"a:\"] }", "shadow: { backend: house }")
        let first = try configuration(text)
        let listener = try #require(first.listeners.first)
        #expect(listener.shadow == ShadowConfiguration(backend: "house"))
        #expect(listener.routes.first?.shadow?.share == 500 && listener.routes.first?.shadow?.backend == "new")
        #expect(try configuration(first.rendered()) == first)
        for (shadow, own, key, words) in [
            ("{ backend: old }", "", "routes[0].shadow.backend", "the route leads to \"old\" itself"),
            ("{ backend: pg }", "", "routes[0].shadow.backend", "both must speak the same"),
            ("{ backend: new, shre: 1% }", "", "routes[0].shadow.shre", "did you mean \"share\"?"),
            (
                "{ backend: new }", "shadow: { backend: main }", "shadow.backend",
                "the listener leads to \"main\" itself"
            ),
        ] {
            let found = problems(Self.routed(shadow, own))
            #expect(
                found.count == 1 && found[0].contains("listeners.cache.\(key): ") && found[0].contains(words),
                "\(found)")
        }
        // Another route's backend may be this one's candidate, and a listener's own where no traffic is compared with it.
        _ = try configuration(Self.routed("{ backend: main }"))
        _ = try configuration(Self.routed("{ backend: new }", "shadow: { backend: old }"))
    }

    @Test("of a PostgreSQL listener only reads, but for a scratch database, as a login with a user")
    func statements() throws {
        func file(_ shadow: String, _ candidate: String = "") -> String {
            Self.file(shadow, wire: "postgres", main: "postgres://127.0.0.1:5432").replacing(
                "new: { url: redis://127.0.0.1:6378", with: "new: { url: \"postgres://127.0.0.1:5433\"\(candidate)")
        }
        let shadow = try #require(
            try configuration(file("{ backend: new, masks: [order, tag] }")).listeners.first?.shadow)
        #expect(shadow.rowMasks == [.order, .tag] && shadow.masks == [.order])
        #expect(ShadowConfiguration(backend: "new").rowMasks == [.messageText])
        for key in ["writes: [a]", "scratch-prefix: a", "scratch-bucket: abc"] {
            let found = problems(file("{ backend: new, \(key) }"))
            #expect(found.count == 1 && found[0].contains("only read from, but for a scratch-database or"), "\(found)")
        }
        for name in ["1", "copy", "\"*\""] {
            let found = problems(file("{ backend: new, scratch-database: \(name) }"))
            #expect(found.count == 1 && found[0].contains("expected a name with * in place of"), "\(found)")
        }
        let copied = try configuration(file("{ backend: new, scratch-database: \"*_shadow\", writes: [t] }"))
        #expect(copied.listeners.first?.shadow?.scratch == .copy("*_shadow"))
        #expect(try configuration(copied.rendered()) == copied)
        let schema = try configuration(file("{ backend: new, scratch-schema: Shadow, writes: [t] }"))
        #expect(schema.listeners.first?.shadow?.scratch == .schema("Shadow"))
        #expect(try configuration(schema.rendered()) == schema)
        for (keys, words) in [
            ("scratch-schema: a, scratch-database: \"*_a\"", "keep one"), ("scratch-schema: \"\"", "1 to 63 bytes"),
            ("ddl: true", "ddl goes to a scratch-database or a scratch-schema"),
        ] {
            let found = problems(file("{ backend: new, \(keys) }"))
            #expect(found.count == 1 && found[0].contains(words), "\(found)")
        }
        let defining = try configuration(file("{ backend: new, scratch-schema: a, ddl: true }"))
        #expect(defining.listeners.first?.shadow?.repeatsDefinitions == true && !shadow.repeatsDefinitions)
        #expect(try configuration(defining.rendered()) == defining)
        #expect(problems(Self.file("{ backend: new, scratch-prefix: a, ddl: true }")).count == 1)
        let redis = problems(Self.file("{ backend: new, scratch-schema: a }"))
        #expect(redis.count == 1 && redis[0].contains("Redis has no schemas"), "\(redis)")
        let login = try configuration(file("{ backend: new }", ", login: { user: a, password: b }")).backend(
            named: "new")?.login
        #expect(login?.user == "a")
        let found = problems(file("{ backend: new }", ", login: { password: b }"))
        #expect(found.count == 1 && found[0].contains("no login without a user"), "\(found)")
    }

    @Test("of an S3 listener only reads, but for a scratch bucket")
    func objects() throws {
        func file(_ shadow: String) -> String {
            Self.file(shadow, wire: "s3", main: "http://127.0.0.1:9000").replacing("6378", with: "9001").replacing(
                "new: { url: redis", with: "new: { url: http")
        }
        let shadow = try #require(try configuration(file("{ backend: new, masks: [etag] }")).listeners.first?.shadow)
        #expect(shadow.objectMasks == [.etag] && shadow.masks == [])
        for key in ["writes: [a]", "scratch-prefix: a", "scratch-database: 1"] {
            let found = problems(file("{ backend: new, \(key) }"))
            #expect(found.count == 1 && found[0].contains("write that, or remove this key"), "\(found)")
        }
        let text = file("{ backend: new, scratch-bucket: scratch, writes: [\"photos/\"] }").replacing(
            "9001", with: "9001, login: { user: a, password: b }")
        let written = try configuration(text)
        #expect(written.listeners.first?.shadow?.scratch == .bucket("scratch"))
        #expect(try configuration(written.rendered().replacing("(not shown)", with: "b")) == written)
        let hosts = try configuration(file("{ backend: new }\n    domains: [s3.example.com, a.b]"))
        #expect(hosts.listeners.first?.shadow?.domains == ["s3.example.com", "a.b"])
        #expect(try configuration(hosts.rendered()) == hosts)
        for (shadow, words) in [
            ("{ backend: new }\n    domains: [\"a:9000\"]", "without a port"),
            ("{ backend: new, scratch-bucket: Ab }", "expected the name of a bucket"),
            ("{ backend: new, scratch-bucket: abc, scratch-prefix: a }", "keep one"),
            ("{ backend: new, scratch-bucket: abc, follows: true }", "would get these twice"),
        ] {
            let found = problems(file(shadow))
            #expect(found.first?.contains(words) == true, "\(found)")
        }
        let found = problems(Self.file("{ backend: new, scratch-bucket: abc }"))
        #expect(found.count == 1 && found[0].contains("Redis has no buckets"), "\(found)")
        let login = problems(file("{ backend: new }").replacing("9001", with: "9001, login: { password: b }"))
        #expect(login.count == 1 && login[0].contains("a secret is an access key's: add user"), "\(login)")
    }

    @Test(
        "is rendered so that reading it gives the same",
        arguments: [
            "{ backend: new }",
            "{ backend: house, share: 0.05%, writes: [\"a:\"], scratch-prefix: \"s p:\", masks: [] }",
            "{ backend: new, scratch-database: 3, learn-noise: false }", "{ backend: new, follows: true, share: 7% }",
        ])
    func rendered(text: String) throws {
        let first = try configuration(Self.file(text))
        #expect(try configuration(first.rendered()) == first)
    }
}
