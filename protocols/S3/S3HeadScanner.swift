// Finds the end of a head while its bytes arrive, looking at each byte once.

import Wire

/// The search for the empty line that ends a head; it reads no field, it only finds and bounds lines.
///
/// Call ``next(_:at:)`` with whatever arrived. While it answers nil the consumed bytes belong to an unfinished
/// head, apart from empty lines before a request, which are skipped: the last ``headLength`` of all consumed
/// bytes are the head so far. When it answers a length, the head is that many bytes and ends at `offset`, so it
/// lies wholly in `bytes` whenever the length is no more than what the call consumed.
package struct S3HeadScanner: Sendable, Equatable {
    /// Who sends the heads.
    package let side: Side
    /// The bytes of the unfinished head that were consumed so far.
    package private(set) var headLength = 0
    /// Whether a rule was broken; the scanner then knows nothing any more.
    package private(set) var isLost = false
    private var lineLength = 0
    private var lines = 0
    private var blankLines = 0
    private var endsInCarriageReturn = false
    private var isInBlankLine = false

    package init(_ side: Side) {
        self.side = side
    }

    /// Whether no byte of a head, nor half an empty line, has been consumed since the last head ended.
    package var isAtBoundary: Bool { headLength == 0 && !isInBlankLine && !isLost }

    /// Consumes bytes up to the end of the head and answers its length, or consumes all and answers nil.
    ///
    /// Throws when a line ends without CR, or when a bound of ``S3Limits`` is passed.
    package mutating func next(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> Int? {
        guard !isLost else { throw WireError(side, "framing-lost", "the head scanner has lost the framing") }
        do throws(WireError) {
            return try scan(bytes, at: &offset)
        } catch {
            isLost = true
            throw error
        }
    }

    private mutating func scan(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> Int? {
        if headLength == 0 {
            try skipBlankLines(bytes, at: &offset)
            if offset == bytes.count { return nil }
        }
        let start = offset
        // Virtual indices: negative when the head or the line began in an earlier piece.
        let headStart = start &- headLength
        var lineStart = start &- lineLength
        var position = start
        while let lineFeed = bytes.firstLineFeed(from: position) {
            position = lineFeed &+ 1
            try check(lineLength: position &- lineStart, headLength: position &- headStart)
            let followsCarriageReturn =
                lineFeed > start ? bytes[lineFeed &- 1] == S3Byte.carriageReturn : endsInCarriageReturn
            guard followsCarriageReturn else {
                throw WireError(side, "bare-line-feed", "expected CR before every LF of a head")
            }
            if position &- lineStart == 2 {
                guard lines > 0 else {
                    throw WireError(side, "start-line-missing", "expected a start line, found an empty line")
                }
                offset = position
                reset()
                return position &- headStart
            }
            lines &+= 1
            guard lines &- 1 <= S3Bound.fields else {
                throw WireError(side, "too-many-fields", "more than \(S3Limits.fields.maximum) fields in a head")
            }
            lineStart = position
        }
        offset = bytes.count
        lineLength = offset &- lineStart
        headLength = offset &- headStart
        endsInCarriageReturn = bytes[offset &- 1] == S3Byte.carriageReturn
        try check(lineLength: lineLength, headLength: headLength)
        return nil
    }

    /// Skips the empty lines that RFC 9112 section 2.2 tolerates before a request line.
    private mutating func skipBlankLines(_ bytes: Bytes, at offset: inout Int) throws(WireError) {
        guard side == .client else { return }
        while offset < bytes.count {
            if isInBlankLine {
                guard bytes[offset] == S3Byte.lineFeed else {
                    throw WireError(side, "bare-carriage-return", "expected LF after a CR before the request line")
                }
                isInBlankLine = false
                blankLines &+= 1
                guard S3Limits.blankLines.allows(blankLines) else {
                    throw WireError(side, "too-many-blank-lines", "too many empty lines before a request line")
                }
            } else if bytes[offset] == S3Byte.carriageReturn {
                isInBlankLine = true
            } else {
                // Known at once, so that TLS or another protocol on this port is not waited for.
                guard S3Byte.isToken(bytes[offset]) else {
                    throw WireError(side, "bad-method", "expected a method, found byte \(bytes[offset])")
                }
                return
            }
            offset &+= 1
        }
    }

    @inline(__always)
    private func check(lineLength: Int, headLength: Int) throws(WireError) {
        if lines == 0, lineLength > S3Bound.requestLine {
            throw WireError(side, "start-line-too-long", "a start line over \(S3Limits.requestLine.maximum) bytes")
        }
        if headLength > S3Bound.head {
            throw WireError(side, "head-too-large", "a head of more than \(S3Limits.head.maximum) bytes")
        }
    }

    private mutating func reset() {
        headLength = 0
        lineLength = 0
        lines = 0
        blankLines = 0
        endsInCarriageReturn = false
    }
}
