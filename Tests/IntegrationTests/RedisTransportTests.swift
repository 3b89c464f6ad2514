// Redis over TLS, Unix sockets, IPv6 and host names.

import Foundation
import TestSupport
import Testing

@Suite("Redis over every transport", .serialized, .blocking)
struct RedisTransportTests {
    private static let large = String(repeating: "0123456789abcdef", count: 1 << 16)

    /// Runs a few commands, one of them with 1 MiB each way, and gives what redis-cli printed.
    private static func talk(_ arguments: [String]) throws -> CommandResult {
        let input = Data("SET big \(large)\nGET big\nHELLO 3\nINCR n\nLPUSH\nPING\n".utf8)
        return try Command.runBlocking(["redis-cli"] + arguments, input: input)
    }

    private static func expectTalk(_ arguments: [String], _ server: RedisServer) throws {
        let control = try RawConnection(port: server.port)
        try control.ask("FLUSHALL")
        let direct = try talk(["-p", "\(server.port)"])
        try control.ask("FLUSHALL")
        let through = try talk(arguments)
        #expect(through.status == 0, "\(through.errorText)")
        // A million characters help nobody who reads a failure.
        let isSame = masked(through.text) == masked(direct.text)
        #expect(isSame, "\(through.text.suffix(400)) instead of \(direct.text.suffix(400))")
        #expect(through.text.contains(large))
    }

    /// The connection's id varies.
    private static func masked(_ text: String) -> String { text.replacing(/\nid \d+\n/, with: "\nid ID\n") }

    private static func terminating(_ certificates: Certificates, _ more: [String] = []) -> [String] {
        [
            "tls:", "  certificate: \(certificates.serverCertificate)", "  key: \(certificates.serverKey)",
        ] + more.map { "  " + $0 }
    }

