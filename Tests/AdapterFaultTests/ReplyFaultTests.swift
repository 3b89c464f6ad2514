// Backends that answer wrongly, in part, late or not at all: an error for the caller, and never another's value.

import AdapterTestSupport
import Capabilities
import TestSupport
import Testing

@Suite("a faulty backend gives an error and never another caller's value", .timeLimit(.minutes(2)))
struct ReplyFaultTests {
    @Test(
        "garbage is an error, and the next request is served on a new connection", arguments: Subject.allCases,
        [
            "\0\u{1}\u{2}\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "VA\r\n", "VA \r\n", "VA a\r\n", "VA x ka\r\n",
            "VA -1 ka\r\n\r\n", "VA 99999999999999999999999999 ka\r\nx\r\n", "VA 1\r\nx\r\n", "VA 1 k\r\nx\r\n",
            "VA 1 k a\r\nx\r\n", "VA 3 ka\r\nabcdefEN\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n", "END\r\n", "STORED\r\n",
            "HD\r\n", "NOT_FOUND\r\n", "\r\n", "ERROR\r\n", "CLIENT_ERROR what\r\nVA 1 ka\r\nx\r\n",
        ])
    func garbage(subject: Subject, reply: String) async throws {
        try await subject.run { connection, number in
            guard number == 0 else { return try Memcached.serve(connection) }
            _ = try Memcached.nextKey(connection)
            try connection.send(reply)
            connection.readToEnd()
        } _: { rig in
            #expect(await rig.get("a").isBackendsFault)
            #expect(await rig.get("b").isValue(of: "b"))
        }
    }

    @Test(
        "answers to two changes that were swapped reach neither caller", arguments: Subject.allCases,
        [("HD", "NS"), ("NS", "HD")])
    func swapped(subject: Subject, words: (String, String)) async throws {
        let (first, second) = words
        try await subject.run { connection, number in
            for key in ["a", "b"] {
                guard try connection.readLine() == "ms \(key) 1 T0 k", try connection.readLine() == "v" else {
                    throw SupportError("expected a set of \(key)")
                }
                if number > 0 { try connection.send("HD k\(key)\r\n") }
            }
            try connection.send("\(first) kb\r\n\(second) ka\r\n")
            connection.readToEnd()
        } _: { rig in
            async let one = rig.set("a", "v")
            async let other = rig.set("b", "v")
            #expect(await one.isBackendsFault)
            #expect(await other.isBackendsFault)
            #expect(await rig.set("a", "v") == .success(.done))
        }
    }

    @Test("a length beyond every bound is an error before anything of it is held", arguments: Subject.allCases)
    func hugeLength(subject: Subject) async throws {
        try await subject.run { connection, number in
            guard number == 0 else { return try Memcached.serve(connection) }
            _ = try Memcached.nextKey(connection)
            try connection.send("VA 1000000000 ka\r\nx")
            connection.readToEnd()
        } _: { rig in
            #expect(await rig.get("a").isBackendsFault)
            #expect(await rig.get("b").isValue(of: "b"))
        }
    }

    @Test("a line without an end is an error before it is long", arguments: Subject.allCases)
    func endlessLine(subject: Subject) async throws {
        try await subject.run { connection, number in
            guard number == 0 else { return try Memcached.serve(connection) }
            _ = try Memcached.nextKey(connection)
            try connection.send(String(repeating: "x", count: 100_000))
            connection.readToEnd()
        } _: { rig in
            #expect(await rig.get("a").isBackendsFault)
            #expect(await rig.get("b").isValue(of: "b"))
        }
    }

    @Test(
        "half a reply and a close is an error, wherever the reply is cut", arguments: Subject.allCases,
        [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 15, 20, 21])
    func halfReply(subject: Subject, length: Int) async throws {
        try await subject.run { connection, number in
            guard number == 0 else { return try Memcached.serve(connection) }
            let reply = Array(Memcached.hit(try Memcached.nextKey(connection)).utf8)
            #expect(reply.count == 22)
            try connection.send(Array(reply.prefix(length)))
        } _: { rig in
            #expect(await rig.get("a").isBackendsFault)
            #expect(await rig.get("b").isValue(of: "b"))
        }
    }

