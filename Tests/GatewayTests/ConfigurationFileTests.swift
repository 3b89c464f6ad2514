// Reading configuration files: what a good one means, and what is said about a bad one.

import Testing

@testable import Gateway

@Suite("A configuration file")
struct ConfigurationFileTests {
    @Test("the trusted part of the design's example means what it says")
    func designExample() throws {
        let result = try configuration(
            """
            workers: 2                        # default: one per core
            reactor: epoll                    # or io_uring
            admin: 127.0.0.1:9900             # metrics, health, the admin page
            listeners:
              cache:
                protocol: redis
                listen: 127.0.0.1:6380        # or unix:/run/fairlead/cache.sock
                backend: redis-main
              orders:
                protocol: postgres
                listen: 127.0.0.1:6432
                backend: orders-db
              blobs:
                protocol: s3
                listen: 127.0.0.1:9001
                backend: blobs-main
            backends:
              redis-main: { url: redis://127.0.0.1:6379 }
              orders-db:  { url: postgres://127.0.0.1:5432 }
              blobs-main: { url: http://127.0.0.1:9000 }
            """)
        #expect(result.workers == 2)
        #expect(result.admin == .host("127.0.0.1", port: 9900))
        #expect(result.listeners.map(\.name) == ["cache", "orders", "blobs"])
        #expect(result.listeners.map(\.protocol) == [.redis, .postgres, .s3])
        #expect(result.listeners.first?.listen == [.host("127.0.0.1", port: 6380)])
        #expect(result.backends.map(\.name) == ["redis-main", "orders-db", "blobs-main"])
        #expect(result.backend(named: "orders-db")?.endpoint == .host("127.0.0.1", port: 5432))
        #expect(result.backends.allSatisfy { $0.tls == nil })
        #expect(result.listeners.first?.connections == 10_000)
        #expect(result.listeners.first?.handshakeTimeout == .seconds(10))
        #expect(result.listeners.first?.idleTimeout == nil)
        #expect(result.backends.first?.connectTimeout == .seconds(5))
    }

