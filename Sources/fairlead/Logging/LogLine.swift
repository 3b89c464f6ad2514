// What a log line looks like: one spelling for people, one for machines.

import Logging

/// One event, ready to be written in either spelling.
struct LogLine {
    /// The time in UTC by ISO 8601, with milliseconds.
    var time: String
    var level: Logger.Level
    var message: String
    var metadata: Logger.Metadata

    /// Parts of a metadata key that announce a secret; the last guard after the code that should not log one at all.
    private static let secretWords = ["password", "passwd", "secret", "token", "authorization", "credential"]

    /// `TIME LEVEL MESSAGE key=value`, with keys in alphabetical order.
    var text: String {
        let level = level.rawValue.uppercased()
        let pad = String(repeating: " ", count: max(0, 8 - level.count))
        let pairs = values.map { " \($0.key)=\(Self.quotedIfNeeded($0.value.description))" }.joined()
        return "\(time) \(level)\(pad) \(Self.oneLine(message))\(pairs)"
    }

    /// One JSON object; metadata stands beside time, level and message, with `_` before a name that would hide one of them.
    var json: String {
        let reserved = ["time", "level", "message"]
        var parts = [
            "\"time\":\(JSONText.string(time))", "\"level\":\"\(level.rawValue)\"",
            "\"message\":\(JSONText.string(message))",
        ]
        for (key, value) in values {
            parts.append("\(JSONText.string(reserved.contains(key) ? "_\(key)" : key)):\(JSONText.value(value))")
        }
        return "{\(parts.joined(separator: ","))}"
    }

    private var values: [(key: String, value: Logger.MetadataValue)] {
        metadata.sorted { $0.key < $1.key }.map { key, value in
            let name = key.lowercased()
            return (key, Self.secretWords.contains { name.contains($0) } ? "[removed]" : value)
        }
    }

    /// The text without line feeds and control characters, with which a peer could forge lines or move the cursor.
    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: JSONText.isControl) else { return text }
        return String(JSONText.string(text).dropFirst().dropLast())
    }

    private static func quotedIfNeeded(_ text: String) -> String {
        let plain =
            !text.isEmpty
            && !text.unicodeScalars.contains { $0 == " " || $0 == "\"" || $0 == "=" || JSONText.isControl($0) }
        return plain ? text : JSONText.string(text)
    }
}

/// JSON text of strings and metadata (RFC 8259).
enum JSONText {
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    /// `text` in quotes, escaped.
    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where isControl(scalar): result += "\\u" + String(0x10000 + scalar.value, radix: 16).dropFirst()
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    static func value(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): string(text)
        case .stringConvertible(let other):
            other is any BinaryInteger || other is Bool ? other.description : string(other.description)
        case .array(let values): "[\(values.map(self.value).joined(separator: ","))]"
        case .dictionary(let pairs):
            "{\(pairs.sorted { $0.key < $1.key }.map { "\(string($0.key)):\(self.value($0.value))" }.joined(separator: ","))}"
        }
    }
}
