// Which keys a followed client of Redis writes, and in which databases, command by command.

import Glibc
import Migration
import Reactor
import Testing

@testable import Gateway

/// A client on a worker, fed by hand.
final class FollowedRedis {
    let client: RedisMigrationClient
    let notes: MigrationNotes
    let worker: Worker
    let socket: Socket
    private let far: Int32

    /// - Parameter others: a client on the same worker and of the same listener.
    init(_ worker: Worker, beside others: FollowedRedis? = nil) throws {
        self.worker = worker
        let configuration = ListenerConfiguration(name: "redis", protocol: .redis, listen: [], backend: "old")
        let listener = try ListenerState(configuration, index: 0, front: RedisFront(), routes: [], workers: 1)
        let pair = try Socket.pair(waker: Waker(worker: worker))
        (socket, far) = (pair.near, pair.far.descriptor)
        notes = others?.notes ?? MigrationNotes(serving: listener, .everything)
        client = RedisMigrationClient(socket, notes)
    }

    func close() {
        client.ended()
        socket.close()
        _ = Glibc.close(far)
    }

    func receives(_ commands: String...) {
        for command in commands {
            let words = command.split(separator: " ")
            receives(bytes: "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined())
        }
    }

    func receives(bytes text: String) {
        let bytes = Array(text.utf8)
        client.received(bytes.span)
    }

    func sends(_ replies: String...) {
        let bytes = replies.flatMap { Array("\($0)\r\n".utf8) }
        client.sent(bytes.span)
    }

    /// What may be copied now, as `DATABASE/KEY`; `*` for everything, `…` while something is under way.
    func taken() -> [String] {
        let taken = notes.takeDirty()
        let names = taken.keys.map { key in
            guard case .database(let number) = key.part else { return "?" }
            return "\(number)/\(String(decoding: key.name, as: UTF8.self))"
        }
        return names.sorted() + (taken.remainder.isEverything ? ["*"] : []) + (taken.remainder.isSettled ? [] : ["…"])
    }
}

@Suite("a Redis client that is followed while keys move")
struct RedisMigrationClientTests {
    static func follow(_ body: @escaping @Sendable (FollowedRedis) async throws -> Void) async throws {
        let worker = try Worker(index: 0)
        try worker.start()
        defer { worker.stop() }
        try await Task(executorPreference: worker) {
            let followed = try FollowedRedis(worker)
            defer { followed.close() }
            try await body(followed)
        }.value
    }

    @Test("a client is in the database that the server has accepted, and meanwhile in every one it has asked for")
    func selects() async throws {
        try await Self.follow { followed in
            followed.receives("SELECT 1", "SELECT 99", "SET k v")
            followed.sends("+OK", "-ERR DB index is out of range", "+OK")
            #expect(followed.taken() == ["0/k", "1/k", "99/k"])
            followed.receives("SET l v")
            followed.sends("+OK")
            #expect(followed.taken() == ["1/l"])
            followed.receives("RESET", "SET m v")
            followed.sends("+RESET", "+OK")
            followed.receives("SET n v")
            followed.sends("+OK")
            #expect(followed.taken() == ["0/m", "0/n", "1/m"])
        }
    }

    @Test("what a transaction selects may be where its client is, until a SELECT outside of any is accepted")
    func transactions() async throws {
        for end in ["DISCARD", "EXEC"] {
            try await Self.follow { followed in
                followed.receives("MULTI", "SELECT 3", "SET k v", end, "SET l v")
                followed.sends("+OK", "+QUEUED", "+QUEUED", end == "EXEC" ? "*-1" : "+OK", "+OK")
                followed.receives("SET m v")
                followed.sends("+OK")
                #expect(followed.taken() == ["0/k", "0/l", "0/m", "3/k", "3/l", "3/m"])
                followed.receives("SELECT 4")
                followed.sends("+OK")
                followed.receives("SET n v")
                followed.sends("+OK")
                #expect(followed.taken() == ["4/n"])
            }
        }
    }

    @Test("an earlier SELECT that is answered late does not take away what a transaction has selected")
    func order() async throws {
        try await Self.follow { followed in
            followed.receives("SELECT 1", "MULTI", "SELECT 3", "EXEC")
            followed.sends("+OK", "+OK", "+QUEUED", "*1\r\n+OK")
            followed.receives("SET k v")
            followed.sends("+OK")
            #expect(followed.taken() == ["1/k", "3/k"])
        }
    }

    @Test("a SELECT that cannot be read makes the database any, if it is accepted")
    func untold() async throws {
        for spelling in ["SELECT 3\r\n", "*2\r\n$6\r\nSELECT\r\n$2\r\n03\r\n"] {
            try await Self.follow { followed in
                followed.receives(bytes: spelling)
                followed.receives("SET k v")
                followed.sends("-ERR no", "+OK")
                #expect(followed.taken() == ["*"])
                followed.receives("SET k v")
                followed.sends("+OK")
                #expect(followed.taken() == ["0/k"])
                followed.receives(bytes: spelling)
                followed.sends("+OK")
                followed.receives("SET k v")
                followed.sends("+OK")
                #expect(followed.taken() == ["*"])
                followed.receives("SELECT 2")
                followed.sends("+OK")
                followed.receives("SET k v")
                followed.sends("+OK")
                #expect(followed.taken() == ["2/k"])
            }
        }
    }

    @Test("more SELECTs than are kept make the database any until they are answered")
    func many() async throws {
        try await Self.follow { followed in
            for number in 0..<40 { followed.receives("SELECT \(number)") }
            followed.receives("SET k v")
            for _ in 0..<40 { followed.sends("+OK") }
            followed.sends("+OK")
            #expect(followed.taken() == ["*"])
            followed.receives("SELECT 2")
            followed.sends("+OK")
            followed.receives("SET k v")
            followed.sends("+OK")
            #expect(followed.taken() == ["2/k"])
        }
    }

    @Test("a held client that waits for an answer is given up by force, and its write may come later")
    func givingUp() async throws {
        for byForce in [false, true] {
            try await Self.follow { followed in
                let waker = followed.socket.waker
                followed.receives("SET k v")
                followed.client.hold()
                followed.client.giveUp(byForce: byForce)
                waker.setDeadline(after: byForce ? 20_000_000_000 : 50_000_000)
                while !waker.isCancelled, !waker.hasTimedOut { await waker.wait() }
                #expect(waker.isCancelled == byForce && followed.taken() == ["…"])
                followed.client.ended()
                #expect(followed.taken() == ["0/k", "*"] && followed.notes.clientCount == 0)
            }
        }
    }

    @Test("a transaction whose end is refused for a right goes on, and anything may be written")
    func refusedEnd() async throws {
        try await Self.follow { followed in
            followed.receives("MULTI", "SET k v", "EXEC")
            followed.sends("+OK", "+QUEUED", "-NOPERM no")
            #expect(followed.taken() == ["0/k", "…"])
            followed.client.ended()
            #expect(followed.taken() == ["*"])
        }
    }
}
