// The facts that framing yields: the method, how a body is delimited, and how a body ended.

import Wire

/// A request method, as far as framing, pairing and naming operations need to tell them apart.
package enum S3Method: UInt8, Sendable, Equatable {
    case get, head, put, post, delete, options, patch, trace
    /// Any other well-formed token; it is forwarded, and the backend says what it thinks of it.
    case other

    /// Whether the method asks for no change of state, RFC 9110 section 9.2.1.
    package var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        case .put, .post, .delete, .patch, .other: false
        }
    }
}

/// How the end of a message's body is found, RFC 9112 section 6.3.
package enum S3BodyFraming: Sendable, Equatable {
    case none
    /// Exactly this many bytes follow.
    case length(Int)
    /// Chunks, a chunk of length zero and a trailer section follow.
    case chunked
    /// Everything until the server closes its side; responses only.
    case untilClose

    /// Whether no byte of body follows the head.
    package var isEmpty: Bool { self == .none || self == .length(0) }
}

/// The end of a body.
package struct S3BodyEnd: Sendable, Equatable {
    /// The bytes of content, without the lines of the chunked coding; an aws-chunked body counts as it came.
    package let payload: Int
    /// The number of trailer fields after the last chunk.
    package let trailers: Int

    package init(payload: Int, trailers: Int) {
        self.payload = payload
        self.trailers = trailers
    }
}
