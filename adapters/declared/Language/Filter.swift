// What stands behind a | in templates and paths: how a value is written, or read.

import Capabilities

/// A change to a value: in what is sent it encodes, in what is received it decodes.
enum Filter: Sendable, Equatable {
    case base64, base64url, hex, percent, json, escaped
    /// In JSON and MessagePack: a number or a word without quotes, or binary.
    case number, bytes
    /// How many bytes the value has, in decimal.
    case length
    /// A binary number.
    case integer(width: Int, isBig: Bool)
    /// Time that is left, as an expiry is written.
    case expiry
    case plus(Int64), times(Int64)
    /// With these bytes before it, or without them.
    case after([UInt8]), without([UInt8])
    /// In quotes, as an entity tag is.
    case quoted
    /// A time in milliseconds as a date.
    case date

    private static let plain: [(String, Filter)] = [
        ("base64", .base64), ("base64url", .base64url), ("hex", .hex), ("percent", .percent), ("json", .json),
        ("escaped", .escaped), ("number", .number), ("bytes", .bytes), ("length", .length), ("expiry", .expiry),
        ("quoted", .quoted), ("date", .date),
    ]
    private static let widths: [(String, Int)] = [("u8", 1), ("u16", 2), ("u24", 3), ("u32", 4), ("u64", 8)]

    static let names =
        plain.map(\.0) + widths.flatMap { [$0.0, $0.0 + "-le"] } + ["plus N", "times N", "after TEXT", "without TEXT"]

    /// Each with what it does, for the reference.
    static let help: [(String, String)] = [
        ("base64, base64url, hex, percent", "write bytes in these codes; read them back"),
        ("json", "the inside of a JSON text; not needed in `json:`"),
        ("escaped", "the escapes of the file's key `escapes`"),
        ("number", "in `json:` and `msgpack:` a bare number or word; of what is received, text as a number"),
        ("bytes", "in `msgpack:` binary instead of text"),
        ("length", "how many bytes it is, in decimal; {value.length} is short for {value | length}"),
        ("u8, u16, u24, u32, u64", "a binary number, the high byte first; with -le, as in u32-le, the low one"),
        ("expiry", "a time that is left, as the server told it, as the file's key `expiry` writes it"),
        ("plus N, times N", "a number, changed"),
        ("after TEXT", "what is sent, with this text before it"),
        ("without TEXT", "what is received, without this text at its front"),
        ("quoted", "text in quotes, as an ETag is; of what is received, without them and without W/"),
        ("date", "a date of HTTP or of ISO 8601 as a number of milliseconds since 1970; what is sent is one of HTTP"),
    ]

    /// The filter that `text` spells.
    static func parse(_ text: String, _ place: DocumentPlace, _ problems: ProblemList) -> Filter? {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        let name = words.first ?? ""
        let argument = words.count > 1 ? words[1] : nil
        if let filter = plain.first(where: { $0.0 == name })?.1, argument == nil { return filter }
        for (word, width) in widths {
            if name == word, argument == nil { return .integer(width: width, isBig: true) }
            if name == word + "-le", argument == nil { return .integer(width: width, isBig: false) }
        }
        if let argument {
            switch name {
            case "plus": if let number = Int64(argument) { return .plus(number) }
            case "times": if let number = Int64(argument) { return .times(number) }
            case "after": return .after(Array(argument.utf8))
            case "without": return .without(Array(argument.utf8))
            default: break
            }
        }
        let clause = NearestWord.clause(for: name, among: names.map { String($0.prefix { $0 != " " }) })
        problems.add(
            place,
            "unknown filter \"\(text)\"\(clause.isEmpty ? "; expected one of \(names.joined(separator: ", "))" : clause)"
        )
        return nil
    }
}
