// Hashes and sets.

import Capabilities
import Testing

@testable import EmbeddedAdapter

@Suite("Hashes")
struct HashTests {
    let store: StoreUnderTest
    init() throws { store = try StoreUnderTest() }

    @Test("fields are set, counted as new once, read and deleted; the last one takes the hash along")
    func fields() throws {
        #expect(
            try store.hash("h", .set([Pair(b("a"), b("1")), Pair(b("b"), b("22")), Pair(b("a"), b("3"))]))
                == .integer(2))
        #expect(try store.hash("h", .get(field: b("a"))) == .text("3"))
        #expect(try store.hash("h", .get(field: b("c"))) == .missing)
        #expect(try store.hash("h", .getMany(fields: ["b", "c"].map(b))) == .list([.text("22"), .missing]))
        #expect(try store.hash("h", .all).sorted == .pairs([Pair(b("a"), b("3")), Pair(b("b"), b("22"))]))
        #expect(try store.hash("h", .fields).sorted == .texts("a", "b"))
        #expect(try store.hash("h", .values).sorted == .texts("3", "22").sorted)
        #expect(try store.hash("h", .count) == .integer(2))
        #expect(try store.hash("h", .contains(field: b("a"))) == .flag(true))
        #expect(try store.hash("h", .valueLength(field: b("b"))) == .integer(2))
        #expect(try store.hash("h", .setIfAbsent(field: b("a"), value: b("9"))) == .flag(false))
        #expect(try store.hash("h", .setIfAbsent(field: b("c"), value: b("9"))) == .flag(true))
        #expect(try store.hash("h", .delete(fields: ["a", "a", "none"].map(b))) == .integer(1))
        #expect(try store.hash("h", .delete(fields: ["b", "c"].map(b))) == .integer(2))
        #expect(try !store.exists("h"))
        #expect(store.store.withState { $0.memory } == 0)
    }

    @Test("a hash that is not there is empty")
    func missing() throws {
        #expect(try store.hash("h", .get(field: b("a"))) == .missing)
        #expect(try store.hash("h", .getMany(fields: [b("a")])) == .list([.missing]))
        #expect(try store.hash("h", .all) == .pairs([]))
        #expect(try store.hash("h", .count) == .integer(0))
        #expect(try store.hash("h", .contains(field: b("a"))) == .flag(false))
        #expect(try store.hash("h", .valueLength(field: b("a"))) == .integer(0))
        #expect(try store.hash("h", .delete(fields: [b("a")])) == .integer(0))
        #expect(try store.hash("h", .random(count: nil, withValues: false)) == .missing)
        #expect(try store.hash("h", .random(count: 3, withValues: true)) == .pairs([]))
        #expect(try store.hash("h", .scan(cursor: 0, match: nil, count: 10)) == .page(cursor: 0, []))
        #expect(try !store.exists("h"))
    }

    @Test("fields are numbers where they are added to, and a failure leaves no hash behind")
    func increments() throws {
        #expect(throws: Failure.notAFloat) { try store.hash("h", .incrementFloat(field: b("f"), by: b("x"))) }
        #expect(try !store.exists("h"))
        #expect(try store.hash("h", .increment(field: b("n"), by: -3)) == .integer(-3))
        #expect(try store.hash("h", .incrementFloat(field: b("n"), by: b("0.5"))) == .text("-2.5"))
        #expect(throws: Failure.notAnInteger) { try store.hash("h", .increment(field: b("n"), by: 1)) }
        _ = try store.hash("h", .set([Pair(b("n"), b("9223372036854775807"))]))
        #expect(throws: Failure.overflow) { try store.hash("h", .increment(field: b("n"), by: 1)) }
        #expect(throws: Failure.notFinite) { try store.hash("h", .incrementFloat(field: b("n"), by: b("inf"))) }
    }

    @Test("random fields are distinct for a positive count and any for a negative one")
    func random() throws {
        for index in 0..<50 { _ = try store.hash("h", .set([Pair(b("f\(index)"), b("\(index)"))])) }
        for count in [1, 10, 20, 49, 50, 500] as [Int64] {
            guard case .pairs(let pairs) = try store.hash("h", .random(count: count, withValues: true)) else {
                throw Failure.wrongType
            }
            #expect(pairs.count == min(50, Int(count)))
            #expect(Set(pairs.map(\.name)).count == pairs.count)
            #expect(pairs.allSatisfy { $0.name == b("f") + $0.value })
        }
        guard case .pairs(let pairs) = try store.hash("h", .random(count: -500, withValues: false)) else {
            throw Failure.wrongType
        }
        #expect(pairs.count == 500 && pairs.allSatisfy(\.value.isEmpty) && Set(pairs.map(\.name)).count > 30)
        #expect(try store.hash("h", .random(count: 0, withValues: false)) == .pairs([]))
        #expect(throws: Failure.self) { try store.hash("h", .random(count: .min, withValues: false)) }
    }

    @Test("a scan of a hash meets every field", arguments: [3, 300])
    func scan(count: Int) throws {
        for index in 0..<count { _ = try store.hash("h", .set([Pair(b("f\(index)"), b("\(index)"))])) }
        var cursor: UInt64 = 0
        var found: [Answer] = []
        repeat {
            guard case .page(let next, let page) = try store.hash("h", .scan(cursor: cursor, match: b("f*"), count: 9))
            else {
                throw Failure.wrongType
            }
            found += page
            cursor = next
        } while cursor != 0
        #expect(found.count == 2 * count)
        #expect(try store.hash("h", .scan(cursor: 0, match: b("none"), count: 1000)) == .page(cursor: 0, []))
    }

    @Test("an operation on a hash fails on another type")
    func wrongType() throws {
        try store.set("k", "v")
        let actions: [HashAction] = [
            .set([Pair([], [])]), .setIfAbsent(field: [], value: []), .get(field: []), .getMany(fields: [[]]), .all,
            .fields, .values, .count, .contains(field: []), .valueLength(field: []), .delete(fields: [[]]),
            .increment(field: [], by: 1), .incrementFloat(field: [], by: b("1")),
            .random(count: nil, withValues: false),
            .scan(cursor: 0, match: nil, count: 1),
        ]
        for action in actions { #expect(throws: Failure.wrongType) { try store.hash("k", action) } }
        #expect(try store.get("k") == .text("v"))
    }
}

