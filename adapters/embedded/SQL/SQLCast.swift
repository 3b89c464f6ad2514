// Conversions between types, as PostgreSQL's casts do them.

import Capabilities

enum SQLCast {
    /// `value` as `type`; fails where PostgreSQL fails.
    static func convert(
        _ value: SQLValue, to type: SQLType, _ modifier: Int32, _ connection: SQLiteConnection
    ) throws(SQLFailure) -> SQLValue {
        if value == .null { return .null }
        let declared = SQLDeclaredType(type: type, modifier: modifier)
        switch type {
        case .int16: return try whole(value, type, Int64(Int16.min)...Int64(Int16.max))
        case .int32: return try whole(value, type, Int64(Int32.min)...Int64(Int32.max))
        case .int64: return try whole(value, type, .min ... .max)
        case .oid: return try whole(value, type, 0...Int64(UInt32.max))
        case .float32, .float64: return try float(value, type)
        case .numeric: return try numeric(value, declared)
        case .boolean:
            if case .integer(let number) = value { return .integer(number == 0 ? 0 : 1) }
            return try input(value, type)
        case .text, .name, .character, .unknown, .boundedText, .fixedText: return text(value, declared)
        case .bytes, .date, .timestamp, .timestampWithZone, .uuid: return try input(value, type)
        case .time:
            // Of a timestamp it is the second half.
            guard case .text(let text) = value, let stamp = SQLInstant.timestamp(text) else {
                return try input(value, type)
            }
            let rest = stamp % SQLInstant.microsecondsPerDay
            return .text(SQLInstant.timeText(rest < 0 ? rest + SQLInstant.microsecondsPerDay : rest))
        case .json, .jsonb: return try json(value, type)
        case .regclass: return try regclass(value, connection)
        case .regproc, .regprocedure, .regtype:
            if case .integer = value { return value }
            return try input(value, type)
        case .void: return .text("")
        // Arrays.
        default: return try input(value, type)
        }
    }

    /// A text by the type's input rules; any other value only where it is of the type already.
    private static func input(_ value: SQLValue, _ type: SQLType) throws(SQLFailure) -> SQLValue {
        switch value {
        case .text(let text): return try type.value(text)
        case .bytes where type == .bytes: return value
        default: throw SQLFailure("42846", "cannot cast this value to \(type.displayName)")
        }
    }

    // MARK: Numbers

    private static func whole(
        _ value: SQLValue, _ type: SQLType, _ range: ClosedRange<Int64>
    ) throws(SQLFailure) -> SQLValue {
        let number: Int64
        switch value {
        case .integer(let given): number = given
        case .double(let given):
            guard let exact = Int64(exactly: given.rounded(.toNearestOrEven)) else {
                throw SQLFailure("22003", "\(type.displayName) out of range")
            }
            number = exact
        default: return try input(value, type)
        }
        guard range.contains(number) else { throw SQLFailure("22003", "\(type.displayName) out of range") }
        return .integer(number)
    }

    private static func float(_ value: SQLValue, _ type: SQLType) throws(SQLFailure) -> SQLValue {
        switch value {
        case .integer(let number): return .double(type == .float32 ? Double(Float(number)) : Double(number))
        case .double(let number): return .double(type == .float32 ? try SQLFloat.narrowed(number) : number)
        default: return try input(value, type)
        }
    }

    private static func numeric(_ value: SQLValue, _ type: SQLDeclaredType) throws(SQLFailure) -> SQLValue {
        var number = value
        switch value {
        case .integer: break
        case .double(let given):
            guard given.isFinite else { throw .refused(.sqlQuery, "NaN and infinity are not known here") }
        case .bytes(let digits) where type.scale == nil: return .text(digits)
        default: number = try input(value, .numeric)
        }
        guard let scale = type.scale, let precision = type.precision, let given = number.number else { return number }
        if case .double = number {
            let text = String(decoding: SQLNumberText.decimal(given, scale: scale), as: UTF8.self)
            number = Int64(text).map { .integer($0) } ?? .double(Double(text) ?? given)
        }
        var limit = 1.0
        for _ in 0..<max(0, precision - scale) { limit *= 10 }
        guard (number.number ?? 0).magnitude < limit else { throw SQLFailure("22003", "numeric field overflow") }
        return number
    }

    // MARK: Texts and bytes

