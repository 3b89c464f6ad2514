// Finds the payload in a body's bytes: what is left when the framing is taken away.

import Wire

/// The position in a request's body, as whoever consumes it needs it.
package struct S3Payload: Sendable {
    private let framing: S3BodyFraming
    private var remaining: Int
    private var chunks = S3ChunkLines(.client)
    package private(set) var isEnded: Bool

    package init(_ framing: S3BodyFraming) {
        self.framing = framing
        isEnded = framing.isEmpty
        if case .length(let length) = framing { remaining = length } else { remaining = 0 }
    }

    /// How many bytes will come, when that is known.
    package var length: Int? {
        switch framing {
        case .length(let length): length
        case .none: 0
        case .chunked, .untilClose: nil
        }
    }

    /// How many bytes are still to come at least.
    package var left: Int { remaining }

    /// Consumes bytes from `offset` and gives where the next payload is; nil when all bytes are consumed, or the body is
    /// over.
    package mutating func next(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> Range<Int>? {
        while offset < bytes.count, !isEnded {
            if remaining > 0 {
                let start = offset
                let size = min(remaining, bytes.count - offset)
                offset += size
                remaining -= size
                if remaining == 0, framing != .chunked { isEnded = true }
                return start..<offset
            }
            switch try chunks.next(bytes, at: &offset) {
            case nil: return nil
            case .chunkStarted(let size)?: remaining = size
            case .ended?: isEnded = true
            }
        }
        return nil
    }
}
