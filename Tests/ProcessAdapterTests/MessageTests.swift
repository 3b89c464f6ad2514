// Operations as messages and answers out of them.

import Capabilities
import SwiftProtobuf
import Testing

@testable import ProcessAdapter

/// One operation of every kind, with all its options.
private let operations: [Capabilities.Operation] = {
    let (k, v, w) = (bytes("k"), bytes("v"), Wait(milliseconds: 5))
    let version = Version(7)
    let pairs = [Pair(k, v)]
    let keyValue: [KeyValueOperation] = [
        .get(key: k), .getVersioned(key: k), .getMany(keys: [k, v]),
        .set(key: k, value: v, SetOptions(.version(version), expiry: .at(9), returnsOld: true)),
        .setMany(pairs, onlyIfAllAbsent: true), .getAndExpire(key: k, .kept), .getAndDelete(key: k),
        .delete(keys: [k]), .deleteVersion(key: k, version), .exists(keys: [k]), .touch(keys: [k]), .type(key: k),
        .append(key: k, value: v), .length(key: k), .range(key: k, first: 1, last: -1),
        .overwrite(key: k, offset: 3, value: v), .increment(key: k, by: -4), .incrementFloat(key: k, by: bytes("1.5")),
        .expire(key: k, at: 8, .ifSomeAndEarlier), .expiry(key: k), .persist(key: k),
        .rename(from: k, to: v, onlyIfAbsent: true), .copy(from: k, to: v, toDatabase: 2, replaces: true),
        .scan(cursor: 3, match: v, count: 10, type: bytes("hash")), .keys(match: v), .randomKey, .count,
        .clear(everyDatabase: true),
    ]
    let hash: [HashAction] = [
        .set(pairs), .setIfAbsent(field: k, value: v), .get(field: k), .getMany(fields: [k]), .all, .fields, .values,
        .count, .contains(field: k), .valueLength(field: k), .delete(fields: [k]), .increment(field: k, by: 2),
        .incrementFloat(field: k, by: v), .random(count: -2, withValues: true), .scan(cursor: 1, match: v, count: 2),
    ]
    let list: [ListOperation] = [
        .push(key: k, values: [v], .right, onlyIfPresent: true), .pop(key: k, .right, count: 2), .length(key: k),
        .range(key: k, first: 0, last: 1), .item(key: k, index: -1), .setItem(key: k, index: 1, value: v),
        .insert(key: k, before: true, pivot: v, value: v), .remove(key: k, value: v, count: -1),
        .trim(key: k, first: 0, last: 1), .position(key: k, value: v, rank: -1, count: 2, limit: 3),
        .move(from: k, to: v, take: .right, put: .left, wait: w), .popFirst(keys: [k], .right, count: 1, wait: w),
    ]
    let set: [SetOperation] = [
        .add(key: k, members: [v]), .remove(key: k, members: [v]), .contains(key: k, members: [v]), .members(key: k),
        .count(key: k), .pop(key: k, count: 1), .random(key: k, count: -1), .move(from: k, to: v, member: v),
        .combine(.difference, keys: [k], store: v), .intersectionCount(keys: [k], limit: 2),
        .scan(key: k, cursor: 1, match: nil, count: 1),
    ]
    let members = SortedSetRange.members(from: .included(k), to: .highest)
    let slice = SortedSetSlice(members, reversed: true, offset: 1, limit: 2)
    let sortedSet: [SortedSetOperation] = [
        .add(key: k, [ScoredMember(v, score: 1)], SortedSetAddOptions()), .remove(key: k, members: [v]),
        .removeRange(key: k, .ranks(first: 0, last: 1)), .scores(key: k, members: [v]),
        .rank(key: k, member: v, reversed: true, withScore: true), .count(key: k),
        .countRange(key: k, .scores(from: ScoreBound(1, isExcluded: true), to: ScoreBound(.infinity))),
        .range(key: k, slice), .storeRange(from: k, to: v, slice), .pop(key: k, highest: true, count: 1),
        .popFirst(keys: [k], highest: true, count: 1, wait: w), .random(key: k, count: 2),
        .combine(.union, keys: [k], weights: [2], aggregate: .maximum, store: v),
        .intersectionCount(keys: [k], limit: 0), .scan(key: k, cursor: 0, match: v, count: 1),
    ]
    let rest: [Capabilities.Operation] = [
        .publish(channel: k, payload: v), .inspectBus(.channels(match: v)),
        .inspectBus(.subscriberCounts(channels: [k])),
        .inspectBus(.patternCount), .queue(.put(queue: k, payload: v, delayMilliseconds: 1)),
        .queue(.reserve(queue: k, visibilityMilliseconds: 2, wait: w)), .queue(.acknowledge(queue: k, id: v)),
        .queue(.release(queue: k, id: v, delayMilliseconds: 3)),
        .lock(.acquire(name: k, owner: v, ttlMilliseconds: 4)), .lock(.release(name: k, owner: v)),
        .lock(.extend(name: k, owner: v, ttlMilliseconds: 5)), .sequence(name: k, count: 6),
    ]
    return keyValue.map { .keyValue($0) } + hash.map { .hash(HashOperation(k, $0)) } + list.map { .list($0) }
        + set.map { .set($0) } + sortedSet.map { .sortedSet($0) } + rest
}()

