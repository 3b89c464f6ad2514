// What stays bounded: memory for slow peers and big objects, sockets of many clients.

import Foundation
import Gateway
import TestSupport
import Testing

@Suite("S3 bounds", .serialized)
struct S3BoundsTests {
    /// Chunks of 64 KiB that one congested direction may hold: the high-water mark and one read beyond it.
    private static let chunksAtMost = 7

    @Test("a client that does not read pauses the backend, and gets every byte once it does")
    func slowReader() async throws {
        let size = 64 << 20
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveHead()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            let piece = [UInt8](repeating: 0x78, count: 1 << 20)
            for _ in 0..<(size >> 20) { try connection.send(piece) }
            _ = try connection.nextHead()
        }
        defer { server.stop() }
        try await S3Gateway.with(try S3Gateway(to: server.port)) { gateway in
            let client = try await blocking {
                let client = try gateway.connect(receiveBuffer: 65_536)
                try client.send(S3Text.get("/b/big"))
                return client
            }
            var last = try await gateway.until("a full queue") { $0.chunksLent >= 4 }
            // Nothing moves any more: what was taken from the backend is far less than all.
            for _ in 0..<5 {
                try await Task.sleep(for: .milliseconds(20))
                last = try await gateway.worker()
                #expect(last.chunksLent <= Self.chunksAtMost)
            }
            #expect(last.listeners[0].bytesFromBackends < UInt64(size / 2))
            try await blocking {
                _ = try client.receiveHead()
                try client.drop(size)
            }
            #expect(try await gateway.worker().chunksLent == 0)
        }
    }

    @Test("a backend that does not read pauses the client's upload")
    func slowBackend() async throws {
        let size = 64 << 20
        let gate = DispatchSemaphore(value: 0)
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveHead()
            gate.wait()
            try connection.drop(size)
            try connection.send(S3Text.ok("taken"))
            _ = try connection.nextHead()
        }
        defer { server.stop() }
        try await S3Gateway.with(try S3Gateway(to: server.port)) { gateway in
            let client = try await blocking { try gateway.connect() }
            async let text = blocking {
                try client.send("PUT /b/big HTTP/1.1\r\nHost: h\r\nContent-Length: \(size)\r\n\r\n")
                let piece = [UInt8](repeating: 0x78, count: 1 << 20)
                for _ in 0..<(size >> 20) { try client.send(piece) }
                return try client.receiveMessage().text
            }
            let full = try await gateway.until("a full queue") { $0.chunksLent >= 4 }
            #expect(full.chunksLent <= Self.chunksAtMost)
            #expect(full.listeners[0].bytesFromClients < UInt64(size / 2))
            gate.signal()
            #expect(try await text == "taken")
            #expect(try await gateway.worker().chunksLent == 0)
        }
    }

    @Test("256 MiB pass both ways with a few chunks of memory")
    func bigObject() async throws {
        let size = 256 << 20
        let server = try S3ScriptedServer { connection, _ in
            _ = try connection.receiveHead()
            try connection.drop(size)
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            let piece = [UInt8](repeating: 0x78, count: 1 << 20)
            for _ in 0..<(size >> 20) { try connection.send(piece) }
            _ = try connection.nextHead()
        }
        defer { server.stop() }
        try await S3Gateway.with(try S3Gateway(to: server.port)) { gateway in
            let passing = Task {
                try await blocking {
                    let client = try gateway.connect()
                    try client.send("PUT /b/big HTTP/1.1\r\nHost: h\r\nContent-Length: \(size)\r\n\r\n")
                    let piece = [UInt8](repeating: 0x78, count: 1 << 20)
                    for _ in 0..<(size >> 20) { try client.send(piece) }
                    _ = try client.receiveHead()
                    try client.drop(size)
                }
            }
            var most = 0
            let end = UInt64(2 * size)
            try await gateway.until("all bytes") { worker in
                most = max(most, worker.chunksLent)
                let counts = worker.listeners[0]
                return counts.bytesFromClients + counts.bytesFromBackends >= end
            }
            try await passing.value
            #expect(most <= Self.chunksAtMost)
        }
    }

    @Test("thousands of clients, some of them rude, leave no socket, chunk, session or task behind")
    func manyClients() async throws {
        let server = try S3ScriptedServer.echo()
        defer { server.stop() }
        try await S3Gateway.with(try S3Gateway(to: server.port)) { gateway in
            let count = 2000
            try await blocking {
                for number in 0..<count {
                    let client = try gateway.connect()
                    switch number % 4 {
                    case 0: break
                    case 1:
                        try client.send("GET /b")
                    case 2:
                        try client.send(S3Text.get("/b/k"))
                        client.reset()
                    default:
                        try client.send(S3Text.get("/b/k"))
                        _ = try client.receiveMessage()
                    }
                    client.close()
                }
            }
            let worker = try await gateway.until("all sessions closed") {
                $0.listeners[0].sessionsClosed == UInt64(count) && $0.counters.openSockets == $0.idleUpstreams
                    && $0.sessionTasks == 0
            }
            #expect(worker.sessionTasksStarted == count)
            #expect(worker.chunksLent == 0)
            #expect(worker.foreignEnqueues < 50, "sessions run on their worker")
        }
    }

    @Test("idle upstreams are closed after their time and never more than allowed")
    func idleUpstreams() async throws {
        let server = try S3ScriptedServer { connection, _ in
            while try connection.nextHead() != nil {
                Thread.sleep(forTimeInterval: 0.1)
                try connection.send(S3Text.ok(""))
            }
        }
        defer { server.stop() }
        let gateway = try S3Gateway(to: server.port) { _, backend in
            backend.idleConnections = 3
            backend.idleConnectionTimeout = .milliseconds(400)
        }
        try await S3Gateway.with(gateway) { gateway in
            let clients = try await blocking {
                let clients = try (0..<8).map { _ in try gateway.connect() }
                for client in clients { try client.send(S3Text.get("/b/k")) }
                for client in clients { _ = try client.receiveMessage() }
                return clients
            }
            let worker = try await gateway.worker()
            #expect(worker.listeners[0].upstreamsOpened == 8)
            #expect(worker.idleUpstreams <= 3)
            try await gateway.until("idle upstreams closed") {
                $0.idleUpstreams == 0 && $0.counters.openSockets == clients.count
            }
        }
    }
}
