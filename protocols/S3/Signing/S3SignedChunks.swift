// Follows an aws-chunked body: sizes, signatures, bytes and trailers.

import Wire

/// The position in an aws-chunked body; "Signature calculations: transferring payload in multiple chunks".
package struct S3SignedChunks: Sendable {
    package enum Event: Sendable, Equatable {
        /// A chunk of this many bytes follows, zero for the last one; with its signature when it has one.
        case chunkStarted(Int, signature: [UInt8]?)
        /// The bytes of the chunk at these offsets.
        case data(Range<Int>)
        /// All bytes of the chunk have come.
        case chunkEnded
        /// One line behind the last chunk, its name in lower case.
        case trailer(name: [UInt8], value: [UInt8])
    }

    private enum State { case size, data, dataEnd, trailers }

    private var state = State.size
    private var remaining = 0
    private var line: [UInt8] = []
    private var mustEndChunk = false
    private var trailerBytes = 0
    private var trailers = 0

    package init() {}

    /// Whether the last chunk has come and no line is half read: the body may end here.
    package var isAtEnd: Bool { state == .trailers && !mustEndChunk && line.isEmpty }

    /// Consumes bytes from `offset` up to the next event; nil when all are consumed.
    package mutating func next(_ bytes: Bytes, at offset: inout Int) throws(S3Refusal) -> Event? {
        if mustEndChunk {
            mustEndChunk = false
            return .chunkEnded
        }
        while offset < bytes.count {
            switch state {
            case .data:
                let size = min(remaining, bytes.count - offset)
                let start = offset
                offset += size
                remaining -= size
                if remaining == 0 { state = .dataEnd }
                return .data(start..<offset)
            case .dataEnd:
                guard let line = try takeLine(bytes, &offset) else { return nil }
                guard line.isEmpty else { throw Self.malformed("expected a line end behind a chunk") }
                state = .size
                return .chunkEnded
            case .size:
                guard let line = try takeLine(bytes, &offset) else { return nil }
                let (size, signature) = try Self.header(line)
                remaining = size
                state = size == 0 ? .trailers : .data
                mustEndChunk = size == 0
                return .chunkStarted(size, signature: signature)
            case .trailers:
                let start = offset
                guard let line = try takeLine(bytes, &offset) else { return nil }
                trailerBytes += offset - start
                guard S3Limits.trailerSection.allows(trailerBytes) else {
                    throw Self.malformed("trailers of more than \(S3Limits.trailerSection.maximum) bytes")
                }
                if line.isEmpty { continue }
                trailers += 1
                guard S3Limits.trailerFields.allows(trailers), let colon = line.firstIndex(of: S3Byte.colon), colon > 0
                else { throw S3Refusal(.malformedTrailer, "expected NAME:VALUE behind the last chunk") }
                let value = line[(colon + 1)...].drop(while: S3Byte.isBlank)
                return .trailer(
                    name: line[..<colon].map(\.asciiLowercased),
                    value: Array(value.reversed().drop(while: S3Byte.isBlank).reversed()))
            }
        }
        return nil
    }

    private static func malformed(_ what: String) -> S3Refusal {
        S3Refusal(.incompleteBody, "the body is not what aws-chunked has to be: \(what)")
    }

    /// The line that ends at or after `offset`, without its end; nil when there is none yet.
    private mutating func takeLine(_ bytes: Bytes, _ offset: inout Int) throws(S3Refusal) -> [UInt8]? {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            if byte == S3Byte.lineFeed {
                // Trailers end in a bare line feed where the client took the documents by the letter.
                if line.last == S3Byte.carriageReturn {
                    line.removeLast()
                } else if state != .trailers {
                    throw Self.malformed("a line that does not end in CR LF")
                }
                defer { line.removeAll(keepingCapacity: true) }
                return line
            }
            line.append(byte)
            guard S3Limits.chunkLine.allows(line.count) else { throw Self.malformed("a line that is too long") }
        }
        return nil
    }

    /// Reads `400;chunk-signature=…`.
    private static func header(_ line: [UInt8]) throws(S3Refusal) -> (Int, [UInt8]?) {
        var size = 0
        var index = 0
        while index < line.count, line[index] != S3Byte.semicolon {
            guard index < S3Bound.chunkDigits, let digit = digit(line[index]) else {
                throw malformed("a chunk's size is no hexadecimal number, or too large")
            }
            size = size << 4 | digit
            index += 1
        }
        guard index > 0 else { throw malformed("a chunk without a size") }
        let rest = line[index...]
        if rest.isEmpty { return (size, nil) }
        let name = Array(";chunk-signature=".utf8)
        guard rest.starts(with: name) else { return (size, nil) }
        return (size, Array(rest.dropFirst(name.count)))
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte - 0x30)
        case 0x41...0x46: Int(byte - 0x37)
        case 0x61...0x66: Int(byte - 0x57)
        default: nil
        }
    }
}
