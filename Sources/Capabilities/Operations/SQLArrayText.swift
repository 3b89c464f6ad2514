// Arrays of one dimension, which pass between a front and an adapter as PostgreSQL writes them: {1,"two",NULL}.

extension SQLType {
    private static let arrays: [(item: SQLType, array: SQLType)] = [
        (.boolean, .booleanArray), (.int16, .int16Array), (.int32, .int32Array), (.int64, .int64Array),
        (.text, .textArray), (.boundedText, .boundedTextArray), (.float32, .float32Array), (.float64, .float64Array),
        (.numeric, .numericArray), (.date, .dateArray), (.timestamp, .timestampArray),
        (.timestampWithZone, .timestampWithZoneArray), (.uuid, .uuidArray), (.bytes, .bytesArray),
        (.character, .characterArray), (.name, .nameArray), (.fixedText, .fixedTextArray), (.time, .timeArray),
        (.json, .jsonArray), (.jsonb, .jsonbArray), (.oid, .oidArray), (.regproc, .regprocArray),
        (.regprocedure, .regprocedureArray), (.regclass, .regclassArray), (.regtype, .regtypeArray),
    ]

    /// The type of an array's items; nil for a type that is no array.
    public var item: SQLType? { Self.arrays.first { $0.array == self }?.item }

    /// The type of arrays of this one; nil where there are none here.
    public var array: SQLType? { Self.arrays.first { $0.item == self }?.array }
}

/// Reads and writes the text of arrays.
public enum SQLArrayText {
    /// The items, nil for NULL; fails with `22P02` where PostgreSQL does, and with `0A000` for more than one dimension.
    ///
    /// Source: PostgreSQL manual, "Array Input and Output Syntax".
    public static func items(_ text: [UInt8]) throws(SQLFailure) -> [[UInt8]?] {
        var reader = Reader(text)
        return try reader.items()
    }

    /// The text of an array, with quotes only where they are needed.
    public static func text(_ items: [[UInt8]?]) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (index, item) in items.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            guard let item else {
                text += Array("NULL".utf8)
                continue
            }
            guard needsQuotes(item) else {
                text += item
                continue
            }
            text.append(UInt8(ascii: "\""))
            for byte in item {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
                text.append(byte)
            }
            text.append(UInt8(ascii: "\""))
        }
        return text + [UInt8(ascii: "}")]
    }

    private static func needsQuotes(_ item: [UInt8]) -> Bool {
        if item.isEmpty || isNull(item) { return true }
        return item.contains { byte in
            isSpace(byte) || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: ",")
                || byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}")
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 9 < 5 }

    private static func isNull(_ item: [UInt8]) -> Bool {
        item.count == 4 && String(decoding: item, as: UTF8.self).uppercased() == "NULL"
    }

    private struct Reader {
        private let text: [UInt8]
        private var index = 0

        init(_ text: [UInt8]) { self.text = text }

        private var malformed: SQLFailure {
            SQLFailure("22P02", "malformed array literal: \"\(String(decoding: text, as: UTF8.self))\"")
        }

        private var next: UInt8? { index < text.count ? text[index] : nil }

        private mutating func skipSpace() { while let byte = next, isSpace(byte) { index += 1 } }

        mutating func items() throws(SQLFailure) -> [[UInt8]?] {
            skipSpace()
            if next == UInt8(ascii: "[") {
                throw .refused(.sqlQuery, "arrays with bounds of their own are not known here")
            }
            guard next == UInt8(ascii: "{") else { throw malformed }
            index += 1
            skipSpace()
            var items: [[UInt8]?] = []
            if next == UInt8(ascii: "}") {
                index += 1
            } else {
                while true {
                    items.append(try item())
                    skipSpace()
                    let end = next
                    index += 1
                    if end == UInt8(ascii: "}") { break }
                    guard end == UInt8(ascii: ",") else { throw malformed }
                }
            }
            skipSpace()
            guard next == nil else { throw malformed }
            return items
        }

        private mutating func item() throws(SQLFailure) -> [UInt8]? {
            skipSpace()
            if next == UInt8(ascii: "{") { throw .refused(.sqlQuery, "arrays of arrays are not known here") }
            if next == UInt8(ascii: "\"") { return try quoted() }
            var item: [UInt8] = []
            // Spaces at the end do not count, unless a backslash stands before them.
            var end = 0
            var hasEscapes = false
            while let byte = next, byte != UInt8(ascii: ","), byte != UInt8(ascii: "}") {
                guard byte != UInt8(ascii: "{"), byte != UInt8(ascii: "\"") else { throw malformed }
                index += 1
                guard byte == UInt8(ascii: "\\") else {
                    item.append(byte)
                    if !isSpace(byte) { end = item.count }
                    continue
                }
                guard let escaped = next else { throw malformed }
                hasEscapes = true
                item.append(escaped)
                end = item.count
                index += 1
            }
            item.removeSubrange(end...)
            guard !item.isEmpty else { throw malformed }
            return isNull(item) && !hasEscapes ? nil : item
        }

        private mutating func quoted() throws(SQLFailure) -> [UInt8] {
            index += 1
            var item: [UInt8] = []
            while let byte = next, byte != UInt8(ascii: "\"") {
                index += 1
                guard byte == UInt8(ascii: "\\") else {
                    item.append(byte)
                    continue
                }
                guard let escaped = next else { throw malformed }
                item.append(escaped)
                index += 1
            }
            guard next != nil else { throw malformed }
            index += 1
            return item
        }
    }
}

extension SQLType {
    /// The text of an array of this type in the form in which PostgreSQL writes it, each item read by its type's rules.
    func arrayText(_ text: [UInt8], of item: SQLType) throws(SQLFailure) -> [UInt8] {
        var items: [[UInt8]?] = []
        for given in try SQLArrayText.items(text) {
            guard let given else {
                items.append(nil)
                continue
            }
            if item == .numeric {
                // A double has no zeros at its end.
                items.append(try SQLNumberText.numeric(given))
                continue
            }
            switch try item.value(given) {
            case .null: items.append(nil)
            case .integer(let number):
                let word = item == .boolean ? number == 0 ? "f" : "t" : item.registeredName(number) ?? String(number)
                items.append(Array(word.utf8))
            case .double(let number):
                items.append(
                    item == .float32 ? SQLNumberText.float(Float(number)) : SQLNumberText.float(number))
            case .text(let text): items.append(text)
            case .bytes(let bytes): items.append(SQLBytesText.hexadecimal(bytes))
            }
        }
        return SQLArrayText.text(items)
    }
}
