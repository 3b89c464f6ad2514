// Bytes that a peer has not taken yet, in chunks that a worker's sockets share.

/// Chunks of memory that a worker's write queues borrow and give back.
package final class ChunkPool {
    static let chunkSize = 64 * 1024
    /// Free chunks that are kept; more are given back to the system.
    private static let kept = 16

    @exclusivity(unchecked) private var free: [UnsafeMutableRawPointer] = []
    /// Chunks that queues hold now.
    @exclusivity(unchecked) package private(set) var lent = 0

    init() { free.reserveCapacity(Self.kept) }

    deinit { for chunk in free { chunk.deallocate() } }

    func take() -> UnsafeMutableRawPointer {
        lent += 1
        return free.popLast() ?? .allocate(byteCount: Self.chunkSize, alignment: 64)
    }

    func giveBack(_ chunk: UnsafeMutableRawPointer) {
        lent -= 1
        if free.count < Self.kept { free.append(chunk) } else { chunk.deallocate() }
    }
}

/// A first-in first-out queue of bytes; empty, it holds no chunk.
struct WriteQueue: ~Copyable {
    private struct Chunk {
        let base: UnsafeMutableRawPointer
        var start = 0
        var end = 0
    }

    private let pool: ChunkPool
    private var chunks: [Chunk] = []
    private var first = 0
    private(set) var count = 0

    init(pool: ChunkPool) { self.pool = pool }

    deinit {
        for chunk in chunks[first...] { pool.giveBack(chunk.base) }
    }

    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            if chunks.count == first || chunks[chunks.count - 1].end == ChunkPool.chunkSize {
                chunks.append(Chunk(base: pool.take()))
            }
            let last = chunks.count - 1
            let room = min(rest.count, ChunkPool.chunkSize - chunks[last].end)
            (chunks[last].base + chunks[last].end).copyMemory(from: base, byteCount: room)
            chunks[last].end += room
            count += room
            rest = UnsafeRawBufferPointer(rebasing: rest[room...])
        }
    }

    /// The bytes that are next, as far as they lie together; empty when the queue is.
    var front: UnsafeRawBufferPointer {
        guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let chunk = chunks[first]
        return UnsafeRawBufferPointer(start: chunk.base + chunk.start, count: chunk.end - chunk.start)
    }

    /// Drops everything.
    mutating func removeAll() {
        while count > 0 { removeFirst(front.count) }
    }

    /// Drops `taken` bytes, all of them from ``front``.
    mutating func removeFirst(_ taken: Int) {
        count -= taken
        chunks[first].start += taken
        guard chunks[first].start == chunks[first].end else { return }
        pool.giveBack(chunks[first].base)
        first += 1
        if first == chunks.count {
            // The list itself is small, because what feeds a queue stops at the high-water mark.
            chunks.removeAll(keepingCapacity: true)
            first = 0
        } else if first >= 32 {
            chunks.removeFirst(first)
            first = 0
        }
    }
}
