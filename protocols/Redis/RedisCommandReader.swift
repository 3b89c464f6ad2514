// Reads whole commands with their arguments: RESP arrays of bulk strings and inline commands, in any mixture.

import Wire

/// Gives the commands of a client's byte stream, with their arguments, to whoever answers them.
///
/// It judges as the server does (redis src/networking.c processMultibulkBuffer, processInlineBuffer): the same bounds,
/// the same texts. Memory follows the bytes that have come, never a length that was only announced.
package struct RedisCommandReader: Sendable {
    /// What ended with the bytes that were read.
    package enum Event: Equatable, Sendable {
        /// A command; it is in ``RedisCommandReader/line`` until the next call.
        case commandRead
        /// `*0`, a negative count or a blank line: no command and no reply.
        case nothingRead
    }

    private enum State: UInt8, Sendable {
        case start, inline
        case count, countEnd
        case bulkMark, bulkLength, bulkLengthEnd
        case payload, trailer
    }

    /// The command that ended last.
    package private(set) var line = RedisCommandLine()
    /// Whether the client has logged in, or need not; until then a command has to be short.
    package var isAuthenticated = true
    /// The most bytes of one argument.
    private let bulkLimit: Int

    private var state = State.start
    private var number = RedisNumber()
    private var isNumberBroken = false
    private var lineLength = 0
    private var argumentsLeft = 0
    private var payloadLeft = 0
    private var trailerLeft = 0
    /// Bytes of the command's arguments so far.
    private var held = 0
    private var inlineLine = RedisInlineLine()

    package init() { self.init(bulkLimit: RedisLimits.translatedBulk) }

    init(bulkLimit: Limit) { self.bulkLimit = bulkLimit.maximum }

    /// Whether the last byte consumed ended a command, or none has begun.
    package var isAtBoundary: Bool { state == .start }

    /// Reads `bytes` from `offset` on to the end of a command; nil when all are consumed and none ended.
    ///
    /// Throws when the server would answer with a protocol error and close; nothing can be read after that.
    package mutating func next(_ bytes: Bytes, at offset: inout Int) throws(RedisProtocolError) -> Event? {
        while offset < bytes.count {
            switch state {
            case .start:
                line.reset()
                held = 0
                lineLength = 0
                if bytes[offset] == 0x2A {
                    offset &+= 1
                    beginNumber()
                    state = .count
                } else {
                    inlineLine = RedisInlineLine()
                    state = .inline
                }
            case .inline:
                guard try readInline(bytes, at: &offset) else { return nil }
                state = .start
                return line.hasName ? .commandRead : .nothingRead
            case .count:
                guard try readNumber(bytes, at: &offset, "too big mbulk count string") else { return nil }
                try countRead()
            case .countEnd:
                offset &+= 1
                state = argumentsLeft == 0 ? .start : .bulkMark
                if argumentsLeft == 0 { return .nothingRead }
            case .bulkMark:
                guard bytes[offset] == 0x24 else { throw Self.noDollar(bytes[offset]) }
                offset &+= 1
                beginNumber()
                state = .bulkLength
            case .bulkLength:
                guard try readNumber(bytes, at: &offset, "too big bulk count string") else { return nil }
                try lengthRead()
            case .bulkLengthEnd:
                offset &+= 1
                state = .payload
                beginPayload(available: bytes.count &- offset)
            case .payload:
                let taken = min(bytes.count &- offset, payloadLeft)
                keep(bytes.extracting(offset..<(offset &+ taken)))
                offset &+= taken
                payloadLeft &-= taken
                guard payloadLeft == 0 else { return nil }
                line.end()
                trailerLeft = 2
                state = .trailer
            case .trailer:
                let taken = min(bytes.count &- offset, trailerLeft)
                offset &+= taken
                trailerLeft &-= taken
                guard trailerLeft == 0 else { return nil }
                argumentsLeft &-= 1
                state = argumentsLeft == 0 ? .start : .bulkMark
                if argumentsLeft == 0 { return .commandRead }
            }
        }
        return nil
    }
}

