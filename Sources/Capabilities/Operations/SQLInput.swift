// Values from their text, by PostgreSQL's input rules.

extension SQLValue {
    /// The same values with a number in the place of each text that is one with zeros at its end, for a backend to which
    /// those are nothing; they may be those of several rows.
    public static func plainNumbers(_ values: [SQLValue], _ types: [SQLType]) throws(SQLFailure) -> [SQLValue] {
        guard types.contains(.numeric) else { return values }
        var plain = values
        for index in plain.indices where types[index % types.count] == .numeric {
            if case .text(let text) = plain[index] { plain[index] = try SQLType.numeric.value(text) }
        }
        return plain
    }
}

extension SQLType {
    /// The value that `text` stands for; fails with `22P02`, `22003`, `22007`, `22008` or `22023` where PostgreSQL does, and with `0A000` for
    /// what ``SQLValue`` cannot hold.
    public func value(_ text: [UInt8]) throws(SQLFailure) -> SQLValue {
        switch self {
        case .int16: return try whole(text, Int64(Int16.min)...Int64(Int16.max))
        case .int32: return try whole(text, Int64(Int32.min)...Int64(Int32.max))
        case .int64: return try whole(text, .min ... .max)
        case .oid: return try whole(text, 0...Int64(UInt32.max))
        case .float32, .float64: return try float(text)
        case .numeric: return try numeric(text)
        case .boolean: return try boolean(text)
        case .bytes:
            guard let bytes = SQLBytesText.parse(text) else {
                var failure = invalid(text)
                // encode.c, hex_decode.
                if text.starts(with: "\\x".utf8) {
                    failure.state = "22023"
                    let wrong = text.dropFirst(2).first { SQLBytesText.hexadecimalValue($0) == nil && $0 != 0x20 }
                    failure.message =
                        wrong.map { "invalid hexadecimal digit: \"\(Character(Unicode.Scalar($0)))\"" }
                        ?? "invalid hexadecimal data: odd number of digits"
                }
                throw failure
            }
            return .bytes(bytes)
        case .date:
            guard let days = SQLInstant.date(text), let new = SQLInstant.dateText(days) else { throw invalidTime(text) }
            return .text(new)
        case .time:
            guard let time = SQLInstant.time(text) else { throw invalidTime(text) }
            return .text(SQLInstant.timeText(time))
        case .timestamp, .timestampWithZone: return try timestamp(text)
        case .uuid:
            guard let uuid = SQLUUIDText.normalized(text) else { throw invalid(text) }
            return .text(uuid)
        case .json:
            _ = try SQLJSON(text, asText: true)
            return .text(text)
        case .jsonb: return .text(try SQLJSON(text).text)
        case .regproc, .regprocedure, .regtype: return .integer(try registered(text))
        default:
            if let item { return .text(try arrayText(text, of: item)) }
            return .text(text)
        }
    }

    private func invalid(_ text: [UInt8]) -> SQLFailure {
        SQLFailure(
            "22P02", "invalid input syntax for type \(displayName): \"\(String(decoding: text, as: UTF8.self))\"")
    }

    /// A text of the form of dates and times has parts out of their range, any other one is none.
    private func invalidTime(_ text: [UInt8]) -> SQLFailure {
        var failure = invalid(text)
        failure.state = "22007"
        let shape = Self.trimmed(text).utf8.prefix(32).map { $0 &- 0x30 < 10 ? UInt8(ascii: "9") : $0 }
        let forms = self == .time ? ["99:99", "9:99"] : ["9999-99-99", "9999-9-9", "9999-99-9", "9999-9-99"]
        guard forms.contains(where: { shape.starts(with: $0.utf8) }),
            shape.allSatisfy({ $0 &- 0x30 < 10 || "-:. +TZ".utf8.contains($0) })
        else { return failure }
        let shown = String(decoding: text, as: UTF8.self)
        return SQLFailure("22008", "date/time field value out of range: \"\(shown)\"")
    }

    private static func trimmed(_ text: [UInt8]) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 &- 9 < 5 }
        var slice = text.drop(while: isSpace)
        while let last = slice.last, isSpace(last) { slice.removeLast() }
        return String(decoding: slice, as: UTF8.self)
    }

    private func whole(_ text: [UInt8], _ range: ClosedRange<Int64>) throws(SQLFailure) -> SQLValue {
        let trimmed = Self.trimmed(text)
        if let number = Int64(trimmed), range.contains(number) { return .integer(number) }
        let digits =
            trimmed.utf8.first == 0x2D || trimmed.utf8.first == 0x2B ? trimmed.utf8.dropFirst() : trimmed.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ $0 &- 0x30 < 10 }) else { throw invalid(text) }
        throw SQLFailure("22003", "value \"\(trimmed)\" is out of range for type \(displayName)")
    }

    private func float(_ text: [UInt8]) throws(SQLFailure) -> SQLValue {
        let trimmed = Self.trimmed(text)
        // Swift reads hexadecimal numbers too.
        guard let number = self == .float32 ? Float(trimmed).map(Double.init) : Double(trimmed),
            !trimmed.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "x") })
        else { throw invalid(text) }
        guard !number.isNaN else { throw .refused(.sqlQuery, "NaN is not known here") }
        // Out of range is what became infinite, or zero, and was not written so (float.c, float8in_internal).
        let mantissa = trimmed.utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }
        if number.isInfinite || number == 0, mantissa.contains(where: { $0 &- 0x31 < 9 }) {
            throw SQLFailure("22003", "\"\(trimmed)\" is out of range for type \(displayName)")
        }
        return .double(number)
    }

    private func numeric(_ text: [UInt8]) throws(SQLFailure) -> SQLValue {
        let trimmed = Self.trimmed(text)
        if let whole = Int64(trimmed) { return .integer(whole) }
        guard let number = Double(trimmed), !trimmed.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }) else {
            throw invalid(text)
        }
        guard number.isFinite else { throw .refused(.sqlQuery, "NaN and infinity are not known here") }
        let mantissa = trimmed.utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }
        var significant = mantissa.filter { $0 &- 0x30 < 10 }.drop { $0 == 0x30 }
        if mantissa.contains(UInt8(ascii: ".")) { while significant.last == 0x30 { significant.removeLast() } }
        guard significant.count <= 15 else {
            throw .refused(.sqlQuery, "numbers of more than 15 digits are not kept exactly here")
        }
        return .double(number)
    }

    private func boolean(_ text: [UInt8]) throws(SQLFailure) -> SQLValue {
        switch Self.trimmed(text).lowercased() {
        case "t", "tr", "tru", "true", "y", "ye", "yes", "on", "1": return .integer(1)
        case "f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0": return .integer(0)
        default: throw invalid(text)
        }
    }

    private func timestamp(_ text: [UInt8]) throws(SQLFailure) -> SQLValue {
        var bare = text
        if self == .timestamp {
            // A zone is dropped here, and not applied.
            let body = Array(Self.trimmed(text).utf8)
            bare = body
            if let place = body.dropFirst(10).firstIndex(where: { $0 == 0x2B || $0 == 0x2D || $0 | 0x20 == 0x7A }) {
                bare = Array(body[..<place])
            }
        }
        guard let stamp = SQLInstant.timestamp(bare), let new = SQLInstant.timestampText(stamp) else {
            throw invalidTime(text)
        }
        return .text(self == .timestampWithZone ? new + Array("+00".utf8) : new)
    }
}
