// Which objects a followed client writes, and when it may be let go, message by message.

import Glibc
import Migration
import Reactor
import S3Wire
import Testing

@testable import Gateway

/// A client on a worker, fed by hand.
private final class FollowedClient {
    let client: S3MigrationClient
    let notes: MigrationNotes
    let socket: Socket
    private let far: Int32

    init(_ worker: Worker, domains: [String], beside others: FollowedClient? = nil) throws {
        var configuration = ListenerConfiguration(name: "s3", protocol: .s3, listen: [], backend: "old")
        configuration.domains = domains
        let listener = try ListenerState(configuration, index: 0, front: S3Front(), routes: [], workers: 1)
        let pair = try Socket.pair(waker: Waker(worker: worker))
        (socket, far) = (pair.near, pair.far.descriptor)
        notes = others?.notes ?? MigrationNotes(serving: listener, .everything)
        client = S3MigrationClient(socket, notes)
    }

    func close() {
        client.ended()
        socket.close()
        _ = Glibc.close(far)
    }

    /// Gives the client's side `text`, in pieces of `size` bytes.
    func receives(_ text: String, inPieces size: Int = .max) { feed(text, size) { client.received($0) } }
    func sends(_ text: String, inPieces size: Int = .max) { feed(text, size) { client.sent($0) } }

    private func feed(_ text: String, _ size: Int, _ take: (Span<UInt8>) -> Void) {
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = size < bytes.count - start ? start + size : bytes.count
            let piece = Array(bytes[start..<end])
            take(piece.span)
            start = end
        }
    }

    /// Whether the session is to end; waits for it for so many nanoseconds.
    func isCancelled(within nanoseconds: UInt64 = 20_000_000_000) async -> Bool {
        let waker = socket.waker
        waker.setDeadline(after: nanoseconds)
        while !waker.isCancelled, !waker.hasTimedOut { await waker.wait() }
        waker.setDeadline(after: nil)
        return waker.isCancelled
    }

    /// What may be copied now, as `BUCKET/KEY`; `*` for everything, `…` while something is under way.
    func taken() -> [String] {
        let taken = notes.takeDirty()
        let names = taken.keys.map { key in
            guard case .bucket(let bucket) = key.part else { return "?" }
            return S3MigrationName.text(bucket, key.name)
        }
        return names.sorted() + (taken.remainder.isEverything ? ["*"] : []) + (taken.remainder.isSettled ? [] : ["…"])
    }
}

@Suite("an S3 client that is followed while objects move")
struct S3MigrationClientTests {
    private static func follow(
        domains: [String] = [], _ body: @escaping @Sendable (FollowedClient) async throws -> Void
    ) async throws {
        let worker = try Worker(index: 0)
        try worker.start()
        defer { worker.stop() }
        try await Task(executorPreference: worker) {
            let followed = try FollowedClient(worker, domains: domains)
            defer { followed.close() }
            try await body(followed)
        }.value
    }

    private static let put = "PUT /b/a%20key HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
    private static let get = "GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test("an object is noted when its write is answered, however the bytes come", arguments: [1, 7, .max])
    func writes(size: Int) async throws {
        try await Self.follow { followed in
            followed.receives(Self.put, inPieces: size)
            #expect(followed.taken() == ["…"])
            followed.sends(Self.ok, inPieces: size)
            #expect(followed.taken() == ["b/a key"] && followed.taken() == [])
            // Reads are nothing, and answers belong to requests in their order.
            followed.receives(Self.get + Self.put + Self.get, inPieces: size)
            followed.sends(Self.ok, inPieces: size)
            #expect(followed.taken() == ["…"])
            followed.sends(Self.ok, inPieces: size)
            #expect(followed.taken() == ["b/a key"])
        }
    }

