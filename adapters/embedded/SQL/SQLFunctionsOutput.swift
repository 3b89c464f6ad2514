// Values as the texts that PostgreSQL shows of them: what `||`, concat and format join, and a text column is given.

import Capabilities

extension SQLiteFunctions {
    static let outputs: [(String, Int32, Bool, Body)] = [
        // A value and its type, which the value alone does not always tell.
        (
            "fairlead_output", 2, true,
            { _, v in
                guard case .integer(let number) = v[1] else { return v[0] }
                return output(v[0], SQLType(rawValue: UInt32(truncatingIfNeeded: number)) ?? .unknown)
            }
        ),
        ("concat", -1, true, { _, v throws(SQLFailure) in try joined(v[...], by: []) }),
        (
            "concat_ws", -1, true,
            { _, v throws(SQLFailure) in
                guard let separator = v.first?.octets else { return .null }
                return try joined(v.dropFirst(), by: separator)
            }
        ),
        (
            "format", -1, true,
            { _, v throws(SQLFailure) in
                guard let format = v.first?.octets else { return .null }
                return .text(try SQLFormat.text(format, Array(v.dropFirst())))
            }
        ),
        ("quote_ident", 1, true, { _, v in v[0].octets.map { .text(SQLQuotedText.identifier($0)) } ?? .null }),
        ("quote_literal", 1, true, { _, v in v[0].octets.map { .text(SQLQuotedText.literal($0)) } ?? .null }),
    ]

    private static func output(_ value: SQLValue, _ type: SQLType) -> SQLValue {
        switch (value, type) {
        case (.null, _), (.text, _): value
        case (.bytes(let bytes), _): .text(SQLBytesText.hexadecimal(bytes))
        case (.integer(let number), .boolean): .text(number == 0 ? "f" : "t")
        case (.integer(let number), .float32): .text(SQLNumberText.float(Float(number)))
        case (.integer(let number), .float64): .text(SQLNumberText.float(Double(number)))
        case (.double(let number), .float32): .text(SQLNumberText.float(Float(number)))
        default: .text(value.octets ?? [])
        }
    }

    /// All that are not NULL.
    private static func joined(_ values: ArraySlice<SQLValue>, by separator: [UInt8]) throws(SQLFailure) -> SQLValue {
        let texts = values.compactMap(\.octets)
        let count = texts.reduce(0) { $0 + $1.count + separator.count }
        // Each of them may be as long as a value can be.
        guard count <= Int(SQLiteConnection.largestValue) else { throw tooLong }
        return .text(Array(texts.joined(separator: separator)))
    }

    static let tooLong = SQLFailure("54000", "requested length too large")
}

extension SQLValue {
    /// The bytes of a text, of a number's text, or of bytes; nil for NULL.
    var octets: [UInt8]? {
        switch self {
        case .null: nil
        case .integer(let number): Array(String(number).utf8)
        case .double(let number): SQLNumberText.float(number)
        case .text(let bytes), .bytes(let bytes): bytes
        }
    }
}
