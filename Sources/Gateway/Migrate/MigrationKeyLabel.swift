// A client's key in words for the operator.

/// Names keys of Redis; they are any bytes, and what is shown must not steer a terminal.
enum MigrationKeyLabel {
    /// Bytes of a name that are shown.
    static let limit = 64

    /// `'name'`, or `'name' of database 3`; what is no plain text comes as `\x1b`.
    static func text(_ key: [UInt8], database: UInt32) -> String {
        let head = Array(key.prefix(limit))
        let name = plain(head) ?? head.map(escaped).joined()
        return "'\(name)\(key.count > limit ? "..." : "")'\(database == 0 ? "" : " of database \(database)")"
    }

    private static func plain(_ bytes: [UInt8]) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
        return isPlain ? text : nil
    }

    private static func escaped(_ byte: UInt8) -> String {
        if (0x20..<0x7F).contains(byte), byte != UInt8(ascii: "\\") { return String(UnicodeScalar(byte)) }
        return "\\x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
    }
}