    @Test("what lists its keys is read, and what does not tell them is everything")
    func lists() async throws {
        try await Self.follow { followed in
            let list = "<Delete><Object><Key>1</Key></Object><Object><Key>2</Key></Object></Delete>"
            followed.receives(
                "POST /b?delete HTTP/1.1\r\nHost: h\r\nContent-Length: \(list.utf8.count)\r\n\r\n\(list)", inPieces: 5)
            followed.sends(Self.ok)
            #expect(followed.taken() == ["b/1", "b/2"])
            followed.receives("PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
            followed.sends(Self.ok)
            #expect(followed.taken() == ["b/"])
            followed.receives("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
            followed.sends(Self.ok)
            #expect(followed.taken() == ["*"])
        }
    }

    @Test("a bucket in the host is one where its domain is known")
    func domains() async throws {
        try await Self.follow(domains: ["s3.example.com"]) { followed in
            followed.receives(Self.put.replacing("Host: h", with: "Host: Shop.S3.example.com:9000"))
            followed.receives(Self.put)
            followed.sends(Self.ok + Self.ok)
            #expect(followed.taken() == ["b/a key", "shop/b/a key"])
        }
    }

    @Test("a write without an answer may come later if it was sent whole, and not otherwise", arguments: [true, false])
    func unanswered(isWhole: Bool) async throws {
        try await Self.follow { followed in
            followed.receives(isWhole ? Self.put : String(Self.put.dropLast()))
            followed.client.ended()
            #expect(followed.taken() == (isWhole ? ["*"] : ["b/a key"]))
            #expect(followed.notes.clientCount == 0)
        }
    }

    @Test(
        "bodies that are slow to come keep nobody's keys back, however many they are, and are noted when they have come"
    )
    func slow() async throws {
        try await Self.follow { followed in
            let others = try (0..<8).map { _ in
                try FollowedClient(followed.socket.worker, domains: [], beside: followed)
            }
            defer { for other in others { other.close() } }
            for (number, other) in others.enumerated() {
                other.receives(String(Self.put.replacing("/b/", with: "/b/\(number)").dropLast()))
                followed.receives(Self.put)
                followed.sends(Self.ok)
                #expect(followed.taken() == ["b/a key"])
            }
            for other in others { other.receives("c") }
            #expect(followed.taken() == ["…"])
            for other in others { other.sends(Self.ok) }
            #expect(followed.taken() == (0..<8).map { "b/\($0)a key" })
            // Answered before it has come.
            followed.receives(String(Self.put.dropLast()))
            followed.sends(Self.ok)
            #expect(followed.taken() == ["b/a key"])
        }
    }

    @Test("a client that cannot be followed may write anything until it is gone")
    func blind() async throws {
        try await Self.follow { followed in
            followed.receives("NONSENSE\r\n\r\n")
            #expect(followed.taken() == ["…"])
            followed.client.hold()
            #expect(await followed.isCancelled())
            followed.client.ended()
            #expect(followed.taken() == ["*"])
        }
    }

    @Test("a held client ends between two requests; what it writes is answered first, what it reads is not waited for")
    func holding() async throws {
        try await Self.follow { followed in
            followed.receives(Self.put)
            followed.client.hold()
            #expect(!followed.socket.isRetired && followed.notes.clientCount == 1)
            followed.client.giveUp(byForce: false)
            #expect(await !followed.isCancelled(within: 50_000_000))
            followed.sends(Self.ok)
            #expect(followed.socket.isRetired && followed.notes.clientCount == 0)
        }
        try await Self.follow { followed in
            followed.receives(Self.get)
            followed.client.hold()
            #expect(followed.socket.isRetired && followed.notes.clientCount == 0)
        }
    }

    @Test("what a held client has not sent to its end is waited for, and then given up")
    func givingUp() async throws {
        try await Self.follow { followed in
            followed.receives(String(Self.put.dropLast()))
            followed.client.hold()
            #expect(!followed.socket.isRetired && followed.notes.clientCount == 1)
            followed.client.giveUp(byForce: false)
            #expect(await followed.isCancelled())
        }
        try await Self.follow { followed in
            // By force an answer is not waited for either; nobody knows then what becomes of the write.
            followed.receives(Self.put)
            followed.client.hold()
            followed.client.giveUp(byForce: true)
            #expect(await followed.isCancelled())
            followed.client.ended()
            #expect(followed.taken() == ["*"] && followed.notes.clientCount == 0)
        }
        try await Self.follow { followed in
            followed.receives(String(Self.put.dropLast()))
            followed.client.hold()
            followed.client.release()
            followed.receives("c")
            followed.sends(Self.ok)
            #expect(followed.taken() == ["b/a key"] && !followed.socket.isRetired)
        }
    }
}
