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
        a &-= c
        a ^= rotated(c, 4)
        c &+= b
        b &-= a
        b ^= rotated(a, 6)
        a &+= c
        c &-= b
        c ^= rotated(b, 8)
        b &+= a
        a &-= c
        a ^= rotated(c, 16)
        c &+= b
        b &-= a
        b ^= rotated(a, 19)
        a &+= c
        c &-= b
        c ^= rotated(b, 4)
        b &+= a
    }

    private static func last(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
        c ^= b
        c &-= rotated(b, 14)
        a ^= c
        a &-= rotated(c, 11)
        b ^= a
        b &-= rotated(a, 25)
        c ^= b
        c &-= rotated(b, 16)
        a ^= c
        a &-= rotated(c, 4)
        b ^= a
        b &-= rotated(a, 14)
        c ^= b
        c &-= rotated(b, 24)
    }
}
