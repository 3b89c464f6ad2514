// Keeps one answer as it passes, as far as it can be compared with another.

import Wire

/// An answer as it is compared: its head as it came, and its content without the framing.
package struct S3ComparableReply: Sendable, Equatable {
    package var status: UInt16 = 0
    package var head: [UInt8] = []
    package var body: [UInt8] = []
    /// The bytes of content that passed, kept or not.
    package var length = 0
    /// Whether `body` is all of it.
    package var isWhole = true
    /// Whether the server keeps its connection open.
    package var keepsAlive = true

    package init() {}

    /// The value of the first field called `name`, which is given in lower case; nil where there is none.
    package func field(_ name: StaticString) -> [UInt8]? {
        let bytes = head.span
        guard let line = bytes.firstLineFeed(from: 0) else { return nil }
        var cursor = S3FieldCursor(at: line + 1, side: .server)
        while let field = try? cursor.next(bytes) {
            if bytes.equalsIgnoringCase(name, in: field.name) { return bytes.array(field.value) }
        }
        return nil
    }
}

/// Follows one answer from its first byte to its last and keeps what of it fits.
package struct S3ReplyCollector: Sendable {
    private let method: S3Method
    private let limit: Int
    private var scanner = S3HeadScanner(.server)
    private var framing: S3BodyFraming?
    private var left = 0
    private var chunks = S3Payload(.chunked)
    private var interim = 0
    private var reply = S3ComparableReply()

    /// - Parameter limit: bytes of the content that are kept.
    package init(answering method: S3Method, limit: Int) {
        self.method = method
        self.limit = limit
    }

    /// Whether no byte of the answer has come.
    package var isAtBoundary: Bool { framing == nil && reply.head.isEmpty && interim == 0 }

    /// Consumes bytes up to the end of the answer, which is given then; nil while more is to come.
    package mutating func take(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> S3ComparableReply? {
        while offset < bytes.count {
            guard let framing else {
                let start = offset
                let length = try scanner.next(bytes, at: &offset)
                reply.head += bytes.array(start..<offset)
                guard length != nil else { return nil }
                let head = try S3ResponseHead(reply.head.span, answering: method)
                if head.isInterim {
                    interim &+= 1
                    guard head.status != 101, S3Limits.interimResponses.allows(interim) else {
                        throw WireError(.server, "too-many-interim-responses", "no final answer follows")
                    }
                    reply.head = []
                    continue
                }
                reply.status = head.status
                reply.keepsAlive = head.keepsAlive && head.framing != .untilClose
                if case .length(let length) = head.framing { left = length }
                self.framing = head.framing
                if head.framing.isEmpty { return reply }
                continue
            }
            switch framing {
            case .none: return reply
            case .length:
                let size = min(left, bytes.count &- offset)
                keep(bytes, offset..<(offset &+ size))
                offset &+= size
                left &-= size
                if left == 0 { return reply }
            case .untilClose:
                keep(bytes, offset..<bytes.count)
                offset = bytes.count
            case .chunked:
                while let range = try chunks.next(bytes, at: &offset) { keep(bytes, range) }
                if chunks.isEnded { return reply }
            }
        }
        return nil
    }

    /// Takes the end of the server's bytes: the answer, where that is how it ends.
    package func finish() -> S3ComparableReply? { framing == .untilClose ? reply : nil }

    private mutating func keep(_ bytes: Bytes, _ range: Range<Int>) {
        let (sum, overflowed) = reply.length.addingReportingOverflow(range.count)
        reply.length = overflowed ? .max : sum
        guard reply.isWhole, reply.body.count + range.count <= limit else {
            reply.isWhole = false
            reply.body = []
            return
        }
        reply.body += bytes.array(range)
    }
}
