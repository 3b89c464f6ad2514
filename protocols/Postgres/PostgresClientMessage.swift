// A client's messages with what they carry, for a gateway that answers them itself.

import Wire

/// A message of a client after its startup; names and texts are ranges of the bytes that were given.
package enum PostgresClientMessage: Sendable, Equatable {
    case query(Range<Int>)
    case parse(name: Range<Int>, text: Range<Int>, types: [UInt32])
    case bind(PostgresBind)
    case describeStatement(Range<Int>)
    case describePortal(Range<Int>)
    /// `rows` is zero for all.
    case execute(portal: Range<Int>, rows: Int)
    case closeStatement(Range<Int>)
    case closePortal(Range<Int>)
    case sync
    case flush
    case copyData(Range<Int>)
    case copyDone
    case copyFail(Range<Int>)
    case functionCall
    /// `p`: a password or a SASL message, as the login's state has it.
    case credentials(Range<Int>)
    case terminate
}

/// What a Bind carries.
package struct PostgresBind: Sendable, Equatable {
    package var portal: Range<Int>
    package var statement: Range<Int>
    /// One for each parameter, or one for all, or none for text.
    package var parameterFormats: [UInt16]
    /// nil for NULL.
    package var values: [Range<Int>?]
    package var resultFormats: [UInt16]
}

/// Reads whole messages.
package struct PostgresClientMessageReader: Sendable {
    /// What one look at the bytes gave.
    package enum Step: Sendable, Equatable {
        /// The message is not complete: it is `total` bytes long, or at least five.
        case moreNeeded(total: Int)
        case message(PostgresClientMessage)
    }

    /// The longest message that is taken; a gateway that answers holds it whole.
    private let limit: Int

    package init(limit: Int = PostgresLimits.translatedMessage.maximum) { self.limit = limit }

    /// Reads the message that begins at `offset`, and leaves the offset behind it.
    ///
    /// Throws `invalid-message-length`, `message-too-long`, `unknown-message-type`, or where only the contents are wrong
    /// `invalid-request-layout`, `invalid-sync-layout` or `invalid-message-layout`; these three leave the framing intact, and
    /// the offset is behind the message then.
    package func next(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> Step {
        guard bytes.count - offset >= 5, let length = bytes.bigEndianUInt32(at: offset + 1) else {
            return .moreNeeded(total: 5)
        }
        let type = bytes[offset]
        guard length >= 4 else {
            throw WireError(.client, "invalid-message-length", "message of length \(length); expected at least 4")
        }
        guard Self.isKnown(type) else {
            throw WireError(
                .client, "unknown-message-type", "message of type \(PostgresHeaderReader.printable(type))")
        }
        let bound = Self.isSmall(type) ? PostgresLimits.small : limit
        guard Int(length) <= bound else {
            throw WireError(.client, "message-too-long", "message of length \(length); expected at most \(bound)")
        }
        let end = offset + 1 + Int(length)
        guard bytes.count >= end else { return .moreNeeded(total: 1 + Int(length)) }
        var body = PostgresBodyReader(offset + 5, end)
        offset = end
        guard let request = Self.request(type, bytes, &body) else {
            let detail =
                type == UInt8(ascii: "Q")
                ? "invalid string in message"
                : "message of type \(PostgresHeaderReader.printable(type)) is not laid out as the protocol has it"
            throw WireError(.client, Self.layoutCode(type), detail)
        }
        guard body.isAtEnd else { throw WireError(.client, Self.layoutCode(type), "invalid message format") }
        return .message(request)
    }

    /// Query ends with ReadyForQuery however it fails, and so does Sync; what else has a layout is followed by a Sync
    /// (postgres.c, SocketBackend).
    private static func layoutCode(_ type: UInt8) -> StaticString {
        switch type {
        case UInt8(ascii: "Q"): "invalid-request-layout"
        case UInt8(ascii: "S"): "invalid-sync-layout"
        default: "invalid-message-layout"
        }
    }

    private static func isKnown(_ type: UInt8) -> Bool { "QPBEDCSHdcfFpX".utf8.contains(type) }
    private static func isSmall(_ type: UInt8) -> Bool { "EDCSHcX".utf8.contains(type) }

    private static func request(_ type: UInt8, _ bytes: Bytes, _ body: inout PostgresBodyReader)
        -> PostgresClientMessage?
    {
        switch type {
        case UInt8(ascii: "Q"): return body.text(bytes).map { .query($0) }
        case UInt8(ascii: "P"): return parse(bytes, &body)
        case UInt8(ascii: "B"): return bind(bytes, &body)
        case UInt8(ascii: "E"):
            guard let portal = body.text(bytes), let rows = body.int32(bytes) else { return nil }
            return .execute(portal: portal, rows: max(0, Int(rows)))
        case UInt8(ascii: "D"), UInt8(ascii: "C"):
            guard let kind = body.byte(bytes), let name = body.text(bytes) else { return nil }
            let describes = type == UInt8(ascii: "D")
            switch kind {
            case UInt8(ascii: "S"): return describes ? .describeStatement(name) : .closeStatement(name)
            case UInt8(ascii: "P"): return describes ? .describePortal(name) : .closePortal(name)
            default: return nil
            }
        case UInt8(ascii: "S"): return .sync
        case UInt8(ascii: "H"): return .flush
        case UInt8(ascii: "d"): return .copyData(body.rest())
        case UInt8(ascii: "c"): return .copyDone
        case UInt8(ascii: "f"): return body.text(bytes).map { .copyFail($0) }
        case UInt8(ascii: "F"):
            _ = body.rest()
            return .functionCall
        case UInt8(ascii: "p"): return .credentials(body.rest())
        case UInt8(ascii: "X"): return .terminate
        default: return nil
        }
    }

    private static func parse(_ bytes: Bytes, _ body: inout PostgresBodyReader) -> PostgresClientMessage? {
        guard let name = body.text(bytes), let text = body.text(bytes), let count = body.count(bytes, width: 4) else {
            return nil
        }
        var types: [UInt32] = []
        types.reserveCapacity(count)
        for _ in 0..<count {
            guard let type = body.int32(bytes) else { return nil }
            types.append(UInt32(bitPattern: type))
        }
        return .parse(name: name, text: text, types: types)
    }

    private static func bind(_ bytes: Bytes, _ body: inout PostgresBodyReader) -> PostgresClientMessage? {
        guard let portal = body.text(bytes), let statement = body.text(bytes),
            let parameterFormats = formats(bytes, &body), let count = body.count(bytes, width: 4)
        else { return nil }
        var values: [Range<Int>?] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            guard let length = body.int32(bytes) else { return nil }
            if length == -1 {
                values.append(nil)
            } else {
                guard let value = body.bytes(Int(length)) else { return nil }
                values.append(value)
            }
        }
        guard let resultFormats = formats(bytes, &body) else { return nil }
        return .bind(
            PostgresBind(
                portal: portal, statement: statement, parameterFormats: parameterFormats, values: values,
                resultFormats: resultFormats))
    }

    private static func formats(_ bytes: Bytes, _ body: inout PostgresBodyReader) -> [UInt16]? {
        guard let count = body.count(bytes, width: 2) else { return nil }
        var formats: [UInt16] = []
        formats.reserveCapacity(count)
        for _ in 0..<count {
            guard let format = body.uint16(bytes) else { return nil }
            formats.append(format)
        }
        return formats
    }
}

