// Takes messages out of what a server sent.

/// Frames of the server: a type, a length, a body.
struct PostgresMessageReader {
    private var bytes: [UInt8] = []
    private var start = 0

    /// The longest message of a server: PostgreSQL's `MaxAllocSize`.
    private static let longest = 1 << 30

    mutating func append(_ more: [UInt8]) {
        if start > 0 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes += more
    }

    var holdsBytes: Bool { start < bytes.count }

    /// One byte, as the answer to a request for encryption is; nil while there is none.
    mutating func takeByte() -> UInt8? {
        guard start < bytes.count else { return nil }
        defer { start += 1 }
        return bytes[start]
    }

    /// Takes all that is here, as it came.
    mutating func takeBytes() -> [UInt8] {
        defer { (bytes, start) = ([], 0) }
        return Array(bytes[start...])
    }

    /// The next message; nil while it is not complete.
    mutating func next() throws(DriverFailure) -> PostgresMessage? {
        guard bytes.count - start >= 5 else { return nil }
        let length = bytes[(start + 1)..<(start + 5)].reduce(0) { $0 << 8 | Int($1) }
        guard (4...Self.longest).contains(length) else {
            throw DriverFailure(
                .malformed, "a message \(ValueText.quoted([bytes[start]])) says that it has \(length) bytes")
        }
        guard bytes.count - start > length else { return nil }
        let all = Array(bytes[start...(start + length)])
        start += length + 1
        return try PostgresMessage(all[0], body: Array(all[5...]), bytes: all)
    }
}
