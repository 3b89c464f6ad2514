// Follows what a server sends: RESP2 and RESP3 replies, pushes and attributes, whatever their size.

import Wire

/// Notes the replies in a server's byte stream and keeps none of its bytes.
///
/// Source: the RESP specification (redis-doc docs/reference/protocol-spec.md) with RESP3's streamed types
/// (antirez/RESP3 spec.md). A payload is skipped, never scanned.
package struct RedisReplyFramer: Sendable {
    private enum State: UInt8, Sendable {
        case mark
        case line, lineEnd
        case header, unsizedHeader, headerEnd
        case payload, payloadReturn, payloadFeed
        case chunkMark
        case endReturn, endFeed
    }

    /// What is done with the text of the line or string that is passing.
    private enum Capture: UInt8, Sendable {
        case none, text, word, integer
    }

    private var state = State.mark
    private var capture = Capture.none
    /// The type byte of the element that is passing.
    private var mark: UInt8 = 0
    private var depth = 0
    /// Whether the element that is passing is a string sent in chunks.
    private var isChunked = false
    /// Whether the header that is passing gives no size: `$?`, `*?`.
    private var isUnsized = false
    private var awaitsFirstElement = false
    /// Whether framing is lost: no more facts can be noted about this direction.
    package private(set) var isLost = false
    /// A bit per level: whether that aggregate is an attribute, which is not an element.
    private var attributeLevels: UInt64 = 0
    /// A bit per level: whether that aggregate has no size and ends with a mark.
    private var streamedLevels: UInt64 = 0
    private var number = RedisNumber()
    private var payloadLeft = 0
    private var lineLength = 0
    private let lineLimit: Int
    private var frameBytes: UInt64 = 0
    private var reply = RedisReply(kind: 0)
    /// Elements still to come per level.
    private var elementsLeft = InlineArray<32, Int>(repeating: 0)

    package init() { self.init(lineLimit: RedisLimits.replyLine) }

    init(lineLimit: Limit) { self.lineLimit = lineLimit.maximum }

    /// Whether the last byte consumed ended a reply, or none has begun; an attribute alone ends none.
    package var isAtBoundary: Bool { frameBytes == 0 }

    /// The next reply or push of `bytes` from `offset` on, or nil when all are consumed and none ended.
    ///
    /// Throws when the bytes are no RESP; the framer is `isLost` from then on.
    package mutating func next(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> RedisReply? {
        if isLost { throw lose("framing-lost", "framing was lost earlier on this connection") }
        let start = offset
        let count = bytes.count
        guard start >= 0, start < count else { return nil }
        while offset < count {
            var isElementComplete = false
            switch state {
            case .mark:
                if offset == start, frameBytes == 0, depth == 0, bytes[offset] == 0x24,
                    let end = Self.wholeBulk(bytes, from: offset)
                {
                    offset = end
                    return RedisReply(kind: 0x24, byteCount: UInt64(truncatingIfNeeded: end &- start))
                }
                try readMark(bytes[offset])
                offset &+= 1
            case .line:
                offset = try readLine(bytes, from: offset)
            case .lineEnd:
                // Only a line feed after it makes a carriage return the end of the line.
                if bytes[offset] == .lineFeed {
                    offset &+= 1
                    finishLine()
                    isElementComplete = true
                } else {
                    takeLineByte(.carriageReturn)
                    state = .line
                }
            case .header:
                try readHeader(bytes, at: &offset)
            case .unsizedHeader:
                try expect(bytes[offset], .carriageReturn)
                offset &+= 1
                state = .headerEnd
            case .headerEnd:
                try expect(bytes[offset], .lineFeed)
                offset &+= 1
                isElementComplete = try headerEnded()
            case .payload:
                let taken = min(count &- offset, payloadLeft)
                if capture != .none { keep(bytes, offset..<(offset &+ taken)) }
                offset &+= taken
                payloadLeft &-= taken
                if payloadLeft == 0 { state = .payloadReturn }
            case .payloadReturn:
                try expect(bytes[offset], .carriageReturn)
                offset &+= 1
                state = .payloadFeed
            case .payloadFeed:
                try expect(bytes[offset], .lineFeed)
                offset &+= 1
                if isChunked {
                    state = .chunkMark
                } else {
                    capture = .none
                    isElementComplete = true
                }
            case .chunkMark:
                guard bytes[offset] == 0x3B else {
                    throw lose("reply-chunk", "expected ';' before a chunk, got byte \(bytes[offset])")
                }
                offset &+= 1
                mark = 0x3B
                number = RedisNumber()
                state = .header
            case .endReturn:
                try expect(bytes[offset], .carriageReturn)
                offset &+= 1
                state = .endFeed
            case .endFeed:
                try expect(bytes[offset], .lineFeed)
                offset &+= 1
                isElementComplete = closeAggregate()
            }
            if isElementComplete, completeElement() {
                reply.byteCount = frameBytes &+ UInt64(truncatingIfNeeded: offset &- start)
                let completed = reply
                reset()
                return completed
            }
        }
        frameBytes &+= UInt64(truncatingIfNeeded: offset &- start)
        return nil
    }
}

// MARK: - Whole replies

extension RedisReplyFramer {
    /// Where a bulk string ends that is here as a whole; nil for any other, which is read step by step.
    @inline(__always)
    private static func wholeBulk(_ bytes: Bytes, from start: Int) -> Int? {
        var index = start &+ 1
        guard let length = RedisNumber.short(bytes, at: &index) else { return nil }
        let end = index &+ 1 &+ length
        guard end &+ 2 <= bytes.count, bytes[index] == .lineFeed, bytes[end] == .carriageReturn,
            bytes[end &+ 1] == .lineFeed
        else { return nil }
        return end &+ 2
    }
}

// MARK: - Elements

extension RedisReplyFramer {
    /// An element begins with its type byte.
    @inline(__always)
    private mutating func readMark(_ byte: UInt8) throws(WireError) {
        mark = byte
        capture = .none
        // Elements of an attribute say nothing about the reply that follows it.
        let isDirect = depth == 1 && attributeLevels == 0 && byte != 0x7C
        let isFirst = isDirect && awaitsFirstElement
        if isFirst { awaitsFirstElement = false }
        if depth == 0, byte != 0x7C { reply.kind = byte }
        switch byte {
        case 0x2B:  // +
            if depth == 0 || isFirst { capture = .text }
            beginLine()
        case 0x2D:  // -
            if depth == 0 { capture = .word }
            beginLine()
        case 0x3A:  // :
            if isDirect, elementsLeft[0] == 1, streamedLevels == 0, reply.kind == 0x2A || reply.kind == 0x3E {
                capture = .integer
                number = RedisNumber()
            }
            beginLine()
        case 0x5F, 0x23, 0x2C, 0x28:  // _ # , (
            beginLine()
        case 0x24, 0x3D:  // $ =
            if isFirst { capture = .text }
            beginHeader()
        case 0x21:  // !
            if depth == 0 { capture = .word }
            beginHeader()
        case 0x2A, 0x7E, 0x25, 0x3E, 0x7C:  // * ~ % > |
            beginHeader()
        case 0x2E where depth > 0 && streamedLevels & (1 &<< UInt64(depth &- 1)) != 0:  // .
            state = .endReturn
        default:
            throw lose("reply-mark", "expected the type of a reply, got byte \(byte)")
        }
    }

    @inline(__always)
    private mutating func beginLine() {
        lineLength = 0
        state = .line
    }

    @inline(__always)
    private mutating func beginHeader() {
        number = RedisNumber()
        isUnsized = false
        state = .header
    }

    /// Counts the element that ended against the aggregates it ends; true when the whole reply ended.
    @inline(__always)
    private mutating func completeElement() -> Bool {
        state = .mark
        while depth > 0 {
            let level = depth &- 1
            let bit: UInt64 = 1 &<< UInt64(level)
            if streamedLevels & bit != 0 { return false }
            elementsLeft[level] &-= 1
            if elementsLeft[level] > 0 { return false }
            depth = level
            if attributeLevels & bit != 0 {
                // The attribute is over; what it describes is still to come.
                attributeLevels &= ~bit
                return false
            }
        }
        return true
    }

    /// An aggregate without a size has ended by its mark; true when that completes an element.
    private mutating func closeAggregate() -> Bool {
        depth &-= 1
        let bit: UInt64 = 1 &<< UInt64(depth)
        streamedLevels &= ~bit
        if attributeLevels & bit != 0 {
            attributeLevels &= ~bit
            state = .mark
            return false
        }
        return true
    }

    @inline(__always)
    private mutating func reset() {
        frameBytes = 0
        awaitsFirstElement = false
        reply = RedisReply(kind: 0)
    }
}

// MARK: - Lines, headers and payloads

extension RedisReplyFramer {
    /// Reads line text up to a carriage return, which it consumes; returns the new offset.
    @inline(__always)
    private mutating func readLine(_ bytes: Bytes, from start: Int) throws(WireError) -> Int {
        var index = start
        let count = bytes.count
        while index < count {
            let byte = bytes[index]
            if byte == .carriageReturn {
                state = .lineEnd
                break
            }
            if capture != .none { takeLineByte(byte) }
            index &+= 1
        }
        lineLength &+= index &- start
        let limit = lineLimit
        guard lineLength <= limit else { throw lose("reply-line", "a line exceeds \(limit) bytes") }
        return state == .lineEnd ? index &+ 1 : index
    }

    private mutating func takeLineByte(_ byte: UInt8) {
        switch capture {
        case .none: return
        case .text: reply.text.append(byte)
        case .word:
            if byte == 0x20 { capture = .none } else { reply.text.append(byte) }
        case .integer:
            if !number.append(byte) { capture = .none }
        }
    }

    @inline(__always)
    private mutating func finishLine() {
        if capture == .integer, number.isNumber {
            reply.lastInteger = number.signed
            reply.endsWithInteger = true
        }
        capture = .none
    }

    private mutating func keep(_ bytes: Bytes, _ range: Range<Int>) {
        for index in range {
            takeLineByte(bytes[index])
            if capture == .none || reply.text.isTruncated {
                capture = .none
                return
            }
        }
    }

    @inline(__always)
    private mutating func readHeader(_ bytes: Bytes, at offset: inout Int) throws(WireError) {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            if byte == .carriageReturn {
                guard number.isNumber else { throw lose("reply-length", "expected a number, got an empty line") }
                state = .headerEnd
                return
            }
            if byte == 0x3F, number.isEmpty, mark != 0x3B, mark != 0x3D, mark != 0x21 {
                isUnsized = true
                state = .unsizedHeader
                return
            }
            guard number.append(byte) else { throw lose("reply-length", "expected a number, got byte \(byte)") }
        }
    }

    /// A count or length is complete; true when the element ends with it: a null or an empty aggregate.
    @inline(__always)
    private mutating func headerEnded() throws(WireError) -> Bool {
        switch mark {
        case 0x24, 0x3D, 0x21:
            if isUnsized {
                isChunked = true
                capture = .none
                state = .chunkMark
                return false
            }
            if number.isNegative {
                guard mark == 0x24, number.signed == -1 else { throw lose("reply-length", "a length is negative") }
                capture = .none
                return true
            }
            payloadLeft = number.value
            if capture == .text, payloadLeft > RedisText.capacity { capture = .none }
            state = payloadLeft == 0 ? .payloadReturn : .payload
            return false
        case 0x3B:
            guard !number.isNegative else { throw lose("reply-length", "a chunk's length is negative") }
            payloadLeft = number.value
            if payloadLeft == 0 {
                isChunked = false
                return true
            }
            state = .payload
            return false
        default:
            return try openAggregate()
        }
    }

    private mutating func openAggregate() throws(WireError) -> Bool {
        let isAttribute = mark == 0x7C
        if number.isNegative {
            guard mark == 0x2A, number.signed == -1 else { throw lose("reply-length", "a count is negative") }
            return true
        }
        let size = number.value
        guard RedisLimits.replyElements.allows(size) else {
            throw lose("reply-elements", "an aggregate exceeds \(RedisLimits.replyElements.maximum) elements")
        }
        if depth == 0, !isAttribute {
            reply.elementCount = size
            awaitsFirstElement = mark == 0x2A || mark == 0x3E
        }
        if size == 0, !isUnsized {
            state = .mark
            return !isAttribute
        }
        guard depth < RedisLimits.replyDepth.maximum else {
            throw lose("reply-depth", "aggregates nest deeper than \(RedisLimits.replyDepth.maximum)")
        }
        let bit: UInt64 = 1 &<< UInt64(depth)
        if isAttribute { attributeLevels |= bit }
        if isUnsized { streamedLevels |= bit }
        elementsLeft[depth] = isAttribute || mark == 0x25 ? size &* 2 : size
        depth &+= 1
        isUnsized = false
        state = .mark
        return false
    }

    @inline(__always)
    private mutating func expect(_ byte: UInt8, _ expected: UInt8) throws(WireError) {
        guard byte == expected else {
            throw lose("reply-end", "expected byte \(expected) after a reply's text, got \(byte)")
        }
    }

    @inline(never)
    private mutating func lose(_ code: StaticString, _ detail: @autoclosure () -> String) -> WireError {
        isLost = true
        return WireError(.server, code, detail())
    }
}
