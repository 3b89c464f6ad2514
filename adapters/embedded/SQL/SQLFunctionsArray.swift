// Functions of arrays, which are texts to SQLite.

import Capabilities

extension SQLiteFunctions {
    static let arrays: [(String, Int32, Bool, Body)] = [
        (
            "fairlead_array", 1, true,
            { _, values throws(SQLFailure) in
                guard case .text(let text) = values[0] else { return values[0] }
                return .text(try SQLCast.arrayAsJSON(text))
            }
        ),
        (
            "fairlead_items", 2, true,
            { _, values throws(SQLFailure) in
                guard let number = values[0].integer,
                    let type = UInt32(exactly: number).flatMap(SQLType.init(rawValue:)),
                    let text = values[1].string
                else { return .null }
                return .text(try SQLCast.itemsAsJSON(text, of: type))
            }
        ),
        (
            "fairlead_array_of", -1, true,
            { _, values in .text(SQLArrayText.text(values.map { $0.string.map { Array($0.utf8) } })) }
        ),
        (
            "array_length", 2, true,
            { _, values throws(SQLFailure) in
                try bounds(values).map { .integer($0.count) } ?? .null
            }
        ),
        (
            "array_lower", 2, true,
            { _, values throws(SQLFailure) in try bounds(values).map { .integer($0.start) } ?? .null }
        ),
        (
            "array_upper", 2, true,
            { _, values throws(SQLFailure) in try bounds(values).map { .integer($0.start + $0.count - 1) } ?? .null }
        ),
        (
            "cardinality", 1, true,
            { _, values throws(SQLFailure) in try arrayCount(values[0]).map { .integer($0) } ?? .null }
        ),
        ("array_remove", 2, true, { _, v throws(SQLFailure) in try changed(v[0]) { $0.filter { $0 != bytes(v[1]) } } }),
        ("array_append", 2, true, { _, v throws(SQLFailure) in try changed(v[0], orNew: true) { $0 + [bytes(v[1])] } }),
        (
            "array_prepend", 2, true,
            { _, v throws(SQLFailure) in try changed(v[1], orNew: true) { [bytes(v[0])] + $0 } }
        ),
    ]

    private static func arrayCount(_ value: SQLValue) throws(SQLFailure) -> Int64? {
        guard let text = value.string else { return nil }
        // A vector of the catalogue is numbers with spaces between them.
        guard text.hasPrefix("{") || text.hasPrefix("[") else { return Int64(text.split(separator: " ").count) }
        return Int64(try SQLArrayText.items(Array(text.utf8)).count)
    }

    /// Where the subscripts of an array's one dimension begin, and how many there are; nil where there are none.
    private static func bounds(_ values: [SQLValue]) throws(SQLFailure) -> (start: Int64, count: Int64)? {
        guard let count = try arrayCount(values[0]), count > 0, values[1] == .integer(1) else { return nil }
        return (values[0].string?.hasPrefix("{") == true ? 1 : 0, count)
    }

    private static func bytes(_ value: SQLValue) -> [UInt8]? { value.string.map { Array($0.utf8) } }

    /// An array's text with other items; NULL stays what it is unless it is to become a new array.
    private static func changed(
        _ array: SQLValue, orNew: Bool = false, _ change: ([[UInt8]?]) -> [[UInt8]?]
    ) throws(SQLFailure) -> SQLValue {
        guard case .text(let text) = array else { return orNew ? .text(SQLArrayText.text(change([]))) : .null }
        return .text(SQLArrayText.text(change(try SQLArrayText.items(text))))
    }
}
