// What passes: heads and bodies byte for byte, in order, on connections that are used again.

import Foundation
import TestSupport
import Testing

@Suite("S3 forwarding")
struct S3ForwardingTests {
    static let heads = [
        "GET //bucket//a/./b/../c%2Fd%2f+e%20f?acl&list-type=2&prefix=%2F&x= HTTP/1.1\r\nHost: A.test:81\r\n\r\n",
        "GET /bucket/\u{fc}n\u{ef}c\u{f6}de~!$&'()*,;=:@ HTTP/1.1\r\nhOsT:bucket.test\r\nX-Amz-Meta-B: 2\r\nx-amz-meta-a:  1 \r\nX-Amz-Meta-B: 1\r\n\r\n",
        "DELETE /b/k?X-Amz-Signature=ab&versionId=%00 HTTP/1.1\r\nTE: trailers\r\nHost: h\r\nAccept-Encoding: identity\r\nUser-Agent: \u{80}x\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\nX-Empty:\r\n\r\n",
        "FROBNICATE /b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
    ]

    @Test("a request's head arrives byte for byte", arguments: heads)
    func headUnchanged(head: String) async throws {
        // Each character stands for one byte, so that bytes above ASCII can be spelled.
        let bytes = head.unicodeScalars.map { UInt8($0.value) }
        let server = try S3ScriptedServer.echo()
        _ = try await s3Client(of: server) { client in
            try client.send(bytes)
            return try client.receiveMessage(hasBody: false)
        }
        #expect(server.received == [String(bytes.map { Character(Unicode.Scalar($0)) })])
    }

