// Random operations on the store and on a plain model: the same answers, the same failures, the same contents.

import Capabilities
import Testing

@testable import EmbeddedAdapter

/// Makes random operations on few keys, so that they meet.
private struct OperationSource {
    var random: RandomSource
    var now: Int64 = 1_000_000

    private mutating func key() -> [UInt8] { b("k\(random.below(12))") }
    private mutating func name() -> [UInt8] { b("m\(random.below(24))") }
    private mutating func names() -> [[UInt8]] { (0...random.below(4)).map { _ in name() } }
    private mutating func side() -> ListSide { random.below(2) == 0 ? .left : .right }
    private mutating func value() -> [UInt8] {
        random.below(3) == 0 ? b("\(random.below(1000))") : (0..<random.below(40)).map { _ in UInt8(random.below(256)) }
    }

    mutating func next() -> Call {
        now += Int64(random.below(3))
        switch random.below(5) {
        case 0: return .keyValue(keyValue())
        case 1: return .hash(HashOperation(key(), hash()))
        case 2: return .list(list())
        case 3: return .set(set())
        default: return .sortedSet(sortedSet())
        }
    }

    private mutating func keyValue() -> KeyValueOperation {
        switch random.below(12) {
        case 0: return .get(key: key())
        case 1, 2:
            let conditions: [SetCondition] = [.always, .always, .absent, .present]
            let expiries: [Expiry] = [.never, .never, .kept, .at(now + Int64(random.below(200)))]
            let options = SetOptions(
                conditions[random.below(4)], expiry: expiries[random.below(4)], returnsOld: random.below(4) == 0)
            return .set(key: key(), value: value(), options)
        case 3: return .append(key: key(), value: value())
        case 4: return .overwrite(key: key(), offset: Int64(random.below(30)), value: value())
        case 5: return .increment(key: key(), by: Int64(random.below(100)) - 50)
        case 6: return .delete(keys: (0...random.below(2)).map { _ in key() })
        case 7: return .expire(key: key(), at: now + Int64(random.below(300)) - 5, .always)
        case 8: return .persist(key: key())
        case 9: return .rename(from: key(), to: key(), onlyIfAbsent: false)
        case 10: return .copy(from: key(), to: key(), toDatabase: nil, replaces: random.below(2) == 0)
        default: return random.below(2) == 0 ? .expiry(key: key()) : .keys(match: b("*"))
        }
    }

    private mutating func hash() -> HashAction {
        switch random.below(4) {
        case 0: .get(field: name())
        case 1: .delete(fields: names())
        case 2: .all
        default: .set(names().map { Pair($0, value()) })
        }
    }

    private mutating func list() -> ListOperation {
        switch random.below(8) {
        case 0, 1: .push(key: key(), values: names(), side(), onlyIfPresent: false)
        case 2: .pop(key: key(), side(), count: random.below(2) == 0 ? nil : Int64(random.below(4)))
        case 3: .move(from: key(), to: key(), take: side(), put: side(), wait: nil)
        case 4: .remove(key: key(), value: name(), count: Int64(random.below(5)) - 2)
        case 5: .insert(key: key(), before: random.below(2) == 0, pivot: name(), value: name())
        default: .range(key: key(), first: 0, last: -1)
        }
    }

    private mutating func set() -> SetOperation {
        let ways: [SetCombination] = [.union, .intersection, .difference]
        switch random.below(6) {
        case 0, 1: return .add(key: key(), members: names())
        case 2: return .remove(key: key(), members: names())
        case 3: return .members(key: key())
        case 4: return .move(from: key(), to: key(), member: name())
        default:
            return .combine(ways[random.below(3)], keys: [key(), key()], store: random.below(2) == 0 ? nil : key())
        }
    }

    private mutating func sortedSet() -> SortedSetOperation {
        switch random.below(6) {
        case 0, 1:
            return .add(
                key: key(), names().map { ScoredMember($0, score: Double(random.below(10))) }, SortedSetAddOptions())
        case 2: return .remove(key: key(), members: names())
        case 3: return .pop(key: key(), highest: random.below(2) == 0, count: Int64(random.below(3)))
        case 4: return .rank(key: key(), member: name(), reversed: false, withScore: false)
        default: return .range(key: key(), SortedSetSlice(.ranks(first: 0, last: -1)))
        }
    }
}

@Suite("The store and a plain model")
struct ModelTests {
    @Test(
        "give the same answers and hold the same, across restarts and snapshots",
        arguments: 1...12 as ClosedRange<UInt64>)
    func agree(seed: UInt64) throws {
        let store = try StoreUnderTest()
        var model = ReferenceModel()
        var source = OperationSource(random: RandomSource(seed: seed))
        for step in 1...3000 {
            let operation = source.next()
            store.now = source.now
            let expected = Result { () throws(Failure) in try model.perform(operation, source.now) }
            let actual = Result { () throws(Failure) in try store.call(operation) }
            try #require(actual.map(\.sorted) == expected.map(\.sorted), "step \(step) of seed \(seed): \(operation)")
            if step % 100 == 0 { try store.commit() }
            if step % 700 == 0 { try store.store.takeSnapshot(0) }
            if step % 500 == 0 {
                try store.reopen()
                while store.store.keep(source.now) {}
                model.expire(source.now)
                var contents = store.contents
                contents["last item"] = nil
                try #require(contents == model.contents, "step \(step) of seed \(seed)")
            }
        }
        _ = try store.call(.clear(everyDatabase: true))
        #expect(store.store.withState { $0.memory } == 0)
    }
}
