// Sorted sets.

import Capabilities
import Testing

@testable import EmbeddedAdapter

@Suite("Sorted sets")
struct SortedSetTests {
    let store: StoreUnderTest
    init() throws { store = try StoreUnderTest() }

    private func add(_ member: String, _ score: Double, _ change: (inout SortedSetAddOptions) -> Void) throws -> Answer
    {
        var options = SortedSetAddOptions()
        change(&options)
        return try store.call(SortedSetOperation.add(key: b("z"), [ScoredMember(b(member), score: score)], options))
    }

    private func range(_ range: SortedSetRange, reversed: Bool = false, offset: Int64 = 0, limit: Int64 = -1) throws
        -> String
    {
        let slice = SortedSetSlice(range, reversed: reversed, offset: offset, limit: limit)
        guard case .scored(let items) = try store.call(SortedSetOperation.range(key: b("z"), slice)) else { return "?" }
        return items.map { String(decoding: $0.member, as: UTF8.self) }.joined()
    }

    @Test("members come in the order of their scores, equal ones in that of their bytes")
    func order() throws {
        try store.score("z", ["b": 1, "c": 1, "a": 1, "ab": 1, "z": -1.5, "m": .infinity, "n": -.infinity])
        #expect(try range(.ranks(first: 0, last: -1)) == "nzaabbcm")
        #expect(try range(.ranks(first: 0, last: -1), reversed: true) == "mcbabazn")
        #expect(try range(.ranks(first: 0, last: 0), reversed: true) == "m")
        #expect(try range(.ranks(first: -2, last: -1), reversed: true) == "zn")
    }

