// The hash of keys, fields and members, with secrets that no client knows.

/// A multiply-and-fold hash over 16 bytes a step, seeded anew in each process.
///
/// Every constant of it is random: a client that does not know them cannot choose keys that meet in one slot.
struct SeededHash: Sendable {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64

    static let process = SeededHash()

    private init() {
        var system = SystemRandomNumberGenerator()
        first = system.next()
        second = system.next() | 1
        third = system.next() | 1
    }

    /// The 32 bits that place `bytes` in a table; its high bits are the coarser place.
    @inline(__always)
    static func of(_ bytes: [UInt8]) -> UInt32 { process.hash(bytes) }

    private func hash(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { bytes in
            let count = bytes.count
            var seed = first
            var low: UInt64 = 0
            var high: UInt64 = 0
            if count > 16 {
                var offset = 0
                while count - offset > 16 {
                    seed = Self.fold(Self.word(bytes, offset) ^ second, Self.word(bytes, offset + 8) ^ seed)
                    offset += 16
                }
                low = Self.word(bytes, count - 16)
                high = Self.word(bytes, count - 8)
            } else if count >= 8 {
                low = Self.word(bytes, 0)
                high = Self.word(bytes, count - 8)
            } else if count >= 4 {
                low = UInt64(bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
                high = UInt64(bytes.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
            } else if count > 0 {
                low = UInt64(bytes[0]) << 16 | UInt64(bytes[count >> 1]) << 8 | UInt64(bytes[count - 1])
            }
            let mixed = Self.fold(low ^ second, high ^ seed)
            return UInt32(truncatingIfNeeded: Self.fold(mixed ^ third, UInt64(count) ^ second) >> 32)
        }
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
