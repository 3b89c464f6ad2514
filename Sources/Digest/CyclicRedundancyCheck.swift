// The cyclic redundancy checks that S3 offers, eight bytes at a time.

/// A reflected check whose register begins and ends inverted, as all three of these are.
package enum CRCAlgorithm: Sendable, CaseIterable {
    /// ISO/IEC 3309, as in gzip: `CRC-32/ISO-HDLC`.
    case crc32
    /// Castagnoli: `CRC-32/ISCSI`, RFC 3720.
    case crc32c
    /// `CRC-64/NVME`, NVM Express's command set specification 1.0, 5.2.1.3.4.
    case crc64NVME

    /// The length of the check in bytes.
    package var byteCount: Int { self == .crc64NVME ? 8 : 4 }

    /// The polynomial, lowest power first.
    private var polynomial: UInt64 {
        switch self {
        case .crc32: 0xEDB8_8320
        case .crc32c: 0x82F6_3B78
        case .crc64NVME: 0x9A6C_9329_AC4B_C9B5
        }
    }

    fileprivate var mask: UInt64 { self == .crc64NVME ? .max : 0xFFFF_FFFF }

    /// Eight tables of 256: the check of a byte that is followed by zero to seven zero bytes.
    fileprivate var tables: [UInt64] {
        switch self {
        case .crc32: Self.tablesOfCRC32
        case .crc32c: Self.tablesOfCRC32C
        case .crc64NVME: Self.tablesOfCRC64NVME
        }
    }

    private static let tablesOfCRC32 = CRCAlgorithm.crc32.makeTables()
    private static let tablesOfCRC32C = CRCAlgorithm.crc32c.makeTables()
    private static let tablesOfCRC64NVME = CRCAlgorithm.crc64NVME.makeTables()

    private func makeTables() -> [UInt64] {
        var tables = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var register = UInt64(byte)
            for _ in 0..<8 { register = register & 1 == 1 ? register >> 1 ^ polynomial : register >> 1 }
            tables[byte] = register
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }
}

/// A check under way.
package struct CRC: Sendable {
    package let algorithm: CRCAlgorithm
    private var register: UInt64

    package init(_ algorithm: CRCAlgorithm) {
        self.algorithm = algorithm
        register = algorithm.mask
    }

    package mutating func update(_ bytes: RawSpan) {
        let tables = algorithm.tables
        let table = tables.span
        var register = register
        var offset = 0
        while bytes.byteCount - offset >= 8 {
            let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
            let mixed = register ^ word
            register =
                table[1792 + Int(mixed & 0xFF)] ^ table[1536 + Int(mixed >> 8 & 0xFF)]
                ^ table[1280 + Int(mixed >> 16 & 0xFF)] ^ table[1024 + Int(mixed >> 24 & 0xFF)]
                ^ table[768 + Int(mixed >> 32 & 0xFF)] ^ table[512 + Int(mixed >> 40 & 0xFF)]
                ^ table[256 + Int(mixed >> 48 & 0xFF)] ^ table[Int(mixed >> 56)]
            offset += 8
        }
        while offset < bytes.byteCount {
            let byte = UInt64(bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self))
            register = register >> 8 ^ table[Int((register ^ byte) & 0xFF)]
            offset += 1
        }
        self.register = register
    }

    package mutating func update(_ bytes: [UInt8]) { update(bytes.span.bytes) }

    package mutating func update(_ bytes: ArraySlice<UInt8>) { update(bytes.span.bytes) }

    /// The check of all that came so far.
    package var value: UInt64 { register ^ algorithm.mask }

    /// The same, most significant byte first, as S3 writes it before Base64.
    package var bytes: [UInt8] { algorithm.bytes(of: value) }
}

extension CRCAlgorithm {
    /// `value` as bytes, most significant first, as S3 writes it before Base64.
    package func bytes(of value: UInt64) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (byteCount - 1 - $0))) }
    }

    /// The check of two texts one behind the other, from the check of each and the length of the second.
    ///
    /// The first check is carried past as many zero bytes as the second text has: multiplied by x to the power of its bits,
    /// modulo the polynomial, in as many steps as that number has bits.
    package func joined(_ first: UInt64, _ second: UInt64, byteCount: UInt64) -> UInt64 {
        // The bits of a reflected register count from the highest power down: its top bit is x to the power of zero.
        let one: UInt64 = 1 << UInt64(8 * self.byteCount - 1)
        // x to the power of eight: a byte.
        var square = one >> 8
        var factor = one
        var rest = byteCount
        while rest > 0 {
            if rest & 1 == 1 { factor = product(factor, square) }
            square = product(square, square)
            rest >>= 1
        }
        return product(first, factor) ^ second
    }

    /// The product of two polynomials modulo that of the check.
    private func product(_ one: UInt64, _ other: UInt64) -> UInt64 {
        var sum: UInt64 = 0
        var shifted = one
        for power in stride(from: 8 * byteCount - 1, through: 0, by: -1) {
            if other >> UInt64(power) & 1 == 1 { sum ^= shifted }
            shifted = shifted & 1 == 1 ? shifted >> 1 ^ polynomial : shifted >> 1
        }
        return sum
    }
}
