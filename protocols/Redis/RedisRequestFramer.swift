// Follows what a client sends: RESP arrays of bulk strings and inline commands, in any mixture.

import Wire

/// Notes the commands in a client's byte stream and keeps none of its bytes.
///
/// It reads as the server does (redis src/networking.c processMultibulkBuffer, processInlineBuffer), so that framing
/// is kept where the server keeps it: the byte after a header's carriage return and the two after a bulk string
/// are skipped unchecked, a count of zero or less is no command.
package struct RedisRequestFramer: Sendable {
    private enum State: UInt8, Sendable {
        case start, inline
        case count, countEnd
        case bulkMark, bulkLength, bulkLengthEnd
        case payload, trailer
    }

    private var state = State.start
    private var trailerLeft: UInt8 = 0
    /// Whether framing is lost: no more facts can be noted about this direction.
    package private(set) var isLost = false
    private var number = RedisNumber()
    private var argumentsLeft = 0
    private var payloadLeft = 0
    private var frameBytes: UInt64 = 0
    private var arguments = RedisArguments()
    private var inlineLine = RedisInlineLine()
    private let keepsWords: Bool
    private var kept = RedisPassingWords()
    /// Whether the command that is passing, or has passed last, began in an earlier buffer, so that its words are kept.
    private var isInPieces = false

    package init() { keepsWords = false }

    /// A framer that also keeps the words of commands that come in pieces, or not.
    package init(keepsWords: Bool) { self.keepsWords = keepsWords }

    /// The words of the command that has passed last, as far as they are kept; nil for one that was here as a whole.
    package var words: RedisPassingWords? { isInPieces ? kept : nil }

    /// Whether the last byte consumed ended a command, or none has begun.
    package var isAtBoundary: Bool { state == .start }

    /// The next command of `bytes` from `offset` on, or nil when all are consumed and no command ended.
    ///
    /// Throws when the server would answer with a protocol error and close; the framer is `isLost` from then on.
    package mutating func next(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> RedisRequestEvent? {
        if isLost { throw lose("framing-lost", "framing was lost earlier on this connection") }
        let start = offset
        let count = bytes.count
        guard start >= 0, start < count else { return nil }
        var began = -1
        defer {
            frameBytes &+= UInt64(truncatingIfNeeded: offset &- start)
            if state != .start, keepsWords, began >= 0, !isLost { keepWords(of: bytes, from: began) }
        }
        while offset < count {
            switch state {
            case .start:
                frameBytes = 0 &- UInt64(truncatingIfNeeded: offset &- start)
                arguments.reset()
                isInPieces = false
                if bytes[offset] == 0x2A {
                    began = offset
                    if let end = wholeCommand(bytes, from: offset) {
                        offset = end
                        return finish(consumed: offset &- start, isInline: false)
                    }
                    offset &+= 1
                    number = RedisNumber()
                    state = .count
                } else {
                    inlineLine = RedisInlineLine()
                    state = .inline
                }
            case .inline:
                guard try readInline(bytes, at: &offset) else { return nil }
                return finish(consumed: offset &- start, isInline: true)
            case .count:
                guard try readNumber(bytes, at: &offset, "multibulk-length") else { return nil }
                guard number.isNegative || RedisLimits.arguments.allows(number.value) else {
                    throw lose("multibulk-length", "a command may have \(RedisLimits.arguments.maximum) arguments")
                }
                argumentsLeft = number.value
                state = .countEnd
            case .countEnd:
                offset &+= 1
                if argumentsLeft == 0 { return finish(consumed: offset &- start, isInline: false) }
                state = .bulkMark
            case .bulkMark:
                guard bytes[offset] == 0x24 else {
                    throw lose("bulk-mark", "expected '$' before an argument, got byte \(bytes[offset])")
                }
                offset &+= 1
                number = RedisNumber()
                state = .bulkLength
            case .bulkLength:
                guard try readNumber(bytes, at: &offset, "bulk-length") else { return nil }
                guard !number.isNegative else { throw lose("bulk-length", "an argument's length is negative") }
                payloadLeft = number.value
                state = .bulkLengthEnd
            case .bulkLengthEnd:
                offset &+= 1
                arguments.begin()
                if isInPieces { kept.begin(payloadLeft) }
                state = .payload
            case .payload:
                let taken = min(count &- offset, payloadLeft)
                if arguments.isKept {
                    arguments.keep(bytes, offset..<(offset &+ taken))
                }
                if isInPieces { kept.keep(bytes, offset..<(offset &+ taken)) }
                offset &+= taken
                payloadLeft &-= taken
                guard payloadLeft == 0 else { return nil }
                arguments.end()
                trailerLeft = 2
                state = .trailer
                fallthrough
            case .trailer:
                let taken = min(count &- offset, Int(trailerLeft))
                offset &+= taken
                trailerLeft &-= UInt8(truncatingIfNeeded: taken)
                guard trailerLeft == 0 else { return nil }
                argumentsLeft &-= 1
                if argumentsLeft == 0 { return finish(consumed: offset &- start, isInline: false) }
                state = .bulkMark
            }
        }
        // An empty argument is complete without a further byte, but its trailer is still to come.
        return nil
    }

    /// Where a command ends that is here as a whole and is written as clients write it, with its arguments noted; nil for any
    /// other, which is read step by step.
    ///
    /// Nearly every command is such a one, and what steps keep for one another is two thirds of their cost.
    @inline(__always)
    private mutating func wholeCommand(_ bytes: Bytes, from start: Int) -> Int? {
        var index = start &+ 1
        guard let count = RedisNumber.short(bytes, at: &index), count > 0 else { return nil }
        // The server skips the byte after a carriage return unseen.
        index &+= 1
        for _ in 0..<count {
            guard index < bytes.count, bytes[index] == 0x24 else { break }
            index &+= 1
            guard let length = RedisNumber.short(bytes, at: &index) else { break }
            index &+= 1
            guard bytes.count &- index >= length &+ 2 else { break }
            arguments.begin()
            if arguments.isKept { arguments.keep(bytes, index..<(index &+ length)) }
            arguments.end()
            index &+= length &+ 2
        }
        if arguments.count == count { return index }
        arguments.reset()
        return nil
    }

    /// Reads up to and including a carriage return; false when the line is not complete.
    @inline(__always)
    private mutating func readNumber(
        _ bytes: Bytes, at offset: inout Int, _ code: StaticString
    ) throws(WireError) -> Bool {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            if byte == .carriageReturn {
                guard number.isNumber else { throw lose(code, "expected a number, got an empty line") }
                return true
            }
            guard number.append(byte) else { throw lose(code, "expected a 64-bit number, got byte \(byte)") }
        }
        return false
    }

    /// Reads up to and including a line feed; false when the line is not complete.
    private mutating func readInline(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> Bool {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            switch inlineLine.take(byte, into: &arguments) {
            case .incomplete: continue
            case .complete: return true
            case .unbalanced: throw lose("inline-quotes", "an inline command has unbalanced quotes")
            case .zeroByte: throw lose("inline-zero", "an inline command has a zero byte, which hides its end")
            case .tooLong:
                throw lose("inline-length", "an inline command exceeds \(RedisLimits.inlineLine.maximum) bytes")
            }
        }
        return false
    }

    @inline(__always)
    private mutating func finish(consumed: Int, isInline: Bool) -> RedisRequestEvent {
        state = .start
        let total = frameBytes &+ UInt64(truncatingIfNeeded: consumed)
        guard arguments.count > 0 else { return .emptyReceived(byteCount: total) }
        return .commandReceived(arguments.request(byteCount: total, isInline: isInline))
    }

    /// Keeps the words, or their beginnings, of a command that begins at `start` and goes on in another buffer.
    @inline(never)
    private mutating func keepWords(of bytes: Bytes, from start: Int) {
        isInPieces = true
        kept.read(bytes, from: start)
    }

    @inline(never)
    private mutating func lose(_ code: StaticString, _ detail: @autoclosure () -> String) -> WireError {
        isLost = true
        return WireError(.client, code, detail())
    }
}