    @Test("TLS is terminated")
    func terminated() throws {
        let certificates = try Certificates()
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, listener: Self.terminating(certificates))
        try Self.expectTalk(
            [
                "-h", "localhost", "-p", "\(gateway.port())", "--tls", "--cacert", certificates.authority, "--sni",
                "localhost",
            ], server)
        // A client that speaks in the clear gets no answer of the server's, and is counted.
        let clear = try gateway.connect()
        try clear.send("PING\r\n")
        #expect(!String(decoding: try clear.rest(), as: UTF8.self).contains("PONG"))
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"client-tls\"") == 1)
    }

    @Test("TLS is originated, with the backend's certificate verified")
    func originated() throws {
        let certificates = try Certificates()
        let server = try RedisServer(.init(certificates: certificates))
        let gateway = try Fairlead(
            toRedis: "rediss://localhost:\(server.tlsPort ?? 0)",
            backend: ["tls:", "  ca: \(certificates.authority)"], keeping: server)
        try Self.expectTalk(["-p", "\(gateway.port())"], server)
    }

    @Test("TLS on both sides, with a client certificate asked for on both")
    func both() throws {
        let certificates = try Certificates()
        let server = try RedisServer(.init(certificates: certificates, clientAuth: true))
        let gateway = try Fairlead(
            toRedis: "rediss://127.0.0.1:\(server.tlsPort ?? 0)",
            listener: Self.terminating(certificates, ["client-ca: \(certificates.authority)"]),
            backend: [
                "tls:", "  ca: \(certificates.authority)", "  certificate: \(certificates.clientCertificate)",
                "  key: \(certificates.clientKey)", "  server-name: localhost",
            ], keeping: server)
        let tls = ["-h", "localhost", "-p", "\(gateway.port())", "--tls", "--cacert", certificates.authority]
        try Self.expectTalk(
            tls + ["--cert", certificates.clientCertificate, "--key", certificates.clientKey], server)
        let without = try Self.talk(tls)
        #expect(!without.text.contains("PONG"))
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"client-tls\"") >= 1)
    }

    @Test("a backend with a certificate of another authority is refused, with the cause")
    func wrongAuthority() throws {
        let certificates = try Certificates()
        let others = try Certificates()
        let server = try RedisServer(.init(certificates: certificates))
        let gateway = try Fairlead(
            toRedis: "rediss://localhost:\(server.tlsPort ?? 0)", backend: ["tls:", "  ca: \(others.authority)"],
            keeping: server)
        let client = try gateway.connect()
        try client.send("PING\r\n")
        let answer = String(decoding: try client.rest(), as: UTF8.self)
        #expect(
            answer.hasPrefix("-ERR fairlead: backend 'cache' (localhost:\(server.tlsPort ?? 0)) cannot be reached: "))
        #expect(answer.lowercased().contains("certificate"), "\(answer)")
        #expect(try gateway.metrics().sum("fairlead_failures_total", "cause=\"backend-tls\"") == 1)
    }

    @Test("a backend whose certificate is for another name is refused, and taken with verify: false")
    func wrongName() throws {
        let certificates = try Certificates()
        let server = try RedisServer(.init(certificates: certificates))
        let url = "rediss://127.0.0.1:\(server.tlsPort ?? 0)"
        let tls = ["tls:", "  server-name: other.example"]
        let gateway = try Fairlead(
            toRedis: url, backend: tls + ["  ca: \(certificates.authority)"], keeping: server)
        let client = try gateway.connect()
        try client.send("PING\r\n")
        let answer = String(decoding: try client.rest(), as: UTF8.self).lowercased()
        #expect(answer.contains("name"), "\(answer)")
        let trusting = try Fairlead(
            toRedis: url, backend: tls + ["  verify: false"], keeping: server)
        #expect(try trusting.connect().ask("PING") == "+PONG\r\n")
    }

    @Test("a client that never finishes its TLS handshake is closed after the handshake-timeout")
    func handshakeTimeout() throws {
        let certificates = try Certificates()
        let server = try RedisServer()
        let gateway = try Fairlead(
            to: server, listener: Self.terminating(certificates) + ["handshake-timeout: 300ms"])
        let client = try gateway.connect()
        try client.send([0x16, 3, 1])
        _ = try client.rest()
        try gateway.settles("the failure") {
            $0.sum("fairlead_failures_total", "cause=\"handshake-timeout\"") == 1
        }
    }

    @Test("a Unix socket in front and behind")
    func unix() throws {
        let server = try RedisServer()
        let folder = try TemporaryFolder()
        let path = folder.file("front.sock")
        for url in ["unix:\(server.socket)", "redis+unix://\(server.socket)"] {
            let gateway = try Fairlead(toRedis: url, listen: "unix:\(path)", keeping: server)
            try Self.expectTalk(["-s", path], server)
            gateway.signal(SIGTERM)
            #expect(try gateway.ending() == .exited(0))
            #expect(!FileManager.default.fileExists(atPath: path))
        }
        // What a crash leaves does not keep the next start from listening.
        let crashed = try Fairlead(toRedis: "unix:\(server.socket)", listen: "unix:\(path)", keeping: server)
        crashed.process.kill()
        #expect(FileManager.default.fileExists(atPath: path))
        let next = try Fairlead(toRedis: "unix:\(server.socket)", listen: "unix:\(path)", keeping: server)
        try Self.expectTalk(["-s", path], server)
        next.stop()
    }

    @Test("a Unix socket's sessions are handed to every worker")
    func unixIsShared() throws {
        let server = try RedisServer()
        let folder = try TemporaryFolder()
        let path = folder.file("front.sock")
        let gateway = try Fairlead(toRedis: "redis://127.0.0.1:\(server.port)", listen: "unix:\(path)", keeping: server)
        let clients = try (0..<4).map { _ in try RawConnection(path: path) }
        for client in clients { #expect(try client.ask("PING") == "+PONG\r\n") }
        let metrics = try gateway.metrics()
        for worker in 0..<2 { #expect(metrics.sum("fairlead_worker_sockets", "worker=\"\(worker)\"") >= 4) }
    }

    @Test("IPv6 in front and behind")
    func ipv6() throws {
        let server = try RedisServer(.init(arguments: ["--bind", "127.0.0.1", "::1"]))
        let gateway = try Fairlead(toRedis: "redis://[::1]:\(server.port)", listen: "[::1]:0", keeping: server)
        try Self.expectTalk(["-h", "::1", "-p", "\(gateway.port())"], server)
        #expect(gateway.addresses["redis"] == "[::1]:\(gateway.port())")
    }

    @Test("a backend's host name, whose first address may not answer")
    func hostName() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(toRedis: "redis://localhost:\(server.port)", keeping: server)
        try Self.expectTalk(["-p", "\(gateway.port())"], server)
    }

    @Test("several addresses of one listener")
    func addresses() throws {
        let server = try RedisServer()
        let ports = try (0..<2).map { _ in try FreePort.take() }
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 1
                listeners:
                  redis:
                    protocol: redis
                    listen: ["127.0.0.1:\(ports[0])", "[::1]:\(ports[1])"]
                    backend: cache
                backends:
                  cache:
                    url: redis://127.0.0.1:\(server.port)
                """, keeping: server)
        #expect(try RawConnection(port: ports[0]).ask("PING") == "+PONG\r\n")
        #expect(try RawConnection(ipv6Port: ports[1]).ask("PING") == "+PONG\r\n")
        #expect(
            gateway.log.contains(
                "redis: redis on 127.0.0.1:\(ports[0]), [::1]:\(ports[1]) -> cache (redis://127.0.0.1:\(server.port))"))
    }
}
