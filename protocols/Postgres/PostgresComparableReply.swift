// A server's whole answer to one statement, as far as two servers' can be compared.

import Wire

/// The answer to a Query, or to Parse, Bind, Describe, Execute and Sync.
package struct PostgresComparableReply: Sendable, Equatable {
    /// A column of the rows.
    package struct Column: Sendable, Equatable {
        package var name: [UInt8]
        package var type: UInt32
        package var format: UInt16
    }

    /// nil where the answer does not describe its rows.
    package private(set) var columns: [Column]?
    /// The bodies of the rows; of a COPY those of its binary format, or the lines of the others.
    package private(set) var rows: [[UInt8]] = []
    /// Whether the rows are lines.
    package private(set) var isText = false
    /// What the server says that it did; nil where it did not end that way.
    package private(set) var tag: [UInt8]?
    /// The SQLSTATE of an error, and its text.
    package private(set) var failure: (state: String, message: [UInt8])?
    /// What a COPY has sent so far.
    private var copied: [UInt8]?

    package static func == (one: Self, other: Self) -> Bool {
        one.columns == other.columns && one.rows == other.rows && one.tag == other.tag
            && one.failure?.state == other.failure?.state && one.failure?.message == other.failure?.message
    }

    /// Reads `bytes`, which end with ReadyForQuery; nil where they are not laid out as the protocol has it.
    package init?(_ bytes: Bytes) {
        var offset = 0
        while offset < bytes.count {
            guard bytes.count - offset >= 5, let length = bytes.bigEndianUInt32(at: offset + 1), length >= 4,
                Int(length) < bytes.count - offset
            else { return nil }
            let end = offset + 1 + Int(length)
            guard take(bytes[offset], bytes, (offset + 5)..<end) else { return nil }
            offset = end
        }
        if let copied { rows = isText ? Self.lines(copied) : Self.tuples(copied) }
        copied = nil
    }

    /// Reads `bytes`, which end with ReadyForQuery and answer `count` statements; nil for each that was not carried out,
    /// and for all where they are not laid out as the protocol has it.
    package static func all(_ bytes: Bytes, count: Int) -> [PostgresComparableReply?]? {
        var replies: [PostgresComparableReply?] = []
        var (start, offset) = (0, 0)
        while offset < bytes.count {
            guard bytes.count - offset >= 5, let length = bytes.bigEndianUInt32(at: offset + 1), length >= 4,
                Int(length) < bytes.count - offset
            else { return nil }
            let type = bytes[offset]
            offset += 1 + Int(length)
            let isLast = replies.count == count - 1
            // What comes behind the last statement's end, such as an error at the commit, is its own.
            guard isLast ? type == UInt8(ascii: "Z") : ends.contains(type) else { continue }
            guard let reply = PostgresComparableReply(bytes.extracting(start..<offset)) else { return nil }
            replies.append(reply)
            start = offset
            if type == UInt8(ascii: "E") || isLast { break }
        }
        guard replies.count <= count else { return nil }
        while replies.count < count { replies.append(nil) }
        return replies
    }

    /// CommandComplete, EmptyQueryResponse, PortalSuspended, ErrorResponse.
    private static let ends = Set("CIsE".utf8)

    private mutating func take(_ type: UInt8, _ bytes: Bytes, _ body: Range<Int>) -> Bool {
        switch type {
        case UInt8(ascii: "T"): return takeColumns(bytes, body)
        case UInt8(ascii: "D"): rows.append(bytes.array(body))
        case UInt8(ascii: "C"): tag = bytes.array(body.dropLast())
        case UInt8(ascii: "I"): tag = []
        case UInt8(ascii: "E"): takeError(bytes, body)
        case UInt8(ascii: "H"): return takeCopy(bytes, body)
        case UInt8(ascii: "d"): copied? += bytes.array(body)
        default: break
        }
        return true
    }

    private mutating func takeColumns(_ bytes: Bytes, _ body: Range<Int>) -> Bool {
        var reader = PostgresBodyReader(body.lowerBound, body.upperBound)
        // A name's zero byte and eighteen bytes more.
        guard let count = reader.count(bytes, width: 19) else { return false }
        var columns: [Column] = []
        for _ in 0..<count {
            guard let name = reader.text(bytes), reader.bytes(6) != nil, let type = reader.int32(bytes),
                reader.bytes(6) != nil, let format = reader.uint16(bytes)
            else { return false }
            columns.append(Column(name: bytes.array(name), type: UInt32(bitPattern: type), format: format))
        }
        self.columns = columns
        return true
    }

    /// CopyOutResponse: 0 for text or 1, and the same of each column.
    private mutating func takeCopy(_ bytes: Bytes, _ body: Range<Int>) -> Bool {
        var reader = PostgresBodyReader(body.lowerBound, body.upperBound)
        guard let format = reader.byte(bytes), let count = reader.count(bytes, width: 2) else { return false }
        var columns: [Column] = []
        for _ in 0..<count {
            guard let format = reader.uint16(bytes) else { return false }
            columns.append(Column(name: [], type: 0, format: format))
        }
        self.columns = columns
        isText = format == 0
        copied = []
        return true
    }

    /// Where the server cuts what it sends says nothing.
    private static func lines(_ data: [UInt8]) -> [[UInt8]] {
        if data.isEmpty { return [] }
        let pieces = data.split(separator: .lineFeed, omittingEmptySubsequences: false)
        return pieces.dropLast(data.last == .lineFeed ? 1 : 0).map { Array($0) }
    }

    /// The rows of COPY's binary format, each laid out as that of a DataRow (manual, "COPY", "Binary Format"); in one piece
    /// what is none.
    private static func tuples(_ data: [UInt8]) -> [[UInt8]] {
        let bytes = data.span
        let (signature, flags) = (11, 4)
        guard let extra = bytes.bigEndianUInt32(at: signature + flags), Int(extra) <= data.count else { return [data] }
        var reader = PostgresBodyReader(signature + flags + 4 + Int(extra), data.count)
        var rows: [[UInt8]] = []
        while !reader.isAtEnd {
            let start = reader.offset
            guard let count = reader.uint16(bytes) else { return [data] }
            // The end.
            if count == .max { return reader.isAtEnd ? rows : [data] }
            for _ in 0..<count {
                guard let length = reader.int32(bytes), length == -1 || reader.bytes(Int(length)) != nil else {
                    return [data]
                }
            }
            rows.append(bytes.array(start..<reader.offset))
        }
        return [data]
    }

    private mutating func takeError(_ bytes: Bytes, _ body: Range<Int>) {
        var reader = PostgresBodyReader(body.lowerBound, body.upperBound)
        var (state, message) = ("", [UInt8]())
        while let letter = reader.byte(bytes), letter != 0, let value = reader.text(bytes) {
            if letter == UInt8(ascii: "C") { state = bytes.text(value) }
            if letter == UInt8(ascii: "M") { message = bytes.array(value) }
        }
        if failure == nil { failure = (state, message) }
    }

    /// The values of a row's body, nil for NULL; nil where it is laid out wrongly.
    package static func values(of row: [UInt8]) -> [Range<Int>?]? {
        let bytes = row.span
        var reader = PostgresBodyReader(0, row.count)
        guard let count = reader.count(bytes, width: 4) else { return nil }
        var values: [Range<Int>?] = []
        for _ in 0..<count {
            guard let length = reader.int32(bytes) else { return nil }
            if length == -1 {
                values.append(nil)
            } else {
                guard let value = reader.bytes(Int(length)) else { return nil }
                values.append(value)
            }
        }
        return values
    }
}
