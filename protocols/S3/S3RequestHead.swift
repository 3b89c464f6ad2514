// The facts of a complete request head: where its parts are, and how its body is framed.

import Wire

/// A request head that has one reading only; ranges are offsets into the bytes it was parsed from.
package struct S3RequestHead: Sendable, Equatable {
    package let method: S3Method
    package let methodRange: Range<Int>
    /// The whole request target as it came.
    package let target: Range<Int>
    /// The path as it came, from its first `/`; empty for an absolute form without one, and for `*`.
    package let path: Range<Int>
    /// The query as it came, without its `?`; nil when there is none.
    package let query: Range<Int>?
    /// The host and port the request is for: the `Host` value, or the authority of an absolute form.
    package let host: Range<Int>?
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    package let minorVersion: UInt8
    package let framing: S3BodyFraming
    /// Whether the client keeps its connection open after this exchange.
    package let keepsAlive: Bool
    /// Whether the client may wait for a 100 before it sends the body (`Expect`, which HTTP/1.0 does not have).
    package let expectsContinue: Bool
    /// Whether the client offers to switch protocols; a server that agrees is refused by ``S3Exchange``.
    package let wantsUpgrade: Bool
    /// Whether the request depends on the state of the object (`If-Match` and its kin).
    package let isConditional: Bool
    /// Whether the source of a copy is named (`x-amz-copy-source`).
    package let hasCopySource: Bool
    /// The size of the object in an aws-chunked body, when it is a number.
    package let decodedContentLength: Int?
    package let fieldCount: Int
    /// The size of the head in bytes, with its empty line.
    package let length: Int

    package var contentLength: Int? {
        guard case .length(let length) = framing else { return nil }
        return length
    }

    /// Whether doing the request twice is the same as once and all of it is at hand: a safe method without a body.
    ///
    /// This says nothing of whether an answer has begun; ``S3Exchange/mayBeSentAgain`` does.
    package var mayBeSentAgain: Bool { method.isSafe && framing.isEmpty && !expectsContinue && !wantsUpgrade }

    /// Parses `bytes`, which are exactly one head as ``S3HeadScanner`` found it.
    ///
    /// Throws a `WireError` of the client; ``S3ErrorCode/init(_:)`` knows the status that answers it.
    package init(_ bytes: Bytes) throws(WireError) {
        let line = try S3RequestLine(bytes)
        var fields = S3RequestFields()
        var cursor = S3FieldCursor(at: line.end, side: .client)
        while let field = try cursor.next(bytes) { try fields.take(bytes, field) }
        try fields.framing.check(minorVersion: line.minorVersion)
        host = try fields.host(bytes, for: line)
        method = line.method
        methodRange = line.methodRange
        target = line.target
        path = line.path
        query = line.query
        minorVersion = line.minorVersion
        if fields.framing.isChunked {
            framing = .chunked
        } else if let length = fields.framing.contentLength {
            framing = .length(length)
        } else {
            framing = .none
        }
        keepsAlive = fields.framing.keepsAlive(minorVersion: line.minorVersion)
        expectsContinue = fields.expectsContinue && line.minorVersion > 0
        wantsUpgrade = fields.hasUpgrade && fields.framing.asksToUpgrade
        isConditional = fields.isConditional
        hasCopySource = fields.hasCopySource
        decodedContentLength = fields.decodedContentLength
        fieldCount = fields.count
        length = bytes.count
    }
}
