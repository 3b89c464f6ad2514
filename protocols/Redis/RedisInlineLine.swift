// Splits an inline command into arguments byte by byte, as the server's own splitter does.

import Wire

/// Where an inline command's line stands: between arguments, in one, in its quotes or in an escape.
///
/// Source: redis src/sds.c sdssplitargs. A carriage return before the line feed needs no look-back, because outside
/// quotes it is a space anyway and inside them the line is refused either way.
struct RedisInlineLine: Sendable {
    enum Step: UInt8, Sendable {
        case incomplete, complete, unbalanced, zeroByte, tooLong
    }

    private enum State: UInt8, Sendable {
        case blank, word, afterQuote
        case double, doubleEscape, hexFirst, hexSecond
        case single, singleEscape
    }

    private var state = State.blank
    private var firstDigit: UInt8 = 0
    private var length = 0

    init() {}

    /// Takes one byte of the line and passes what it means to `arguments`.
    mutating func take(_ byte: UInt8, into arguments: inout some RedisArgumentSink) -> Step {
        if byte == .lineFeed { return end(&arguments) }
        if byte == 0 { return .zeroByte }
        length &+= 1
        guard RedisLimits.inlineLine.allows(length) else { return .tooLong }
        switch state {
        case .blank:
            guard !Self.isSpace(byte) else { return .incomplete }
            arguments.begin()
            takeInWord(byte, &arguments)
        case .word:
            if Self.isSpace(byte) {
                arguments.end()
                state = .blank
            } else {
                takeInWord(byte, &arguments)
            }
        case .afterQuote:
            guard Self.isSpace(byte) else { return .unbalanced }
            arguments.end()
            state = .blank
        case .double, .doubleEscape, .hexFirst, .hexSecond:
            takeInDouble(byte, &arguments)
        case .single:
            if byte == 0x5C {
                state = .singleEscape
            } else if byte == 0x27 {
                state = .afterQuote
            } else {
                arguments.keepIfWanted(byte)
            }
        case .singleEscape:
            if byte == 0x27 {
                arguments.keepIfWanted(byte)
                state = .single
            } else {
                arguments.keepIfWanted(0x5C)
                if byte != 0x5C {
                    arguments.keepIfWanted(byte)
                    state = .single
                }
            }
        }
        return .incomplete
    }

    private mutating func end(_ arguments: inout some RedisArgumentSink) -> Step {
        switch state {
        case .blank: return .complete
        case .word, .afterQuote:
            arguments.end()
            return .complete
        default: return .unbalanced
        }
    }

    private mutating func takeInWord(_ byte: UInt8, _ arguments: inout some RedisArgumentSink) {
        switch byte {
        case 0x22: state = .double
        case 0x27: state = .single
        default:
            arguments.keepIfWanted(byte)
            state = .word
        }
    }

    private mutating func takeInDouble(_ byte: UInt8, _ arguments: inout some RedisArgumentSink) {
        switch state {
        case .doubleEscape:
            if byte == 0x78 {
                state = .hexFirst
            } else {
                arguments.keepIfWanted(Self.unescaped(byte))
                state = .double
            }
            return
        case .hexFirst:
            if Self.hexValue(byte) != nil {
                firstDigit = byte
                state = .hexSecond
                return
            }
            // No two digits follow, so the escape means a plain x.
            arguments.keepIfWanted(0x78)
            state = .double
        case .hexSecond:
            if let low = Self.hexValue(byte), let high = Self.hexValue(firstDigit) {
                arguments.keepIfWanted(high << 4 | low)
                state = .double
                return
            }
            arguments.keepIfWanted(0x78)
            arguments.keepIfWanted(firstDigit)
            state = .double
        default: break
        }
        switch byte {
        case 0x5C: state = .doubleEscape
        case 0x22: state = .afterQuote
        default: arguments.keepIfWanted(byte)
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 0x09 < 5 }

    private static func unescaped(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x6E: 0x0A
        case 0x72: 0x0D
        case 0x74: 0x09
        case 0x62: 0x08
        case 0x61: 0x07
        default: byte
        }
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        if byte.isASCIIDigit { return byte &- 0x30 }
        let letter = byte.asciiLowercased &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }
}

/// Takes the arguments of an inline command as they are split.
protocol RedisArgumentSink {
    /// An argument begins.
    mutating func begin()
    /// A byte of the argument that began, with its escape undone.
    mutating func keepIfWanted(_ byte: UInt8)
    /// The argument that began has ended.
    mutating func end()
}

extension RedisArguments: RedisArgumentSink {
    /// A byte of an inline argument, dropped when the argument is not wanted.
    mutating func keepIfWanted(_ byte: UInt8) {
        if isKept { keep(byte) }
    }
}
