// Writes and reads the pieces that PostgreSQL's messages are made of.

/// Bytes of a message in the making (PostgreSQL documentation, "Message Data Types").
struct PostgresWriter {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ more: [UInt8]) { bytes += more }

    /// Text with its terminator.
    mutating func text(_ text: [UInt8]) {
        bytes += text
        bytes.append(0)
    }

    mutating func int16(_ value: Int64) {
        let value = UInt16(truncatingIfNeeded: value)
        bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
    }

    mutating func int32(_ value: Int64) {
        let value = UInt32(truncatingIfNeeded: value)
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    /// A value with its length in front, -1 for null.
    mutating func value(_ value: [UInt8]?) {
        int32(value.map { Int64($0.count) } ?? -1)
        bytes += value ?? []
    }
}

/// Takes a message's body apart; what does not fit is `malformed`.
struct PostgresReader {
    private let bytes: [UInt8]
    private var place = 0
    private let what: String

    init(_ bytes: [UInt8], _ what: String) {
        self.bytes = bytes
        self.what = what
    }

    var isAtEnd: Bool { place == bytes.count }

    mutating func take(_ count: Int) throws(DriverFailure) -> [UInt8] {
        guard count >= 0, count <= bytes.count - place else { throw malformed("it ends too early") }
        defer { place += count }
        return Array(bytes[place..<(place + count)])
    }

    mutating func byte() throws(DriverFailure) -> UInt8 { try take(1)[0] }

    mutating func int16() throws(DriverFailure) -> Int {
        Int(Int16(truncatingIfNeeded: try take(2).reduce(0) { $0 << 8 | Int($1) }))
    }

    mutating func int32() throws(DriverFailure) -> Int {
        Int(Int32(truncatingIfNeeded: try take(4).reduce(0) { $0 << 8 | Int($1) }))
    }

    /// An object's number, which has no sign.
    mutating func oid() throws(DriverFailure) -> Value {
        .integer(Int64(UInt32(truncatingIfNeeded: try int32())))
    }

    mutating func text() throws(DriverFailure) -> [UInt8] {
        guard let end = bytes[place...].firstIndex(of: 0) else { throw malformed("a text in it has no end") }
        defer { place = end + 1 }
        return Array(bytes[place..<end])
    }

    /// A value with its length in front.
    mutating func value() throws(DriverFailure) -> Value {
        let count = try int32()
        return count == -1 ? .null : .bytes(try take(count))
    }

    mutating func list(
        _ element: (inout PostgresReader) throws(DriverFailure) -> Value
    ) throws(DriverFailure) -> Value {
        let count = try int16()
        guard count >= 0 else { throw malformed("a list in it has \(count) elements") }
        var values: [Value] = []
        for _ in 0..<count { values.append(try element(&self)) }
        return .list(values)
    }

    mutating func rest() -> [UInt8] {
        defer { place = bytes.count }
        return Array(bytes[place...])
    }

    func finish() throws(DriverFailure) {
        guard isAtEnd else { throw malformed("it has \(bytes.count - place) bytes too many") }
    }

    func malformed(_ why: String) -> DriverFailure { DriverFailure(.malformed, "\(what) is malformed: \(why)") }
}