    @Test("every value can be set, and every key of the table is read")
    func everyKey() throws {
        let text = """
            workers: 3
            reactor: io_uring
            admin: unix:admin.sock
            shutdown-grace: 0s
            log: { level: debug, format: json }
            usage: { enabled: false, file: usage.json, samples: 3 }
            listeners:
              one:
                protocol: postgres
                listen: ["*:6432", "[::1]:6433", unix:pg.sock, localhost:0]
                backend: pg
                connections: 7
                handshake-timeout: 1500ms
                idle-timeout: 2m
                tls:
                  mode: terminate
                  certificate: server.pem
                  key: /keys/server.key
                  client-ca: ca.pem
                  minimum-version: 1.3
                  required: true
              two:
                protocol: s3
                listen: 9001
                backend: blobs
                idle-timeout: off
                migrate: { to: house, state: blobs.json, largest-request: 6MiB }
              three:
                protocol: redis
                listen: "*:6390"
                backend: house
                users: { app: "pass word" }
                allow-anonymous: true
              five:
                protocol: redis
                listen: 6391
                backend: cache
                users: { ann: "#2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90" }
                split: true
                require: [kv.get, kv.ttl/whole-seconds]
                sample-keys: { every: 10, top: 5 }
                deny: [FLUSHALL, "config|set"]
                shadow:
                  backend: pair
                  share: 2.5%
                  writes: ["a:"]
                  scratch-prefix: "s:"
                  masks: [order]
                  learn-noise: false
                  follows: false
                rate-limit: { commands: 5, burst: 7, per: client, over: wait }
                routes:
                  - prefix: "a:"
                    rewrite: "b:"
                    database: 3
                    user: ann
                    backend: cache
                    require: kv.get
                    rate-limit: { commands: 5, burst: 7, per: client, over: wait }
                    shadow: { backend: pair, share: 1%, writes: ["a:"], scratch-database: 4, masks: [], learn-noise: false }
                  - { prefix: "c:", backend: cache, shadow: { backend: pair } }
              six: { protocol: redis, listen: 6392, backend: pair, shadow: { backend: cache, scratch-database: 4 } }
              seven: { protocol: redis, listen: 6393, backend: safe, allow-anonymous: true, migrate: { to: house, state: m.json } }
              eight:
                protocol: redis
                listen: 6394
                backend: pair
                routes: [{ prefix: "d:", database: 1, user: u, backend: more }]
                migrate: { to: last, state: n.json, route: { prefix: "d:", database: 1, user: u } }
              four: { protocol: s3, listen: 9002, backend: house, access-keys: { AKIAEXAMPLE: secret }, region: eu-north-1, domains: s3.example.com }
            backends:
              house:
                adapter: ./house.yaml
                url: tcp://127.0.0.1:11211
                options: { prefix: "a:" , depth: 4 }
                gaps: { kv.ttl: emulate, kv.scan: refuse }
              pg:
                url: postgres://db.example.com
                connect-timeout: 1s
                response-timeout: 1h
                tls: { ca: ca.pem, certificate: c.pem, key: c.key, server-name: db, verify: true, minimum-version: "1.3" }
              cache: { url: redis://cache.example.com, mode: shared, login: { user: gate, password: pw } }
              pair:
                url: redis://pair.example.com
                mode: shared
                pending-commands: 5000
                pending-bytes: 16MiB
                circuit-breaker: { failures: 3, pause: 2s, slow-start: 1m }
              safe: { url: redis://safe.example.com, login: { password-file: pw } }
              more: { url: redis://more.example.com, mode: shared }
              last: { url: redis://last.example.com, mode: shared }
              blobs:
                url: https://s3.example.com
                idle-connections: 0
                idle-connection-timeout: 3s
                login: { user: KEY, password: secret, region: eu-north-1, addressing: virtual-hosted }
            """
        var decoder = ConfigurationDecoder(source: "f.yaml", folder: "/etc/fairlead", checkingFiles: false)
        let decoded = decoder.decode(text)
        let result = try #require(decoded)
        #expect(decoder.problems == [])
        #expect(result.workers == 3)
        #expect(result.reactor == .ring)
        #expect(result.admin == .unix("/etc/fairlead/admin.sock"))
        #expect(result.shutdownGrace == .zero)
        #expect(result.log.level == .debug && result.log.format == .json)
        let one = try #require(result.listeners.first)
        #expect(
            one.listen == [
                .host("*", port: 6432), .host("::1", port: 6433), .unix("/etc/fairlead/pg.sock"),
                .host("localhost", port: 0),
            ])
        #expect(result.usage.isEnabled == false)
        #expect(result.usage.file == "/etc/fairlead/usage.json")
        #expect(result.usage.samples == 3)
        #expect(one.connections == 7)
        #expect(one.handshakeTimeout == .milliseconds(1500))
        #expect(one.idleTimeout == .seconds(120))
        var tls = TerminatedTLS(certificate: "/etc/fairlead/server.pem", key: "/keys/server.key", required: true)
        tls.clientCA = "/etc/fairlead/ca.pem"
        tls.minimumVersion = .tls13
        #expect(one.tls == .terminate(tls))
        let backend = try #require(result.backend(named: "pg"))
        #expect(backend.connectTimeout == .seconds(1))
        #expect(backend.responseTimeout == .seconds(3600))
        var upstream = BackendTLS(serverName: "db")
        upstream.ca = "/etc/fairlead/ca.pem"
        upstream.certificate = "/etc/fairlead/c.pem"
        upstream.key = "/etc/fairlead/c.key"
        upstream.minimumVersion = .tls13
        #expect(backend.tls == upstream)
        let blobs = try #require(result.backend(named: "blobs"))
        #expect(blobs.endpoint == .host("s3.example.com", port: 443))
        #expect(blobs.tls == BackendTLS(serverName: "s3.example.com"))
        #expect(blobs.idleConnections == 0)
        #expect(
            blobs.login
                == BackendLogin(
                    user: "KEY", password: .text("secret"), region: "eu-north-1", addressing: .virtualHosted))
        #expect(blobs.idleConnectionTimeout == .seconds(3))
        #expect(decoder.asked == Set(ConfigurationKey.all.map(\.path)))
    }

    @Test("all problems are reported at once, each with line, column and key")
    func allAtOnce() {
        let found = problems(
            """
            workers: many
            admn: 9900
            listeners:
              cache:
                protocol: reddis
                listen: 127.0.0.1
                backend: redis-man
                idle-timeout: 30
              other:
                protocol: redis
                listen: [6380, "::1:6380"]
                backend: redis-man
                conections: 5
            backends:
              redis-main: { url: redis://127.0.0.1:99999 }
              redis main: { url: "ftp://x" }
            """)
        #expect(
            found == [
                "f.yaml:1:10: workers: expected a whole number, 1 to 1024, got \"many\"",
                "f.yaml:2:1: admn: this key is not known (did you mean \"admin\"?); known here: workers, reactor, admin, shutdown-grace, log, usage, listeners, backends",
                "f.yaml:5:15: listeners.cache.protocol: expected one of redis, postgres, s3, got \"reddis\" (did you mean \"redis\"?)",
                "f.yaml:6:13: listeners.cache.listen: expected host:port, got \"127.0.0.1\" without a port",
                "f.yaml:8:19: listeners.cache.idle-timeout: a duration needs a unit: write 30s, or another of ms, s, m, h",
                "f.yaml:11:20: listeners.other.listen[1]: an IPv6 address goes in brackets: [::1]:6380, got \"::1:6380\"",
                "f.yaml:12:14: listeners.other.backend: no backend is called \"redis-man\" (did you mean \"redis-main\"?); there are: redis-main, redis main",
                "f.yaml:13:5: listeners.other.conections: this key is not known (did you mean \"connections\"?); known here: protocol, listen, backend, connections, handshake-timeout, idle-timeout, users, access-keys, region, domains, allow-anonymous, require, deny, rate-limit, tls, routes, split, shadow, sample-keys, migrate",
                "f.yaml:15:22: backends.redis-main.url: expected a port between 1 and 65535, got \"99999\"",
                "f.yaml:16:3: backends.redis main: expected a name of 1 to 63 letters, digits, \".\", \"_\" or \"-\" (it becomes a metric label)",
                "f.yaml:16:22: backends.redis main.url: expected redis://, rediss://, redis+unix://, redis+cluster://, redis+sentinel://, unix:PATH, postgres://, http:// or https://, got ftp://",
            ])
    }

    @Test("missing keys are named where their mapping begins")
    func missing() {
        #expect(
            problems("listeners:\n  a: { listen: 6380 }\n") == [
                "f.yaml:1:1: backends: this key is missing; expected mapping of names",
                "f.yaml:2:6: listeners.a.backend: this key is missing; expected name of a backend",
                "f.yaml:2:6: listeners.a.protocol: this key is missing; expected `redis`, `postgres`, `s3`",
            ])
    }

    @Test("keys given twice are all reported, with other problems")
    func duplicates() {
        let found = problems(
            """
            workers: 1
            listeners:
              a: { protocol: redis, listen: 6380, backend: b, "listen": 6381 }
              a: { protocol: redis, listen: 6382, backend: b }
            backends:
              b: { url: redis://h }
              b: { url: redis://i }
              b: { url: redis://j }
            workers: 0
            """)
        #expect(
            found == [
                "f.yaml:4:3: listeners.a: this key is given more than once, first on line 3; keep one",
                "f.yaml:8:3: backends.b: this key is given more than once, first on line 6; keep one",
                "f.yaml:9:1: workers: this key is given more than once, first on line 1; keep one",
                "f.yaml:9:10: workers: expected a whole number, 1 to 1024, got \"0\"",
            ])
        #expect(
            problems(
                "listeners:\n  a: { protocol: redis, listen: 1, backend: b, \"listen\": 2 }\nbackends: { b: { url: redis://h } }"
            ) == [
                "f.yaml:2:48: listeners.a.listen: this key is given more than once, first on line 2; keep one"
            ])
    }

    @Test(
        "wrong types say what was expected and what came",
        arguments: [
            ("- a", "f.yaml:1:1: expected a mapping of keys and values, got a list"),
            (
                "listeners: 5\nbackends: { b: { url: redis://h } }",
                "f.yaml:1:12: listeners: expected a mapping of keys and values, got \"5\""
            ),
            (
                "listeners:\nbackends: { b: { url: redis://h } }",
                "listeners: expected a mapping of keys and values, got nothing"
            ),
            (
                "listeners: {}\nbackends: { b: { url: redis://h } }",
                "f.yaml:1:12: listeners: expected at least one name here, with its settings below"
            ),
            (pair("redis", "[redis://h]"), "f.yaml:9:10: backends.b.url: expected URL, got a list"),
            (
                pair("redis", "redis://h", listener: "connections: \"5\""),
                "listeners.a.connections: expected a whole number, 1 to 10000000, got \"5\""
            ),
            (
                pair("redis", "redis://h", listener: "connections: 0"),
                "listeners.a.connections: expected a whole number, 1 to 10000000, got \"0\""
            ),
            (
                pair("redis", "redis://h", listener: "idle-timeout: 0s"),
                "expected a duration above zero, or off, got \"0s\""
            ),
            (
                pair("redis", "redis://h", listener: "handshake-timeout: off"),
                "expected a duration such as 5s or 200ms, got \"off\""
            ),
            (
                pair("redis", "redis://h", listener: "handshake-timeout: 5 seconds"),
                "expected a duration in ms, s, m or h (a whole number, one unit), got \"5 seconds\""
            ),
            (
                pair("redis", "rediss://h", backend: "tls: { verify: yes }"),
                "backends.b.tls.verify: expected `true` or `false`, got \"yes\""
            ),
            ("", "f.yaml: the file is empty: expected listeners and backends"),
            ("listeners: [", "f.yaml:2:1: this is not YAML"),
            ("a: *:6380", "a value that begins with * or & goes in quotes"),
            ("a:\n\tb: c", "indent with spaces, not tabs"),
        ])
    func wrongTypes(text: String, expected: String) {
        let found = problems(text)
        #expect(found.count == 1)
        #expect(found.first?.contains(expected) == true, "\(found)")
    }

    @Test(
        "combinations that cannot work are refused at the key to change",
        arguments: [
            (
                pair("redis", "postgres://h"),
                "f.yaml:5:14: listeners.a.backend: the listener speaks redis and backend \"b\" speaks postgres"
            ),
            (
                pair("redis", "redis://h", backend: "tls: { ca: x }"),
                "backends.b.tls: the URL leads to this backend in the clear, so its TLS settings would do nothing: write rediss:// for TLS"
            ),
            (pair("s3", "http://h", backend: "tls: { ca: x }"), "write https:// for TLS"),
            (pair("redis", "unix:/s", backend: "tls: { ca: x }"), "a Unix socket carries no TLS"),
            (
                pair("postgres", "postgres://h?sslmode=disable", backend: "tls: { ca: x }"),
                "write sslmode=verify-full or sslmode=require"
            ),
            (
                pair("postgres", "postgres://h?sslmode=require", backend: "tls: { ca: x }"),
                "backends.b.tls.ca: sslmode=require in the URL does not verify"
            ),
            (
                pair("postgres", "postgres://h?sslmode=require", backend: "tls: { verify: true }"),
                "backends.b.tls.verify: sslmode=require"
            ),
            (
                pair("postgres", "postgres://h?sslmode=verify-full", backend: "tls: { verify: false }"),
                "write sslmode=require"
            ),
            (
                pair("redis", "rediss://h", backend: "tls: { verify: false, ca: x }"),
                "with verify: false this would do nothing"
            ),
            (
                pair("redis", "rediss://h", backend: "tls: { certificate: x }"),
                "backends.b.tls.key: this key is missing: a client certificate and its key go together"
            ),
            (pair("postgres", "postgres://h", backend: "mode: shared"), "only Redis clients can share a connection"),
            (pair("redis", "redis://h", backend: "idle-connections: 5"), "only S3 backends keep idle connections"),
            (
                pair("redis", "redis://h", listener: "tls: { key: k }"),
                "listeners.a.tls.certificate: this key is missing, and TLS cannot be terminated without it"
            ),
            (
                pair("redis", "redis://h", listener: "tls: { mode: passthrough }"),
                "passthrough is for postgres listeners; terminate TLS here (certificate and key) and write a rediss:// backend"
            ),
            (
                pair("s3", "http://h", listener: "tls: { key: k, certificate: c, required: true }"),
                "listeners.a.tls.required: only PostgreSQL clients can choose"
            ),
            (
                pair("postgres", "postgres://h", listener: "tls: { mode: passthrough, key: k }"),
                "listeners.a.tls.key: passthrough leaves TLS to the backend"
            ),
            (
                pair("postgres", "postgres://h?sslmode=require", listener: "tls: { mode: passthrough }"),
                "listeners.a.tls.mode: passthrough takes the client's own TLS"
            ),
            (
                pair("redis", "redis://h", listener: "tls: { mode: pass }"),
                "expected terminate or passthrough, got \"pass\""
            ),
        ])
    func impossible(text: String, expected: String) {
        let found = problems(text)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.contains(expected) == true, "\(found)")
    }

    @Test(
        "two listeners on one address are refused, because workers share ports",
        arguments: [
            ("6380", "127.0.0.1:6380", "listener \"a\" listens on 127.0.0.1:6380 already"),
            ("localhost:6380", "6380", "listener \"a\" listens on localhost:6380 already"),
            ("\"*:6380\"", "10.0.0.1:6380", "listener \"a\" listens on *:6380 already"),
            ("10.0.0.1:6380", "\"*:6380\"", "listener \"a\" listens on 10.0.0.1:6380 already"),
            ("unix:/s", "unix:/s", "listener \"a\" listens on unix:/s already"),
            ("1", "9900", "admin listens on 127.0.0.1:9900 already"),
            ("1", "[5, 5]", "c.listen[1]: this listener listens on 127.0.0.1:5 already"),
        ])
    func clashes(first: String, second: String, expected: String) {
        let found = problems(
            """
            admin: 9900
            listeners:
              a: { protocol: redis, listen: \(first), backend: b }
              c: { protocol: redis, listen: \(second), backend: b }
            backends: { b: { url: redis://h } }
            """)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.hasPrefix("f.yaml:4:") == true)
        #expect(found.first?.contains(expected) == true, "\(found)")
    }

    @Test("different addresses and ports that the system picks do not clash")
    func noClash() throws {
        let result = try configuration(
            """
            admin: 0
            listeners:
              a: { protocol: redis, listen: [0, 127.0.0.1:0, 127.0.0.1:80, 127.0.0.2:80, "[::1]:80"], backend: b }
            backends: { b: { url: redis://h } }
            """)
        #expect(result.listeners.first?.listen.count == 5)
    }

    @Test("PostgreSQL TLS comes from the URL or from tls settings, verified unless the URL says require")
    func postgresTLS() throws {
        func tls(_ url: String, _ backend: String = "") throws -> BackendTLS? {
            try configuration(pair("postgres", url, backend: backend)).backends.first?.tls
        }
        #expect(try tls("postgres://h") == nil)
        #expect(try tls("postgres://h?sslmode=disable") == nil)
        #expect(try tls("postgres://h?sslmode=verify-full") == BackendTLS(serverName: "h"))
        #expect(try tls("postgres://h?sslmode=require")?.verify == false)
        #expect(try tls("postgres://h", "tls: {}") == BackendTLS(serverName: "h"))
        #expect(try tls("postgres://h", "tls: { verify: false }")?.verify == false)
    }

    @Test("TLS of Redis and S3 listeners is always required, of PostgreSQL listeners when asked")
    func requiredTLS() throws {
        func required(_ wire: String, _ url: String) throws -> Bool? {
            let text = pair(wire, url, listener: "tls: { certificate: c, key: k }")
            guard case .terminate(let tls) = try configuration(text).listeners.first?.tls else { return nil }
            return tls.required
        }
        #expect(try required("redis", "redis://h") == true)
        #expect(try required("s3", "http://h") == true)
        #expect(try required("postgres", "postgres://h") == false)
        let passthrough = pair("postgres", "postgres://h", listener: "tls: { mode: passthrough, required: true }")
        #expect(try configuration(passthrough).listeners.first?.tls == .passthrough(required: true))
    }
}
