// Backends with adapters in files and options: what they mean, and who may come in.

import Capabilities
import Testing

@testable import Gateway

@Suite("A backend with an adapter")
struct PrivateBackendConfigurationTests {
    @Test("the private part of the design's example means what it says")
    func designExample() throws {
        let result = try configuration(pair("redis", "tcp://127.0.0.1:11211", backend: "adapter: memcached"))
        let backend = try #require(result.privateBackend(named: "b"))
        #expect(backend.adapter == "memcached")
        #expect(backend.settings.url == "tcp://127.0.0.1:11211")
        #expect(backend.settings.baseFolder == "/etc/fairlead")
        #expect(result.backends.isEmpty)
        #expect(result.destination(of: "b") == "b (memcached tcp://127.0.0.1:11211)")
    }

    @Test("the design's command line makes the same, and equal words share one backend")
    func options() throws {
        var options = ConfigurationOptions()
        options.routes = [
            (.redis, "6390=memcached+tcp://127.0.0.1:11211"), (.redis, "6391=embedded:data"),
            (.postgres, "6432=embedded:data"), (.s3, "9001=embedded:other"),
        ]
        let result = try options.configuration()
        #expect(result.privateBackends.map(\.name) == ["memcached", "embedded", "embedded-2"])
        #expect(result.privateBackends.map(\.settings.url) == ["tcp://127.0.0.1:11211", nil, nil])
        #expect(result.privateBackends.map(\.settings.options) == [[:], ["folder": "data"], ["folder": "other"]])
        #expect(result.listeners.map(\.backend) == ["memcached", "embedded", "embedded", "embedded-2"])
        #expect(result.listeners.map(\.name) == ["redis", "redis-2", "postgres", "s3"])
    }

    @Test("options, gaps, time-outs and TLS reach the adapter; its path begins at the file's folder")
    func everything() throws {
        let text = pair(
            "redis", "tls://h:1",
            backend: """
                adapter: own/adapter.yaml
                options: { depth: 4, "kind of": "a b" }
                gaps: { kv.ttl: emulate, kv.scan: refuse, hash.get: ignore }
                connect-timeout: 2s
                response-timeout: 3s
                tls: { ca: ca.pem, verify: false, minimum-version: "1.3", server-name: inner }
                """)
        let backend = try #require(try configuration(text).privateBackend(named: "b"))
        #expect(backend.adapter == "/etc/fairlead/own/adapter.yaml")
        #expect(backend.settings.options == ["depth": "4", "kind of": "a b"])
        #expect(backend.gaps == [.keyValueTTL: .emulate, .keyValueScan: .refuse, .hashGet: .ignore])
        #expect(backend.settings.connectTimeout == .seconds(2))
        #expect(backend.settings.responseTimeout == .seconds(3))
        #expect(backend.settings.tls?.ca == "/etc/fairlead/ca.pem")
        #expect(backend.settings.tls?.verify == false)
        #expect(backend.settings.tls?.requiresTLS13 == true)
        #expect(backend.settings.tls?.serverName == "inner")
    }

    @Test("what cannot be is an error with line and key")
    func mistakes() {
        #expect(
            problems(
                pair("redis", "tcp://h:1", backend: "adapter: memcached\ngaps: { kv.tttl: emulate, kv.ttl: maybe }")
            ) == [
                "f.yaml:11:22: backends.b.gaps.kv.tttl: no capability is called \"kv.tttl\" (did you mean \"kv.ttl\"?); `fairlead adapters show` lists them",
                "f.yaml:11:39: backends.b.gaps.kv.ttl: expected one of emulate, ignore, refuse, got \"maybe\"",
            ])
        #expect(
            problems(pair("redis", "redis://h", backend: "options: { a: b }")) == [
                "f.yaml:10:14: backends.b.options: only a backend with an adapter has this: add adapter:, or remove this key"
            ])
        for (text, problem) in [
            (pair("s3", "http://h", listener: "region: a"), "backend \"b\" is trusted and asks its clients itself"),
            (pair("s3", "tcp://h:1", listener: "region: a", backend: "adapter: x"), "part of an S3 client's signature"),
        ] {
            let found = problems(text)
            #expect(found.contains { $0.contains("listeners.a.region: ") && $0.contains(problem) }, "\(found)")
        }
        #expect(
            problems(pair("postgres", "postgres://h", listener: "users: { a: b }")).contains {
                $0.contains("backend \"b\" is trusted and asks its clients itself")
            })
    }

    @Test(
        "a listener that other machines reach asks who they are, unless its owner says otherwise",
        arguments: [
            ("redis", "", true), ("redis", "users: { a: b }", false), ("redis", "allow-anonymous: true", false),
            ("s3", "", true), ("s3", "access-keys: { a: b }", false), ("postgres", "users: { a: b }", false),
        ])
    func openListeners(wire: String, line: String, isRefused: Bool) throws {
        let text = pair(wire, "tcp://h:1", listener: line, backend: "adapter: x")
            .replacing("listen: 6380", with: "listen: \"0.0.0.0:6380\"")
        if isRefused {
            #expect(problems(text).contains { $0.contains("can be reached from other machines") })
        } else {
            _ = try configuration(text)
        }
    }

    @Test("a rendered private backend reads back as itself, and passwords are not in it")
    func rendering() throws {
        let text = pair(
            "redis", "tcp://h:1", listener: "users: { app: hunter2 }",
            backend: "adapter: memcached\noptions: { depth: 4 }\ngaps: { kv.ttl: emulate }\ntls: { verify: false }")
        let result = try configuration(text)
        let rendered = result.rendered()
        #expect(!rendered.contains("hunter2"))
        #expect(try configuration(rendered).privateBackends == result.privateBackends)
    }
}
