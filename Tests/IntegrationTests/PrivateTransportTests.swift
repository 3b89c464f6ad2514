// Adapters over Unix sockets and TLS, from a Redis client through the gateway to the real servers.

import Foundation
import TestSupport
import Testing

@Suite("Private backends over Unix sockets and TLS", .serialized, .blocking)
struct PrivateTransportTests {
    private static let adapters = ["memcached", "memcached-binary", "memcached-swift"]

    /// A gateway to `adapter`; `backend` are further lines of its backend.
    private static func gateway(_ adapter: String, _ url: String, _ backend: [String] = []) throws -> Fairlead {
        let lines =
            [
                "admin: 127.0.0.1:0", "workers: 2", "listeners:", "  redis:", "    protocol: redis",
                "    listen: 127.0.0.1:0", "    backend: house", "backends:", "  house:", "    adapter: \(adapter)",
                "    url: \"\(url)\"",
            ] + backend.map { "    " + $0 }
        return try Fairlead(yaml: lines.joined(separator: "\n") + "\n")
    }

    /// Has values come and go, large ones among them and several at once.
    private static func work(_ gateway: Fairlead) throws {
        let client = try gateway.connect()
        let value = String(repeating: "a value ", count: 60_000)
        #expect(try client.ask("SET", "k", value) == "+OK\r\n")
        #expect(try client.ask("GET", "k") == "$\(value.utf8.count)\r\n\(value)\r\n")
        for number in 0..<100 {
            try client.send(RawConnection.command(["SET", "k\(number)", "\(number)", "EX", "100"]))
        }
        for _ in 0..<100 { #expect(try client.reply() == "+OK\r\n") }
        #expect(try client.ask("MGET", "k1", "k99", "none") == "*3\r\n$1\r\n1\r\n$2\r\n99\r\n$-1\r\n")
        #expect(try client.ask("DEL", "k") == ":1\r\n")
        #expect(try client.ask("GET", "k") == "$-1\r\n")
    }

    @Test("memcached on a Unix socket", arguments: adapters.filter { $0 != "memcached-binary" })
    func unix(_ adapter: String) throws {
        let server = try MemcachedServer(over: .unix)
        defer { server.stop() }
        try Self.work(try Self.gateway(adapter, server.url))
    }

    @Test("memcached with TLS, its certificate verified", arguments: adapters)
    func tls(_ adapter: String) throws {
        let certificates = try Certificates()
        let server = try MemcachedServer(over: .tls(certificates))
        defer { server.stop() }
        try Self.work(try Self.gateway(adapter, server.url, ["tls: { ca: \"\(certificates.authority)\" }"]))
        // The settings alone ask for TLS too, where the URL is silent.
        guard adapter == "memcached-swift" else { return }
        let plain = server.url.replacing("tls://", with: "tcp://")
        try Self.work(try Self.gateway(adapter, plain, ["tls: { ca: \"\(certificates.authority)\" }"]))
    }

    @Test("a certificate of another authority, or for another name, is refused", arguments: adapters)
    func refused(_ adapter: String) throws {
        let certificates = try Certificates()
        let server = try MemcachedServer(over: .tls(certificates))
        defer { server.stop() }
        let others = try Certificates()
        for tls in [
            "tls: { ca: \"\(others.authority)\" }",
            "tls: { ca: \"\(certificates.authority)\", server-name: elsewhere.example }",
        ] {
            let client = try Self.gateway(adapter, server.url, [tls]).connect()
            let reply = try client.ask("GET", "k")
            let expected = "-ERR fairlead: backend 'house' (adapter \(adapter)) cannot be reached"
            #expect(reply.hasPrefix(expected), "\(reply)")
            #expect(reply.contains("certificate"), "\(reply)")
        }
        let unverified = try Self.gateway(adapter, server.url, ["tls: { ca: \"\(others.authority)\", verify: false }"])
        #expect(try unverified.connect().ask("GET", "k") == "$-1\r\n")
    }

    @Test("etcd with TLS on both sides: it asks for Fairlead's certificate")
    func etcd() throws {
        let certificates = try Certificates()
        let server = try EtcdServer(certificates: certificates)
        defer { server.stop() }
        let own = "certificate: \"\(certificates.clientCertificate)\", key: \"\(certificates.clientKey)\""
        try Self.work(
            try Self.gateway("etcd", server.url, ["tls: { ca: \"\(certificates.authority)\", \(own) }"]))
        let without = try Self.gateway("etcd", server.url, ["tls: { ca: \"\(certificates.authority)\" }"])
        let reply = try without.connect().ask("GET", "k")
        #expect(reply.hasPrefix("-ERR fairlead: backend 'house' (adapter etcd)"), "\(reply)")
    }

    @Test("a SCAN of etcd comes in pages, whichever worker and connection asks for the next one")
    func scan() throws {
        let server = try EtcdServer()
        defer { server.stop() }
        let gateway = try Self.gateway("etcd", server.url)
        let program = """
            import redis, sys
            port = int(sys.argv[1])
            r = redis.Redis(port=port, decode_responses=True)
            names = {f"k{number}" for number in range(60)}
            for name in names: r.set(name, "v")
            assert set(r.scan_iter(match="k*", count=7)) == names
            cursor, pages, seen = 0, 0, []
            while True:
                with redis.Redis(port=port, decode_responses=True) as other:
                    cursor, page = other.scan(cursor, count=10)
                assert len(page) <= 10, page
                pages, seen = pages + 1, seen + page
                if cursor == 0: break
            assert pages == 6 and sorted(seen) == sorted(names), (pages, len(seen))
            try:
                r.scan(12345)
                raise SystemExit("a cursor of nobody's was taken")
            except redis.ResponseError as error:
                assert "cursor" in str(error), error
            assert r.expire("k1", 100, nx=True) and not r.expire("k1", 200, nx=True)
            assert r.expire("k1", 200, gt=True) and 190 < r.ttl("k1") <= 201
            print("done")
            """
        #expect(try Command.checkBlocking([try Tools.python, "-c", program, "\(gateway.port())"]).text == "done\n")
    }
}
