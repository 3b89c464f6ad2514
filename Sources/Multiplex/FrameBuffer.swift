// What came of a frame before its end did.

/// Bytes that wait for the rest of their frame, used again for the next one.
struct FrameBuffer {
    /// Buffers that grew beyond this are given back when they are emptied.
    private static let retained = 64 * 1024

    private(set) var bytes: [UInt8] = []

    var count: Int { bytes.count }
    var isEmpty: Bool { bytes.isEmpty }

    mutating func append(_ more: Span<UInt8>) {
        more.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    /// Drops the frames that were taken; the rest moves to the front, so that a stream of frames needs no more room than
    /// one of them and a read.
    mutating func removeFirst(_ count: Int) {
        if count == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.capacity <= Self.retained)
        } else if count > 0 {
            bytes.removeFirst(count)
        }
    }
}
