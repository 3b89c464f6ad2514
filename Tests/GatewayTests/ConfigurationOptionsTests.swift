// The command line's way to a configuration, the rendering of one, the table of keys and the look at PEM files.

import FoundationEssentials
import Testing

@testable import Gateway

@Suite("Options, rendering and the table of keys")
struct ConfigurationOptionsTests {
    @Test("the design's quick start builds the configuration that a file would")
    func quickStart() throws {
        var options = ConfigurationOptions()
        options.routes = [
            (.redis, "6380=redis://127.0.0.1:6379"), (.redis, "unix:/tmp/r.sock=rediss://cache.example.com"),
            (.postgres, "6432=postgres://127.0.0.1:5432"), (.postgres, "[::1]:0=postgres:///?host=/run/postgresql"),
            (.s3, "*:9001=http://127.0.0.1:9000"),
        ]
        options.admin = "9900"
        options.workers = 2
        options.logLevel = "debug"
        options.logFormat = "json"
        options.shutdownGrace = "1s"
        let expected = try configuration(
            """
            workers: 2
            admin: 9900
            shutdown-grace: 1s
            log: { level: debug, format: json }
            listeners:
              redis: { protocol: redis, listen: 6380, backend: redis }
              redis-2: { protocol: redis, listen: unix:/tmp/r.sock, backend: redis-2 }
              postgres: { protocol: postgres, listen: 6432, backend: postgres }
              postgres-2: { protocol: postgres, listen: "[::1]:0", backend: postgres-2 }
              s3: { protocol: s3, listen: "*:9001", backend: s3 }
            backends:
              redis: { url: redis://127.0.0.1:6379 }
              redis-2: { url: rediss://cache.example.com }
              postgres: { url: postgres://127.0.0.1:5432 }
              postgres-2: { url: "postgres:///?host=/run/postgresql" }
              s3: { url: http://127.0.0.1:9000 }
            """)
        #expect(try options.configuration() == expected)
    }

