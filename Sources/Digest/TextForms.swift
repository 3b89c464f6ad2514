// Bytes as text: hexadecimal and Base64.

/// The hexadecimal form of `bytes`, in lower case.
package func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
        text.append(hexadecimalDigit(byte >> 4))
        text.append(hexadecimalDigit(byte & 0xF))
    }
    return text
}

private func hexadecimalDigit(_ value: UInt8) -> UInt8 { value + (value < 10 ? 0x30 : 0x57) }

/// The bytes that `text` gives in hexadecimal, in upper or lower case; nil when it is none.
package func bytesOfHexadecimal(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2)
    var high: UInt8?
    for character in text {
        let digit: UInt8
        switch character {
        case 0x30...0x39: digit = character - 0x30
        case 0x61...0x66: digit = character - 0x57
        case 0x41...0x46: digit = character - 0x37
        default: return nil
        }
        if let first = high {
            bytes.append(first << 4 | digit)
            high = nil
        } else {
            high = digit
        }
    }
    return bytes
}

/// Base64 with padding (RFC 4648, 4).
package func base64(_ bytes: [UInt8]) -> [UInt8] {
    let alphabet = base64Alphabet.span
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
        let left = bytes.count - index
        let second: UInt8 = left > 1 ? bytes[index + 1] : 0
        let third: UInt8 = left > 2 ? bytes[index + 2] : 0
        text.append(alphabet[Int(bytes[index] >> 2)])
        text.append(alphabet[Int((bytes[index] & 0x3) << 4 | second >> 4)])
        text.append(left > 1 ? alphabet[Int((second & 0xF) << 2 | third >> 6)] : 0x3D)
        text.append(left > 2 ? alphabet[Int(third & 0x3F)] : 0x3D)
        index += 3
    }
    return text
}

/// What `text` holds in Base64; nil when it is none, when padding is missing, or when bits are left over.
package func bytesOfBase64(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count.isMultiple(of: 4) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var bits: UInt32 = 0
    var characters = 0
    var padding = 0
    for character in text {
        let value = base64Values[Int(character)]
        if character == 0x3D {
            padding += 1
        } else if value == 0xFF || padding > 0 {
            return nil
        }
        bits = bits << 6 | UInt32(character == 0x3D ? 0 : value)
        characters += 1
        guard characters == 4 else { continue }
        guard padding <= 2, bits & (padding == 0 ? 0 : padding == 1 ? 0xFF : 0xFFFF) == 0 else { return nil }
        bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
        if padding < 2 { bytes.append(UInt8(truncatingIfNeeded: bits >> 8)) }
        if padding < 1 { bytes.append(UInt8(truncatingIfNeeded: bits)) }
        bits = 0
        characters = 0
    }
    return bytes
}

private let base64Alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

private let base64Values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, character) in base64Alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
}()
