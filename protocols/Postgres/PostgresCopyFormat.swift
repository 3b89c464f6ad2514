// Rows of a COPY in its text and csv formats.

import Wire

/// How the rows of a COPY are written (PostgreSQL documentation, COPY, "File Formats").
package struct PostgresCopyFormat: Sendable, Equatable {
    package var isCSV = false
    package var delimiter = UInt8(ascii: "\t")
    package var null: [UInt8] = Array("\\N".utf8)
    package var quote = UInt8(ascii: "\"")
    /// nil: the quote itself.
    package var escape: UInt8?
    package var hasHeader = false

    package init() {}

    /// Takes the csv format's own defaults where nothing else was asked for.
    package mutating func becomeCSV() {
        let plain = PostgresCopyFormat()
        isCSV = true
        if delimiter == plain.delimiter { delimiter = UInt8(ascii: ",") }
        if null == plain.null { null = [] }
    }

    // MARK: Writing

    /// Appends one row with its line's end; nil stands for NULL.
    package func append(_ row: [[UInt8]?], to bytes: inout [UInt8]) {
        for (index, value) in row.enumerated() {
            if index > 0 { bytes.append(delimiter) }
            guard let value else {
                bytes += null
                continue
            }
            if isCSV { appendCSV(value, isOnly: row.count == 1, to: &bytes) } else { appendText(value, to: &bytes) }
        }
        bytes.append(.lineFeed)
    }

    private func appendText(_ value: [UInt8], to bytes: inout [UInt8]) {
        for byte in value {
            let letter: Unicode.Scalar
            switch byte {
            case 0x08: letter = "b"
            case 0x09: letter = "t"
            case 0x0A: letter = "n"
            case 0x0B: letter = "v"
            case 0x0C: letter = "f"
            case 0x0D: letter = "r"
            case UInt8(ascii: "\\"): letter = "\\"
            default:
                if byte == delimiter { bytes.append(UInt8(ascii: "\\")) }
                bytes.append(byte)
                continue
            }
            bytes += [UInt8(ascii: "\\"), UInt8(ascii: letter)]
        }
    }

    private func appendCSV(_ value: [UInt8], isOnly: Bool, to bytes: inout [UInt8]) {
        let needsQuotes =
            value == null || isOnly && value == Array("\\.".utf8)
            || value.contains { $0 == delimiter || $0 == quote || $0 == .lineFeed || $0 == .carriageReturn }
        guard needsQuotes else {
            bytes += value
            return
        }
        let escape = escape ?? quote
        bytes.append(quote)
        for byte in value {
            if byte == quote || byte == escape { bytes.append(escape) }
            bytes.append(byte)
        }
        bytes.append(quote)
    }
}

