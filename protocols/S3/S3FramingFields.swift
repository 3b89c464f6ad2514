// Collects the fields that decide where a body ends and whether the connection stays open.

import Wire

/// What the framing fields of one head have said so far, the same for requests and responses.
///
/// RFC 9112 sections 6.1 to 6.3 let a recipient guess in some of these cases. A gateway must not: whatever two
/// readers could read differently is an error here.
struct S3FramingFields: Sendable, Equatable {
    let side: Side
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var asksToClose = false
    private(set) var asksToKeepAlive = false
    private(set) var asksToUpgrade = false

    init(_ side: Side) {
        self.side = side
    }

    /// Takes a `Content-Length` value: once, and nothing but digits.
    mutating func takeContentLength(_ bytes: Bytes, _ value: Range<Int>) throws(WireError) {
        guard contentLength == nil else {
            throw WireError(side, "content-length-repeated", "more than one Content-Length")
        }
        guard !isChunked else { throw ambiguity }
        guard let length = bytes.decimal(in: value) else {
            throw WireError(side, "bad-content-length", "expected Content-Length to be digits that fit in 63 bits")
        }
        contentLength = length
    }

    /// Takes a `Transfer-Encoding` value: once, and exactly `chunked`.
    mutating func takeTransferEncoding(_ bytes: Bytes, _ value: Range<Int>) throws(WireError) {
        guard contentLength == nil else { throw ambiguity }
        guard !isChunked else {
            throw WireError(side, "transfer-encoding-repeated", "more than one Transfer-Encoding")
        }
        guard bytes.equalsIgnoringCase("chunked", in: value) else {
            throw WireError(side, "transfer-encoding-not-implemented", "expected Transfer-Encoding to be chunked")
        }
        isChunked = true
    }

    /// Takes a `Connection` value, a list of options of which three matter here.
    mutating func takeConnection(_ bytes: Bytes, _ value: Range<Int>) {
        var start = value.lowerBound
        while start < value.upperBound {
            var end = start
            while end < value.upperBound, bytes[end] != S3Byte.comma { end &+= 1 }
            let option = bytes.trimmingBlanks(start..<end)
            switch option.count {
            case 5: if bytes.equalsIgnoringCase("close", in: option) { asksToClose = true }
            case 7: if bytes.equalsIgnoringCase("upgrade", in: option) { asksToUpgrade = true }
            case 10: if bytes.equalsIgnoringCase("keep-alive", in: option) { asksToKeepAlive = true }
            default: break
            }
            start = end &+ 1
        }
    }

    /// Whether the sender keeps its connection open after the message, RFC 9112 section 9.3.
    func keepsAlive(minorVersion: UInt8) -> Bool {
        !asksToClose && (minorVersion >= 1 || asksToKeepAlive)
    }

    /// Throws when chunks are announced by a sender that does not know them, RFC 9112 section 6.1.
    func check(minorVersion: UInt8) throws(WireError) {
        guard isChunked, minorVersion == 0 else { return }
        throw WireError(side, "transfer-encoding-in-http-1.0", "Transfer-Encoding in a message of HTTP/1.0")
    }

    private var ambiguity: WireError {
        WireError(side, "content-length-with-transfer-encoding", "both Content-Length and Transfer-Encoding")
    }
}
