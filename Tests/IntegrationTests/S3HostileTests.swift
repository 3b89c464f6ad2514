// Ambiguous and hostile bytes from clients and backends: refused or cut, never passed on.

import Foundation
import Gateway
import TestSupport
import Testing

/// Bytes that are shown in the test log by their beginning alone.
struct S3HostileBytes: Sendable, CustomTestStringConvertible {
    let text: String

    init(_ text: String) { self.text = text }

    var testDescription: String { String(text.debugDescription.prefix(90)) }
}

@Suite("S3 hostile bytes")
struct S3HostileTests {
    static let ambiguous: [(S3HostileBytes, Int)] = [
        (
            S3HostileBytes(
                "PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400
        ),
        (
            S3HostileBytes(
                "PUT /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"), 400
        ),
        (S3HostileBytes("PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"), 400),
        (S3HostileBytes("PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"), 400),
        (S3HostileBytes("PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 4, 4\r\n\r\nabcd"), 400),
        (S3HostileBytes("PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: +4\r\n\r\nabcd"), 400),
        (S3HostileBytes("PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 0x4\r\n\r\nabcd"), 400),
        (S3HostileBytes("PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n"), 400),
        (S3HostileBytes("PUT /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), 501),
        (
            S3HostileBytes(
                "PUT /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400
        ),
        (S3HostileBytes("PUT /b HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400),
        (S3HostileBytes("GET /b HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n"), 400),
        (S3HostileBytes("GET /b HTTP/1.1\nHost: h\n\n"), 400),
        (S3HostileBytes("GET /b HTTP/1.1\r\nHost: h\r\nX: a\r\n folded\r\n\r\n"), 400),
        (S3HostileBytes("GET /b HTTP/1.1\r\nHost: h\r\nX : a\r\n\r\n"), 400),
        (S3HostileBytes("GET /b HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n"), 400),
        (S3HostileBytes("GET /b HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"), 400),
        (S3HostileBytes("GET /b HTTP/1.1\r\nX: a\r\n\r\n"), 400),
        (S3HostileBytes("GET /b HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n"), 400),
        (S3HostileBytes("GET http://other/b HTTP/1.1\r\nHost: h\r\n\r\n"), 400),
        (S3HostileBytes("GET /b  HTTP/1.1\r\nHost: h\r\n\r\n"), 400),
        (S3HostileBytes("GET /b HTTP/2.0\r\nHost: h\r\n\r\n"), 505),
        (S3HostileBytes("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n"), 405),
        (S3HostileBytes("\u{16}\u{3}\u{1}\u{0}"), 400),
        (S3HostileBytes("GET /" + String(repeating: "a", count: 40_000) + " HTTP/1.1\r\nHost: h\r\n\r\n"), 414),
        (S3HostileBytes("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "X: y\r\n", count: 300) + "\r\n"), 431),
        (S3HostileBytes("GET / HTTP/1.1\r\nHost: h\r\nX: " + String(repeating: "y", count: 70_000) + "\r\n\r\n"), 431),
    ]

    @Test("an ambiguous request gets its error and a close, and the backend sees nothing", arguments: ambiguous)
    func refused(request: S3HostileBytes, status: Int) async throws {
        let server = try S3ScriptedServer.echo()
        let (message, rest) = try await s3Client(of: server) { client in
            // A request behind the bad one must not be taken for one.
            client.sendAsFarAsTaken(Array((request.text + S3Text.get("/smuggled")).utf8))
            let message = try client.receiveMessage()
            return (message, try client.receiveToEnd())
        }
        #expect(message.status == status)
        #expect(message.head.contains("\r\nConnection: close\r\n"))
        #expect(message.text.contains("<Error><Code>"))
        #expect(rest.bytes.isEmpty)
        #expect(rest.ending == .closed)
        #expect(server.connectionCount == 0)
    }

    @Test("an ambiguous request behind a good one is refused after the good one's answer")
    func refusedInTurn() async throws {
        let server = try S3ScriptedServer.echo()
        let texts = try await s3Client(of: server) { client in
            try client.send(S3Text.get("/b/good") + Self.ambiguous[0].0.text)
            return [try client.receiveMessage().text, "\(try client.receiveMessage().status)"]
        }
        #expect(texts == ["/b/good", "400"])
        #expect(server.received == [S3Text.get("/b/good")])
    }

    @Test(
        "a broken chunk ends the request with 400 and nothing behind it is taken for a request",
        arguments: [
            "5\r\nhelloX\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "-1\r\n\r\n", "zz\r\n", "1\nx\n0\n\n",
            "ffffffffffffffff\r\n",
            "0\r\nContent-Length: 5\r\n\r\n",
        ])
    func brokenChunk(body: String) async throws {
        let head = "PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveToEnd()
        }
        let message = try await s3Client(of: server) { client in
            try client.send(head)
            client.sendAsFarAsTaken(Array((body + S3Text.get("/smuggled")).utf8))
            return try client.receiveMessage()
        }
        #expect(message.status == 400)
        #expect(!server.received.joined().contains("smuggled"))
    }

    static let notHTTP = [
        "garbage\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 40),
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "y", count: 70_000),
    ].map(S3HostileBytes.init)

    @Test("a response that is not HTTP is a 502 that says so", arguments: notHTTP)
    func badResponse(answer: S3HostileBytes) async throws {
        let server = try S3ScriptedServer(answering: { _ in answer.text })
        let (message, ending) = try await s3Client(of: server) { client in
            try client.send(S3Text.get("/b/k"))
            var message = try client.receiveMessage()
            while message.status == 100 { message = try client.receiveMessage() }
            return (message, try client.receiveToEnd().ending)
        }
        #expect(message.status == 502)
        #expect(message.text.contains("<Code>BadGateway</Code>"))
        #expect(message.text.contains("backend &apos;blobs&apos;"))
        #expect(ending == .closed)
    }

    @Test("a body that breaks its framing after the head went out cuts the client")
    func badResponseBody() async throws {
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveHead()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            // The client has the beginning before the end goes wrong.
            Thread.sleep(forTimeInterval: 0.05)
            try connection.send("nonsense\r\n")
            _ = try connection.receiveToEnd()
        }
        let ending = try await s3Client(of: server) { client in
            try client.send(S3Text.get("/b/k"))
            return try client.receiveToEnd().ending
        }
        #expect(ending == .reset)
    }

    @Test("a head that drips for longer than the handshake-timeout gets 408")
    func slowHead() async throws {
        let server = try S3ScriptedServer.echo()
        let message = try await s3Client(
            of: server,
            adjust: { listener, _ in
                listener.handshakeTimeout = .milliseconds(200)
            },
            { client in
                try client.send(S3Text.get("/b/k"))
                _ = try client.receiveMessage()
                try client.send("GET /b HTTP/1.1\r\nHost:")
                return try client.receiveMessage()
            })
        #expect(message.status == 408)
        #expect(message.text.contains("receiving a request&apos;s head took longer"))
    }

    @Test("thousands of tiny pipelined requests are answered at bounded memory")
    func flood() async throws {
        let server = try S3ScriptedServer { connection, _ in
            while try connection.nextHead() != nil { try connection.send(S3Text.ok("")) }
        }
        defer { server.stop() }
        try await S3Gateway.with(try S3Gateway(to: server.port)) { gateway in
            let count = 3000
            let answered = try await blocking {
                let client = try gateway.connect()
                let sender = Thread {
                    client.sendAsFarAsTaken(Array(String(repeating: S3Text.get("/b/k"), count: count).utf8))
                }
                sender.start()
                for _ in 0..<count { _ = try client.receiveHead() }
                return count
            }
            #expect(answered == count)
        }
        #expect(server.connectionCount == 1)
    }
}

/// The operations' names in the order in which metrics count them.
enum S3Names {
    static let all = S3Front().commandNames
}
