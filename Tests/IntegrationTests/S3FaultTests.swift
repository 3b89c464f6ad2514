// Backends that are down, silent, or die halfway, and clients that wait: each hears of it in S3's own words.

import Foundation
import Gateway
import TestSupport
import Testing

@Suite("S3 faults")
struct S3FaultTests {
    @Test("a backend that is down is a 503 that names it and the cause", arguments: ["GET", "HEAD", "PUT"])
    func down(method: String) async throws {
        let gateway = try S3Gateway(to: try FreePort.take())
        try await S3Gateway.with(gateway) { gateway in
            let (message, rest) = try await blocking {
                let client = try gateway.connect()
                try client.send("\(method) /b/k%20<x> HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")
                let message = try client.receiveMessage(hasBody: method != "HEAD")
                return (message, try client.receiveToEnd())
            }
            #expect(message.status == 503)
            #expect(rest.bytes.isEmpty)
            #expect(rest.ending == .closed)
            if method != "HEAD" {
                #expect(message.text.contains("<Code>ServiceUnavailable</Code>"))
                #expect(message.text.contains("backend &apos;blobs&apos; (127.0.0.1:"))
                #expect(message.text.contains("Connection refused"))
                #expect(message.text.contains("<Resource>/b/k%20&lt;x&gt;</Resource>"))
            }
            #expect(try await gateway.counts().failures == ["backend-unreachable": 1])
        }
    }

    @Test("a backend that does not finish its TLS handshake is a 504 after connect-timeout")
    func connectTimeout() async throws {
        let server = try S3ScriptedServer { connection, _ in _ = try connection.receiveToEnd() }
        defer { server.stop() }
        let gateway = try S3Gateway(to: server.port, tls: BackendTLS(serverName: "localhost")) { _, backend in
            backend.connectTimeout = .milliseconds(200)
        }
        let message = try await S3Gateway.with(gateway) { gateway in
            try await blocking {
                let client = try gateway.connect()
                try client.send(S3Text.get("/b/k"))
                return try client.receiveMessage()
            }
        }
        #expect(message.status == 504)
        #expect(message.text.contains("no connection within"))
    }

    @Test("a fresh connection that is lost before the answer is a 502, and the request is not sent again")
    func lostFresh() async throws {
        let server = try S3ScriptedServer { connection, _ in _ = try connection.receiveHead() }
        let message = try await s3Client(of: server) { client in
            try client.send(S3Text.get("/b/k"))
            return try client.receiveMessage()
        }
        #expect(message.status == 502)
        #expect(message.text.contains("backend &apos;blobs&apos;"))
        #expect(message.text.contains("it closed before it answered"))
        #expect(server.connectionCount == 1)
    }

    /// A server whose first connection answers once and closes when the second request has come.
    private func stale() throws -> S3ScriptedServer {
        try S3ScriptedServer { connection, number in
            _ = try connection.receiveMessage()
            try connection.send(S3Text.ok("\(number)"))
            guard try connection.nextHead() != nil, number > 0 else { return }
            try connection.send(S3Text.ok("\(number)"))
        }
    }

    @Test("a reused upstream that closes under a GET is replaced once")
    func staleGet() async throws {
        let server = try stale()
        let texts = try await s3Client(of: server) { client in
            try (0..<2).map { _ in
                try client.send(S3Text.get("/b/k"))
                return try client.receiveMessage().text
            }
        }
        #expect(texts == ["0", "1"])
        #expect(server.received == [S3Text.get("/b/k") + S3Text.get("/b/k"), S3Text.get("/b/k")])
    }

    @Test(
        "what is not provably safe is never sent twice",
        arguments: [
            S3Text.put("/b/k", "x"), "DELETE /b/k HTTP/1.1\r\nHost: h\r\n\r\n",
            "POST /b/k?uploads HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
        ])
    func stalePut(request: String) async throws {
        let server = try stale()
        let message = try await s3Client(of: server) { client in
            try client.send(S3Text.get("/b/k"))
            _ = try client.receiveMessage()
            try client.send(request)
            return try client.receiveMessage()
        }
        #expect(message.status == 502)
        #expect(server.connectionCount == 1)
    }

    @Test("an upstream that was closed while idle is noticed, also before a PUT")
    func closedIdle() async throws {
        let server = try S3ScriptedServer { connection, number in
            _ = try connection.receiveMessage()
            try connection.send(S3Text.ok("\(number)"))
        }
        defer { server.stop() }
        try await S3Gateway.with(try S3Gateway(to: server.port)) { gateway in
            let client = try gateway.connect()
            for number in 0..<5 {
                let text = try await blocking {
                    try client.send(S3Text.put("/b/k", "x"))
                    return try client.receiveMessage().text
                }
                #expect(text == "\(number)")
                try await gateway.until("no socket but the client's") { $0.counters.openSockets == 1 }
            }
        }
    }

