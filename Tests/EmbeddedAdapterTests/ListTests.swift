// Lists.

import Capabilities
import Testing

@testable import EmbeddedAdapter

@Suite("Lists")
struct ListTests {
    let store: StoreUnderTest
    init() throws { store = try StoreUnderTest() }

    private func push(_ side: ListSide, _ values: String..., onlyIfPresent: Bool = false) throws -> Answer {
        try store.call(.push(key: b("l"), values: values.map(b), side, onlyIfPresent: onlyIfPresent))
    }

    @Test("items come out in the order of the ends they were pushed at")
    func ends() throws {
        #expect(try push(.left, "x", onlyIfPresent: true) == .integer(0))
        #expect(try !store.exists("l"))
        #expect(try push(.right, "a", "b") == .integer(2))
        #expect(try push(.left, "c", "d") == .integer(4))
        #expect(try push(.right, "e", onlyIfPresent: true) == .integer(5))
        #expect(try store.items("l") == .texts("d", "c", "a", "b", "e"))
        let pop = { (side: ListSide, count: Int64?) throws in
            try self.store.call(ListOperation.pop(key: b("l"), side, count: count))
        }
        #expect(try pop(.left, nil) == .text("d"))
        #expect(try pop(.right, 2) == .texts("e", "b"))
        #expect(try pop(.left, 0) == .list([]))
        #expect(try pop(.left, 9) == .texts("c", "a"))
        #expect(try !store.exists("l"))
        #expect(try pop(.left, nil) == .missing)
        #expect(try pop(.left, 0) == .missing)
        #expect(throws: Failure.self) { try pop(.left, -1) }
        #expect(store.store.withState { $0.memory } == 0)
    }

    @Test("positions count from both ends")
    func positions() throws {
        try store.push("l", "a", "b", "c", "d")
        let range = { (first: Int64, last: Int64) throws in
            try self.store.call(ListOperation.range(key: b("l"), first: first, last: last))
        }
        #expect(try range(0, -1) == .texts("a", "b", "c", "d"))
        #expect(try range(1, 2) == .texts("b", "c"))
        #expect(try range(-2, 100) == .texts("c", "d"))
        #expect(try range(.min, .max) == .texts("a", "b", "c", "d"))
        #expect(try range(2, 1) == .list([]))
        #expect(try range(4, 9) == .list([]))
        #expect(try store.call(.item(key: b("l"), index: -1)) == .text("d"))
        #expect(try store.call(.item(key: b("l"), index: 4)) == .missing)
        #expect(try store.call(.item(key: b("l"), index: .min)) == .missing)
        #expect(try store.call(ListOperation.length(key: b("l"))) == .integer(4))
        #expect(try store.call(.setItem(key: b("l"), index: -4, value: b("A"))) == .done)
        #expect(throws: Failure.indexOutOfRange) { try store.call(.setItem(key: b("l"), index: 4, value: b("A"))) }
        #expect(throws: Failure.noSuchKey) { try store.call(.setItem(key: b("none"), index: 0, value: b("A"))) }
        #expect(try store.items("l") == .texts("A", "b", "c", "d"))
    }

