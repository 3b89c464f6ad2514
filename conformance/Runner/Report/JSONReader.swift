// Reads JSON text (RFC 8259) into a value.

/// Why a text is no JSON, and where.
struct JSONProblem: Error, Equatable, CustomStringConvertible {
    var offset: Int
    var message: String
    var description: String { "at byte \(offset): \(message)" }
}

extension JSON {
    /// Arrays and objects in each other; a report has eight.
    static let depth = 32

    init(_ bytes: some Collection<UInt8>) throws(JSONProblem) {
        var reader = JSONReader(bytes: Array(bytes))
        self = try reader.document()
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    var place = 0

    mutating func document() throws(JSONProblem) -> JSON {
        let value = try value(depth: 0)
        skipSpace()
        guard place == bytes.count else { throw problem("something stands behind the value") }
        return value
    }

    private func problem(_ message: String) -> JSONProblem { JSONProblem(offset: place, message: message) }
    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONProblem) -> JSON {
        guard depth < JSON.depth else { throw problem("nested more than \(JSON.depth) deep") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"):
            place += 1
            return .object(try members(depth: depth))
        case UInt8(ascii: "["):
            place += 1
            return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte): return .number(try number())
        default:
            for (word, value) in [("null", JSON.null), ("true", .boolean(true)), ("false", .boolean(false))]
            where bytes[place...].starts(with: word.utf8) {
                place += word.utf8.count
                return value
            }
            throw problem("expected a value")
        }
    }

    private mutating func members(depth: Int) throws(JSONProblem) -> [JSON.Member] {
        var members: [JSON.Member] = []
        if take("}") { return members }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw problem("expected a name in quotes") }
            let name = try string()
            guard take(":") else { throw problem("expected a colon") }
            members.append(JSON.Member(name: name, value: try value(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw problem("expected a comma or }") }
        return members
    }

    private mutating func elements(depth: Int) throws(JSONProblem) -> [JSON] {
        var elements: [JSON] = []
        if take("]") { return elements }
        repeat { elements.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw problem("expected a comma or ]") }
        return elements
    }

    private mutating func number() throws(JSONProblem) -> String {
        let start = place
        while let byte = next, "+-.eE0123456789".utf8.contains(byte) { place += 1 }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        guard text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil else {
            throw problem("this is no number")
        }
        return text
    }

    private mutating func string() throws(JSONProblem) -> String {
        place += 1
        var text: [UInt8] = []
        while let byte = next {
            place += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw problem("this is not UTF-8") }
                return string
            case UInt8(ascii: "\\"): text += try escape()
            case 0..<0x20: throw problem("a control character in a string")
            default: text.append(byte)
            }
        }
        throw problem("a string has no end")
    }

    private static let short: [UInt8: UInt8] = [
        UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08,
        UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]

    private mutating func escape() throws(JSONProblem) -> [UInt8] {
        guard let byte = next else { throw problem("a string has no end") }
        place += 1
        if let character = Self.short[byte] { return [character] }
        guard byte == UInt8(ascii: "u") else { throw problem("there is no such escape") }
        var units = [try unit()]
        if UTF16.isLeadSurrogate(units[0]), bytes[place...].starts(with: "\\u".utf8) {
            place += 2
            units.append(try unit())
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }

    private mutating func unit() throws(JSONProblem) -> UInt16 {
        let digits = String(decoding: bytes[place...].prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4, digits.allSatisfy(\.isHexDigit), let unit = UInt16(digits, radix: 16) else {
            throw problem("expected four hexadecimal digits")
        }
        place += 4
        return unit
    }
}
