// Values as a DataRow carries them, in text and in binary.

import Capabilities

/// Writes values in a client's format.
enum PostgresValueWriter {
    /// The format of a value: zero text, one binary.
    static func append(
        _ value: SQLValue, _ column: SQLColumn, binary: Bool, to bytes: inout [UInt8]
    ) throws(SQLFailure) -> Bool {
        if value == .null { return false }
        if binary { try appendBinary(value, column, to: &bytes) } else { appendText(value, column, to: &bytes) }
        return true
    }

    static func appendText(_ value: SQLValue, _ column: SQLColumn, to bytes: inout [UInt8]) {
        switch value {
        case .null: break
        // A backend may keep a float without a fraction as a whole number.
        case .integer(let number) where column.type == .float32 || column.type == .float64:
            appendText(.double(Double(number)), column, to: &bytes)
        case .integer(let number): appendInteger(number, column, to: &bytes)
        case .double(let number):
            switch column.type {
            case .float32: bytes += SQLNumberText.float(Float(number))
            case .numeric: bytes += SQLNumberText.decimal(number, scale: scale(column))
            default: bytes += SQLNumberText.float(number)
            }
        case .text(let text): appendText(text, column, to: &bytes)
        case .bytes(let data):
            bytes += [UInt8(ascii: "\\"), UInt8(ascii: "x")]
            for byte in data {
                for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
            }
        }
    }

    private static func appendInteger(_ number: Int64, _ column: SQLColumn, to bytes: inout [UInt8]) {
        switch column.type {
        case .boolean: bytes.append(number == 0 ? UInt8(ascii: "f") : UInt8(ascii: "t"))
        case .regproc, .regprocedure, .regtype:
            if let name = column.type.registeredName(number) { bytes += Array(name.utf8) }
        default:
            appendDecimal(number, to: &bytes)
            if column.type == .numeric, let scale = scale(column), scale > 0 {
                bytes.append(UInt8(ascii: "."))
                bytes += [UInt8](repeating: 0x30, count: scale)
            }
        }
    }

