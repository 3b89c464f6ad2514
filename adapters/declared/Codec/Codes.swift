// Base64, hexadecimal and percent codes, both ways, over bytes.

/// The codes that filters use.
enum Codes {
    static let hexDigits = Array("0123456789ABCDEF".utf8)
    private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlSafe = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    /// The value of each base64 letter of both alphabets (RFC 4648, 4 and 5); 255 for other bytes.
    private static let base64Values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for alphabet in [standard, urlSafe] {
            for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        }
        return values
    }()

    /// The base64 of `bytes`; the URL alphabet goes without padding.
    static func base64(_ bytes: Span<UInt8>, urlSafe isURLSafe: Bool = false) -> [UInt8] {
        let alphabet = isURLSafe ? urlSafe : standard
        let capacity = (bytes.count / 3 + 1) * 4
        return [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
            alphabet.withUnsafeBufferPointer { letters in
                var index = 0
                while index + 2 < bytes.count {
                    let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
                    output[count] = letters[Int(group >> 18)]
                    output[count + 1] = letters[Int(group >> 12 & 63)]
                    output[count + 2] = letters[Int(group >> 6 & 63)]
                    output[count + 3] = letters[Int(group & 63)]
                    count += 4
                    index += 3
                }
                let left = bytes.count - index
                guard left > 0 else { return }
                let group = UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
                output[count] = letters[Int(group >> 18)]
                output[count + 1] = letters[Int(group >> 12 & 63)]
                count += 2
                if left > 1 {
                    output[count] = letters[Int(group >> 6 & 63)]
                    count += 1
                }
                guard !isURLSafe else { return }
                for _ in left..<3 {
                    output[count] = 0x3D
                    count += 1
                }
            }
        }
    }

    /// The bytes that `text` is the base64 of, in either alphabet; nil when it is none.
    static func base64Decoded(_ text: Span<UInt8>) -> [UInt8]? {
        var end = text.count
        while end > 0, text.count - end < 2, text[end - 1] == 0x3D { end -= 1 }
        guard end % 4 != 1 else { return nil }
        var isValid = true
        let decoded = [UInt8](unsafeUninitializedCapacity: end / 4 * 3 + 3) { output, count in
            base64Values.withUnsafeBufferPointer { values in
                var group: UInt32 = 0
                var bits = 0
                for index in 0..<end {
                    let value = values[Int(text[index])]
                    guard value < 64 else {
                        isValid = false
                        return
                    }
                    group = group << 6 | UInt32(value)
                    bits += 6
                    if bits >= 8 {
                        bits -= 8
                        output[count] = UInt8(truncatingIfNeeded: group >> UInt32(bits))
                        count += 1
                    }
                }
            }
        }
        return isValid ? decoded : nil
    }

    static func hex(_ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for index in bytes.indices {
            text.append(hexDigits[Int(bytes[index] >> 4)])
            text.append(hexDigits[Int(bytes[index] & 15)])
        }
        return text
    }

    static func hexDecoded(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        var index = 0
        while index < text.count {
            guard let high = hexValue(text[index]), let low = hexValue(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }

    static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }

    /// Everything but the unreserved characters as %XX (RFC 3986, 2.3).
    static func percent(_ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        for index in bytes.indices {
            let byte = bytes[index]
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: text.append(byte)
            default:
                text.append(0x25)
                text.append(hexDigits[Int(byte >> 4)])
                text.append(hexDigits[Int(byte & 15)])
            }
        }
        return text
    }

    static func percentDecoded(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == 0x25 {
                guard index + 2 < text.count, let high = hexValue(text[index + 1]), let low = hexValue(text[index + 2])
                else { return nil }
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(text[index])
                index += 1
            }
        }
        return bytes
    }

    /// `bytes` as the inside of a JSON text (RFC 8259, 7); bytes that are no UTF-8 go as they are.
    static func json(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        for index in bytes.indices {
            let byte = bytes[index]
            switch byte {
            case 0x22, 0x5C:
                output.append(0x5C)
                output.append(byte)
            case 0..<0x20:
                output += [0x5C, 0x75, 0x30, 0x30, hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            default: output.append(byte)
            }
        }
    }

    /// `text` with each of `pairs` replaced; the first that fits at a place counts.
    static func replacing(_ text: [UInt8], _ pairs: [(from: [UInt8], to: [UInt8])]) -> [UInt8] {
        var output: [UInt8] = []
        var index = 0
        while index < text.count {
            if let pair = pairs.first(where: { !$0.from.isEmpty && text[index...].starts(with: $0.from) }) {
                output += pair.to
                index += pair.from.count
            } else {
                output.append(text[index])
                index += 1
            }
        }
        return output
    }
}

/// A decimal number of 64 bits.
enum Decimal {
    /// The number that `text` spells, with a minus or without; nil when it is none or too large.
    @inline(__always)
    static func parse(_ text: Span<UInt8>) -> Int64? {
        guard text.count > 0, text.count <= 20 else { return nil }
        let isNegative = text[0] == 0x2D
        var index = isNegative ? 1 : 0
        guard index < text.count else { return nil }
        var magnitude: UInt64 = 0
        while index < text.count {
            let digit = text[index] &- 0x30
            guard digit < 10 else { return nil }
            let (product, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(digit))
            guard !overflowed, !carried else { return nil }
            magnitude = sum
            index += 1
        }
        if isNegative { return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil }
        return Int64(exactly: magnitude)
    }

    static func parse(_ text: [UInt8]) -> Int64? { parse(text.span) }

    static func text(_ number: Int64) -> [UInt8] { Array(String(number).utf8) }
}