    private static func text(_ value: SQLValue, _ type: SQLDeclaredType) -> SQLValue {
        let text: [UInt8]
        switch value {
        case .bytes(let bytes): text = SQLBytesText.hexadecimal(bytes)
        case .text(let bytes): text = bytes
        default: text = Array((value.string ?? "").utf8)
        }
        let limit = type.type == .name ? 63 : type.type == .character ? 1 : type.length
        var cut = text[...]
        // An explicit cast cuts without a word.
        if let limit { cut = text[..<SQLFittedText.end(of: limit, in: text)] }
        return .text(Array(type.type == .fixedText ? SQLFittedText.unpadded(cut) : cut))
    }

    // MARK: The rest

    private static func json(_ value: SQLValue, _ type: SQLType) throws(SQLFailure) -> SQLValue {
        guard case .text(let text) = value else { return .text(value.string ?? "") }
        return try type.value(text)
    }

    private static func regclass(_ value: SQLValue, _ connection: SQLiteConnection) throws(SQLFailure) -> SQLValue {
        if case .integer = value { return value }
        guard let name = value.string else { return .null }
        if let number = Int64(name) { return .integer(number) }
        guard let number = try SQLCatalog.number(of: name, on: connection) else {
            throw SQLFailure("42P01", "relation \"\(name)\" does not exist")
        }
        return .integer(number)
    }

    /// The items of an array's text, or the numbers of a vector's, as a JSON array of values of their type.
    static func itemsAsJSON(_ text: String, of type: SQLType) throws(SQLFailure) -> [UInt8] {
        if text.hasPrefix("[") { return Array(text.utf8) }
        let items: [[UInt8]?] =
            text.hasPrefix("{") || text.isEmpty
            ? try SQLArrayText.items(Array(text.utf8)) : text.split(separator: " ").map { Array($0.utf8) }
        var json: [UInt8] = [UInt8(ascii: "[")]
        for (place, item) in items.enumerated() {
            if place > 0 { json.append(UInt8(ascii: ",")) }
            guard let item else {
                json += Array("null".utf8)
                continue
            }
            switch try type.value(item) {
            case .integer(let number): json += Array(String(number).utf8)
            // SQLite reads what no double holds as infinite.
            case .double(let number):
                json += Array((number.isFinite ? number.description : number < 0 ? "-9e999" : "9e999").utf8)
            case .text(let text):
                appendJSON(type == .fixedText ? Array(SQLFittedText.unpadded(text[...])) : text, to: &json)
            case .null, .bytes: json += Array("null".utf8)
            }
        }
        return json + [UInt8(ascii: "]")]
    }

    private static func appendJSON(_ text: [UInt8], to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\""))
        for byte in text {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { json.append(UInt8(ascii: "\\")) }
            if byte < 0x20 {
                json += Array("\\u00".utf8) + SQLBytesText.hexadecimal([byte]).dropFirst(2)
            } else {
                json.append(byte)
            }
        }
        json.append(UInt8(ascii: "\""))
    }

    /// The items of an array's text, `{a,"b c",NULL}`, as a JSON array.
    static func arrayAsJSON(_ text: [UInt8]) throws(SQLFailure) -> [UInt8] {
        if text.first == UInt8(ascii: "[") { return text }
        guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}") else {
            throw SQLFailure("22P02", "malformed array literal: \"\(String(decoding: text, as: UTF8.self))\"")
        }
        var json: [UInt8] = [UInt8(ascii: "[")]
        var index = 1
        while index < text.count - 1 {
            var item: [UInt8] = []
            var isQuoted = false
            while index < text.count - 1, text[index] != UInt8(ascii: ",") {
                if text[index] == UInt8(ascii: "{") { throw .refused(.sqlQuery, "arrays of arrays are not known here") }
                if text[index] == UInt8(ascii: "\"") {
                    isQuoted = true
                    index += 1
                    while index < text.count - 1, text[index] != UInt8(ascii: "\"") {
                        if text[index] == UInt8(ascii: "\\") { index += 1 }
                        item.append(text[index])
                        index += 1
                    }
                } else {
                    item.append(text[index])
                }
                index += 1
            }
            index += 1
            if json.count > 1 { json.append(UInt8(ascii: ",")) }
            let word = String(decoding: item, as: UTF8.self)
            if !isQuoted, word.uppercased() == "NULL" {
                json += Array("null".utf8)
            } else if !isQuoted, Int64(word) != nil {
                json += item
            } else {
                appendJSON(item, to: &json)
            }
        }
        return json + [UInt8(ascii: "]")]
    }
}