    @Test("items are put beside a pivot")
    func inserts() throws {
        try store.push("l", "a", "b", "a")
        let insert = { (before: Bool, pivot: String, value: String) throws in
            try self.store.call(.insert(key: b("l"), before: before, pivot: b(pivot), value: b(value)))
        }
        #expect(try insert(true, "a", "1") == .integer(4))
        #expect(try insert(false, "b", "2") == .integer(5))
        #expect(try insert(true, "x", "3") == .integer(-1))
        #expect(try store.items("l") == .texts("1", "a", "b", "2", "a"))
        #expect(
            try store.call(.insert(key: b("none"), before: true, pivot: b("a"), value: b("b"))) == .integer(0))
    }

    @Test(
        "equal items are removed from the side that the count says",
        arguments: [(0, 3, "b c"), (2, 2, "b c a"), (-2, 2, "a b c"), (9, 3, "b c"), (.min, 3, "b c")]
            as [(Int64, Int64, String)])
    func removes(count: Int64, removed: Int64, left: String) throws {
        try store.push("l", "a", "b", "a", "c", "a")
        #expect(try store.call(ListOperation.remove(key: b("l"), value: b("a"), count: count)) == .integer(removed))
        #expect(try store.items("l") == .list(left.split(separator: " ").map { .text(String($0)) }))
        #expect(try store.call(ListOperation.remove(key: b("l"), value: b("x"), count: 0)) == .integer(0))
    }

    @Test("trimming keeps a range, and an empty one takes the list along")
    func trims() throws {
        let trim = { (first: Int64, last: Int64) throws in
            _ = try self.store.call(.trim(key: b("l"), first: first, last: last))
        }
        try store.push("l", "a", "b", "c", "d", "e")
        try trim(1, -2)
        #expect(try store.items("l") == .texts("b", "c", "d"))
        try trim(-100, 100)
        #expect(try store.items("l") == .texts("b", "c", "d"))
        try trim(2, 1)
        #expect(try !store.exists("l"))
        try trim(0, 1)
    }

    @Test("an item is found by rank, count and limit")
    func finds() throws {
        try store.push("l", "a", "b", "c", "1", "2", "3", "c", "c")
        let find = { (value: String, rank: Int64, count: Int64?, limit: Int64) throws in
            try self.store.call(.position(key: b("l"), value: b(value), rank: rank, count: count, limit: limit))
        }
        #expect(try find("c", 1, nil, 0) == .integer(2))
        #expect(try find("c", 2, nil, 0) == .integer(6))
        #expect(try find("c", -1, nil, 0) == .integer(7))
        #expect(try find("c", 4, nil, 0) == .missing)
        #expect(try find("c", 1, 0, 0) == .list([.integer(2), .integer(6), .integer(7)]))
        #expect(try find("c", -1, 2, 0) == .list([.integer(7), .integer(6)]))
        #expect(try find("c", 1, 0, 7) == .list([.integer(2), .integer(6)]))
        #expect(try find("c", .min, 0, 0) == .list([]))
        #expect(try find("x", 1, nil, 0) == .missing)
        #expect(throws: Failure.self) { try find("c", 0, nil, 0) }
    }

    @Test("an item moves between lists, and round within one")
    func moves() throws {
        try store.push("l", "a", "b", "c")
        try store.set("k", "v")
        let move = { (from: String, to: String, take: ListSide, put: ListSide) throws in
            try self.store.call(ListOperation.move(from: b(from), to: b(to), take: take, put: put, wait: nil))
        }
        #expect(try move("none", "k", .left, .left) == .missing)
        #expect(throws: Failure.wrongType) { try move("l", "k", .left, .left) }
        #expect(try move("l", "l", .right, .left) == .text("c"))
        #expect(try store.items("l") == .texts("c", "a", "b"))
        #expect(try move("l", "m", .left, .right) == .text("c"))
        #expect(try move("l", "m", .right, .left) == .text("b"))
        #expect(try move("l", "m", .left, .left) == .text("a"))
        #expect(try !store.exists("l"))
        #expect(try store.items("m") == .texts("a", "b", "c"))
    }

    @Test("an only item that moves round keeps its list's expiry")
    func rotatesAlone() throws {
        try store.push("l", "a")
        _ = try store.call(.expire(key: b("l"), at: 2_000_000, .always))
        _ = try store.call(ListOperation.move(from: b("l"), to: b("l"), take: .left, put: .right, wait: nil))
        #expect(try store.call(.expiry(key: b("l"))) == .integer(2_000_000))
        try store.reopen()
        #expect(try store.call(.expiry(key: b("l"))) == .integer(2_000_000))
    }

    @Test("the first list that has items gives them")
    func popsFirst() throws {
        let pop = { (keys: [String], count: Int64) throws in
            try self.store.call(ListOperation.popFirst(keys: keys.map(b), .left, count: count, wait: nil))
        }
        #expect(try pop(["l", "m"], 1) == .missing)
        try store.push("m", "a", "b", "c")
        try store.set("k", "v")
        #expect(try pop(["l", "m", "k"], 2) == .taken(key: b("m"), .texts("a", "b")))
        #expect(throws: Failure.wrongType) { try pop(["l", "k", "m"], 1) }
        #expect(try pop(["m"], .max) == .taken(key: b("m"), .texts("c")))
    }

    @Test("an operation on a list fails on another type")
    func wrongType() throws {
        try store.set("k", "v")
        let key = b("k")
        let operations: [ListOperation] = [
            .push(key: key, values: [[]], .left, onlyIfPresent: false), .pop(key: key, .left, count: nil),
            .push(key: key, values: [[]], .left, onlyIfPresent: true), .length(key: key),
            .range(key: key, first: 0, last: 0), .item(key: key, index: 0), .setItem(key: key, index: 0, value: []),
            .insert(key: key, before: true, pivot: [], value: []), .remove(key: key, value: [], count: 0),
            .trim(key: key, first: 0, last: 0), .position(key: key, value: [], rank: 1, count: nil, limit: 0),
            .move(from: key, to: b("m"), take: .left, put: .left, wait: nil),
            .popFirst(keys: [key], .left, count: 1, wait: nil),
        ]
        for operation in operations { #expect(throws: Failure.wrongType) { try store.call(operation) } }
        #expect(try store.get("k") == .text("v"))
    }
}