    @Test("a response's head and body arrive byte for byte, and so does what comes one byte at a time")
    func drip() async throws {
        let answer =
            "HTTP/1.1 206 Partially  odd \u{e9}\r\nETag: \"x\"\r\nx-amz-Meta-Z:  a\r\nContent-Length: 3\r\nx-amz-meta-z: b\r\n\r\nabc"
        let answerBytes = answer.unicodeScalars.map { UInt8($0.value) }
        let request = S3Text.put("/b/k", "payload")
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveMessage()
            try connection.drip(answerBytes)
            _ = try connection.nextHead()
        }
        let received = try await s3Client(of: server) { client in
            try client.drip(Array(request.utf8))
            return try client.receive(answerBytes.count)
        }
        #expect(received == answerBytes)
        #expect(server.received == [request])
    }

    @Test("requests of one client and of the next share one upstream")
    func reuse() async throws {
        let server = try S3ScriptedServer.echo()
        defer { server.stop() }
        try await S3Gateway.with(try S3Gateway(to: server.port)) { gateway in
            for client in 0..<3 {
                let bodies = try await blocking {
                    let connection = try gateway.connect()
                    return try (0..<4).map { number in
                        try connection.send(
                            number % 2 == 0
                                ? S3Text.get("/b/\(client)\(number)") : S3Text.put("/b/\(client)\(number)", "x"))
                        return try connection.receiveMessage().text
                    }
                }
                #expect(bodies == (0..<4).map { "/b/\(client)\($0)" })
            }
            let counts = try await gateway.counts()
            #expect(counts.upstreamsOpened == 1)
            #expect(counts.upstreamsReused == 11)
        }
        #expect(server.connectionCount == 1)
    }

    @Test("pipelined requests are answered in order, and one at a time is forwarded")
    func pipeline() async throws {
        let server = try S3ScriptedServer { connection, _ in
            while let head = try connection.nextHead() {
                let path = String(head.split(separator: " ")[1])
                let body = head.hasPrefix("PUT") ? try connection.receive(5) : []
                // Whatever else was sent ahead has not come here.
                let others = connection.received.components(separatedBy: "HTTP/1.1").count - 1
                try connection.send(S3Text.ok("\(path) \(body.count) \(others)"))
            }
        }
        let requests =
            S3Text.get("/b/0") + S3Text.put("/b/1", "12345") + "\r\n" + S3Text.get("/b/2") + S3Text.put("/b/3", "12345")
            + S3Text.get("/b/4")
        let texts = try await s3Client(of: server) { client in
            try client.send(requests)
            client.finish()
            return try (0..<5).map { _ in try client.receiveMessage().text }
        }
        #expect(texts == ["/b/0 0 1", "/b/1 5 2", "/b/2 0 3", "/b/3 5 4", "/b/4 0 5"])
        #expect(server.connectionCount == 1)
    }

    @Test("a client that closes its sending half gets its whole answer and then the end")
    func halfClose() async throws {
        let body = String(repeating: "x", count: 3_000_000)
        let server = try S3ScriptedServer(answering: { _ in S3Text.ok(body) })
        let (bytes, ending) = try await s3Client(of: server) { client in
            try client.send(S3Text.get("/b/k"))
            client.finish()
            return try client.receiveToEnd()
        }
        #expect(bytes.count == Array(S3Text.ok(body).utf8).count)
        #expect(ending == .closed)
    }

    @Test(
        "answers without a body leave the connection usable",
        arguments: [
            ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"),
            ("HEAD", "HTTP/1.1 404 Not Found\r\nContent-Length: 200\r\nContent-Type: application/xml\r\n\r\n"),
            ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            ("DELETE", "HTTP/1.1 204 No Content\r\n\r\n"),
            ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\nETag: \"e\"\r\n\r\n"),
        ])
    func noBody(method: String, answer: String) async throws {
        let server = try S3ScriptedServer(answering: { request in
            request.head.hasPrefix(method) ? answer : S3Text.ok("next")
        })
        let (first, second) = try await s3Client(of: server) { client in
            try client.send("\(method) /b/k HTTP/1.1\r\nHost: h\r\n\r\n")
            let first = try client.receiveHead()
            try client.send(S3Text.put("/b/l", ""))
            return (first, try client.receiveMessage())
        }
        #expect(first == answer)
        #expect(second.text == "next")
        #expect(server.connectionCount == 1)
    }

    @Test("chunks, extensions and trailers pass unchanged both ways")
    func chunked() async throws {
        let body =
            "5;chunk-signature=ab\r\nhello\r\n00A\r\n0123456789\r\n0;x\r\nx-amz-checksum-crc32c: sOO8/Q==\r\n\r\n"
        let server = try S3ScriptedServer { connection, _ in
            for _ in 0..<2 {
                _ = try connection.receiveHead()
                let bytes = try connection.receive(body.utf8.count)
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                try connection.send(bytes)
            }
        }
        let head =
            "PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: x-amz-checksum-crc32c\r\n\r\n"
        let bodies = try await s3Client(of: server) { client in
            try client.send(head + body)
            _ = try client.receiveHead()
            let whole = try client.receive(body.utf8.count)
            try client.drip(Array((head + body).utf8))
            _ = try client.receiveHead()
            return [whole, try client.receive(body.utf8.count)]
        }
        #expect(bodies == [Array(body.utf8), Array(body.utf8)])
        #expect(server.received == [head + body + head + body])
    }

    @Test("a body that ends with its connection arrives whole, and the client's connection ends too")
    func untilClose() async throws {
        let body = String(repeating: "u", count: 700_000)
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveHead()
            try connection.send("HTTP/1.1 200 OK\r\n\r\n" + body)
        }
        let (bytes, ending) = try await s3Client(of: server) { client in
            try client.send(S3Text.get("/b/k"))
            return try client.receiveToEnd()
        }
        #expect(bytes.count == 19 + 700_000)
        #expect(ending == .closed)
    }

    @Test("a client of HTTP/1.0 gets one answer and the end")
    func oldClient() async throws {
        let server = try S3ScriptedServer.echo()
        let (bytes, ending) = try await s3Client(of: server) { client in
            try client.send("GET /b/k HTTP/1.0\r\n\r\n")
            return try client.receiveToEnd()
        }
        #expect(String(decoding: bytes, as: UTF8.self) == S3Text.ok("/b/k"))
        #expect(ending == .closed)
    }

    @Test(
        "Connection: close from the client or the backend ends both sides after the answer", arguments: [true, false])
    func connectionClose(byClient: Bool) async throws {
        let line = "Connection: close\r\n"
        let answer = "HTTP/1.1 200 OK\r\n\(byClient ? "" : line)Content-Length: 2\r\n\r\nok"
        let server = try S3ScriptedServer(answering: { _ in answer })
        let (bytes, ending) = try await s3Client(of: server) { client in
            try client.send("GET / HTTP/1.1\r\nHost: h\r\n\(byClient ? line : "")\r\n")
            return try client.receiveToEnd()
        }
        #expect(String(decoding: bytes, as: UTF8.self) == answer)
        #expect(ending == .closed)
    }

    @Test("operations, statuses, sizes and connections are counted")
    func counts() async throws {
        let server = try S3ScriptedServer(answering: { request in
            request.head.hasPrefix("GET") ? "HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nabc" : S3Text.ok("")
        })
        defer { server.stop() }
        try await S3Gateway.with(try S3Gateway(to: server.port)) { gateway in
            try await blocking {
                let client = try gateway.connect()
                for request in [S3Text.put("/b/k", "12345"), S3Text.get("/b/k"), S3Text.get("/b?list-type=2")] {
                    try client.send(request)
                    _ = try client.receiveMessage()
                }
            }
            let counts = try await gateway.counts()
            let names = S3Names.all
            let put = try #require(names.firstIndex(of: "PutObject"))
            let get = try #require(names.firstIndex(of: "GetObject"))
            let list = try #require(names.firstIndex(of: "ListObjectsV2"))
            #expect(counts.commands[put].requestBytes == 5)
            #expect(counts.commands[put].failed == 0)
            #expect(counts.commands[get].responseBytes == 3)
            #expect(counts.commands[get].failed == 1)
            #expect(
                Dictionary(uniqueKeysWithValues: counts.codes.map { ("\($0.key.command) \($0.key.code)", $0.value) })
                    == ["\(put) 200": 1, "\(get) 404": 1, "\(list) 404": 1])
        }
    }
}
