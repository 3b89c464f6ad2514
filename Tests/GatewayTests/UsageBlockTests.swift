// Which requests are looked at.

import Reactor
import Testing

@testable import Gateway

@Suite("looks at requests")
struct UsageBlockTests {
    @Test("are taken of the first ones, of a sample, and of each number of words that is new")
    func lengths() {
        let table = UsageTable(features: ["set", "get", "nx"], exactCount: 2, requests: 0..<2, sizes: [])
        let block = UsageBlock(UsageIdentity(), table, clock: UsageClock(seconds: { 1 }), now: 0)
        for _ in 0..<64 { #expect(block.count(request: 0, words: 3, now: 0) == 1) }
        for _ in 0..<4 { #expect(block.count(request: 0, words: 3, now: 0) == 0) }
        // The first with an option, and no other like it.
        #expect(block.count(request: 0, words: 4, now: 0) == 1)
        #expect(block.count(request: 0, words: 4, now: 0) == 0)
        // However long commands get, there is a last length.
        #expect(block.count(request: 0, words: .max, now: 0) == 1)
        for words in 63..<80 { #expect(block.count(request: 0, words: words, now: 0) == 0) }
        let weights = (0..<96).map { _ in block.count(request: 0, words: 3, now: 0) }.filter { $0 > 0 }
        #expect(!weights.isEmpty && weights.allSatisfy { 32...96 ~= $0 }, "\(weights)")
        // What was counted is forgotten, and with it what was looked at.
        block.reset()
        for _ in 0..<70 { _ = block.count(request: 0, words: 3, now: 0) }
        #expect(block.count(request: 0, words: 4, now: 0) == 1)
    }

    @Test("of forms that take turns give each its share", arguments: [1, 2, 0xFA1E_1EAD])
    func shares(seed: UInt64) {
        let table = UsageTable(features: ["set", "ex", "nx"], exactCount: 1, requests: 0..<1, sizes: [])
        for isKnown in [false, true] {
            let block = UsageBlock(
                UsageIdentity(), table, clock: UsageClock(seconds: { 1 }), now: 0, seed: seed)
            for turn in 0..<20_000 {
                let weight = isKnown ? block.sampled() : block.count(request: 0, now: 0)
                if weight > 0 { block.note(1 + turn % 2, weight: weight) }
            }
            let counters = block.snapshot(now: 0).counters
            for form in 1...2 {
                let count = counters.first { $0.0 == form }?.1.count ?? 0
                #expect(7_500...12_500 ~= count, "\(form) of \(counters.map(\.1.count)), \(isKnown)")
            }
        }
    }

    @Test("are at distances of 64 on average, from 32 to 96")
    func distances() {
        var distances = UsageDistances(seed: 7)
        let drawn = (0..<10_000).map { _ in distances.next() }
        #expect(drawn.min() == 32 && drawn.max() == 96)
        #expect(63.0...65.0 ~= Double(drawn.reduce(0, +)) / 10_000)
    }

    @Test("and of each outline that is new, for itself alone")
    func outlines() {
        let table = UsageTable(features: ["set", "get"], exactCount: 2, requests: 0..<2, sizes: [])
        let block = UsageBlock(UsageIdentity(), table, clock: UsageClock(seconds: { 1 }), now: 0)
        for outline in [0, 63, 64, 127] {
            #expect(block.isNew(outline: outline, of: 0) && !block.isNew(outline: outline, of: 0))
            #expect(block.isNew(outline: outline, of: 1))
        }
        block.reset()
        #expect(block.isNew(outline: 64, of: 0))
    }

    @Test("a reset makes room for applications with other names")
    func room() throws {
        let listener = ListenerUsage(UsageTables.of(.redis), samples: 0, worker: try Worker(index: 0))
        func session(_ name: String) -> SessionUsage {
            let session = SessionUsage(listener, client: nil)
            session.become(UsageIdentity(name: name)).note(0, weight: 1)
            return session
        }
        let held = session("held")
        for index in 1..<ListenerUsage.applicationLimit { session("\(index)").end() }
        session("beyond").end()
        #expect(Set(listener.snapshots.map(\.identity.name)).isDisjoint(with: ["beyond"]))
        listener.reset()
        session("beyond").end()
        held.note(0)
        #expect(Set(listener.snapshots.map(\.identity.name)) == ["held", "beyond"])
    }
}
