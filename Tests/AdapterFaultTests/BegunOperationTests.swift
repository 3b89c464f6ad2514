// Operations that are begun and not awaited: sent together, answered in order, and each ended once.

import AdapterTestSupport
import Capabilities
import MemcachedSwiftAdapter
import TestSupport
import Testing

@Suite("operations that are begun", .timeLimit(.minutes(2)))
struct BegunOperationTests {
    private static func key(_ number: Int) -> [UInt8] { Array("k\(number)".utf8) }

    /// Waits until `count` have ended.
    private static func settle(_ outcomes: Outcomes, _ count: Int, _ rig: ServiceRig) async {
        while outcomes.ended.count < count { await rig.pause() }
    }

    @Test("those on one key are sent without waiting for one another, and end in order", arguments: Subject.allCases)
    func oneKey(subject: Subject) async throws {
        try await subject.run { connection, _ in
            guard try Memcached.nextKey(connection) == "first" else { throw SupportError("expected the first") }
            try connection.send(Memcached.hit("first"))
            // Nothing is answered before everything was asked.
            for number in 0..<16 {
                let line = try connection.readLine()
                guard line == "ms k 2 T0 k", try connection.readLine() == "\(10 + number)" else {
                    throw SupportError("expected the set \(number), got \(line)")
                }
            }
            guard try Memcached.nextKey(connection) == "k" else { throw SupportError("expected the get") }
            try connection.send(String(repeating: "HD kk\r\n", count: 16) + Memcached.hit("k"))
            connection.readToEnd()
        } _: { rig in
            _ = await rig.get("first")
            let outcomes = Outcomes()
            for number in 0..<16 {
                let value = Array("\(10 + number)".utf8)
                #expect(
                    rig.begin(
                        .set(key: Array("k".utf8), value: value, SetOptions()), outcomes, id: UInt64(number),
                        followsOthers: number > 0))
            }
            #expect(rig.begin(.get(key: Array("k".utf8)), outcomes, id: 16, followsOthers: true))
            await Self.settle(outcomes, 17, rig)
            #expect(outcomes.ended.map(\.id) == Array(0...16))
            #expect(outcomes.ended.dropLast().allSatisfy { $0.result == .success(.done) })
            #expect(outcomes.ended.last?.result.isValue(of: "k") == true)
        }
    }

    @Test("a lost connection ends each once, and never with a value", arguments: Subject.allCases, [0, 1, 7])
    func lost(subject: Subject, answered: Int) async throws {
        try await subject.run { connection, number in
            guard number == 0 else { return try Memcached.serve(connection) }
            for key in 0..<8 {
                guard try Memcached.nextKey(connection) == "k\(key)" else { throw SupportError("expected k\(key)") }
            }
            for key in 0..<answered { try connection.send(Memcached.hit("k\(key)")) }
        } _: { rig in
            let outcomes = Outcomes()
            for number in 0..<8 { #expect(rig.begin(.get(key: Self.key(number)), outcomes, id: UInt64(number))) }
            await Self.settle(outcomes, 8, rig)
            #expect(await rig.get("next").isValue(of: "next"))
            #expect(outcomes.ended.map(\.id).sorted() == Array(0..<8))
            for (id, result) in outcomes.ended {
                #expect(id < answered ? result.isValue(of: "k\(id)") : result.isBackendsFault)
            }
        }
    }

    @Test("where nobody listens each ends at once, and what cannot be sent ends without being sent")
    func unreachable() async throws {
        let port = try FreePort.take()
        for subject in Subject.allCases {
            try await ServiceRig.run(try subject.kind(), url: "tcp://127.0.0.1:\(port)") { rig in
                let outcomes = Outcomes()
                #expect(rig.begin(.get(key: Self.key(0)), outcomes, id: 0))
                #expect(rig.begin(.get(key: Array("no key".utf8)), outcomes, id: 1))
                await Self.settle(outcomes, 2, rig)
                #expect(outcomes.ended.first { $0.id == 0 }?.result.isBackendsFault == true)
                #expect(outcomes.ended.first { $0.id == 1 }.map { (try? $0.result.get()) == nil } == true)
            }
        }
    }

    @Test("over several connections an order is not promised, and what takes several exchanges is not begun")
    func notBegun() async throws {
        let server = try await MemcachedServer.start()
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url, options: ["connections": "2"]) { rig in
            #expect(await rig.set("k", "v") == .success(.done))
            let outcomes = Outcomes()
            let key = Array("k".utf8)
            #expect(!rig.begin(.get(key: key), outcomes, id: 0, followsOthers: true))
            #expect(!rig.begin(.set(key: key, value: key, SetOptions(expiry: .kept)), outcomes, id: 1))
            #expect(!rig.begin(.getMany(keys: [key]), outcomes, id: 2))
            #expect(rig.begin(.get(key: key), outcomes, id: 3))
            await Self.settle(outcomes, 1, rig)
            #expect(outcomes.ended.map(\.id) == [3])
        }
    }
}