@Suite("Operations and answers as messages")
struct MessageTests {
    @Test("every operation of the schema is one of the vocabulary, and each has its own")
    func kinds() throws {
        var kinds: Set<String> = []
        for operation in operations {
            let json = try ProtoOperation(operation).jsonString()
            kinds.insert(String(json.dropFirst(2).prefix { $0 != "\"" }))
        }
        #expect(kinds.count == operations.count)
        // As many as the oneof has cases.
        #expect(operations.count == 93)
    }

    @Test("no option is lost on the way")
    func options() throws {
        func json(_ operation: Capabilities.Operation) throws -> String { try ProtoOperation(operation).jsonString() }
        let set = Capabilities.Operation.keyValue(
            .set(key: bytes("k"), value: bytes("v"), SetOptions(.version(Version(7)), expiry: .at(9), returnsOld: true))
        )
        #expect(
            try json(set) == """
                {"kvSet":{"key":"aw==","value":"dg==","condition":"VERSION","version":"AAAAAAAAAAc=",\
                "expiry":{"at":"9"},"returnsOld":true}}
                """)
        let copy = Capabilities.Operation.keyValue(
            .copy(from: bytes("k"), to: bytes("v"), toDatabase: 0, replaces: false))
        #expect(try json(copy) == "{\"kvCopy\":{\"source\":\"aw==\",\"target\":\"dg==\",\"targetDatabase\":0}}")
        var options = SortedSetAddOptions()
        options.onlyNew = true
        options.onlyPresent = true
        options.onlyHigher = true
        options.onlyLower = true
        options.countsChanges = true
        options.increments = true
        let add = try json(.sortedSet(.add(key: bytes("k"), [], options)))
        for name in ["onlyNew", "onlyPresent", "onlyHigher", "onlyLower", "countsChanges", "increments"] {
            #expect(add.contains("\"\(name)\":true"))
        }
        let move = ListOperation.move(
            from: bytes("k"), to: bytes("v"), take: .right, put: .left, wait: Wait(milliseconds: 5))
        let moved = try json(.list(move))
        #expect(moved.contains("\"take\":\"RIGHT\"") && moved.contains("\"wait\":{\"milliseconds\":\"5\"}"))
        #expect(Capabilities.Operation.list(move).waits == 5)
    }

    @Test("an answer passes only where the operation can have it")
    func shapes() {
        let get = Capabilities.Operation.keyValue(.get(key: bytes("k")))
        #expect(get.expects(.missing) && get.expects(.bytes([])) && !get.expects(.done) && !get.expects(.integer(1)))
        let many = Capabilities.Operation.keyValue(.getMany(keys: [bytes("a"), bytes("b")]))
        #expect(many.expects(.list([.missing, .bytes([1])])))
        #expect(!many.expects(.list([.missing])) && !many.expects(.list([.missing, .integer(1)])))
        let pop = Capabilities.Operation.list(.popFirst(keys: [bytes("a")], .left, count: 1, wait: nil))
        #expect(pop.expects(.taken(key: bytes("a"), .list([.bytes([1])]))) && pop.expects(.missing))
        #expect(!pop.expects(.taken(key: bytes("a"), .scored([]))))
        let popScored = Capabilities.Operation.sortedSet(
            .popFirst(keys: [bytes("a")], highest: true, count: 1, wait: nil))
        #expect(popScored.expects(.taken(key: bytes("a"), .scored([]))))
        #expect(!popScored.expects(.taken(key: bytes("a"), .list([]))))
        let reserve = Capabilities.Operation.queue(.reserve(queue: bytes("q"), visibilityMilliseconds: 1, wait: nil))
        #expect(reserve.expects(.pairs([Pair([], [])])) && !reserve.expects(.pairs([])))
        // Every operation has some answer that it takes, and some that it does not.
        let answers: [Answer] = [
            .done, .missing, .flag(true), .integer(1), .double(1), .bytes([]), .versioned([], Version([])), .list([]),
            .list([.flag(true)]), .list([.missing]), .list([.integer(1)]), .pairs([Pair([], [])]), .scored([]),
            .page(cursor: 0, []), .list([.missing, .missing]),
        ]
        for operation in operations {
            let count = answers.count(where: operation.expects)
            #expect(count > 0 && count < answers.count - 5, "\(operation)")
        }
    }

    @Test("an answer nested without end is no answer")
    func nesting() throws {
        var answer = ProtoAnswer.with { $0.bytes = [1].data }
        for _ in 0..<60 { answer = .with { outer in outer.list = .with { $0.answers = [answer] } } }
        let deep = try #require(ProtoReply.with { $0.answer = answer }.encoded)
        #expect(ProtoReply(received: deep) == nil)
        #expect(ProtoReply(received: [0xFF, 0xFF, 0xFF]) == nil)
    }

    @Test("a failure keeps what it says, and an unknown one is the backend's")
    func failures() {
        #expect(
            Failure(
                .with {
                    $0.code = .tooLarge; $0.limit = 5
                }) == .tooLarge(limit: 5))
        #expect(
            Failure(
                .with {
                    $0.code = .refused; $0.capability = "kv.none"; $0.text = "no"
                }) == .backend("no"))
        #expect(Failure(.with { $0.code = .UNRECOGNIZED(99) }) == .backend("failure 99"))
    }
}
