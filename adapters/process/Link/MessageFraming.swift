// gRPC's length-prefixed messages: a flag, four bytes of length, and the message.

import NIOCore

/// Puts messages into frames and takes them out again ("gRPC over HTTP2", Length-Prefixed-Message).
struct MessageFraming {
    /// A flag for compression, then the length with the most significant byte first.
    static let headerBytes = 5

    /// What breaks the framing.
    enum Fault: Error, Equatable {
        /// The message is compressed, although nothing but `identity` was offered.
        case compressed
        case tooLarge(bytes: Int)
    }

    /// The most bytes of one message.
    let limit: Int
    private var buffer: ByteBuffer?

    init(limit: Int) { self.limit = limit }

    static func frame(_ message: [UInt8], _ allocator: ByteBufferAllocator) -> ByteBuffer {
        var frame = allocator.buffer(capacity: headerBytes + message.count)
        frame.writeInteger(UInt8(0))
        frame.writeInteger(UInt32(clamping: message.count))
        frame.writeBytes(message)
        return frame
    }

    mutating func append(_ bytes: ByteBuffer) {
        guard buffer != nil else {
            buffer = bytes
            return
        }
        var bytes = bytes
        buffer?.writeBuffer(&bytes)
    }

    /// The next whole message; nil while there is none.
    mutating func next() throws(Fault) -> [UInt8]? {
        guard var rest = buffer, let flag = rest.getInteger(at: rest.readerIndex, as: UInt8.self) else { return nil }
        guard flag == 0 else { throw .compressed }
        guard let length = rest.getInteger(at: rest.readerIndex + 1, as: UInt32.self) else { return nil }
        guard Int(length) <= limit else { throw .tooLarge(bytes: Int(length)) }
        guard rest.readableBytes >= Self.headerBytes + Int(length) else { return nil }
        buffer = nil
        rest.moveReaderIndex(forwardBy: Self.headerBytes)
        let message = rest.readBytes(length: Int(length)) ?? []
        if rest.readableBytes > 0 {
            // What is consumed goes before the buffer is written to again, so that it does not grow with a long stream.
            rest.discardReadBytes()
            buffer = rest
        }
        return message
    }

    /// Whether a message has begun that is not whole.
    var holdsPartOfMessage: Bool { (buffer?.readableBytes ?? 0) > 0 }
}
