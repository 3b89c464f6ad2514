// Decimal numbers that are computed exactly, with as many digits behind the point as PostgreSQL shows.

import Capabilities

/// A decimal number of up to 38 digits.
struct SQLDecimal: Equatable {
    var isNegative: Bool
    var magnitude: UInt128
    /// Digits behind the point.
    var scale: Int

    /// Digits that a quotient has at least (numeric.c, NUMERIC_MIN_SIG_DIGITS).
    private static let quotientDigits = 16
    /// What a double tells for certain, times ten.
    private static let doubleLimit: UInt128 = 1_000_000_000_000_000

    init(_ isNegative: Bool, _ magnitude: UInt128, _ scale: Int) {
        self.isNegative = isNegative && magnitude > 0
        self.magnitude = magnitude
        self.scale = scale
    }

    static let tooLong = SQLFailure.refused(.sqlQuery, "numbers of so many digits are not kept exactly here")

    /// The number that a value is, with at least `scale` digits behind the point.
    ///
    /// It is nil for NULL and for what is no number.
    init?(_ value: SQLValue, scale: Int = -1) throws(SQLFailure) {
        switch value {
        case .null, .bytes: return nil
        case .integer(let number): self.init(number < 0, UInt128(number.magnitude), 0)
        case .double(let number):
            guard number.isFinite else { throw .refused(.sqlQuery, "NaN and infinity are not known here") }
            try self.init(text: SQLNumberText.decimal(number, scale: nil))
        case .text(let text): try self.init(text: text)
        }
        if scale > self.scale { self = try extended(to: scale) }
    }

