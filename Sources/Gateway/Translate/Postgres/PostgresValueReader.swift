// Values as a Bind or a COPY brings them, in text and in binary.

import Capabilities

/// Reads values in a client's format.
enum PostgresValueReader {
    static func value(_ bytes: [UInt8], _ type: SQLType, binary: Bool, number: Int) throws(SQLFailure) -> SQLValue {
        guard binary else {
            // Only what is taken as it comes can hold anything.
            if !Self.isChecked(type) { try validate(bytes) }
            if type == .numeric { return try numeric(bytes) }
            return try type.value(type == .fixedText ? unpadded(bytes) : bytes)
        }
        return try binaryValue(bytes, type, number)
    }

    private static func isChecked(_ type: SQLType) -> Bool {
        switch type {
        case .int16, .int32, .int64, .oid, .boolean, .float32, .float64, .date, .time, .uuid, .bytes: true
        default: false
        }
    }

    /// Text has to be UTF-8 without zeros.
    static func validate(_ bytes: [UInt8]) throws(SQLFailure) {
        if let zero = bytes.firstIndex(of: 0) {
            _ = zero
            throw SQLFailure("22021", "invalid byte sequence for encoding \"UTF8\": 0x00")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw SQLFailure("22021", "invalid byte sequence for encoding \"UTF8\"")
        }
    }

    private static func binaryValue(_ bytes: [UInt8], _ type: SQLType, _ number: Int) throws(SQLFailure) -> SQLValue {
        func integer<T: FixedWidthInteger>(_ type: T.Type) throws(SQLFailure) -> T {
            guard bytes.count == T.bitWidth / 8 else { throw malformed(number) }
            return bytes.reduce(T(0)) { $0 << 8 | T(truncatingIfNeeded: $1) }
        }
        switch type {
        case .boolean:
            guard bytes.count == 1 else { throw malformed(number) }
            return .integer(bytes[0] == 0 ? 0 : 1)
        case .int16: return .integer(Int64(try integer(Int16.self)))
        case .int32: return .integer(Int64(try integer(Int32.self)))
        case .int64: return .integer(try integer(Int64.self))
        case .oid, .regclass, .regproc, .regprocedure, .regtype: return .integer(Int64(try integer(UInt32.self)))
        case .float32: return try float(Double(Float(bitPattern: try integer(UInt32.self))))
        case .float64: return try float(Double(bitPattern: try integer(UInt64.self)))
        case .numeric: return try numeric(try numericText(bytes, number))
        case .timestamp, .timestampWithZone:
            guard let text = SQLInstant.timestampText(try integer(Int64.self)) else {
                throw SQLFailure("22008", "timestamp out of range")
            }
            return .text(type == .timestampWithZone ? text + Array("+00".utf8) : text)
        case .date:
            guard let text = SQLInstant.dateText(Int64(try integer(Int32.self))) else {
                throw SQLFailure("22008", "date out of range")
            }
            return .text(text)
        case .time:
            let time = try integer(Int64.self)
            guard (0...SQLInstant.microsecondsPerDay).contains(time) else {
                throw SQLFailure("22008", "time out of range")
            }
            return .text(SQLInstant.timeText(time))
        case .uuid:
            guard bytes.count == 16 else { throw malformed(number) }
            return .text(SQLUUIDText.text(bytes))
        case .bytes: return .bytes(bytes)
        case .jsonb:
            guard let version = bytes.first else { throw malformed(number) }
            guard version == 1 else { throw SQLFailure("XX000", "unsupported jsonb version number \(version)") }
            try validate(Array(bytes.dropFirst()))
            return try type.value(Array(bytes.dropFirst()))
        default:
            try validate(bytes)
            return .text(type == .fixedText ? unpadded(bytes) : bytes)
        }
    }

    /// Spaces at the end of `char(n)` say nothing, and are put there again where it is shown.
    private static func unpadded(_ bytes: [UInt8]) -> [UInt8] {
        var text = bytes[...]
        while text.last == 0x20 { text.removeLast() }
        return Array(text)
    }

    private static func float(_ number: Double) throws(SQLFailure) -> SQLValue {
        guard !number.isNaN else { throw .refused(.sqlParameters, "NaN is not known here") }
        return .double(number)
    }

    /// A number's own text where that tells more than its value: zeros at its end.
    private static func numeric(_ text: [UInt8]) throws(SQLFailure) -> SQLValue {
        let value = try SQLType.numeric.value(text)
        let digits = text.filter { $0 != 0x20 && $0 &- 9 >= 5 }
        return digits.contains(UInt8(ascii: ".")) && digits.last == 0x30 ? .text(digits) : value
    }

    private static func malformed(_ number: Int) -> SQLFailure {
        SQLFailure("22P03", "incorrect binary data format in bind parameter \(number)")
    }

    private static func numericText(_ bytes: [UInt8], _ number: Int) throws(SQLFailure) -> [UInt8] {
        func word(_ index: Int) -> UInt16 { UInt16(bytes[2 * index]) << 8 | UInt16(bytes[2 * index + 1]) }
        guard bytes.count >= 8, bytes.count % 2 == 0, bytes.count == 8 + 2 * Int(word(0)) else {
            throw malformed(number)
        }
        let count = Int(word(0))
        let weight = Int(Int16(bitPattern: word(1)))
        let sign = word(2)
        let scale = Int(word(3))
        guard sign == 0 || sign == 0x4000 else {
            // numeric.c, NUMERIC_NAN and its kin.
            guard [0xC000, 0xD000, 0xF000].contains(sign) else {
                throw SQLFailure("22P03", "invalid sign in external \"numeric\" value")
            }
            throw .refused(.sqlParameters, "NaN and infinity are not known here")
        }
        guard (0..<count).allSatisfy({ word(4 + $0) < 10_000 }) else {
            throw SQLFailure("22P03", "invalid digit in external \"numeric\" value")
        }
        guard weight < 1000, scale < 1000, weight > -1000 else { throw malformed(number) }
        func group(_ place: Int) -> Int { place >= 0 && place < count ? Int(word(4 + place)) : 0 }
        var text = sign == 0x4000 ? "-" : ""
        if weight < 0 {
            text += "0"
        } else {
            for place in 0...weight {
                let digits = String(group(place))
                text += place == 0 ? digits : String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            }
        }
        if scale > 0 {
            var fraction = ""
            var place = weight + 1
            if weight < -1 { fraction = String(repeating: "0", count: 4 * (-1 - weight)) }
            if weight < 0 { place = 0 }
            while fraction.count < scale {
                let digits = String(group(place))
                fraction += String(repeating: "0", count: max(0, 4 - digits.count)) + digits
                place += 1
            }
            text += "." + fraction.prefix(scale)
        }
        return Array(text.utf8)
    }
}

extension SQLType {
    /// The size that a RowDescription tells; -1 for any.
    var wireLength: Int16 {
        switch self {
        case .boolean, .character: 1
        case .int16: 2
        case .int32, .oid, .float32, .date, .regclass, .regproc, .regprocedure, .regtype, .void: 4
        case .int64, .float64, .timestamp, .timestampWithZone, .time: 8
        case .uuid: 16
        case .name: 64
        case .unknown: -2
        default: -1
        }
    }
}
