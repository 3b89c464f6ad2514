// Spells replies in RESP2 or RESP3 into one buffer that is sent at once.

import Wire

/// Appends replies to ``bytes``, in the protocol version that the client asked for.
///
/// What RESP2 has no type for is spelled as redis-server spells it: nulls as null bulk strings or null arrays, maps as
/// flat arrays, doubles as bulk strings.
package struct RedisReplyWriter: Sendable {
    package var bytes: [UInt8] = []
    /// Whether the client has asked for RESP3.
    package var isRESP3 = false

    package init() {}

    // MARK: Lines

    /// `+TEXT`.
    @inline(__always)
    package mutating func status(_ text: StaticString) {
        bytes.append(0x2B)
        append(text)
        endLine()
    }

    /// `+TEXT`; the text has no line end.
    package mutating func status(_ text: [UInt8]) {
        bytes.append(0x2B)
        bytes.append(contentsOf: text)
        endLine()
    }

    /// `-TEXT`; line ends within the text become spaces, as the server does it.
    package mutating func error(_ text: [UInt8]) {
        bytes.append(0x2D)
        for byte in text { bytes.append(byte == .carriageReturn || byte == .lineFeed ? 0x20 : byte) }
        endLine()
    }

    @inline(__always)
    package mutating func integer(_ value: Int64) {
        bytes.append(0x3A)
        RedisInteger.append(value, to: &bytes)
        endLine()
    }

    /// A number with a fraction, as a bulk string in RESP2.
    package mutating func double(_ number: Double) {
        // The server's compact form of a sorted set knows no negative zero.
        let value = number == 0 ? 0 : number
        if isRESP3 {
            bytes.append(0x2C)
            RedisDouble.append(value, to: &bytes)
            endLine()
        } else {
            var text: [UInt8] = []
            RedisDouble.append(value, to: &text)
            bulk(text)
        }
    }

    // MARK: Strings and nulls

    @inline(__always)
    package mutating func bulk(_ value: [UInt8]) {
        header(0x24, value.count)
        bytes.append(contentsOf: value)
        endLine()
    }

    package mutating func bulk(_ text: StaticString) {
        header(0x24, text.utf8CodeUnitCount)
        append(text)
        endLine()
    }

    package mutating func bulk(_ text: String) { bulk(Array(text.utf8)) }

    /// Text for people: a verbatim string in RESP3.
    package mutating func verbatim(_ text: [UInt8]) {
        guard isRESP3 else { return bulk(text) }
        header(0x3D, text.count &+ 4)
        append("txt:")
        bytes.append(contentsOf: text)
        endLine()
    }

    /// No value, where a bulk string could stand.
    @inline(__always)
    package mutating func null() { append(isRESP3 ? "_\r\n" : "$-1\r\n") }

    /// No value, where an array could stand.
    package mutating func nullArray() { append(isRESP3 ? "_\r\n" : "*-1\r\n") }

    // MARK: Aggregates; their elements are appended next

    @inline(__always)
    package mutating func array(_ count: Int) { header(0x2A, count) }

    package mutating func set(_ count: Int) { header(isRESP3 ? 0x7E : 0x2A, count) }

    /// A map of so many names with their values, appended in turn.
    package mutating func map(_ pairs: Int) {
        if isRESP3 { header(0x25, pairs) } else { header(0x2A, pairs &* 2) }
    }

    /// Something that answers no command.
    package mutating func push(_ count: Int) { header(isRESP3 ? 0x3E : 0x2A, count) }

    // MARK: Parts

    @inline(__always)
    private mutating func header(_ mark: UInt8, _ count: Int) {
        bytes.append(mark)
        RedisInteger.append(Int64(truncatingIfNeeded: count), to: &bytes)
        endLine()
    }

    @inline(__always)
    private mutating func endLine() {
        bytes.append(.carriageReturn)
        bytes.append(.lineFeed)
    }

    @inline(__always)
    private mutating func append(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { bytes.append(text.utf8Start[index]) }
    }
}