/// Takes the rows of a COPY out of bytes that arrive in pieces.
package struct PostgresCopyReader: Sendable {
    private let format: PostgresCopyFormat
    private var pending: [UInt8] = []
    private var isInQuotes = false
    /// Where the next line begins in `pending`, and how far it was looked at.
    private var first = 0
    private var looked = 0
    private var isOver = false
    private var skipsHeader: Bool
    /// How many lines were read, the header included.
    package private(set) var lines = 0

    package init(_ format: PostgresCopyFormat) {
        self.format = format
        skipsHeader = format.hasHeader
    }

    /// Adds bytes of a CopyData.
    package mutating func append(_ bytes: ArraySlice<UInt8>) {
        guard !isOver else { return }
        pending.removeFirst(first)
        looked -= first
        first = 0
        pending += bytes
    }

    /// The next row, nil in it for NULL; nil when more bytes are needed.
    ///
    /// With `atEnd` a last line may lack its end.
    ///
    /// Throws `copy-line-too-long` for a row beyond the bound of a message, `copy-malformed` for quotes without an end.
    package mutating func next(atEnd: Bool) throws(WireError) -> [[UInt8]?]? {
        while true {
            guard !isOver, let line = try line(atEnd: atEnd) else { return nil }
            lines += 1
            if line == Array("\\.".utf8) {
                isOver = true
                pending = []
                first = 0
                looked = 0
                return nil
            }
            if skipsHeader {
                skipsHeader = false
                continue
            }
            return format.isCSV ? csvFields(line) : textFields(line)
        }
    }

    private mutating func line(atEnd: Bool) throws(WireError) -> [UInt8]? {
        var index = looked
        while index < pending.count {
            let byte = pending[index]
            if format.isCSV {
                if isInQuotes, byte == format.escape ?? format.quote, byte != format.quote {
                    guard index + 1 < pending.count || atEnd else { break }
                    index += 2
                    continue
                }
                if byte == format.quote { isInQuotes.toggle() }
            } else if byte == UInt8(ascii: "\\") {
                // What follows belongs to the value, a line's end too.
                guard index + 1 < pending.count || atEnd else { break }
                index += 2
                continue
            }
            if byte == .lineFeed, !isInQuotes {
                var line = Array(pending[first..<index])
                if line.last == .carriageReturn { line.removeLast() }
                first = index + 1
                looked = first
                return line
            }
            index += 1
        }
        looked = min(index, pending.count)
        guard PostgresLimits.translatedMessage.allows(pending.count - first) else {
            throw WireError(
                .client, "copy-line-too-long",
                "a row of COPY data is longer than \(PostgresLimits.translatedMessage.maximum) bytes")
        }
        guard atEnd, first < pending.count else { return nil }
        guard !isInQuotes else { throw WireError(.client, "copy-malformed", "unterminated CSV quoted field") }
        let line = Array(pending[first...])
        first = pending.count
        looked = first
        return line
    }

    private func textFields(_ line: [UInt8]) -> [[UInt8]?] {
        var fields: [[UInt8]?] = []
        var raw: [UInt8] = []
        var value: [UInt8] = []
        var index = 0
        func finish() { fields.append(raw == format.null ? nil : value) }
        while index < line.count {
            let byte = line[index]
            if byte == format.delimiter {
                finish()
                raw = []
                value = []
                index += 1
                continue
            }
            raw.append(byte)
            index += 1
            guard byte == UInt8(ascii: "\\"), index < line.count else {
                value.append(byte)
                continue
            }
            let escape = line[index]
            raw.append(escape)
            index += 1
            switch escape {
            case UInt8(ascii: "b"): value.append(0x08)
            case UInt8(ascii: "f"): value.append(0x0C)
            case UInt8(ascii: "n"): value.append(0x0A)
            case UInt8(ascii: "r"): value.append(0x0D)
            case UInt8(ascii: "t"): value.append(0x09)
            case UInt8(ascii: "v"): value.append(0x0B)
            case UInt8(ascii: "0")...UInt8(ascii: "7"), UInt8(ascii: "x"):
                let isHexadecimal = escape == UInt8(ascii: "x")
                var number = isHexadecimal ? 0 : Int(escape - 0x30)
                var digits = isHexadecimal ? 0 : 1
                while index < line.count, digits < (isHexadecimal ? 2 : 3),
                    let digit = Character(Unicode.Scalar(line[index])).hexDigitValue, digit < (isHexadecimal ? 16 : 8)
                {
                    number = number * (isHexadecimal ? 16 : 8) + digit
                    raw.append(line[index])
                    index += 1
                    digits += 1
                }
                value.append(isHexadecimal && digits == 0 ? escape : UInt8(truncatingIfNeeded: number))
            default: value.append(escape)
            }
        }
        finish()
        return fields
    }

    private func csvFields(_ line: [UInt8]) -> [[UInt8]?] {
        var fields: [[UInt8]?] = []
        var value: [UInt8] = []
        var wasQuoted = false
        var isInQuotes = false
        var index = 0
        let escape = format.escape ?? format.quote
        func finish() { fields.append(!wasQuoted && value == format.null ? nil : value) }
        while index < line.count {
            let byte = line[index]
            index += 1
            if isInQuotes {
                if byte == escape, index < line.count, line[index] == format.quote || line[index] == escape {
                    value.append(line[index])
                    index += 1
                } else if byte == format.quote {
                    isInQuotes = false
                } else {
                    value.append(byte)
                }
            } else if byte == format.delimiter {
                finish()
                value = []
                wasQuoted = false
            } else if byte == format.quote {
                isInQuotes = true
                wasQuoted = true
            } else {
                value.append(byte)
            }
        }
        finish()
        return fields
    }
}
