// URLs of clusters and of sentinels, and the keys that go with them.

import Testing

@testable import Gateway

@Suite("A backend of several Redis servers")
struct SeveralServersConfigurationTests {
    @Test("a cluster's URL names nodes to begin with, and its connections are shared")
    func cluster() throws {
        let result = try configuration(
            pair(
                "redis", "redis+cluster://a:7000,b,[::1]:7002", listener: "split: true",
                backend: "replica-reads: prefer"))
        let backend = try #require(result.backends.first)
        let seeds: [Endpoint] = [.host("a", port: 7000), .host("b", port: 6379), .host("::1", port: 7002)]
        #expect(backend.topology == .cluster(seeds: seeds))
        #expect(backend.endpoint == seeds.first)
        #expect(backend.mode == .shared)
        #expect(backend.replicaReads == .prefer)
        #expect(backend.tls == nil)
        let encrypted = try configuration(pair("redis", "rediss+cluster://a:7000"))
        #expect(encrypted.backends.first?.tls?.verify == true)
        #expect(encrypted.backends.first?.replicaReads == .never)
    }

    @Test("a URL of sentinels names them and the master")
    func sentinels() throws {
        let result = try configuration(pair("redis", "redis+sentinel://a,b:26380/mymaster", backend: "mode: shared"))
        let backend = try #require(result.backends.first)
        let sentinels: [Endpoint] = [.host("a", port: 26379), .host("b", port: 26380)]
        #expect(backend.topology == .sentinel("mymaster", sentinels: sentinels))
        #expect(backend.mode == .shared)
        #expect(try configuration(pair("redis", "redis+sentinel://a/m")).backends.first?.mode == .session)
    }

    @Test("both can be given on the command line")
    func options() throws {
        var options = ConfigurationOptions()
        options.routes = [
            (.redis, "6380=redis+cluster://127.0.0.1:7000,127.0.0.1:7001"), (.redis, "6381=redis+sentinel://a/m"),
        ]
        let result = try options.configuration()
        #expect(result.backends.map(\.topology.isCluster) == [true, false])
        #expect(result.backends.map(\.mode) == [.shared, .session])
    }

    @Test(
        "what cannot be is said",
        arguments: [
            ("redis+cluster://a:1", "", "mode: session", "so it cannot have one connection"),
            ("redis://a:1", "", "replica-reads: prefer", "only a redis+cluster:// backend has replicas"),
            ("redis+sentinel://a:1", "", "", "the name by which the sentinels call the master"),
            ("redis+sentinel://a:1/x/y", "", "", "the name by which the sentinels call the master"),
            ("redis+cluster://a:1/2", "", "", "a cluster has one database"),
            ("redis+cluster://", "", "", "got no host"), ("redis+cluster://a:1,", "", "", "expected a host"),
            ("redis+cluster://unix:/x,a:1", "", "", "expected a path after"),
            ("redis://a:1,b:2", "", "", "one backend has one host"),
            ("redis://a:1", "split: true", "", "nothing has to be split"),
        ])
    func impossible(_ url: String, _ listener: String, _ backend: String, _ words: String) {
        let found = problems(pair("redis", "\"\(url)\"", listener: listener, backend: backend))
        #expect(found.contains { $0.contains(words) }, "\(found)")
    }

    @Test("a cluster is not one of several routes")
    func routes() {
        let text = """
            listeners:
              a:
                protocol: redis
                listen: 6380
                backend: b
                routes:
                  - { prefix: "x:", backend: c }
            backends:
              b: { url: redis://a:1, mode: shared }
              c: { url: "redis+cluster://a:1" }
            """
        #expect(problems(text).contains { $0.contains("cannot be one of several routes") })
    }
}