@Suite("Sets")
struct SetTests {
    let store: StoreUnderTest
    init() throws { store = try StoreUnderTest() }

    private func members(_ key: String) throws -> Answer { try store.call(.members(key: b(key))).sorted }

    @Test("members are in once; the last one takes the set along")
    func membership() throws {
        #expect(try store.call(SetOperation.add(key: b("s"), members: ["a", "b", "a"].map(b))) == .integer(2))
        #expect(try store.call(SetOperation.add(key: b("s"), members: ["b", "c"].map(b))) == .integer(1))
        #expect(try members("s") == .texts("a", "b", "c"))
        #expect(try store.call(.count(key: b("s")) as SetOperation) == .integer(3))
        #expect(
            try store.call(.contains(key: b("s"), members: ["a", "x"].map(b))) == .list([.flag(true), .flag(false)]))
        #expect(try store.call(SetOperation.remove(key: b("s"), members: ["a", "x", "b"].map(b))) == .integer(2))
        #expect(try store.call(SetOperation.remove(key: b("s"), members: [b("c")])) == .integer(1))
        #expect(try !store.exists("s"))
        #expect(try members("s") == .list([]))
    }

    @Test("popped members are gone")
    func pops() throws {
        try store.add("s", "a", "b", "c", "d")
        guard case .bytes = try store.call(SetOperation.pop(key: b("s"), count: nil)) else { throw Failure.wrongType }
        #expect(try store.call(SetOperation.pop(key: b("s"), count: 0)) == .list([]))
        guard case .list(let rest) = try store.call(SetOperation.pop(key: b("s"), count: 10)) else {
            throw Failure.wrongType
        }
        #expect(rest.count == 3)
        #expect(try !store.exists("s"))
        #expect(try store.call(SetOperation.pop(key: b("s"), count: nil)) == .missing)
        #expect(try store.call(SetOperation.pop(key: b("s"), count: 2)) == .list([]))
        #expect(throws: Failure.self) { try store.call(SetOperation.pop(key: b("s"), count: -1)) }
    }

    @Test("a member moves from one set to another")
    func moves() throws {
        try store.add("s", "a")
        try store.add("t", "b")
        try store.set("k", "v")
        let move = { (from: String, to: String, member: String) throws in
            try self.store.call(SetOperation.move(from: b(from), to: b(to), member: b(member)))
        }
        #expect(try move("none", "k", "a") == .flag(false))
        #expect(throws: Failure.wrongType) { try move("s", "k", "a") }
        #expect(try move("s", "t", "x") == .flag(false))
        #expect(try move("s", "s", "a") == .flag(true))
        #expect(try move("s", "t", "a") == .flag(true))
        #expect(try !store.exists("s"))
        #expect(try members("t") == .texts("a", "b"))
    }

    @Test("sets become one, and the result replaces what was at its key")
    func combines() throws {
        try store.add("a", "1", "2", "3")
        try store.add("b", "2", "3", "4")
        try store.push("out", "x")
        let combine = { (how: SetCombination, keys: [String], to: String?) throws in
            try self.store.call(.combine(how, keys: keys.map(b), store: to.map(b)) as SetOperation).sorted
        }
        #expect(try combine(.union, ["a", "b", "none"], nil) == .texts("1", "2", "3", "4"))
        #expect(try combine(.intersection, ["a", "b"], nil) == .texts("2", "3"))
        #expect(try combine(.intersection, ["a", "none"], nil) == .list([]))
        #expect(try combine(.difference, ["a", "b"], nil) == .texts("1"))
        #expect(try combine(.difference, ["none", "b"], nil) == .list([]))
        #expect(try combine(.union, ["a", "b"], "out") == .integer(4))
        #expect(try combine(.intersection, ["a", "a"], "a") == .integer(3))
        #expect(try combine(.intersection, ["a", "none"], "out") == .integer(0))
        #expect(try !store.exists("out"))
        try store.set("k", "v")
        #expect(throws: Failure.wrongType) { try combine(.intersection, ["none", "k"], nil) }
        #expect(throws: Failure.wrongType) { try combine(.union, ["a", "k"], "out") }
        #expect(try combine(.difference, ["a"], "k") == .integer(3))
        let count = { (limit: Int64) throws in
            try self.store.call(SetOperation.intersectionCount(keys: ["a", "b"].map(b), limit: limit))
        }
        #expect(try count(0) == .integer(2))
        #expect(try count(1) == .integer(1))
    }

    @Test("an operation on a set fails on another type")
    func wrongType() throws {
        try store.push("l", "x")
        let key = b("l")
        let operations: [SetOperation] = [
            .add(key: key, members: [[]]), .remove(key: key, members: [[]]), .contains(key: key, members: [[]]),
            .members(key: key), .count(key: key), .pop(key: key, count: nil), .random(key: key, count: 1),
            .move(from: key, to: b("t"), member: []), .combine(.union, keys: [key], store: nil),
            .intersectionCount(keys: [key], limit: 0), .scan(key: key, cursor: 0, match: nil, count: 1),
        ]
        for operation in operations { #expect(throws: Failure.wrongType) { try store.call(operation) } }
    }
}
