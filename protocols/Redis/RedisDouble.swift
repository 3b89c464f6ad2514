// Numbers with fractions as redis-server 7.0 spells them: C's "%.17g".

/// Spells doubles with up to 17 significant digits, rounded exactly.
package enum RedisDouble {
    private static let digitCount = 17

    /// Appends `value`: `3`, `0.10000000000000001`, `1e+17`, `inf`, `-inf`, `nan`.
    package static func append(_ value: Double, to bytes: inout [UInt8]) {
        if value.sign == .minus, !value.isNaN { bytes.append(0x2D) }
        guard value.isFinite else {
            bytes.append(contentsOf: value.isNaN ? "nan".utf8 : "inf".utf8)
            return
        }
        let magnitude = value.magnitude
        if magnitude < 1e17, magnitude == magnitude.rounded(.towardZero) {
            RedisInteger.append(Int64(magnitude), to: &bytes)
            return
        }
        var number = DecimalExpansion(magnitude)
        let (digits, exponent) = number.rounded(to: digitCount)
        append(digits, exponent, to: &bytes)
    }

    /// Appends `digits` without their trailing zeros; the first one counts ten to the power of `exponent`.
    private static func append(_ digits: [UInt8], _ exponent: Int, to bytes: inout [UInt8]) {
        let last = digits.lastIndex { $0 != 0 } ?? 0
        let digits = digits[...last].map { $0 &+ 0x30 }
        if exponent < -4 || exponent >= digitCount {
            bytes.append(digits[0])
            if digits.count > 1 {
                bytes.append(0x2E)
                bytes.append(contentsOf: digits[1...])
            }
            bytes.append(0x65)
            bytes.append(exponent < 0 ? 0x2D : 0x2B)
            if exponent.magnitude < 10 { bytes.append(0x30) }
            RedisInteger.append(Int64(exponent.magnitude), to: &bytes)
        } else if exponent < 0 {
            bytes.append(contentsOf: [0x30, 0x2E])
            bytes.append(contentsOf: repeatElement(0x30, count: -1 - exponent))
            bytes.append(contentsOf: digits)
        } else {
            for (index, digit) in digits.enumerated() {
                if index == exponent + 1 { bytes.append(0x2E) }
                bytes.append(digit)
            }
            bytes.append(contentsOf: repeatElement(0x30, count: max(0, exponent + 1 - digits.count)))
        }
    }
}

/// All decimal digits of a finite, positive double: a whole number and a power of ten.
private struct DecimalExpansion {
    /// Nine digits each, the lowest first.
    private var limbs: [UInt64]
    private var shift = 0
    private static let base: UInt64 = 1_000_000_000

    init(_ value: Double) {
        let bits = value.significandBitPattern
        let isSubnormal = value.exponentBitPattern == 0
        let significand = isSubnormal ? bits : bits | 1 << 52
        var exponent = (isSubnormal ? 1 : Int(value.exponentBitPattern)) - 1075
        limbs = [significand % Self.base, significand / Self.base]
        while exponent > 0 {
            let step = min(exponent, 29)
            multiply(by: 1 << UInt64(step))
            exponent -= step
        }
        // A half is five tenths, so each division by two becomes a factor of five and a shift.
        shift = exponent
        while exponent < 0 {
            let step = min(-exponent, 12)
            var factor: UInt64 = 1
            for _ in 0..<step { factor *= 5 }
            multiply(by: factor)
            exponent += step
        }
    }

    private mutating func multiply(by factor: UInt64) {
        var carry: UInt64 = 0
        for index in limbs.indices {
            let product = limbs[index] * factor + carry
            limbs[index] = product % Self.base
            carry = product / Self.base
        }
        if carry > 0 { limbs.append(carry) }
    }

    /// The first `count` digits, rounded half to even, and the power of ten of the first.
    mutating func rounded(to count: Int) -> (digits: [UInt8], exponent: Int) {
        var all: [UInt8] = []
        for limb in limbs.reversed() {
            var divisor = Self.base / 10
            while divisor > 0 {
                let digit = UInt8(truncatingIfNeeded: limb / divisor % 10)
                if !all.isEmpty || digit != 0 { all.append(digit) }
                divisor /= 10
            }
        }
        var exponent = all.count - 1 + shift
        guard all.count > count else {
            return (all + [UInt8](repeating: 0, count: count - all.count), exponent)
        }
        var digits = Array(all[..<count])
        let next = all[count]
        let isHalf = next == 5 && all[(count + 1)...].allSatisfy { $0 == 0 }
        if next > 5 || next == 5 && (!isHalf || digits[count - 1] & 1 == 1) {
            var index = count - 1
            while index >= 0, digits[index] == 9 {
                digits[index] = 0
                index -= 1
            }
            if index >= 0 {
                digits[index] += 1
            } else {
                digits = [1] + digits.dropLast()
                exponent += 1
            }
        }
        return (digits, exponent)
    }
}