/// Reads the fields of one message's body and never beyond its end.
package struct PostgresBodyReader: Sendable {
    package private(set) var offset: Int
    private let end: Int

    package init(_ start: Int, _ end: Int) {
        offset = start
        self.end = end
    }

    package var isAtEnd: Bool { offset == end }

    package mutating func byte(_ bytes: Bytes) -> UInt8? {
        guard offset < end else { return nil }
        offset += 1
        return bytes[offset - 1]
    }

    package mutating func uint16(_ bytes: Bytes) -> UInt16? {
        guard end - offset >= 2 else { return nil }
        offset += 2
        return UInt16(bytes[offset - 2]) << 8 | UInt16(bytes[offset - 1])
    }

    package mutating func int32(_ bytes: Bytes) -> Int32? {
        guard end - offset >= 4, let number = bytes.bigEndianUInt32(at: offset) else { return nil }
        offset += 4
        return Int32(bitPattern: number)
    }

    /// A count of items of at least `width` bytes each; nil when there is no room for so many.
    package mutating func count(_ bytes: Bytes, width: Int) -> Int? {
        guard let count = uint16(bytes), Int(count) * width <= end - offset else { return nil }
        return Int(count)
    }

    /// A text up to its zero byte, which is left out.
    package mutating func text(_ bytes: Bytes) -> Range<Int>? {
        guard let zero = bytes.firstIndex(of: 0, from: offset), zero < end else { return nil }
        defer { offset = zero + 1 }
        return offset..<zero
    }

    package mutating func bytes(_ count: Int) -> Range<Int>? {
        guard count >= 0, count <= end - offset else { return nil }
        offset += count
        return (offset - count)..<offset
    }

    package mutating func rest() -> Range<Int> {
        defer { offset = end }
        return offset..<end
    }
}