    @Test("options decide what is added, changed and counted")
    func options() throws {
        #expect(try add("a", 1) { $0.onlyPresent = true } == .integer(0))
        #expect(try !store.exists("z"))
        #expect(try add("a", 1) { $0.onlyHigher = true } == .integer(1))
        #expect(try add("a", 2) { _ in } == .integer(0))
        #expect(try add("a", 3) { $0.countsChanges = true } == .integer(1))
        #expect(try add("a", 3) { $0.countsChanges = true } == .integer(0))
        #expect(try add("a", 9) { $0.onlyNew = true } == .integer(0))
        #expect(try add("a", 2) { ($0.onlyHigher, $0.countsChanges) = (true, true) } == .integer(0))
        #expect(try add("a", 4) { ($0.onlyLower, $0.countsChanges) = (true, true) } == .integer(0))
        #expect(try add("a", 2) { ($0.onlyLower, $0.countsChanges) = (true, true) } == .integer(1))
        #expect(try add("a", 1.5) { $0.increments = true } == .double(3.5))
        #expect(try add("a", 1) { ($0.increments, $0.onlyNew) = (true, true) } == .missing)
        #expect(try add("a", -1) { ($0.increments, $0.onlyHigher) = (true, true) } == .missing)
        #expect(try add("b", 1) { ($0.increments, $0.onlyPresent) = (true, true) } == .missing)
        #expect(try add("b", 1) { $0.increments = true } == .double(1))
        #expect(try add("b", .infinity) { $0.increments = true } == .double(.infinity))
        #expect(throws: Failure.notFinite) { try add("b", -.infinity) { $0.increments = true } }
        #expect(throws: Failure.notFinite) { try add("b", .nan) { _ in } }
        #expect(
            try store.call(.scores(key: b("z"), members: ["a", "b", "c"].map(b)))
                == .list([.double(3.5), .double(.infinity), .missing]))
    }

    @Test("ranges by score and by bytes have open and closed ends")
    func ranges() throws {
        try store.score("z", ["a": 1, "b": 2, "c": 2, "d": 3, "e": 4])
        let scores = { (from: ScoreBound, to: ScoreBound) in SortedSetRange.scores(from: from, to: to) }
        #expect(try range(scores(ScoreBound(2), ScoreBound(3))) == "bcd")
        #expect(try range(scores(ScoreBound(2, isExcluded: true), ScoreBound(4, isExcluded: true))) == "d")
        #expect(try range(scores(ScoreBound(-.infinity), ScoreBound(.infinity)), offset: 1, limit: 2) == "bc")
        #expect(
            try range(scores(ScoreBound(-.infinity), ScoreBound(.infinity)), reversed: true, offset: 1, limit: 2)
                == "dc")
        #expect(try range(scores(ScoreBound(1), ScoreBound(4)), offset: 4, limit: 9) == "e")
        #expect(try range(scores(ScoreBound(1), ScoreBound(4)), offset: 9, limit: .max) == "")
        #expect(try range(scores(ScoreBound(1), ScoreBound(4)), offset: -1, limit: 2) == "")
        #expect(try range(scores(ScoreBound(4), ScoreBound(1))) == "")
        #expect(try range(scores(ScoreBound(2, isExcluded: true), ScoreBound(2))) == "")
        let count = try store.call(.countRange(key: b("z"), scores(ScoreBound(2), ScoreBound(3))))
        #expect(count == .integer(3))
        _ = try store.call(.delete(keys: [b("z")]))
        try store.score("z", ["a": 0, "b": 0, "c": 0, "d": 0])
        #expect(try range(.members(from: .lowest, to: .highest)) == "abcd")
        #expect(try range(.members(from: .excluded(b("a")), to: .included(b("c")))) == "bc")
        #expect(try range(.members(from: .included(b("b")), to: .excluded(b("d"))), reversed: true, limit: 1) == "c")
        #expect(try range(.members(from: .highest, to: .lowest)) == "")
        #expect(
            try store.call(.removeRange(key: b("z"), .members(from: .lowest, to: .excluded(b("b"))))) == .integer(1))
        #expect(try store.call(.removeRange(key: b("z"), .ranks(first: -1, last: -1))) == .integer(1))
        #expect(try range(.ranks(first: 0, last: -1)) == "bc")
        #expect(try store.call(.removeRange(key: b("z"), scores(ScoreBound(0), ScoreBound(0)))) == .integer(2))
        #expect(try !store.exists("z"))
    }

    @Test("ranks, counts and pops agree with the order of many members")
    func many() throws {
        var generator = RandomSource(seed: 11)
        var expected: [String: Double] = [:]
        for round in 0..<4000 {
            let name = "m\(generator.below(1500))"
            let score = Double(generator.below(50))
            if round % 4 == 3 {
                let removed = try store.call(SortedSetOperation.remove(key: b("z"), members: [b(name)]))
                #expect(removed == .integer(expected.removeValue(forKey: name) == nil ? 0 : 1))
            } else {
                try store.score("z", [name: score])
                expected[name] = score
            }
        }
        let order = expected.map { ScoredMember(b($0.key), score: $0.value) }.sorted(by: OrderedMembers.precedes)
        #expect(
            try store.call(SortedSetOperation.range(key: b("z"), SortedSetSlice(.ranks(first: 0, last: -1))))
                == .scored(order))
        for rank in stride(from: 0, to: order.count, by: 37) {
            let ask = { (reversed: Bool) throws in
                try self.store.call(
                    .rank(key: b("z"), member: order[rank].member, reversed: reversed, withScore: true))
            }
            #expect(try ask(false) == .list([.integer(Int64(rank)), .double(order[rank].score)]))
            #expect(try ask(true) == .list([.integer(Int64(order.count - 1 - rank)), .double(order[rank].score)]))
            let slice = SortedSetSlice(.ranks(first: Int64(rank), last: Int64(rank + 3)))
            #expect(
                try store.call(SortedSetOperation.range(key: b("z"), slice))
                    == .scored(Array(order[rank..<min(order.count, rank + 4)])))
        }
        #expect(try store.call(.pop(key: b("z"), highest: false, count: 700)) == .scored(Array(order[..<700])))
        #expect(
            try store.call(.pop(key: b("z"), highest: true, count: .max)) == .scored(Array(order[700...].reversed())))
        #expect(try !store.exists("z"))
        #expect(store.store.withState { $0.memory } == 0)
    }

    @Test("sets and sorted sets become one sorted set")
    func combines() throws {
        try store.score("z", ["a": 1, "b": 2])
        try store.score("y", ["b": 3, "c": .infinity])
        try store.add("s", "a", "b")
        let combine = { (how: SetCombination, keys: [String], weights: [Double], aggregate: ScoreAggregate) throws in
            try self.store.call(
                .combine(how, keys: keys.map(b), weights: weights, aggregate: aggregate, store: nil)
                    as SortedSetOperation)
        }
        let scored = { (items: KeyValuePairs<String, Double>) in
            Answer.scored(items.map { ScoredMember(b($0.key), score: $0.value) })
        }
        #expect(try combine(.union, ["z", "y", "none"], [], .sum) == scored(["a": 1, "b": 5, "c": .infinity]))
        #expect(try combine(.union, ["z", "y"], [2, 0], .sum) == scored(["c": 0, "a": 2, "b": 4]))
        #expect(try combine(.intersection, ["z", "s"], [10, 1], .maximum) == scored(["a": 10, "b": 20]))
        #expect(try combine(.intersection, ["z", "y", "s"], [], .minimum) == scored(["b": 1]))
        #expect(try combine(.intersection, ["z", "none"], [], .sum) == scored([:]))
        #expect(try combine(.difference, ["z", "y"], [], .sum) == scored(["a": 1]))
        // Zero times infinity is zero in a union. In an intersection it is so for the first set only: of another one
        // it makes a sum zero, and is neither less nor more than what is there.
        try store.score("i", ["a": .infinity, "b": .infinity, "x": 0])
        #expect(try combine(.union, ["i", "z"], [0, 1], .sum) == scored(["x": 0, "a": 1, "b": 2]))
        #expect(try combine(.intersection, ["z", "i"], [1, 0], .sum) == scored(["a": 0, "b": 0]))
        #expect(try combine(.intersection, ["z", "i"], [1, 0], .minimum) == scored(["a": 1, "b": 2]))
        #expect(try combine(.intersection, ["i", "i"], [0, 1], .minimum) == scored(["a": 0, "b": 0, "x": 0]))
        #expect(throws: Failure.self) { try combine(.union, ["z", "y"], [1], .sum) }
        try store.set("k", "v")
        #expect(throws: Failure.wrongType) { try combine(.intersection, ["none", "k"], [], .sum) }
        #expect(
            try store.call(
                .combine(.union, keys: [b("z")], weights: [], aggregate: .sum, store: b("k")) as SortedSetOperation)
                == .integer(2))
        #expect(try store.call(.type(key: b("k"))) == .text("zset"))
        #expect(try store.call(SortedSetOperation.intersectionCount(keys: ["z", "s"].map(b), limit: 0)) == .integer(2))
        #expect(try store.call(SortedSetOperation.intersectionCount(keys: ["z", "s"].map(b), limit: 1)) == .integer(1))
    }

    @Test("a range can be stored, and an empty one deletes")
    func stores() throws {
        try store.score("z", ["a": 1, "b": 2, "c": 3])
        let keep = { (range: SortedSetRange) throws in
            try self.store.call(.storeRange(from: b("z"), to: b("out"), SortedSetSlice(range)))
        }
        #expect(try keep(.ranks(first: 1, last: 2)) == .integer(2))
        #expect(try store.call(SortedSetOperation.count(key: b("out"))) == .integer(2))
        #expect(try keep(.ranks(first: 5, last: 9)) == .integer(0))
        #expect(try !store.exists("out"))
        try store.set("k", "v")
        #expect(throws: Failure.wrongType) {
            try store.call(.storeRange(from: b("k"), to: b("out"), SortedSetSlice(.ranks(first: 0, last: 1))))
        }
    }

    @Test("an operation on a sorted set fails on another type, and finds nothing where nothing is")
    func wrongTypeAndMissing() throws {
        try store.set("k", "v")
        let all = SortedSetRange.ranks(first: 0, last: -1)
        let cases: [(([UInt8]) -> SortedSetOperation, Answer)] = [
            ({ .remove(key: $0, members: [[]]) }, .integer(0)), ({ .removeRange(key: $0, all) }, .integer(0)),
            ({ .scores(key: $0, members: [[]]) }, .list([.missing])),
            ({ .rank(key: $0, member: [], reversed: false, withScore: false) }, .missing),
            ({ .count(key: $0) }, .integer(0)), ({ .countRange(key: $0, all) }, .integer(0)),
            ({ .range(key: $0, SortedSetSlice(all)) }, .scored([])),
            ({ .pop(key: $0, highest: true, count: 1) }, .scored([])),
            ({ .popFirst(keys: [$0], highest: true, count: 1, wait: nil) }, .missing),
            ({ .random(key: $0, count: nil) }, .missing), ({ .random(key: $0, count: 2) }, .scored([])),
            ({ .intersectionCount(keys: [$0], limit: 0) }, .integer(0)),
            ({ .scan(key: $0, cursor: 0, match: nil, count: 5) }, .page(cursor: 0, [])),
        ]
        for (operation, answer) in cases {
            #expect(throws: Failure.wrongType) { try store.call(operation(b("k"))) }
            #expect(try store.call(operation(b("none"))) == answer)
        }
        #expect(throws: Failure.wrongType) {
            try store.call(SortedSetOperation.add(key: b("k"), [ScoredMember([], score: 1)], SortedSetAddOptions()))
        }
    }
}
