// The hash of texts that PostgreSQL's hashtext() tells.

/// Bob Jenkins' hash as PostgreSQL computes it on machines that keep the low byte first (src/common/hashfn.c, hash_bytes).
enum SQLHash {
    static func number(_ key: [UInt8]) -> Int32 {
        var a = 0x9e37_79b9 &+ UInt32(truncatingIfNeeded: key.count) &+ 3_923_095
        var b = a
        var c = a
        var place = 0
        func word(_ start: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(key[start + $1]) << UInt32(8 * $1) }
        }
        while key.count - place >= 12 {
            a &+= word(place)
            b &+= word(place + 4)
            c &+= word(place + 8)
            mix(&a, &b, &c)
            place += 12
        }
        // The lowest byte of the third word is kept for the length.
        for (offset, byte) in key[place...].enumerated() {
            let shifted = UInt32(byte) << UInt32(8 * ((offset < 8 ? offset : offset + 1) % 4))
            switch offset {
            case 0..<4: a &+= shifted
            case 4..<8: b &+= shifted
            default: c &+= shifted
            }
        }
        last(&a, &b, &c)
        return Int32(bitPattern: c)
    }

    private static func rotated(_ value: UInt32, _ count: UInt32) -> UInt32 { value << count | value >> (32 - count) }

    private static func mix(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
        mix(&a, b, &c, by: 4)
        mix(&b, c, &a, by: 6)
        mix(&c, a, &b, by: 8)
        mix(&a, b, &c, by: 16)
        mix(&b, c, &a, by: 19)
        mix(&c, a, &b, by: 4)
    }

    private static func mix(_ a: inout UInt32, _ b: UInt32, _ c: inout UInt32, by count: UInt32) {
        a &-= c
        a ^= rotated(c, count)
        c &+= b
    }

    private static func last(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
        fold(b, into: &c, by: 14)
        fold(c, into: &a, by: 11)
        fold(a, into: &b, by: 25)
        fold(b, into: &c, by: 16)
        fold(c, into: &a, by: 4)
        fold(a, into: &b, by: 14)
        fold(b, into: &c, by: 24)
    }

    private static func fold(_ value: UInt32, into other: inout UInt32, by count: UInt32) {
        other ^= value
        other &-= rotated(value, count)
    }
}
