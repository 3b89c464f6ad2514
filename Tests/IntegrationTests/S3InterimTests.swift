// Interim answers, Expect, and answers that come before the request is complete.

import Foundation
import TestSupport
import Testing

@Suite("S3 interim and early answers")
struct S3InterimTests {
    private static let expecting = "PUT /b/k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"

    @Test("1xx answers pass as they come and the final one follows")
    func interim() async throws {
        let answer =
            "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 100 Continue\r\nX-Why: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        let server = try S3ScriptedServer(answering: { _ in answer })
        let bytes = try await s3Client(of: server) { client in
            try client.send(S3Text.get("/b/k") + S3Text.get("/b/k"))
            return try client.receive(2 * answer.utf8.count)
        }
        #expect(String(decoding: bytes, as: UTF8.self) == answer + answer)
        #expect(server.connectionCount == 1)
    }

    @Test("100 comes from the backend, and the connections live on")
    func continued() async throws {
        let server = try S3ScriptedServer { connection, _ in
            while try connection.nextHead() != nil {
                // Only the head has come: the gateway has not answered in the backend's place.
                try connection.send("HTTP/1.1 100 From-Backend\r\n\r\n")
                try connection.send(S3Text.ok(String(decoding: try connection.receive(5), as: UTF8.self)))
            }
        }
        let texts = try await s3Client(of: server) { client in
            try (0..<2).map { _ in
                try client.send(Self.expecting)
                let interim = try client.receiveHead()
                try client.send("12345")
                return interim + (try client.receiveMessage().text)
            }
        }
        #expect(texts == Array(repeating: "HTTP/1.1 100 From-Backend\r\n\r\n12345", count: 2))
        #expect(server.connectionCount == 1)
    }

    @Test("a final answer instead of 100 ends both connections")
    func refused() async throws {
        let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveHead()
            try connection.send(answer)
            // What the client sends now, body or request, must not come here.
            _ = try connection.nextHead()
        }
        let (bytes, ending) = try await s3Client(of: server) { client in
            try client.send(Self.expecting)
            let head = try client.receiveHead()
            client.sendAsFarAsTaken(Array(S3Text.get("/smuggled").utf8))
            let rest = try client.receiveToEnd()
            return (Array(head.utf8) + rest.bytes, rest.ending)
        }
        #expect(String(decoding: bytes, as: UTF8.self) == answer)
        #expect(ending == .closed)
        #expect(server.received == [Self.expecting])
    }

    @Test("an empty upload with Expect is answered at once and its connections are used again")
    func emptyExpect() async throws {
        let server = try S3ScriptedServer(answering: { _ in S3Text.ok("done") })
        let texts = try await s3Client(of: server) { client in
            try (0..<2).map { _ in
                try client.send("PUT /b/k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n")
                return try client.receiveMessage().text
            }
        }
        #expect(texts == ["done", "done"])
        #expect(server.connectionCount == 1)
    }

    @Test("the rest of a small body is passed on after an early answer, and the connections live on")
    func earlySmall() async throws {
        let server = try S3ScriptedServer { connection, _ in
            for _ in 0..<2 {
                _ = try connection.receiveHead()
                try connection.send(S3Text.ok("early"))
                _ = try connection.receive(10)
            }
        }
        let texts = try await s3Client(of: server) { client in
            try (0..<2).map { _ in
                try client.send("PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234")
                let text = try client.receiveMessage().text
                try client.send("56789")
                return text
            }
        }
        #expect(texts == ["early", "early"])
        #expect(server.connectionCount == 1)
    }

    @Test("the rest of a big body costs the connections after an early answer")
    func earlyBig() async throws {
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveHead()
            try connection.send("HTTP/1.1 400 No\r\nContent-Length: 3\r\n\r\nbad")
            _ = try connection.receiveToEnd()
        }
        let (message, rest) = try await s3Client(of: server) { client in
            try client.send("PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n01234")
            let message = try client.receiveMessage()
            return (message, try client.receiveToEnd().bytes)
        }
        #expect(message.text == "bad")
        #expect(rest.isEmpty)
    }

    @Test("an answer may begin and flow while the request is still being sent")
    func fullDuplex() async throws {
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveHead()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
            for _ in 0..<10 { try connection.send(try connection.receive(2)) }
            _ = try connection.nextHead()
        }
        let text = try await s3Client(of: server) { client in
            try client.send("POST /b/k?select&select-type=2 HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n")
            _ = try client.receiveHead()
            var text: [UInt8] = []
            for number in 0..<10 {
                try client.send("\(number)\(number)")
                text += try client.receive(2)
            }
            return String(decoding: text, as: UTF8.self)
        }
        #expect(text == "00112233445566778899")
    }

    @Test("a switch of protocols is not followed")
    func switching() async throws {
        let server = try S3ScriptedServer(answering: { _ in "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" })
        let (message, ending) = try await s3Client(of: server) { client in
            try client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
            let message = try client.receiveMessage()
            return (message, try client.receiveToEnd().ending)
        }
        #expect(message.status == 502)
        #expect(message.text.contains("protocol-switched"))
        #expect(ending == .closed)
    }

    @Test("bytes behind an answer reach nobody")
    func unsolicited() async throws {
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveHead()
            try connection.send(S3Text.ok("one") + S3Text.ok("stray"))
            _ = try connection.nextHead()
        }
        let texts = try await s3Client(of: server) { client in
            try (0..<2).map { _ in
                try client.send(S3Text.get("/b/k"))
                return try client.receiveMessage().text
            }
        }
        #expect(texts == ["one", "one"])
        #expect(server.connectionCount == 2)
    }
}
