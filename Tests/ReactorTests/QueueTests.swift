// Write queues, their chunks, and the queue of jobs.

import Testing

@testable import Reactor

@Suite("Write queues and their chunks")
struct QueueTests {
    @Test("what goes in comes out in order, whatever the sizes", arguments: [1, 100, 65_535, 65_536, 65_537, 300_000])
    func order(size: Int) {
        let pool = ChunkPool()
        var queue = WriteQueue(pool: pool)
        let bytes = pattern(max(2_000, size * 4))
        var given = 0
        var taken: [UInt8] = []
        while taken.count < bytes.count {
            if given < bytes.count {
                let end = min(given + size, bytes.count)
                bytes[given..<end].withUnsafeBytes { queue.append($0) }
                given = end
            }
            let front = queue.front
            let count = min(front.count, max(1, size * 2 / 3), 70_000)
            taken += front.prefix(count)
            queue.removeFirst(count)
        }
        #expect(same(taken, bytes) as Bool)
        let isEmpty = queue.isEmpty
        #expect(isEmpty)
        #expect(pool.lent == 0)
    }

    @Test("an empty queue holds no chunk, and a full one no more than its bytes need")
    func chunks() {
        let pool = ChunkPool()
        var queue = WriteQueue(pool: pool)
        #expect(pool.lent == 0)
        pattern(3 * ChunkPool.chunkSize + 1).withUnsafeBytes { queue.append($0) }
        #expect(pool.lent == 4)
        queue.removeAll()
        #expect(pool.lent == 0)
        let count = queue.front.count
        #expect(count == 0)
    }

    @Test("a queue that goes with bytes in it gives its chunks back")
    func dropped() {
        let pool = ChunkPool()
        do {
            var queue = WriteQueue(pool: pool)
            pattern(200_000).withUnsafeBytes { queue.append($0) }
            queue.removeFirst(ChunkPool.chunkSize)
            #expect(pool.lent == 3)
        }
        #expect(pool.lent == 0)
    }

    @Test("a chunk that was given back is lent again")
    func reused() {
        let pool = ChunkPool()
        let first = pool.take()
        pool.giveBack(first)
        let second = pool.take()
        #expect(first == second)
        pool.giveBack(second)
    }
}

@Suite("Jobs of a worker")
struct JobTests {
    @Test("jobs run in the order they came, however many wait")
    func order() async throws {
        let loop = try Loop()
        let order = Order()
        try await loop.session { [worker = loop.worker] _ in
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<1_000 { group.addTask(executorPreference: worker) { order.numbers.append(index) } }
            }
        }.value
        #expect(await loop.inside { _ in order.numbers } == Array(0..<1_000))
    }
}

/// What ran, in order; touched on one worker only.
private final class Order: @unchecked Sendable {
    var numbers: [Int] = []
}
