// Replies belong to commands in their order, with those between that nobody minds.

import Testing

@testable import Gateway

@Suite("commands whose replies are awaited")
struct RedisAwaitedTests {
    @Test("come out in the order in which they went in, whatever is between them")
    func order() {
        var queue = RedisAwaited<Int>()
        var model: [Int?] = []
        var random = SplitMix(state: 7)
        for step in 0..<20_000 {
            // Long and short in turn, so that it grows beyond what is kept and is empty again.
            let grows = step / 5_000 % 2 == 0 ? 3 : 1
            if random.next() % 4 < grows {
                let entry = random.next() % 3 == 0 ? Int(step) : nil
                queue.append(entry)
                model.append(entry)
            } else {
                #expect(queue.first == (model.first ?? nil))
                #expect(queue.removeFirst() == (model.isEmpty ? nil : model.removeFirst()))
            }
            #expect(queue.count == model.count)
        }
        var left: [Int] = []
        queue.removeAll { left.append($0) }
        #expect(left == model.compactMap(\.self) && queue.count == 0 && queue.first == nil)
    }
}

private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