    private init?(text: [UInt8]) throws(SQLFailure) {
        var digits = text[...]
        let isNegative = digits.first == 0x2D
        if isNegative || digits.first == 0x2B { digits = digits.dropFirst() }
        var magnitude: UInt128 = 0
        var scale = 0
        var isBehindPoint = false
        guard digits.contains(where: { $0 &- 0x30 < 10 }) else { return nil }
        for byte in digits {
            if byte == 0x2E, !isBehindPoint {
                isBehindPoint = true
                continue
            }
            guard byte &- 0x30 < 10 else { return nil }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt128(byte - 0x30))
            if overflow || carry { throw Self.tooLong }
            magnitude = sum
            if isBehindPoint { scale += 1 }
        }
        self.init(isNegative, magnitude, scale)
    }

    // MARK: Arithmetic

    private static func power(_ exponent: Int) throws(SQLFailure) -> UInt128 {
        guard exponent <= 38 else { throw tooLong }
        var result: UInt128 = 1
        for _ in 0..<max(0, exponent) { result *= 10 }
        return result
    }

    private func extended(to scale: Int) throws(SQLFailure) -> SQLDecimal {
        let (product, overflow) = magnitude.multipliedReportingOverflow(by: try Self.power(scale - self.scale))
        if overflow { throw Self.tooLong }
        return SQLDecimal(isNegative, product, scale)
    }

    func adding(_ other: SQLDecimal) throws(SQLFailure) -> SQLDecimal {
        let scale = max(scale, other.scale)
        let one = try extended(to: scale)
        let two = try other.extended(to: scale)
        if one.isNegative == two.isNegative {
            let (sum, overflow) = one.magnitude.addingReportingOverflow(two.magnitude)
            if overflow { throw Self.tooLong }
            return SQLDecimal(one.isNegative, sum, scale)
        }
        let isLarger = one.magnitude >= two.magnitude
        let difference = isLarger ? one.magnitude - two.magnitude : two.magnitude - one.magnitude
        return SQLDecimal(isLarger ? one.isNegative : two.isNegative, difference, scale)
    }

    var negated: SQLDecimal { SQLDecimal(!isNegative, magnitude, scale) }

    func multiplied(by other: SQLDecimal) throws(SQLFailure) -> SQLDecimal {
        let (product, overflow) = magnitude.multipliedReportingOverflow(by: other.magnitude)
        if overflow { throw Self.tooLong }
        return SQLDecimal(isNegative != other.isNegative, product, scale + other.scale)
    }

    /// The quotient with the digits that numeric.c's select_div_scale gives it.
    func divided(by other: SQLDecimal) throws(SQLFailure) -> SQLDecimal {
        guard other.magnitude > 0 else { throw SQLFailure("22012", "division by zero") }
        let (one, two) = (leading, other.leading)
        var weight = one.weight - two.weight
        if one.digit <= two.digit { weight -= 1 }
        let wanted = max(Self.quotientDigits - weight * 4, scale, other.scale, 0)
        return try divided(by: other, scale: min(wanted, 1_000))
    }

    /// The quotient, rounded to a scale.
    private func divided(by other: SQLDecimal, scale wanted: Int) throws(SQLFailure) -> SQLDecimal {
        var rest = magnitude
        var divisor = other.magnitude
        let exponent = wanted + other.scale - scale
        if exponent < 0 {
            let (product, overflow) = divisor.multipliedReportingOverflow(by: try Self.power(-exponent))
            if overflow { throw Self.tooLong }
            divisor = product
        }
        var quotient = rest / divisor
        rest %= divisor
        for _ in 0..<max(0, exponent) {
            let (ten, isTooLong) = rest.multipliedReportingOverflow(by: 10)
            let (more, overflow) = quotient.multipliedReportingOverflow(by: 10)
            let (sum, carry) = more.addingReportingOverflow(ten / divisor)
            if isTooLong || overflow || carry { throw Self.tooLong }
            quotient = sum
            rest = ten % divisor
        }
        if rest >= divisor - rest { quotient += 1 }
        return SQLDecimal(isNegative != other.isNegative, quotient, wanted)
    }

    /// What is left of a division whose quotient is whole; it has the sign of what is divided.
    func remainder(by other: SQLDecimal) throws(SQLFailure) -> SQLDecimal {
        guard other.magnitude > 0 else { throw SQLFailure("22012", "division by zero") }
        let scale = max(scale, other.scale)
        let rest = try extended(to: scale).magnitude % (try other.extended(to: scale).magnitude)
        return SQLDecimal(isNegative, rest, scale)
    }

    /// The place of the first digit to the base of ten thousand, and that digit.
    private var leading: (weight: Int, digit: UInt128) {
        guard magnitude > 0 else { return (0, 0) }
        // Groups of four count from the point.
        let behind = (scale + 3) / 4
        var rest = magnitude
        var weight = -behind
        // The last group behind the point may be filled up with zeros, which 128 bits may not hold: it is cut off first.
        let filled = behind * 4 - scale
        if filled > 0 {
            var last: UInt128 = 1
            for _ in 0..<(4 - filled) { last *= 10 }
            var digit = rest % last
            for _ in 0..<filled { digit *= 10 }
            rest /= last
            if rest == 0 { return (weight, digit) }
            weight += 1
        }
        while rest >= 10_000 {
            rest /= 10_000
            weight += 1
        }
        return (weight, rest)
    }

    /// Rounded half away from zero, or cut; a negative scale counts before the point.
    func rounded(to wanted: Int, cuts: Bool = false) throws(SQLFailure) -> SQLDecimal {
        if wanted >= scale { return try extended(to: wanted) }
        let divisor = try Self.power(scale - wanted)
        var quotient = magnitude / divisor
        let rest = magnitude % divisor
        if !cuts, rest >= divisor - rest { quotient += 1 }
        let result = SQLDecimal(isNegative, quotient, wanted)
        guard wanted < 0 else { return result }
        let (product, overflow) = quotient.multipliedReportingOverflow(by: try Self.power(-wanted))
        if overflow { throw Self.tooLong }
        return SQLDecimal(isNegative, product, 0)
    }

    // MARK: As a value

    /// The digits of a text that `numeric` reads, as it shows them; fails where it does, and for what is not kept exactly.
    static func digits(_ text: [UInt8]) throws(SQLFailure) -> [UInt8] {
        _ = try SQLType.numeric.value(text)
        let bare = text.filter { $0 != 0x20 && $0 &- 9 >= 5 }
        if let plain = try SQLDecimal(text: bare) { return plain.text }
        // With an exponent.
        let parts = bare.split(separator: UInt8(ascii: "e"), omittingEmptySubsequences: false)
        let halves =
            parts.count == 2 ? parts : bare.split(separator: UInt8(ascii: "E"), omittingEmptySubsequences: false)
        guard halves.count == 2, var number = try SQLDecimal(text: Array(halves[0])),
            let exponent = Int(String(decoding: halves[1], as: UTF8.self)), exponent.magnitude <= 60
        else { throw tooLong }
        number.scale -= exponent
        if number.scale < 0 {
            let (product, overflow) = number.magnitude.multipliedReportingOverflow(by: try power(-number.scale))
            if overflow { throw tooLong }
            (number.magnitude, number.scale) = (product, 0)
        }
        return number.text
    }

    var text: [UInt8] {
        var digits = Array(String(magnitude).utf8)
        while digits.count <= scale { digits.insert(0x30, at: 0) }
        if scale > 0 { digits.insert(0x2E, at: digits.count - scale) }
        return isNegative ? [0x2D] + digits : digits
    }

    /// As SQLite computes with it; nil where neither 64 bits nor 15 digits hold it.
    var value: SQLValue? {
        var (magnitude, scale) = (magnitude, scale)
        while scale > 0, magnitude % 10 == 0 {
            magnitude /= 10
            scale -= 1
        }
        if scale == 0, magnitude <= UInt128(Int64.max) {
            return .integer(isNegative ? -Int64(magnitude) : Int64(magnitude))
        }
        if scale == 0, isNegative, magnitude == UInt128(Int64.min.magnitude) { return .integer(.min) }
        guard magnitude < Self.doubleLimit else { return nil }
        let short = SQLDecimal(isNegative, magnitude, scale)
        return Double(String(decoding: short.text, as: UTF8.self)).map { .double($0) }
    }
}