    @Test("options stand over a file")
    func overFile() throws {
        var options = ConfigurationOptions()
        options.workers = 5
        let file = try configuration(pair("redis", "redis://h"))
        var expected = file
        expected.workers = 5
        #expect(try options.configuration(over: file) == expected)
        options.admin = "127.0.0.1:6380"
        let error = #expect(throws: ConfigurationError.self) { try options.configuration(over: file) }
        #expect(
            error?.problems.map(\.description) == [
                "options: listeners.a.listen: admin listens on 127.0.0.1:6380 already; give each a port or socket of its own"
            ])
    }

    @Test("every bad option is reported, by its name and without secrets")
    func badOptions() {
        var options = ConfigurationOptions()
        options.routes = [
            (.redis, "redis://:hunter2@h"), (.redis, "6380=postgres://h"), (.s3, "x=http://h"),
            (.redis, "6390=+tcp://127.0.0.1:11211"),
        ]
        options.admin = "nowhere"
        options.workers = 0
        options.logLevel = "warn"
        options.logFormat = "xml"
        options.shutdownGrace = "5"
        let error = #expect(throws: ConfigurationError.self) { try options.configuration() }
        let found = error?.problems.map(\.description) ?? []
        #expect(
            found.map { $0.prefix { $0 != ":" } } == [
                "--redis", "--redis", "--s3", "--redis", "--admin", "--workers", "--log-level", "--log-format",
                "--shutdown-grace",
            ])
        #expect(found.first == "--redis: expected LISTEN=URL, such as 6380=redis://127.0.0.1:6379")
        #expect(found.dropFirst().first?.contains("use --postgres") == true)
        #expect(found.contains { $0.hasSuffix("got \"warn\" (did you mean \"warning\"?)") })
        #expect(!found.joined().contains("hunter2"))
    }

    @Test("a rendered configuration reads back as itself, with every default written out")
    func rendering() throws {
        let text = """
            workers: 2
            admin: "[::1]:9900"
            listeners:
              pg:
                protocol: postgres
                listen: [6432, "*:6433", "unix:/run/a b \\"c\\".sock"]
                backend: pg
                tls: { certificate: "/k/c: x.pem", key: /k/k.pem, client-ca: /k/ca.pem, required: true }
              through: { protocol: postgres, listen: 1, backend: clear, tls: { mode: passthrough } }
              cache: { protocol: redis, listen: 2, backend: cache, idle-timeout: 1m }
              "on": { protocol: s3, listen: 3, backend: "2024" }
            backends:
              pg: { url: postgres://h?sslmode=require, response-timeout: 3s }
              clear: { url: postgres://h }
              cache: { url: rediss://h, tls: { verify: false, certificate: /c, key: /k } }
              "2024": { url: https://h, tls: { ca: /ca.pem, server-name: s3 } }
            """
        let first = try configuration(text)
        let rendered = first.rendered()
        #expect(try configuration(rendered) == first, "\(rendered)")
        #expect(rendered.contains("connections: 10000"))
        #expect(rendered.contains("idle-connection-timeout: 4s"))
        #expect(rendered.contains("handshake-timeout: 10s"))
    }

    @Test("the table of keys has one row a key, and no key is described twice")
    func table() {
        let paths = ConfigurationKey.all.map(\.path)
        #expect(Set(paths).count == paths.count)
        let lines = ConfigurationKey.markdownTable().split(separator: "\n")
        #expect(lines.count == paths.count + 2)
        for line in lines { #expect(line.filter { $0 == "|" }.count == 5, "\(line)") }
        #expect(lines.contains { $0.hasPrefix("| `listeners.NAME.handshake-timeout` |") && $0.contains("| `10s` |") })
        for key in ConfigurationKey.all where !key.parent.isEmpty {
            #expect(paths.contains(key.parent), "\(key.path)")
        }
    }

    @Test("check looks into certificate and key files, and says what is wrong without showing them")
    func files() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "fairlead-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: folder.appending(path: name))
        }
        try write("cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        try write("key.pem", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n")
        try write("locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nhunter2\n-----END ENCRYPTED PRIVATE KEY-----\n")
        func found(_ tls: String) throws -> [String] {
            let text = pair("redis", "redis://h", listener: "tls: { \(tls) }")
            try Data(text.utf8).write(to: folder.appending(path: "f.yaml"))
            let path = folder.appending(path: "f.yaml").path
            do {
                _ = try ConfigurationFile.load(path, checkingFiles: true)
                return []
            } catch {
                return error.problems.map(\.description).map { $0.replacing(folder.path, with: "DIR") }
            }
        }
        #expect(try found("certificate: cert.pem, key: key.pem") == [])
        #expect(
            try found("certificate: key.pem, key: cert.pem, client-ca: none.pem") == [
                "DIR/f.yaml:6:25: listeners.a.tls.certificate: DIR/key.pem holds no PEM certificate (expected \"-----BEGIN CERTIFICATE-----\")",
                "DIR/f.yaml:6:39: listeners.a.tls.key: DIR/cert.pem holds no PEM private key (expected \"-----BEGIN PRIVATE KEY-----\")",
                "DIR/f.yaml:6:60: listeners.a.tls.client-ca: cannot read DIR/none.pem: No such file or directory",
            ])
        #expect(
            try found("certificate: cert.pem, key: locked.pem") == [
                "DIR/f.yaml:6:40: listeners.a.tls.key: the key in DIR/locked.pem is locked with a password; give one without, readable by Fairlead alone"
            ])
    }

    @Test("a configuration that is not there says so")
    func noFile() {
        let error = #expect(throws: ConfigurationError.self) { try ConfigurationFile.load("/nonexistent/f.yaml") }
        #expect(error?.description == "/nonexistent/f.yaml: cannot read the configuration: No such file or directory")
        let folder = #expect(throws: ConfigurationError.self) { try ConfigurationFile.load("/tmp") }
        #expect(folder?.description == "/tmp: cannot read the configuration: it is not a file")
    }
}
