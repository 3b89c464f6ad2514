// JSON as PostgreSQL reads it, and the one form in which jsonb shows it.

/// A JSON value; numbers keep the digits that they were written with.
package indirect enum SQLJSON: Equatable, Sendable {
    case null
    case boolean(Bool)
    /// As `numeric` shows it.
    case number([UInt8])
    case string([UInt8])
    case array([SQLJSON])
    /// In the order of jsonb, each key once.
    case object([(key: [UInt8], value: SQLJSON)])

    /// Values in one another; PostgreSQL's limit is its stack.
    static let greatestDepth = 400

    /// Reads a text; fails with `22P02` where it is none, and with `22P05` for what jsonb cannot hold.
    package init(_ text: [UInt8], asText isText: Bool = false) throws(SQLFailure) {
        var reader = SQLJSONReader(text, isText: isText)
        self = try reader.whole()
    }

    package static func == (left: SQLJSON, right: SQLJSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let one), .boolean(let other)): one == other
        case (.number(let one), .number(let other)): Self.plain(one) == Self.plain(other)
        case (.string(let one), .string(let other)): one == other
        case (.array(let one), .array(let other)): one == other
        case (.object(let one), .object(let other)):
            one.count == other.count && zip(one, other).allSatisfy { $0.key == $1.key && $0.value == $1.value }
        default: false
        }
    }

    /// A number's digits without zeros that say nothing.
    private static func plain(_ digits: [UInt8]) -> ArraySlice<UInt8> {
        guard digits.contains(UInt8(ascii: ".")) else { return digits[...] }
        var short = digits[...]
        while short.last == UInt8(ascii: "0") { short.removeLast() }
        if short.last == UInt8(ascii: ".") { short.removeLast() }
        return short
    }

    /// Keys in the order of jsonb, short ones first; of equal ones the last counts (jsonb_util.c, lengthCompareJsonbStringValue).
    package static func object(unordered pairs: [(key: [UInt8], value: SQLJSON)]) -> SQLJSON {
        let sorted = pairs.enumerated().sorted { one, other in
            let (left, right) = (one.element.key, other.element.key)
            if left.count != right.count { return left.count < right.count }
            if left != right { return left.lexicographicallyPrecedes(right) }
            return one.offset < other.offset
        }
        var unique: [(key: [UInt8], value: SQLJSON)] = []
        for (_, pair) in sorted {
            if unique.last?.key == pair.key { unique.removeLast() }
            unique.append(pair)
        }
        return .object(unique)
    }

    /// The text that jsonb shows (jsonb.c, JsonbToCString).
    package var text: [UInt8] {
        var text: [UInt8] = []
        append(to: &text)
        return text
    }

    private func append(to text: inout [UInt8]) {
        switch self {
        case .null: text += "null".utf8
        case .boolean(let value): text += (value ? "true" : "false").utf8
        case .number(let digits): text += digits
        case .string(let string): Self.append(string, to: &text)
        case .array(let items):
            text.append(UInt8(ascii: "["))
            for (place, item) in items.enumerated() {
                if place > 0 { text += ", ".utf8 }
                item.append(to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let pairs):
            text.append(UInt8(ascii: "{"))
            for (place, pair) in pairs.enumerated() {
                if place > 0 { text += ", ".utf8 }
                Self.append(pair.key, to: &text)
                text += ": ".utf8
                pair.value.append(to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }

    /// A string in quotes.
    package static func quoted(_ string: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        append(string, to: &text)
        return text
    }

    /// A string in quotes (json.c, escape_json).
    private static func append(_ string: [UInt8], to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for byte in string {
            switch byte {
            case 0x08: text += "\\b".utf8
            case 0x09: text += "\\t".utf8
            case 0x0A: text += "\\n".utf8
            case 0x0C: text += "\\f".utf8
            case 0x0D: text += "\\r".utf8
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                text += "\\u00".utf8
                text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