    private static func appendDecimal(_ number: Int64, to bytes: inout [UInt8]) {
        var rest = number.magnitude
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        repeat {
            bytes.append(UInt8(0x30 + rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private static func appendText(_ text: [UInt8], _ column: SQLColumn, to bytes: inout [UInt8]) {
        if column.type.item != nil, case .text(let normal)? = try? column.type.value(text) {
            bytes += normal
            return
        }
        switch column.type {
        case .timestamp, .timestampWithZone:
            guard let stamp = SQLInstant.timestamp(text), let normal = SQLInstant.timestampText(stamp) else { break }
            bytes += normal
            if column.type == .timestampWithZone { bytes += Array("+00".utf8) }
            return
        case .fixedText:
            // A fixed length is filled up with spaces.
            bytes += text
            let characters = text.count { $0 & 0xC0 != 0x80 }
            let missing = Int(column.modifier) - 4 - characters
            if missing > 0 { bytes += [UInt8](repeating: 0x20, count: missing) }
            return
        default: break
        }
        bytes += text
    }

    /// The digits behind the point that a numeric's modifier asks for, or what it was computed from.
    private static func scale(_ column: SQLColumn) -> Int? {
        guard column.type == .numeric else { return nil }
        if column.modifier >= 4 { return Int((column.modifier - 4) & 0xFFFF) }
        return column.scale >= 0 ? Int(column.scale) : nil
    }

    // MARK: Binary

    private static func appendBigEndian<T: FixedWidthInteger>(_ number: T, to bytes: inout [UInt8]) {
        for place in stride(from: T.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> T(place)))
        }
    }

    private static func appendBinary(
        _ value: SQLValue, _ column: SQLColumn, to bytes: inout [UInt8]
    ) throws(SQLFailure) {
        switch (column.type, value) {
        case (.boolean, .integer(let number)): bytes.append(number == 0 ? 0 : 1)
        case (.int16, .integer(let number)): appendBigEndian(try narrow(number, Int16.self, column), to: &bytes)
        case (.int32, .integer(let number)): appendBigEndian(try narrow(number, Int32.self, column), to: &bytes)
        case (.int64, .integer(let number)): appendBigEndian(number, to: &bytes)
        case (.oid, .integer(let number)), (.regclass, .integer(let number)), (.regproc, .integer(let number)),
            (.regprocedure, .integer(let number)), (.regtype, .integer(let number)):
            appendBigEndian(try narrow(number, UInt32.self, column), to: &bytes)
        case (.float32, .double(let number)): appendBigEndian(Float(number).bitPattern, to: &bytes)
        case (.float64, .double(let number)): appendBigEndian(number.bitPattern, to: &bytes)
        case (.float32, .integer(let number)): appendBigEndian(Float(number).bitPattern, to: &bytes)
        case (.float64, .integer(let number)): appendBigEndian(Double(number).bitPattern, to: &bytes)
        case (.numeric, .integer), (.numeric, .double):
            var text: [UInt8] = []
            appendText(value, column, to: &text)
            appendNumeric(text, to: &bytes)
        case (.numeric, .text(let text)): appendNumeric(text, to: &bytes)
        case (.timestamp, .text(let text)), (.timestampWithZone, .text(let text)):
            guard let stamp = SQLInstant.timestamp(text) else { throw unfit(column) }
            appendBigEndian(stamp, to: &bytes)
        case (.date, .text(let text)):
            guard let days = SQLInstant.date(text) else { throw unfit(column) }
            appendBigEndian(Int32(truncatingIfNeeded: days), to: &bytes)
        case (.time, .text(let text)):
            guard let time = SQLInstant.time(text) else { throw unfit(column) }
            appendBigEndian(time, to: &bytes)
        case (.uuid, .text(let text)):
            guard let uuid = SQLUUIDText.bytes(text) else { throw unfit(column) }
            bytes += uuid
        case (.jsonb, .text(let text)):
            bytes.append(1)
            bytes += text
        case (.bytes, .bytes(let data)): bytes += data
        case (let array, .text(let text)) where array.item != nil:
            try appendArray(text, array.item ?? .text, column, to: &bytes)
        case (.text, _), (.boundedText, _), (.fixedText, _), (.name, _), (.character, _), (.json, _), (.unknown, _),
            (.void, _):
            appendText(value, column, to: &bytes)
        default: throw unfit(column)
        }
    }

    /// Dimensions, whether there are NULLs, the items' type; then size and lower bound, and each item (arrayfuncs.c
    /// `array_send`).
    private static func appendArray(
        _ text: [UInt8], _ item: SQLType, _ column: SQLColumn, to bytes: inout [UInt8]
    ) throws(SQLFailure) {
        let items = try SQLArrayText.items(text)
        appendBigEndian(Int32(items.isEmpty ? 0 : 1), to: &bytes)
        appendBigEndian(Int32(items.contains { $0 == nil } ? 1 : 0), to: &bytes)
        appendBigEndian(item.rawValue, to: &bytes)
        guard !items.isEmpty else { return }
        appendBigEndian(Int32(truncatingIfNeeded: items.count), to: &bytes)
        appendBigEndian(Int32(1), to: &bytes)
        for text in items {
            guard let text else {
                appendBigEndian(Int32(-1), to: &bytes)
                continue
            }
            var binary: [UInt8] = []
            try appendBinary(try item.value(text), SQLColumn(column.name, item), to: &binary)
            appendBigEndian(Int32(truncatingIfNeeded: binary.count), to: &bytes)
            bytes += binary
        }
    }

    private static func narrow<T: FixedWidthInteger>(
        _ number: Int64, _ type: T.Type, _ column: SQLColumn
    ) throws(SQLFailure) -> T {
        guard let narrow = T(exactly: number) else {
            throw SQLFailure("22003", "\(column.type.displayName) out of range")
        }
        return narrow
    }

    private static func unfit(_ column: SQLColumn) -> SQLFailure {
        SQLFailure("22P03", "a value of column \"\(column.name)\" has no binary form as \(column.type.displayName)")
    }

    /// Four numbers and groups of four decimal digits (numeric.c `numeric_send`).
    private static func appendNumeric(_ text: [UInt8], to bytes: inout [UInt8]) {
        let isNegative = text.first == UInt8(ascii: "-")
        let unsigned = isNegative ? text.dropFirst() : text[...]
        let point = unsigned.firstIndex(of: UInt8(ascii: ".")) ?? unsigned.endIndex
        var whole = unsigned[unsigned.startIndex..<point].drop { $0 == 0x30 }.map { $0 - 0x30 }
        var fraction = point == unsigned.endIndex ? [] : unsigned[(point + 1)...].map { $0 - 0x30 }
        let scale = fraction.count
        while whole.count % 4 != 0 { whole.insert(0, at: 0) }
        while fraction.count % 4 != 0 { fraction.append(0) }
        let digits = whole + fraction
        var groups: [Int16] = []
        for start in stride(from: 0, to: digits.count, by: 4) {
            groups.append(digits[start..<(start + 4)].reduce(Int16(0)) { $0 * 10 + Int16($1) })
        }
        var weight = whole.count / 4 - 1
        while groups.first == 0 {
            groups.removeFirst()
            weight -= 1
        }
        while groups.last == 0 { groups.removeLast() }
        if groups.isEmpty { weight = 0 }
        appendBigEndian(Int16(groups.count), to: &bytes)
        appendBigEndian(Int16(truncatingIfNeeded: weight), to: &bytes)
        appendBigEndian(UInt16(isNegative && !groups.isEmpty ? 0x4000 : 0), to: &bytes)
        appendBigEndian(Int16(truncatingIfNeeded: scale), to: &bytes)
        for group in groups { appendBigEndian(group, to: &bytes) }
    }
}
