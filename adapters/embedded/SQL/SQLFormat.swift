// format(): a text with places in it that arguments fill (varlena.c, text_format).

import Capabilities

/// Fills `%s`, `%I` and `%L`, with positions, widths and the flag `-`.
struct SQLFormat {
    private let format: [UInt8]
    private let arguments: [SQLValue]
    private var result: [UInt8] = []
    private var at = 0
    /// The argument that comes next, counted from one.
    private var next = 1

    /// The text that comes of it; fails as PostgreSQL does, and where the result is longer than any value may be.
    static func text(_ format: [UInt8], _ arguments: [SQLValue]) throws(SQLFailure) -> [UInt8] {
        var filling = SQLFormat(format, arguments)
        try filling.fill()
        return filling.result
    }

    private init(_ format: [UInt8], _ arguments: [SQLValue]) {
        (self.format, self.arguments) = (format, arguments)
    }

    private static let percent = UInt8(ascii: "%")

    private mutating func fill() throws(SQLFailure) {
        while at < format.count {
            guard format[at] == Self.percent else {
                result.append(format[at])
                at += 1
                continue
            }
            try advance()
            if format[at] == Self.percent { result.append(Self.percent) } else { try place() }
            at += 1
        }
    }

    /// The next byte of what follows a `%`, which has to be there.
    private mutating func advance() throws(SQLFailure) {
        at += 1
        guard at < format.count else {
            throw SQLFailure(
                "22023", "unterminated format() type specifier", hint: "For a single \"%\" use \"%%\".")
        }
    }

    // MARK: One place

    /// How wide a value is at least, and where that is told.
    private enum Width {
        case told(Int32)
        /// By an argument: the next one, or one by its number.
        case argument(Int?)
    }

    private mutating func place() throws(SQLFailure) {
        var (position, isLeft): (Int?, Bool) = (nil, false)
        var width = Width.told(0)
        let number = try digits()
        if let number, format[at] != UInt8(ascii: "$") {
            width = .told(number)
        } else {
            if let number {
                position = try numbered(number)
                try advance()
            }
            while format[at] == UInt8(ascii: "-") {
                isLeft = true
                try advance()
            }
            if format[at] == UInt8(ascii: "*") {
                try advance()
                width = .argument(nil)
                if let number = try digits() {
                    guard format[at] == UInt8(ascii: "$") else {
                        throw SQLFailure("22023", "width argument position must be ended by \"$\"")
                    }
                    width = .argument(try numbered(number))
                    try advance()
                }
            } else if let number = try digits() {
                width = .told(number)
            }
        }
        let kind = format[at]
        guard [UInt8(ascii: "s"), UInt8(ascii: "I"), UInt8(ascii: "L")].contains(kind) else {
            let end = format[(at + 1)...].firstIndex { $0 & 0xC0 != 0x80 } ?? format.count
            throw SQLFailure(
                "22023",
                "unrecognized format() type specifier \"\(String(decoding: format[at..<end], as: UTF8.self))\"",
                hint: "For a single \"%\" use \"%%\".")
        }
        let count = try self.width(width)
        try append(try shown(try argument(position), kind), count, isLeft: isLeft)
    }

    /// A number of digits; nil where none stands.
    private mutating func digits() throws(SQLFailure) -> Int32? {
        var number: Int32?
        while format[at] &- 0x30 < 10 {
            let (tens, isTooLarge) = (number ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, overflow) = tens.addingReportingOverflow(Int32(format[at] - 0x30))
            if isTooLarge || overflow { throw Self.outOfRange }
            number = sum
            try advance()
        }
        return number
    }

    private static let outOfRange = SQLFailure("22003", "number is out of range")

    private func numbered(_ number: Int32) throws(SQLFailure) -> Int {
        guard number > 0 else {
            throw SQLFailure("22023", "format specifies argument 0, but arguments are numbered from 1")
        }
        return Int(number)
    }

    private mutating func argument(_ position: Int?) throws(SQLFailure) -> SQLValue {
        let number = position ?? next
        guard number <= arguments.count else { throw SQLFailure("22023", "too few arguments for format()") }
        next = number + 1
        return arguments[number - 1]
    }

    private mutating func width(_ width: Width) throws(SQLFailure) -> Int32 {
        switch width {
        case .told(let number): return number
        case .argument(let position):
            let value = try argument(position)
            guard let text = value.octets, value != .null else { return 0 }
            guard case .integer(let number) = try SQLType.int32.value(text) else { return 0 }
            return Int32(clamping: number)
        }
    }

    // MARK: Values

    private func shown(_ value: SQLValue, _ kind: UInt8) throws(SQLFailure) -> [UInt8] {
        guard let text = value.octets else {
            switch kind {
            case UInt8(ascii: "s"): return []
            case UInt8(ascii: "L"): return Array("NULL".utf8)
            default: throw SQLFailure("22004", "null values cannot be formatted as an SQL identifier")
            }
        }
        switch kind {
        case UInt8(ascii: "I"): return SQLQuotedText.identifier(text)
        case UInt8(ascii: "L"): return SQLQuotedText.literal(text)
        default: return text
        }
    }

    /// Appends a text with the spaces that make it as wide as it has to be; a width below zero puts them behind it.
    private mutating func append(_ text: [UInt8], _ width: Int32, isLeft: Bool) throws(SQLFailure) {
        guard width > .min else { throw Self.outOfRange }
        let missing = max(0, Int(width.magnitude) - text.count { $0 & 0xC0 != 0x80 })
        guard result.count + text.count + missing <= Int(SQLiteConnection.largestValue) else {
            throw SQLiteFunctions.tooLong
        }
        let spaces = repeatElement(0x20 as UInt8, count: missing)
        if isLeft || width < 0 { result += text + spaces } else { result += spaces + text }
    }
}