    @Test("a reply that comes byte by byte, and replies that come together, are whole", arguments: Subject.allCases)
    func drip(subject: Subject) async throws {
        try await subject.run { connection, _ in
            try connection.drip(Memcached.hit(try Memcached.nextKey(connection)))
            let keys = try (0..<3).map { _ in try Memcached.nextKey(connection) }
            try connection.send(keys.map(Memcached.hit).joined())
            connection.readToEnd()
        } _: { rig in
            #expect(await rig.get("slow").isValue(of: "slow"))
            #expect(await Self.ask(["a", "b", "c"], rig).map(\.isOwn) == [true, true, true])
        }
    }

    @Test("the value of another key is an error", arguments: Subject.allCases)
    func otherKey(subject: Subject) async throws {
        try await subject.run { connection, number in
            guard number == 0 else { return try Memcached.serve(connection) }
            _ = try Memcached.nextKey(connection)
            try connection.send(Memcached.hit("other"))
            connection.readToEnd()
        } _: { rig in
            #expect(await rig.get("mine").isBackendsFault)
            #expect(await rig.get("b").isValue(of: "b"))
        }
    }

    @Test("replies in the wrong order give nobody another's value", arguments: Subject.allCases)
    func wrongOrder(subject: Subject) async throws {
        try await subject.run { connection, number in
            guard number == 0 else { return try Memcached.serve(connection) }
            let keys = try (0..<3).map { _ in try Memcached.nextKey(connection) }
            try connection.send([keys[0], keys[2], keys[1]].map(Memcached.hit).joined())
            connection.readToEnd()
        } _: { rig in
            let ends = await Self.ask(["a", "b", "c"], rig)
            #expect(ends[0].end.isValue(of: "a"))
            #expect(ends[1].end.isBackendsFault && ends[2].end.isBackendsFault)
        }
    }

    @Test("a reply that comes twice breaks the connection and meets nobody", arguments: Subject.allCases)
    func twice(subject: Subject) async throws {
        try await subject.run { connection, _ in
            while true {
                let reply = Memcached.hit(try Memcached.nextKey(connection))
                try connection.send(reply + reply)
            }
        } _: { rig in
            for number in 0..<20 {
                let end = await rig.get("k\(number)")
                #expect(end.isValue(of: "k\(number)") || end.isBackendsFault)
            }
        }
    }

    @Test("silence is a time-out, and what comes late meets nobody", arguments: Subject.allCases)
    func late(subject: Subject) async throws {
        try await subject.run(timeout: 300) { connection, number in
            guard number == 0 else { return try Memcached.serve(connection) }
            let keys = try (0..<3).map { _ in try Memcached.nextKey(connection) }
            // The connection is closed to us by then; whatever of this arrives must reach nobody.
            connection.readToEnd()
            try connection.send(keys.map(Memcached.hit).joined())
        } _: { rig in
            for end in await Self.ask(["a", "b", "c"], rig) {
                guard case .failure(.indeterminate) = end.end else {
                    Issue.record("expected an unknown outcome, got \(end.end)")
                    continue
                }
            }
            for number in 0..<10 { #expect(await rig.get("n\(number)").isValue(of: "n\(number)")) }
        }
    }

    /// What each of `keys`, asked for at once, gives.
    private static func ask(_ keys: [String], _ rig: ServiceRig) async -> [End] {
        await withTaskGroup(of: (Int, End).self) { group in
            for (index, key) in keys.enumerated() {
                group.addTask(executorPreference: rig.worker) { (index, End(key: key, end: await rig.get(key))) }
            }
            var ends = [End?](repeating: nil, count: keys.count)
            for await (index, end) in group { ends[index] = end }
            return ends.compactMap { $0 }
        }
    }

    struct End: Sendable {
        var key: String
        var end: Result<Answer, Failure>
        var isOwn: Bool { end.isValue(of: key) }
    }
}
