// Bytes that have to outlive the read that brought them.

/// Bytes kept aside in one buffer that is used again and again: half a head, or what came ahead of its turn.
package struct KeptBytes: ~Copyable {
    /// Buffers that grew beyond this are given back when they are emptied, so that an idle session stays small.
    private static let retained = 4096

    /// All that is held; what counts begins at ``start``.
    package private(set) var bytes: [UInt8] = []
    package private(set) var start = 0

    package init() {}

    package var count: Int { bytes.count - start }
    package var isEmpty: Bool { bytes.count == start }

    /// Copies `more` behind what is kept already.
    package mutating func append(_ more: Span<UInt8>) {
        more.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    /// Drops what lies before `end`, an index into ``bytes``.
    package mutating func remove(upTo end: Int) {
        start = min(max(start, end), bytes.count)
        if isEmpty { removeAll() }
    }

    package mutating func removeAll() {
        start = 0
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.retained)
    }
}
