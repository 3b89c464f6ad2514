// Reads the text of JSON (RFC 8259), and what of it jsonb cannot hold.

/// Reads one value, with a bound on values in one another.
struct SQLJSONReader {
    /// What `numeric` can hold before and behind its point (numeric.c, NUMERIC_WEIGHT_MAX and NUMERIC_DSCALE_MAX).
    private static let greatestExponent = 16_383

    private let bytes: [UInt8]
    /// Whether the text is kept as it is, which may hold what jsonb cannot.
    private let isText: Bool
    private var at = 0
    private var depth = 0

    init(_ bytes: [UInt8], isText: Bool) {
        self.bytes = bytes
        self.isText = isText
    }

    mutating func whole() throws(SQLFailure) -> SQLJSON {
        let value = try value()
        skipSpace()
        guard at == bytes.count else { throw invalid }
        return value
    }

    private var invalid: SQLFailure { SQLFailure("22P02", "invalid input syntax for type json") }

    private mutating func skipSpace() {
        while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func value() throws(SQLFailure) -> SQLJSON {
        skipSpace()
        guard at < bytes.count else { throw invalid }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try deeper { reader throws(SQLFailure) in try reader.object() }
        case UInt8(ascii: "["): return try deeper { reader throws(SQLFailure) in try reader.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: return try word()
        }
    }

    private mutating func deeper(
        _ work: (inout SQLJSONReader) throws(SQLFailure) -> SQLJSON
    ) throws(SQLFailure) -> SQLJSON {
        guard depth < SQLJSON.greatestDepth else { throw SQLFailure("54001", "stack depth limit exceeded") }
        depth += 1
        at += 1
        let found = try work(&self)
        depth -= 1
        return found
    }

    private mutating func word() throws(SQLFailure) -> SQLJSON {
        for (word, value) in [("null", SQLJSON.null), ("true", .boolean(true)), ("false", .boolean(false))]
        where bytes[at...].starts(with: word.utf8) {
            at += word.utf8.count
            if at < bytes.count, bytes[at] | 0x20 &- 0x61 < 26 { throw invalid }
            return value
        }
        throw invalid
    }

    private mutating func array() throws(SQLFailure) -> SQLJSON {
        if take("]") { return .array([]) }
        var items = [try value()]
        while take(",") { items.append(try value()) }
        guard take("]") else { throw invalid }
        return .array(items)
    }

    private mutating func object() throws(SQLFailure) -> SQLJSON {
        if take("}") { return .object([]) }
        var pairs: [(key: [UInt8], value: SQLJSON)] = []
        repeat {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw invalid }
            let key = try string()
            guard take(":") else { throw invalid }
            pairs.append((key, try value()))
        } while take(",")
        guard take("}") else { throw invalid }
        return .object(unordered: pairs)
    }

    // MARK: Strings

    private mutating func string() throws(SQLFailure) -> [UInt8] {
        at += 1
        var text: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return text
            case 0..<0x20: throw invalid
            case UInt8(ascii: "\\"): try escape(&text)
            default: text.append(byte)
            }
        }
        throw invalid
    }

    private mutating func escape(_ text: inout [UInt8]) throws(SQLFailure) {
        guard at < bytes.count else { throw invalid }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var number = try unit()
            if number & 0xFC00 == 0xD800 {
                guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
                    throw invalid
                }
                at += 2
                let low = try unit()
                guard low & 0xFC00 == 0xDC00 else { throw invalid }
                number = 0x10000 + (number & 0x3FF) << 10 + low & 0x3FF
            }
            guard number > 0 || isText else {
                throw SQLFailure(
                    "22P05", "unsupported Unicode escape sequence", detail: "\\u0000 cannot be converted to text.")
            }
            guard let scalar = Unicode.Scalar(number) else { throw invalid }
            text += Array(String(Character(scalar)).utf8)
        default: throw invalid
        }
    }

    /// Four hexadecimal digits.
    private mutating func unit() throws(SQLFailure) -> UInt32 {
        guard at + 4 <= bytes.count, bytes[at..<(at + 4)].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let number = UInt32(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16)
        else { throw invalid }
        at += 4
        return number
    }

    // MARK: Numbers

    private mutating func digits() throws(SQLFailure) -> ArraySlice<UInt8> {
        let start = at
        while at < bytes.count, bytes[at] &- 0x30 < 10 { at += 1 }
        guard at > start else { throw invalid }
        return bytes[start..<at]
    }

    /// A number with its exponent worked in, as `numeric` shows it.
    private mutating func number() throws(SQLFailure) -> [UInt8] {
        var isNegative = false
        if bytes[at] == UInt8(ascii: "-") {
            isNegative = true
            at += 1
        }
        var whole = try digits()
        guard whole.count == 1 || whole.first != 0x30 else { throw invalid }
        var fraction: ArraySlice<UInt8> = []
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            fraction = try digits()
        }
        var exponent = 0
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            var isDown = false
            if at < bytes.count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
                isDown = bytes[at] == UInt8(ascii: "-")
                at += 1
            }
            let magnitude = try digits().prefix(8).reduce(0) { $0 * 10 + Int($1 - 0x30) }
            exponent = isDown ? -magnitude : magnitude
        }
        if isText { return [0x30] }
        guard exponent.magnitude <= Self.greatestExponent else {
            throw SQLFailure("22003", "value overflows numeric format")
        }
        let all = Array(whole) + Array(fraction)
        let point = whole.count + exponent
        var before = Array(all.prefix(max(0, point)))
        before += [UInt8](repeating: 0x30, count: max(0, point - all.count))
        var behind = [UInt8](repeating: 0x30, count: max(0, -point))
        behind += all.dropFirst(max(0, point))
        whole = before.drop { $0 == 0x30 }
        let isZero = whole.isEmpty && behind.allSatisfy { $0 == 0x30 }
        var text: [UInt8] = isNegative && !isZero ? [UInt8(ascii: "-")] : []
        text += whole.isEmpty ? [0x30] : Array(whole)
        if !behind.isEmpty { text += [UInt8(ascii: ".")] + behind }
        return text
    }
}
