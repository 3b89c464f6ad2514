// The unit in which the log is written and checked: the records of one commit.

import Digest

/// A frame is a mark, a CRC-32C of what follows it, the length of the records, and the records; all little-endian.
///
/// One commit is one frame, so what was done as one (a transaction) is replayed in full or not at all.
enum Frame {
    static let mark: UInt32 = 0x4B4C_4631
    static let headSize = 16

    /// Fills in the head of `frame`, whose first ``headSize`` bytes are room for it.
    static func seal(_ frame: inout [UInt8]) {
        store(mark, at: 0, in: &frame)
        store(UInt64(frame.count - headSize), at: 8, in: &frame)
        var check = CRC(.crc32c)
        check.update(frame[8...])
        store(UInt32(truncatingIfNeeded: check.value), at: 4, in: &frame)
    }

    private static func store<Number: FixedWidthInteger>(_ number: Number, at offset: Int, in frame: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { frame.replaceSubrange(offset..<offset + $0.count, with: $0) }
    }

    /// The end of the whole and unharmed frame at `offset`; nil when there is none.
    static func end(of bytes: UnsafeRawBufferPointer, at offset: Int) -> Int? {
        guard bytes.count - offset >= headSize,
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) == mark
        else { return nil }
        let check = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
        let length = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
        guard length <= UInt64(bytes.count - offset - headSize) else { return nil }
        let end = offset + headSize + Int(length)
        var actual = CRC(.crc32c)
        actual.update(UnsafeRawBufferPointer(rebasing: bytes[offset + 8..<end]).bytes)
        return UInt32(truncatingIfNeeded: actual.value) == check ? end : nil
    }
}
