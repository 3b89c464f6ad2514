// Hashes and lists of declared adapters: what is said for each operation, and what the answers become.

import Capabilities
import Testing

@testable import DeclaredAdapter

@Suite("Hashes and lists of declared adapters", .timeLimit(.minutes(1)))
struct HashListTests {
    private let key = bytes("k")

    @Test("several fields go in one exchange, or one after another where the file says so")
    func fields() async throws {
        let dialogue = Dialogue(
            file: StructureFile.hash,
            lines: [
                ("HSET k 61=31 62=0A", "N 2\n"), ("HGET k 61", "V 31\n"), ("HGET k 63", "NONE\n"),
                ("HGET k 61", "V 31\n"), ("HGET k 63", "NONE\n"), ("HGET k 62", "V 0A\n"),
                ("HDEL k 61", "OK\n"), ("HDEL k 61", "NONE\n"), ("HDEL k 62", "OK\n"), ("HGET k 61", "WRONG\n"),
            ])
        try await dialogue.run { rig in
            let (a, b, c) = (bytes("a"), bytes("b"), bytes("c"))
            #expect(await rig.hash(.set([Pair(a, bytes("1")), Pair(b, bytes("\n"))])) == .success(.integer(2)))
            #expect(await rig.hash(.get(field: a)) == .success(.bytes(bytes("1"))))
            #expect(await rig.hash(.contains(field: c)) == .success(.flag(false)))
            #expect(
                await rig.hash(.getMany(fields: [a, c, b]))
                    == .success(.list([.bytes(bytes("1")), .missing, .bytes(bytes("\n"))])))
            #expect(await rig.hash(.delete(fields: [a, a, b])) == .success(.integer(2)))
            #expect(await rig.hash(.get(field: a)) == .failure(.wrongType))
            #expect(await rig.hash(.setIfAbsent(field: a, value: b)).refused == .hashSet)
            #expect(await rig.hash(.count, database: 1).refused == .keyValueDatabases)
        }
    }

    @Test("what is asked of all fields is made of all of them")
    func allFields() async throws {
        let all = "PAIR 6161 31\nPAIR 62 -\nEND\n".replacing("-", with: "32")
        let lines = Array(repeating: ("HALL k", all), count: 6) + [("HALL k", "END\n"), ("HALL k", "END\n")]
        try await Dialogue(file: StructureFile.hash, lines: lines).run { rig in
            let pairs = [Pair(bytes("aa"), bytes("1")), Pair(bytes("b"), bytes("2"))]
            #expect(await rig.hash(.all) == .success(.pairs(pairs)))
            #expect(await rig.hash(.fields) == .success(.texts("aa", "b")))
            #expect(await rig.hash(.values) == .success(.texts("1", "2")))
            #expect(await rig.hash(.count) == .success(.integer(2)))
            let scan = await rig.hash(.scan(cursor: 0, match: bytes("a*"), count: 10))
            #expect(scan == .success(.page(cursor: 0, [.bytes(bytes("aa")), .bytes(bytes("1"))])))
            guard case .success(.pairs(let random)) = await rig.hash(.random(count: -5, withValues: true)) else {
                Issue.record("no pairs")
                return
            }
            #expect(random.count == 5 && random.allSatisfy { pairs.contains($0) })
            #expect(await rig.hash(.all) == .success(.pairs([])))
            #expect(await rig.hash(.random(count: nil, withValues: false)) == .success(.missing))
        }
    }

    @Test("fields are added to, and what is no number is told as such")
    func increments() async throws {
        let dialogue = Dialogue(
            file: StructureFile.hash,
            lines: [
                ("HADD k 61 -3", "N 4\n"), ("HADD k 61 1", "NAN\n"), ("HADD k 61 1.5", "V 322E3530\n"),
                ("HADD k 61 100", "NAN\n"), ("HADD k 61 1", "V 78\n"),
            ])
        try await dialogue.run { rig in
            let field = bytes("a")
            #expect(await rig.hash(.increment(field: field, by: -3)) == .success(.integer(4)))
            #expect(await rig.hash(.increment(field: field, by: 1)) == .failure(.notAnInteger))
            #expect(await rig.hash(.incrementFloat(field: field, by: bytes("1.50"))) == .success(.bytes(bytes("2.5"))))
            #expect(await rig.hash(.incrementFloat(field: field, by: bytes("1e2"))) == .failure(.notAFloat))
            #expect(await rig.hash(.incrementFloat(field: field, by: bytes("x"))) == .failure(.notAFloat))
            guard case .failure(.backend) = await rig.hash(.incrementFloat(field: field, by: bytes("1"))) else {
                Issue.record("a sum that is no number was taken")
                return
            }
        }
    }

    @Test("values are pushed, popped and read by position")
    func lists() async throws {
        let dialogue = Dialogue(
            file: StructureFile.list,
            lines: [
                ("RPUSH k 61 62", "N 2\n"), ("LPUSH k 63", "N 3\n"), ("RPUSHX k 61", "NONE\n"),
                ("LPOP k 1", "ITEM 63\nEND\n"), ("LPOP k 2", "ITEM 61\nITEM 62\nEND\n"), ("LPOP k 1", "END\n"),
                ("RPOP k", "V 62\n"), ("RPOP k", "V 61\n"), ("RPOP k", "NONE\n"), ("RPOP k", "NONE\n"),
                ("LEN k", "NONE\n"), ("RANGE k 0 -1", "ITEM 61\nITEM 62\nITEM 61\nEND\n"),
                ("RANGE k -1 -1", "ITEM 61\nEND\n"), ("RANGE k 9 9", "END\n"),
                ("RANGE k 0 -1", "ITEM 61\nITEM 62\nITEM 61\nEND\n"),
                ("RANGE k 0 -1", "ITEM 61\nITEM 62\nITEM 61\nEND\n"),
            ])
        try await dialogue.run { [key] rig in
            let (a, b, c) = (bytes("a"), bytes("b"), bytes("c"))
            #expect(
                await rig.list(.push(key: key, values: [a, b], .right, onlyIfPresent: false)) == .success(.integer(2)))
            #expect(await rig.list(.push(key: key, values: [c], .left, onlyIfPresent: false)) == .success(.integer(3)))
            #expect(await rig.list(.push(key: key, values: [a], .right, onlyIfPresent: true)) == .success(.integer(0)))
            #expect(await rig.list(.push(key: key, values: [a], .left, onlyIfPresent: true)).refused == .listPush)
            #expect(await rig.list(.pop(key: key, .left, count: nil)) == .success(.bytes(c)))
            #expect(await rig.list(.pop(key: key, .left, count: 2)) == .success(.texts("a", "b")))
            #expect(await rig.list(.pop(key: key, .left, count: nil)) == .success(.missing))
            // Without {count} in it, one value after another.
            #expect(await rig.list(.pop(key: key, .right, count: 5)) == .success(.texts("b", "a")))
            #expect(await rig.list(.pop(key: key, .right, count: nil)) == .success(.missing))
            #expect(await rig.list(.length(key: key)) == .success(.integer(0)))
            #expect(await rig.list(.range(key: key, first: 0, last: -1)) == .success(.texts("a", "b", "a")))
            #expect(await rig.list(.item(key: key, index: -1)) == .success(.bytes(a)))
            #expect(await rig.list(.item(key: key, index: 9)) == .success(.missing))
            let last = ListOperation.position(key: key, value: a, rank: -1, count: nil, limit: 0)
            #expect(await rig.list(last) == .success(.integer(2)))
            let all = ListOperation.position(key: key, value: a, rank: 1, count: 0, limit: 0)
            #expect(await rig.list(all) == .success(.list([.integer(0), .integer(2)])))
            let wait = Wait(milliseconds: 10)
            #expect(await rig.list(.popFirst(keys: [key], .left, count: 1, wait: wait)).refused == .listBlocking)
        }
    }

    @Test("values are changed, inserted, removed and moved")
    func edits() async throws {
        let dialogue = Dialogue(
            file: StructureFile.list,
            lines: [
                ("LSET k 1 62", "OK\n"), ("LSET k 1 62", "NONE\n"), ("LSET k 9 62", "HELD\n"),
                ("BEFORE k 61 62", "N 3\n"), ("BEFORE k 63 62", "HELD\n"), ("BEFORE k 61 62", "NONE\n"),
                ("LREM k -2 61", "N 2\n"), ("TRIM k 1 -1", "NONE\n"), ("MOVE k left t right", "V 61\n"),
                ("RPOP k", "NONE\n"), ("RPOP t", "V 61\n"),
            ])
        try await dialogue.run { [key] rig in
            let (a, b, c) = (bytes("a"), bytes("b"), bytes("c"))
            #expect(await rig.list(.setItem(key: key, index: 1, value: b)) == .success(.done))
            #expect(await rig.list(.setItem(key: key, index: 1, value: b)) == .failure(.noSuchKey))
            #expect(await rig.list(.setItem(key: key, index: 9, value: b)) == .failure(.indexOutOfRange))
            #expect(await rig.list(.insert(key: key, before: true, pivot: a, value: b)) == .success(.integer(3)))
            #expect(await rig.list(.insert(key: key, before: true, pivot: c, value: b)) == .success(.integer(-1)))
            #expect(await rig.list(.insert(key: key, before: true, pivot: a, value: b)) == .success(.integer(0)))
            #expect(await rig.list(.insert(key: key, before: false, pivot: a, value: b)).refused == .listEdit)
            #expect(await rig.list(.remove(key: key, value: a, count: -2)) == .success(.integer(2)))
            #expect(await rig.list(.trim(key: key, first: 1, last: -1)) == .success(.done))
            let move = ListOperation.move(from: key, to: bytes("t"), take: .left, put: .right, wait: nil)
            #expect(await rig.list(move) == .success(.bytes(a)))
            let pop = ListOperation.popFirst(keys: [key, bytes("t")], .right, count: 1, wait: nil)
            #expect(await rig.list(pop) == .success(.taken(key: bytes("t"), .texts("a"))))
        }
    }
}
