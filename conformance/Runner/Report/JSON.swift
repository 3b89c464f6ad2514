// JSON as a value whose members keep their order, and its text.

/// A JSON value; numbers are kept as they were written, so that none loses a digit.
enum JSON: Equatable {
    case null
    case boolean(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    struct Member: Equatable {
        var name: String
        var value: JSON
    }

    /// An object without the members that are nil.
    static func object(_ members: KeyValuePairs<String, JSON?>) -> JSON {
        .object(members.compactMap { name, value in value.map { Member(name: name, value: $0) } })
    }
    static func integer(_ value: some BinaryInteger) -> JSON { .number("\(value)") }
    static func strings(_ values: some Sequence<String>) -> JSON { .array(values.map(JSON.string)) }

    subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
}

extension JSON {
    /// The text: what fits is on one line, the rest is one member or element a line.
    ///
    /// The same value always gives the same text, and a small change in it a small difference.
    func text() -> String {
        var text = ""
        write(into: &text, indent: 0)
        return text + "\n"
    }

    /// Characters of a line, as far as it can be had.
    private static let width = 320

    private func write(into text: inout String, indent: Int) {
        let line = compact()
        if line.utf8.count + 2 * indent <= Self.width, indent > 0 {
            text += line
            return
        }
        let inner = String(repeating: "  ", count: indent + 1)
        switch self {
        case .array(let elements) where !elements.isEmpty:
            text += "["
            for (place, element) in elements.enumerated() {
                text += (place == 0 ? "\n" : ",\n") + inner
                element.write(into: &text, indent: indent + 1)
            }
            text += "\n" + inner.dropLast(2) + "]"
        case .object(let members) where !members.isEmpty:
            text += "{"
            for (place, member) in members.enumerated() {
                text += (place == 0 ? "\n" : ",\n") + inner + Self.quoted(member.name) + ": "
                member.value.write(into: &text, indent: indent + 1)
            }
            text += "\n" + inner.dropLast(2) + "}"
        default: text += line
        }
    }

    private func compact() -> String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let digits): digits
        case .string(let string): Self.quoted(string)
        case .array(let elements): "[" + elements.map { $0.compact() }.joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.map { "\(Self.quoted($0.name)): \($0.value.compact())" }.joined(separator: ", ") + "}"
        }
    }

    private static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            // U+2028 and U+2029 end a line for some readers, U+007F and below U+0020 are not seen.
            case _
            where scalar.value < 0x20 || scalar.value == 0x7F || scalar.value == 0x2028 || scalar.value == 0x2029:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
