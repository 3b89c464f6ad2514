// Reads RESP2 and RESP3 replies for the raw client, with bounds on everything that a server may send.

/// Takes replies out of received bytes (redis-doc, "Redis serialization protocol specification").
struct RedisReplyReader {
    private var bytes: [UInt8] = []
    private var start = 0

    /// Bounds of one reply; a wrong server is on the other side.
    private static let deepest = 64
    private static let elementsAtMost = 1 << 20
    private static let bulkAtMost = 1 << 30

    mutating func append(_ more: [UInt8]) {
        if start > 0 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes += more
    }

    /// Whether bytes are here that no reply has taken yet.
    var holdsBytes: Bool { start < bytes.count }

    /// Takes all that is here, as it came.
    mutating func takeBytes() -> [UInt8] {
        defer { (bytes, start) = ([], 0) }
        return Array(bytes[start...])
    }

    /// The next reply and its bytes; nil while it is not complete.
    mutating func next() throws(DriverFailure) -> (value: Value, raw: [UInt8])? {
        var index = start
        guard let value = try read(&index, depth: 0) else { return nil }
        let raw = Array(bytes[start..<index])
        start = index
        return (value, raw)
    }

    private func read(_ index: inout Int, depth: Int) throws(DriverFailure) -> Value? {
        guard depth < Self.deepest else { throw malformed("a reply is nested more than \(Self.deepest) deep") }
        guard let line = line(&index) else { return nil }
        guard let mark = line.first else { throw malformed("a reply begins with an empty line") }
        let text = Array(line.dropFirst())
        switch mark {
        case UInt8(ascii: "+"): return .typed("simple", .bytes(text))
        case UInt8(ascii: "-"): return .typed("error", .bytes(text))
        case UInt8(ascii: ":"): return .integer(try number(text))
        case UInt8(ascii: "_"): return .null
        case UInt8(ascii: "#"):
            guard text == [0x74] || text == [0x66] else { throw malformed("a boolean is neither t nor f") }
            return .boolean(text == [0x74])
        case UInt8(ascii: ","): return .typed("double", .bytes(text))
        case UInt8(ascii: "("): return .typed("big-number", .bytes(text))
        case UInt8(ascii: "$"):
            return try bulk(text, &index)
        case UInt8(ascii: "="):
            guard let value = try bulk(text, &index) else { return nil }
            return .typed("verbatim", value)
        case UInt8(ascii: "!"):
            guard let value = try bulk(text, &index) else { return nil }
            return .typed("error", value)
        case UInt8(ascii: "*"): return try elements(text, 1, &index, depth) { $0 }
        case UInt8(ascii: "~"): return try elements(text, 1, &index, depth) { .typed("set", $0) }
        case UInt8(ascii: ">"): return try elements(text, 1, &index, depth) { .typed("push", $0) }
        case UInt8(ascii: "%"): return try elements(text, 2, &index, depth) { .typed("map", $0) }
        case UInt8(ascii: "|"):
            // Attributes come before the value that they are about.
            guard let attributes = try elements(text, 2, &index, depth, { $0 }),
                let value = try read(&index, depth: depth + 1)
            else { return nil }
            return .typed("attribute", .list([attributes, value]))
        default: throw malformed("a reply begins with \(ValueText.quoted([mark]))")
        }
    }

    private func elements(
        _ text: [UInt8], _ width: Int, _ index: inout Int, _ depth: Int, _ wrap: (Value) -> Value
    ) throws(DriverFailure) -> Value? {
        let count = try number(text)
        if count == -1 { return .typed("null-array", .null) }
        guard (0...Int64(Self.elementsAtMost)).contains(count) else { throw malformed("\(count) elements in a reply") }
        var values: [Value] = []
        for _ in 0..<(Int(count) * width) {
            guard let value = try read(&index, depth: depth + 1) else { return nil }
            values.append(value)
        }
        return wrap(.list(values))
    }

    private func bulk(_ text: [UInt8], _ index: inout Int) throws(DriverFailure) -> Value? {
        let count = try number(text)
        if count == -1 { return .null }
        guard (0...Int64(Self.bulkAtMost)).contains(count) else { throw malformed("\(count) bytes in a reply") }
        let end = index + Int(count)
        guard bytes.count >= end + 2 else { return nil }
        guard bytes[end] == 0x0D, bytes[end + 1] == 0x0A else { throw malformed("text without its end of line") }
        defer { index = end + 2 }
        return .bytes(Array(bytes[index..<end]))
    }

    private func line(_ index: inout Int) -> [UInt8]? {
        var end = index
        while end + 1 < bytes.count {
            if bytes[end] == 0x0D, bytes[end + 1] == 0x0A {
                defer { index = end + 2 }
                return Array(bytes[index..<end])
            }
            end += 1
        }
        return nil
    }

    private func number(_ text: [UInt8]) throws(DriverFailure) -> Int64 {
        guard let number = Int64(String(decoding: text, as: UTF8.self)) else {
            throw malformed("\(ValueText.quoted(text.prefix(40))) is no number")
        }
        return number
    }

    private func malformed(_ what: String) -> DriverFailure { DriverFailure(.malformed, what) }
}
