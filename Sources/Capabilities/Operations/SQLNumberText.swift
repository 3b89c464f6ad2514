// Numbers as PostgreSQL writes them.

/// Texts of numbers.
public enum SQLNumberText {
    /// The shortest text that reads back as the same number, in the form of float8out: `1`, `0.1`, `1e+20`, `1e-05`.
    public static func float(_ number: Double) -> [UInt8] {
        if number.isNaN { return Array("NaN".utf8) }
        if number.isInfinite { return Array((number < 0 ? "-Infinity" : "Infinity").utf8) }
        let (digits, exponent, isNegative) = shortest(number.description)
        return layOut(digits, exponent, isNegative, scientificFrom: 15)
    }

    /// The same for the narrower type.
    public static func float(_ number: Float) -> [UInt8] {
        if number.isNaN { return Array("NaN".utf8) }
        if number.isInfinite { return Array((number < 0 ? "-Infinity" : "Infinity").utf8) }
        let (digits, exponent, isNegative) = shortest(number.description)
        return layOut(digits, exponent, isNegative, scientificFrom: 6)
    }

    /// Without an exponent, with at least `scale` digits behind the point.
    ///
    /// A double tells 15 digits of a decimal number for certain; what is shown is its shortest form, rounded to the scale.
    public static func decimal(_ number: Double, scale: Int?) -> [UInt8] {
        guard number.isFinite else { return float(number) }
        var (digits, exponent, isNegative) = shortest(number.description)
        if let scale, digits.count - 1 - exponent > scale {
            let kept = exponent + 1 + scale
            if kept < 0 {
                digits = [0]
                exponent = 0
            } else {
                let roundsUp = digits[kept] >= 5
                digits = Array(digits[..<kept])
                if roundsUp {
                    var place = kept - 1
                    while place >= 0, digits[place] == 9 {
                        digits[place] = 0
                        place -= 1
                    }
                    if place >= 0 {
                        digits[place] += 1
                    } else {
                        digits.insert(1, at: 0)
                        exponent += 1
                    }
                }
                if digits.isEmpty {
                    digits = [0]
                    exponent = 0
                }
            }
        }
        if digits.allSatisfy({ $0 == 0 }) { isNegative = false }
        var text: [UInt8] = isNegative ? [0x2D] : []
        if exponent < 0 { text.append(0x30) }
        for place in 0..<max(exponent + 1, 0) { text.append(0x30 + (place < digits.count ? digits[place] : 0)) }
        let behind = max(digits.count - 1 - exponent, scale ?? 0, 0)
        guard behind > 0 else { return text }
        text.append(0x2E)
        for place in (exponent + 1)..<(exponent + 1 + behind) {
            text.append(0x30 + (place >= 0 && place < digits.count ? digits[place] : 0))
        }
        return text
    }

    /// The text of a decimal number as PostgreSQL writes it, with the zeros at its end.
    public static func numeric(_ text: [UInt8]) throws(SQLFailure) -> [UInt8] {
        let value = try SQLType.numeric.value(text)
        let given = text.filter { $0 != 0x20 && $0 &- 9 >= 5 }
        guard let point = given.firstIndex(of: 0x2E), !given.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) else {
            switch value {
            case .integer(let number): return Array(String(number).utf8)
            case .double(let number): return decimal(number, scale: nil)
            default: return given
            }
        }
        let number: Double =
            switch value {
            case .integer(let whole): Double(whole)
            case .double(let number): number
            default: 0
            }
        return decimal(number, scale: given.count - 1 - point)
    }

    /// The digits of Swift's shortest description and the power of ten of the first one.
    private static func shortest(_ description: String) -> (digits: [UInt8], exponent: Int, isNegative: Bool) {
        var digits: [UInt8] = []
        var exponent = 0
        var point: Int?
        var isNegative = false
        var power: Int?
        var isPowerNegative = false
        for byte in description.utf8 {
            switch byte {
            case UInt8(ascii: "-"): if power == nil { isNegative = true } else { isPowerNegative = true }
            case UInt8(ascii: "."): point = digits.count
            case UInt8(ascii: "e"): power = 0
            case 0x30...0x39:
                if let old = power { power = old * 10 + Int(byte - 0x30) } else { digits.append(byte - 0x30) }
            default: break
            }
        }
        exponent = (point ?? digits.count) - 1 + (isPowerNegative ? -1 : 1) * (power ?? 0)
        while digits.count > 1, digits.first == 0 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.count > 1, digits.last == 0 { digits.removeLast() }
        if digits == [0] { exponent = 0 }
        return (digits, exponent, isNegative)
    }

    private static func layOut(
        _ digits: [UInt8], _ exponent: Int, _ isNegative: Bool, scientificFrom limit: Int
    ) -> [UInt8] {
        var text: [UInt8] = isNegative ? [0x2D] : []
        if exponent >= -4, exponent < limit {
            if exponent < 0 {
                text += [0x30, 0x2E]
                for _ in 1..<max(1, -exponent) { text.append(0x30) }
                text += digits.map { 0x30 + $0 }
                return text
            }
            for place in 0...exponent { text.append(0x30 + (place < digits.count ? digits[place] : 0)) }
            if digits.count > exponent + 1 {
                text.append(0x2E)
                text += digits[(exponent + 1)...].map { 0x30 + $0 }
            }
            return text
        }
        text.append(0x30 + digits[0])
        if digits.count > 1 {
            text.append(0x2E)
            text += digits[1...].map { 0x30 + $0 }
        }
        text += [UInt8(ascii: "e"), exponent < 0 ? 0x2D : 0x2B]
        let power = String(abs(exponent))
        if power.utf8.count < 2 { text.append(0x30) }
        return text + Array(power.utf8)
    }
}
