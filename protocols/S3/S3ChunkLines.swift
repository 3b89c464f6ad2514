// Reads the lines between chunks and the trailer section behind them, byte by byte and strictly.

import Wire

/// The lines of the chunked coding, RFC 9112 section 7.1; the chunks themselves never come here.
///
/// Every line ends in CR LF and nothing else: a lone LF, or white space that one reader skips and another does
/// not, is how chunked bodies smuggle requests.
struct S3ChunkLines: Sendable, Equatable {
    enum Event: Equatable {
        /// A chunk of this many bytes follows, never zero.
        case chunkStarted(Int)
        /// The trailer section and with it the body is over.
        case ended
    }

    private enum State: UInt8 {
        case size, chunkExtension, sizeLineFeed
        case chunkEnd, chunkEndLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed, lastLineFeed, ended
    }

    let side: Side
    /// The trailer fields so far.
    private(set) var trailers = 0
    private var state = State.size
    private var size = 0
    private var digits = 0
    private var extensionLength = 0
    private var trailerLength = 0
    private var name = S3TrailerName()

    init(_ side: Side) {
        self.side = side
    }

    /// Consumes line bytes from `offset` up to the next chunk or the end; nil when all bytes are consumed.
    mutating func next(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> Event? {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            switch state {
            case .size: try takeSize(byte)
            case .chunkExtension: try takeExtension(byte)
            case .sizeLineFeed:
                try expect(byte, S3Byte.lineFeed, "bad-chunk-size")
                digits = 0
                extensionLength = 0
                if size > 0 {
                    state = .chunkEnd
                    defer { size = 0 }
                    return .chunkStarted(size)
                }
                state = .trailerStart
            case .chunkEnd:
                try expect(byte, S3Byte.carriageReturn, "bad-chunk-end")
                state = .chunkEndLineFeed
            case .chunkEndLineFeed:
                try expect(byte, S3Byte.lineFeed, "bad-chunk-end")
                state = .size
            case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed:
                try takeTrailer(byte)
            case .lastLineFeed:
                try countTrailerByte()
                try expect(byte, S3Byte.lineFeed, "bad-trailer")
                state = .ended
                return .ended
            case .ended:
                offset &-= 1
                return .ended
            }
        }
        return nil
    }

    private mutating func takeSize(_ byte: UInt8) throws(WireError) {
        if let digit = S3ChunkLines.hexadecimal(byte) {
            guard digits < S3Bound.chunkDigits else {
                throw WireError(
                    side, "chunk-too-large", "a chunk size of more than \(S3Limits.chunkDigits.maximum) digits")
            }
            digits &+= 1
            size = size << 4 | digit
            return
        }
        guard digits > 0 else {
            throw WireError(side, "bad-chunk-size", "expected a hexadecimal chunk size, found byte \(byte)")
        }
        switch byte {
        case S3Byte.carriageReturn: state = .sizeLineFeed
        case S3Byte.semicolon: state = .chunkExtension
        default: throw WireError(side, "bad-chunk-size", "expected CR or ; after a chunk size, found byte \(byte)")
        }
    }

    private mutating func takeExtension(_ byte: UInt8) throws(WireError) {
        if byte == S3Byte.carriageReturn {
            state = .sizeLineFeed
            return
        }
        guard S3Byte.isValue(byte) else {
            throw WireError(side, "bad-chunk-extension", "byte \(byte) cannot be in a chunk extension")
        }
        extensionLength &+= 1
        guard extensionLength <= S3Bound.chunkExtension else {
            throw WireError(
                side, "chunk-extension-too-large", "more than \(S3Limits.chunkExtension.maximum) bytes of extension")
        }
    }

    private mutating func takeTrailer(_ byte: UInt8) throws(WireError) {
        try countTrailerByte()
        switch state {
        case .trailerStart where byte == S3Byte.carriageReturn:
            state = .lastLineFeed
        case .trailerStart, .trailerName:
            try takeTrailerName(byte)
        case .trailerValue where byte == S3Byte.carriageReturn:
            state = .trailerLineFeed
        case .trailerValue:
            guard S3Byte.isValue(byte) else {
                throw WireError(side, "bad-trailer", "byte \(byte) cannot be in the value of a trailer")
            }
        default:
            try expect(byte, S3Byte.lineFeed, "bad-trailer")
            state = .trailerStart
        }
    }

    private mutating func countTrailerByte() throws(WireError) {
        trailerLength &+= 1
        guard trailerLength <= S3Bound.trailerSection else {
            throw WireError(
                side, "trailers-too-large", "trailers of more than \(S3Limits.trailerSection.maximum) bytes")
        }
    }

    private mutating func takeTrailerName(_ byte: UInt8) throws(WireError) {
        if S3Byte.isToken(byte) {
            if state == .trailerStart {
                name = S3TrailerName()
                state = .trailerName
            }
            name.append(byte)
            return
        }
        guard state == .trailerName, byte == S3Byte.colon else {
            throw WireError(side, "bad-trailer", "byte \(byte) cannot be in the name of a trailer")
        }
        guard !name.isForbidden else {
            throw WireError(side, "forbidden-trailer", "a framing field among the trailers; RFC 9110 section 6.5.1")
        }
        trailers &+= 1
        guard S3Limits.trailerFields.allows(trailers) else {
            throw WireError(
                side, "too-many-trailers", "more than \(S3Limits.trailerFields.maximum) trailer fields")
        }
        state = .trailerValue
    }

    private func expect(_ byte: UInt8, _ expected: UInt8, _ code: StaticString) throws(WireError) {
        guard byte == expected else {
            throw WireError(side, code, "expected byte \(expected) at the end of a line, found \(byte)")
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte &- 0x30)
        case 0x41...0x46: Int(byte &- 0x37)
        case 0x61...0x66: Int(byte &- 0x57)
        default: nil
        }
    }
}
