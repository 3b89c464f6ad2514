// Follows a body to its end while it streams past: by length, by chunks, or until the server closes.

import Wire

/// The position in one body; payload is counted and skipped, never looked at.
///
/// An aws-chunked body is payload like any other: its chunks and signatures are content, not framing.
package struct S3Framer: Sendable, Equatable {
    /// Who sends the body.
    package let side: Side
    package let framing: S3BodyFraming
    /// The bytes of content that have passed.
    package private(set) var payload = 0
    /// Whether the body is complete; nothing behind it belongs to it.
    package private(set) var isEnded: Bool
    /// Whether a rule was broken; the framer then knows nothing any more.
    package private(set) var isLost = false
    /// The bytes of payload still to come, of the body or of the current chunk.
    private var remaining = 0
    private var chunks: S3ChunkLines

    package init(_ framing: S3BodyFraming, side: Side) {
        self.side = side
        self.framing = framing
        isEnded = framing.isEmpty
        chunks = S3ChunkLines(side)
        if case .length(let length) = framing { remaining = length }
    }

    /// Consumes the bytes of the body from `offset`; answers its end, or nil when all bytes are consumed.
    ///
    /// Behind the end it consumes nothing and answers the same end again. Throws when a chunk or a trailer is not
    /// well formed, RFC 9112 section 7.1.
    @inlinable
    package mutating func next(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> S3BodyEnd? {
        try advance(bytes, at: &offset)
    }

    @usableFromInline
    mutating func advance(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> S3BodyEnd? {
        guard !isLost else { throw WireError(side, "framing-lost", "the body framer has lost the framing") }
        guard !isEnded else { return end }
        switch framing {
        case .none: isEnded = true
        case .length:
            pass(bytes, &offset)
            isEnded = remaining == 0
        case .untilClose:
            count(bytes.count &- offset)
            offset = bytes.count
        case .chunked:
            do throws(WireError) {
                try passChunks(bytes, &offset)
            } catch {
                isLost = true
                throw error
            }
        }
        return isEnded ? end : nil
    }

    /// Whether the last consumed byte ended the body, so that other bytes may follow it.
    package var isAtBoundary: Bool { isEnded && !isLost }

    /// Takes the end of the sender's stream; the end of a body until close, an error within any other.
    package mutating func finish() throws(WireError) -> S3BodyEnd {
        guard !isLost else { throw WireError(side, "framing-lost", "the body framer has lost the framing") }
        if framing == .untilClose { isEnded = true }
        guard isEnded else {
            isLost = true
            throw WireError(side, "body-truncated", "the stream ended inside a body, after \(payload) bytes")
        }
        return end
    }

    private var end: S3BodyEnd { S3BodyEnd(payload: payload, trailers: chunks.trailers) }

    /// How many of the payload bytes come next are known to be payload, so that they need no framer: nil for all.
    ///
    /// A relay may move this many bytes without showing them, and say so with ``skip(_:)``.
    package var skippable: Int? {
        if isEnded || isLost { return 0 }
        return framing == .untilClose ? nil : remaining
    }

    /// Takes note of `size` payload bytes, at most ``skippable``, that passed unseen; answers the end like `next`.
    package mutating func skip(_ size: Int) -> S3BodyEnd? {
        let size = min(size, skippable ?? size)
        guard size > 0 else { return isEnded ? end : nil }
        count(size)
        if framing != .untilClose { remaining &-= size }
        if case .length = framing { isEnded = remaining == 0 }
        return isEnded ? end : nil
    }

    private mutating func passChunks(_ bytes: Bytes, _ offset: inout Int) throws(WireError) {
        while offset < bytes.count {
            if remaining > 0 {
                pass(bytes, &offset)
                continue
            }
            switch try chunks.next(bytes, at: &offset) {
            case nil: return
            case .chunkStarted(let size): remaining = size
            case .ended:
                isEnded = true
                return
            }
        }
    }

    @inline(__always)
    private mutating func pass(_ bytes: Bytes, _ offset: inout Int) {
        let size = min(remaining, bytes.count &- offset)
        offset &+= size
        remaining &-= size
        count(size)
    }

    /// Adds to the payload; a stream of more than 2^63 bytes stays at the largest number.
    @inline(__always)
    private mutating func count(_ size: Int) {
        let (sum, overflowed) = payload.addingReportingOverflow(size)
        payload = overflowed ? .max : sum
    }
}