    @Test(
        "half an answer ends with a reset",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
        ])
    func halfAnswer(answer: String) async throws {
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveHead()
            try connection.send(answer)
        }
        let ending = try await s3Client(of: server) { client in
            try client.send(S3Text.get("/b/k"))
            return try client.receiveToEnd().ending
        }
        #expect(ending == .reset)
    }

    @Test("an answer until close whose connection is reset does not look complete")
    func resetUntilClose() async throws {
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveHead()
            try connection.send("HTTP/1.1 200 OK\r\n\r\nhalf")
            connection.reset()
        }
        let (bytes, ending) = try await s3Client(of: server) { client in
            try client.send(S3Text.get("/b/k"))
            return try client.receiveToEnd()
        }
        // The reset may overtake the bytes; then nothing was answered and the client hears of that.
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(ending == .reset || text.hasPrefix("HTTP/1.1 502 "))
    }

    @Test(
        "a backend that never answers is a 504 after response-timeout",
        arguments: [
            S3Text.get("/b/k"), "POST /b/k?uploadId=x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
            "PUT /b/k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
        ])
    func silent(request: String) async throws {
        let server = try S3ScriptedServer { connection, _ in _ = try connection.receiveToEnd() }
        let message = try await s3Client(
            of: server,
            adjust: { _, backend in
                backend.responseTimeout = .milliseconds(200)
            },
            { client in
                try client.send(request)
                return try client.receiveMessage()
            })
        #expect(message.status == 504)
        #expect(message.text.contains("did not answer in time"))
    }

    @Test("a backend that completes an upload for longer than the idle-timeout is waited for")
    func patience() async throws {
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveMessage()
            Thread.sleep(forTimeInterval: 0.6)
            try connection.send(S3Text.ok("completed"))
            _ = try connection.nextHead()
        }
        let message = try await s3Client(
            of: server,
            adjust: { listener, _ in
                listener.idleTimeout = .milliseconds(150)
            },
            { client in
                try client.send("POST /b/k?uploadId=x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx")
                return try client.receiveMessage()
            })
        #expect(message.text == "completed")
    }

    @Test(
        "other silence ends with the idle-timeout: 504 when the backend's, 408 when the client's",
        arguments: [
            (S3Text.get("/b/k"), 504), ("PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf", 408),
        ])
    func idleExchange(request: String, status: Int) async throws {
        let server = try S3ScriptedServer { connection, _ in _ = try connection.receiveToEnd() }
        let message = try await s3Client(
            of: server,
            adjust: { listener, _ in
                listener.idleTimeout = .milliseconds(150)
            },
            { client in
                try client.send(request)
                return try client.receiveMessage()
            })
        #expect(message.status == status)
    }

    @Test("a client that is idle between requests is closed without a word")
    func idleClient() async throws {
        let server = try S3ScriptedServer.echo()
        let (bytes, ending) = try await s3Client(
            of: server,
            adjust: { listener, _ in
                listener.idleTimeout = .milliseconds(150)
            },
            { client in
                try client.send(S3Text.get("/b/k"))
                _ = try client.receiveMessage()
                return try client.receiveToEnd()
            })
        #expect(bytes.isEmpty)
        #expect(ending == .closed)
    }

    @Test("a client that goes away in its upload takes its upstream with it, and the half is not taken for a whole")
    func clientGone() async throws {
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveHead()
            _ = try connection.receiveToEnd()
        }
        defer { server.stop() }
        try await S3Gateway.with(try S3Gateway(to: server.port)) { gateway in
            try await blocking {
                let client = try gateway.connect()
                try client.send("PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf")
                client.reset()
            }
            let worker = try await gateway.until("no socket and no task left") {
                $0.counters.openSockets == 0 && $0.counters.socketsOpened > 0 && $0.sessionTasks == 0
            }
            #expect(worker.idleUpstreams == 0)
            #expect(worker.listeners[0].failures["client-lost"] == 1)
        }
    }

    @Test("more connections than the limit are told 503 SlowDown")
    func tooMany() async throws {
        let server = try S3ScriptedServer.echo()
        defer { server.stop() }
        let gateway = try S3Gateway(to: server.port) { listener, _ in listener.connections = 1 }
        let (message, text) = try await S3Gateway.with(gateway) { gateway in
            try await blocking {
                let first = try gateway.connect()
                try first.send(S3Text.get("/b/1"))
                _ = try first.receiveMessage()
                let second = try gateway.connect()
                let refused = try second.receiveMessage()
                try first.send(S3Text.get("/b/2"))
                return (refused, try first.receiveMessage().text)
            }
        }
        #expect(message.status == 503)
        #expect(message.text.contains("<Code>SlowDown</Code>"))
        #expect(text == "/b/2")
    }

    @Test("a stop closes idle clients at once and lets a request under way finish")
    func drain() async throws {
        let server = try S3ScriptedServer { connection, _ in
            while let head = try connection.nextHead() {
                if head.contains("slow") { Thread.sleep(forTimeInterval: 0.5) }
                try connection.send(S3Text.ok("done"))
            }
        }
        defer { server.stop() }
        let gateway = try S3Gateway(to: server.port)
        let (idle, busy) = try await blocking {
            let idle = try gateway.connect()
            try idle.send(S3Text.get("/b/quick"))
            _ = try idle.receiveMessage()
            let busy = try gateway.connect()
            try busy.send(S3Text.get("/b/slow"))
            return (idle, busy)
        }
        try await gateway.until("the slow request under way") {
            $0.listeners[0].sessionsOpened == 2 && $0.idleUpstreams == 0
        }
        async let stopped: Void = gateway.stop()
        let (quick, slow, rest) = try await blocking {
            (try idle.receiveToEnd(), try busy.receiveMessage(), try busy.receiveToEnd())
        }
        await stopped
        #expect(quick.bytes.isEmpty && quick.ending == .closed)
        #expect(slow.text == "done")
        #expect(rest.bytes.isEmpty && rest.ending == .closed)
    }
}
