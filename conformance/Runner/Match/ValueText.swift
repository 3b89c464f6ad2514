// Values and expectations as a person reads them in a report.

/// Writes values down.
package enum ValueText {
    /// Characters of one value in a sentence.
    private static let longest = 400

    /// The value on one line, shortened where it is long.
    package static func short(_ value: Value) -> String { cut(full(value, room: longest)) }

    /// An expectation as its file writes it, shortened where it is long.
    package static func expectation(_ tree: Tree) -> String { cut(written(tree)) }

    /// Bytes as text in quotes, with escapes for what is not printable.
    package static func quoted(_ bytes: some Collection<UInt8>) -> String {
        var text = "\""
        for byte in bytes {
            switch byte {
            case 0x0D: text += "\\r"
            case 0x0A: text += "\\n"
            case 0x09: text += "\\t"
            case 0x22: text += "\\\""
            case 0x5C: text += "\\\\"
            case 0x20..<0x7F: text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16)
                text += "\\x" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return text + "\""
    }

    private static func cut(_ text: String) -> String {
        text.count <= longest ? text : text.prefix(longest) + "… (\(text.count) characters)"
    }

    private static func full(_ value: Value, room: Int) -> String {
        switch value {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .bytes(let bytes):
            bytes.count <= room ? quoted(bytes) : quoted(bytes.prefix(room)) + "… (\(bytes.count) bytes)"
        case .list(let values): "[" + values.prefix(room).map { full($0, room: room) }.joined(separator: ", ") + "]"
        case .fields(let fields):
            "{" + fields.prefix(room).map { "\($0.name): \(full($0.value, room: room))" }.joined(separator: ", ") + "}"
        case .typed(let type, let inner): "!\(type) " + full(inner, room: room)
        }
    }

    private static func written(_ tree: Tree) -> String {
        let tag = tree.tag.map { "!\($0) " } ?? ""
        switch tree.content {
        case .text(let text, let isQuoted): return tag + (isQuoted || text.contains("\n") ? quoted(text.utf8) : text)
        case .list(let trees): return tag + "[" + trees.map(written).joined(separator: ", ") + "]"
        case .mapping(let entries):
            return tag + "{" + entries.map { "\($0.key): \(written($0.value))" }.joined(separator: ", ") + "}"
        }
    }
}
