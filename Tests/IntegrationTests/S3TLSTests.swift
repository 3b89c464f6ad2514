// TLS towards clients, towards the backend, and both.

import Foundation
import Gateway
import TestSupport
import Testing

@Suite("S3 over TLS", .serialized)
struct S3TLSTests {
    @Test(
        "curl uploads and downloads the same bytes with TLS on either side, both or neither",
        arguments: [
            (false, false), (true, false), (false, true), (true, true),
        ])
    func combinations(terminated: Bool, originated: Bool) async throws {
        let certificates = try await Certificates.make()
        let backend = try S3ScriptedServer { connection, _ in
            var object: [UInt8] = []
            while let head = try connection.nextHead() {
                if head.hasPrefix("PUT") {
                    object = try connection.receive(S3TLSTests.size)
                    try connection.send(S3Text.ok("stored"))
                } else {
                    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(object.count)\r\n\r\n")
                    try connection.send(object)
                }
            }
        }
        defer { backend.stop() }
        var port = backend.port
        // A second gateway terminates TLS for the first one: that is its backend with TLS.
        var far: S3Gateway?
        if originated {
            let gateway = try S3Gateway(to: backend.port) { listener, _ in
                listener.tls = .terminate(Self.terminate(certificates))
            }
            port = gateway.port
            far = gateway
        }
        var tls: BackendTLS?
        if originated {
            tls = BackendTLS(serverName: "localhost")
            tls?.ca = certificates.authority
        }
        let near = try S3Gateway(to: port, tls: tls) { listener, _ in
            if terminated { listener.tls = .terminate(Self.terminate(certificates)) }
        }
        let folder = try TemporaryFolder()
        let object = (0..<Self.size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        try Data(object).write(to: URL(fileURLWithPath: folder.file("up")))
        let url = "\(terminated ? "https" : "http")://127.0.0.1:\(near.port)/b/k"
        // One process, one connection: the second request finds both TLS sessions in use.
        try await Command.check([
            "curl", "-sS", "--fail", "--http1.1", "--cacert", certificates.authority, "-H", "Expect:", "-T",
            folder.file("up"), url,
            "--next", "-sS", "--fail", "--http1.1", "--cacert", certificates.authority, "-o", folder.file("down"), url,
        ])
        let down = try Data(contentsOf: URL(fileURLWithPath: folder.file("down")))
        #expect(down == Data(object))
        #expect(try await near.counts().upstreamsReused == 1)
        near.abort()
        await near.stop()
        far?.abort()
        await far?.stop()
    }

    private static let size = 3_000_000

    private static func terminate(_ certificates: Certificates) -> TerminatedTLS {
        TerminatedTLS(certificate: certificates.serverCertificate, key: certificates.serverKey, required: true)
    }

    @Test("a backend whose certificate is not trusted is a 502 that says so")
    func untrusted() async throws {
        let certificates = try await Certificates.make()
        let others = try await Certificates.make()
        let far = try S3Gateway(to: try FreePort.take()) { listener, _ in
            listener.tls = .terminate(Self.terminate(certificates))
        }
        var tls = BackendTLS(serverName: "localhost")
        tls.ca = others.authority
        let message = try await S3Gateway.with(far) { far in
            try await S3Gateway.with(try S3Gateway(to: far.port, tls: tls)) { near in
                try await blocking {
                    let client = try near.connect()
                    try client.send(S3Text.get("/b/k"))
                    return try client.receiveMessage()
                }
            }
        }
        #expect(message.status == 502)
        #expect(message.text.contains("certificate is not trusted"))
    }

    @Test("a client that speaks no TLS to a TLS listener gets an end and disturbs nobody")
    func plainToTLS() async throws {
        let certificates = try await Certificates.make()
        let gateway = try S3Gateway(to: try FreePort.take()) { listener, _ in
            listener.tls = .terminate(Self.terminate(certificates))
        }
        try await S3Gateway.with(gateway) { gateway in
            try await blocking {
                let client = try gateway.connect()
                try client.send(S3Text.get("/b/k"))
                _ = try client.receiveToEnd()
            }
            #expect(try await gateway.counts().failures == ["client-tls": 1])
        }
    }
}
