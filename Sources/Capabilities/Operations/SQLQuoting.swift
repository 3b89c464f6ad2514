// Names and texts within SQL, in their quotes.

/// How a name, or a text, is spelled so that it is read as it is.
///
/// By bytes: to Swift a quote and a mark that joins it (U+0301, U+0600) are one character, which is no quote, and to a database they
/// are a quote and something behind it.
public enum SQLQuoting {
    /// A name in double quotes (PostgreSQL, "Identifiers and Key Words").
    public static func name(_ name: String) -> String { enclosed(name, in: UInt8(ascii: "\"")) }

    /// A text as a string literal (PostgreSQL, "String Constants", with `standard_conforming_strings`).
    public static func literal(_ text: String) -> String { enclosed(text, in: UInt8(ascii: "'")) }

    private static func enclosed(_ text: String, in quote: UInt8) -> String {
        var bytes = [quote]
        for byte in text.utf8 {
            if byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        bytes.append(quote)
        return String(decoding: bytes, as: UTF8.self)
    }
}
