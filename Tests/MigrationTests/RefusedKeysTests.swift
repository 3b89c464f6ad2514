// What cannot be held counts for as long as it is there, and once.

import Testing

@testable import Migration

@Suite("keys that the other place cannot hold")
struct RefusedKeysTests {
    @Test("count until they are settled, and once however often they are written")
    func settled() {
        var refused = RefusedKeys<String>()
        refused.settle(["s"])
        for _ in 0..<3 {
            refused.settle(["s"])
            refused.add("s", type: "stream", reason: "'s': no")
        }
        refused.add("l", type: "list", reason: "'l': no")
        #expect(refused.summaries.map(\.keys) == [1, 1] && refused.summaries.map(\.type) == ["list", "stream"])
        refused.settle(["l", "s"])
        #expect(refused.isEmpty && refused.summaries == [])
    }

    @Test("are kept up to a limit; of more it is known how many they are")
    func limited() {
        var refused = RefusedKeys<Int>()
        let limit = RefusedKeys<Int>.keyLimit
        for key in 0..<limit { refused.add(key, type: "stream", reason: "\(key)") }
        #expect(!refused.hasOthers)
        refused.add(limit, type: "stream", reason: "one more")
        refused.add(nil, type: "stream", reason: "a long one")
        #expect(refused.keys.count == limit && refused.hasOthers)
        #expect(refused.summaries.first?.keys == Int64(limit + 2))
        refused.settle(0...limit)
        #expect(refused.summaries.first?.keys == 2 && !refused.isEmpty)
    }

    @Test("have at most 64 types, however many there are")
    func types() {
        var refused = RefusedKeys<Int>()
        for key in 0..<200 { refused.add(key, type: "t\(key)", reason: "no") }
        #expect(refused.summaries.count == 65 && refused.summaries.reduce(0) { $0 + $1.keys } == 200)
    }
}
