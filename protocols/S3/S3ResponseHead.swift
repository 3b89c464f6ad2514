// The facts of a complete response head: its status, and how its body is framed.

import Wire

/// A response head that has one reading only.
package struct S3ResponseHead: Sendable, Equatable {
    package let status: UInt16
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    package let minorVersion: UInt8
    /// How the body is framed, given the method of the request; none for HEAD, 1xx, 204 and 304.
    package let framing: S3BodyFraming
    /// The `Content-Length` field, also where it announces no body (HEAD, 304).
    package let contentLength: Int?
    /// Whether the server keeps its connection open after this message.
    package let keepsAlive: Bool
    /// Whether a 1xx or 204 carries fields that announce a body, which RFC 9112 section 6.1 forbids.
    ///
    /// Such a message is delimited by its status, but a peer could think otherwise: the connections end with it.
    package let announcesForbiddenBody: Bool
    package let fieldCount: Int
    /// The size of the head in bytes, with its empty line.
    package let length: Int

    /// Whether another head follows for the same request (1xx).
    package var isInterim: Bool { status < 200 }

    /// Parses `bytes`, which are exactly one head as ``S3HeadScanner`` found it, answering a request of `method`.
    ///
    /// Throws a `WireError` of the server; ``S3ErrorCode/init(_:)`` makes it a 502.
    package init(_ bytes: Bytes, answering method: S3Method) throws(WireError) {
        let start = try S3ResponseHead.statusLine(bytes)
        var fields = S3FramingFields(.server)
        var cursor = S3FieldCursor(at: start.end, side: .server)
        var count = 0
        while let field = try cursor.next(bytes) {
            count &+= 1
            switch field.name.count {
            case 10:
                if bytes.equalsIgnoringCase("connection", in: field.name) { fields.takeConnection(bytes, field.value) }
            case 14:
                if bytes.equalsIgnoringCase("content-length", in: field.name) {
                    try fields.takeContentLength(bytes, field.value)
                }
            case 17:
                if bytes.equalsIgnoringCase("transfer-encoding", in: field.name) {
                    try fields.takeTransferEncoding(bytes, field.value)
                }
            default: break
            }
        }
        try fields.check(minorVersion: start.minorVersion)
        status = start.status
        minorVersion = start.minorVersion
        contentLength = fields.contentLength
        let forbidsBody = start.status < 200 || start.status == 204
        announcesForbiddenBody = forbidsBody && (fields.isChunked || (fields.contentLength ?? 0) > 0)
        if forbidsBody || start.status == 304 || method == .head {
            framing = .none
        } else if fields.isChunked {
            framing = .chunked
        } else if let length = fields.contentLength {
            framing = .length(length)
        } else {
            framing = .untilClose
        }
        keepsAlive = fields.keepsAlive(minorVersion: start.minorVersion)
        fieldCount = count
        length = bytes.count
    }

    private struct StatusLine {
        let status: UInt16
        let minorVersion: UInt8
        let end: Int
    }

    /// Reads `HTTP/1.x NNN reason`; the reason, and the space before an empty one, may be missing.
    private static func statusLine(_ bytes: Bytes) throws(WireError) -> StatusLine {
        guard bytes.count >= 14, bytes.equals("HTTP/1.", in: 0..<7), bytes[7] & 0xFE == 0x30,
            bytes[8] == S3Byte.space, let status = bytes.decimal(in: 9..<12), (100..<600).contains(status)
        else {
            throw WireError(.server, "bad-status-line", "expected HTTP/1.1, a space and a status of 100 to 599")
        }
        guard bytes[12] == S3Byte.space || bytes[12] == S3Byte.carriageReturn else {
            throw WireError(.server, "bad-status-line", "expected a space after the status")
        }
        let end = try S3FieldCursor.passLineEnd(bytes, at: bytes.firstValueEnd(from: 12), side: .server)
        return StatusLine(status: UInt16(status), minorVersion: bytes[7] &- 0x30, end: end)
    }
}