// MARK: - Headers

extension RedisCommandReader {
    private mutating func beginNumber() {
        number = RedisNumber()
        isNumberBroken = false
        lineLength = 0
    }

    /// Reads up to and including a carriage return; false when the line is not complete.
    @inline(__always)
    private mutating func readNumber(
        _ bytes: Bytes, at offset: inout Int, _ tooLong: StaticString
    ) throws(RedisProtocolError) -> Bool {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            if byte == .carriageReturn { return true }
            // The server judges the line when it has all of it, so that is when it is answered.
            if !isNumberBroken, !number.append(byte) { isNumberBroken = true }
            lineLength &+= 1
        }
        guard RedisLimits.unfinishedLine.allows(lineLength) else {
            throw RedisProtocolError("header-line", tooLong.description)
        }
        return false
    }

    private mutating func countRead() throws(RedisProtocolError) {
        guard !isNumberBroken, number.isNumber, number.isNegative || RedisLimits.arguments.allows(number.value) else {
            throw RedisProtocolError("multibulk-length", "invalid multibulk length")
        }
        guard isAuthenticated || RedisLimits.strangerArguments.allows(number.value) else {
            throw RedisProtocolError("unauthenticated", "unauthenticated multibulk length")
        }
        argumentsLeft = number.value
        state = .countEnd
    }

    private mutating func lengthRead() throws(RedisProtocolError) {
        guard !isNumberBroken, number.isNumber, !number.isNegative, number.value <= bulkLimit else {
            throw RedisProtocolError("bulk-length", "invalid bulk length")
        }
        guard isAuthenticated || RedisLimits.strangerBulk.allows(number.value) else {
            throw RedisProtocolError("unauthenticated", "unauthenticated bulk length")
        }
        payloadLeft = number.value
        // Both are bounded, so the sum cannot leave the range.
        held &+= payloadLeft
        guard RedisLimits.queryBuffer.allows(held) else { throw .queryBuffer }
        state = .bulkLengthEnd
    }

    private static func noDollar(_ byte: UInt8) -> RedisProtocolError {
        // An error reply is one line.
        let isControl = byte < 0x20 || byte == 0x7F
        return RedisProtocolError(
            "bulk-mark", "expected '$', got '\(isControl ? " " : Character(Unicode.Scalar(byte)))'")
    }
}

// MARK: - Arguments

extension RedisCommandReader {
    @inline(__always)
    private mutating func beginPayload(available: Int) {
        line.begin()
        if payloadLeft == 0 {
            line.end()
            trailerLeft = 2
            state = .trailer
        } else if line.hasName {
            // What is here fits at once; the rest grows as it comes.
            line.arguments[line.arguments.count &- 1].reserveCapacity(min(payloadLeft, max(available, 64)))
        }
    }

    @inline(__always)
    private mutating func keep(_ bytes: Bytes) {
        bytes.withUnsafeBufferPointer { bytes in
            if line.hasName {
                line.arguments[line.arguments.count &- 1].append(contentsOf: bytes)
            } else {
                line.name.append(contentsOf: bytes)
            }
        }
    }

    /// Reads up to and including a line feed; false when the line is not complete.
    private mutating func readInline(_ bytes: Bytes, at offset: inout Int) throws(RedisProtocolError) -> Bool {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            lineLength &+= 1
            switch inlineLine.take(byte, into: &line) {
            case .incomplete: continue
            case .complete: return true
            case .unbalanced: throw RedisProtocolError("inline-quotes", "unbalanced quotes in request")
            // The server never sees the end of such a line and gives up when it has grown too long.
            case .zeroByte, .tooLong: throw RedisProtocolError("inline-length", "too big inline request")
            }
        }
        guard RedisLimits.unfinishedLine.allows(lineLength) else {
            throw RedisProtocolError("inline-length", "too big inline request")
        }
        return false
    }
}
