// Finds the first word of a SQL text that arrives in pieces.

import Wire

/// Skips white space, comments, parentheses and semicolons before a statement and gathers its first word.
///
/// Comments follow PostgreSQL's scanner: `--` to the end of the line, `/* */` nested. It looks at no more than
/// `PostgresLimits.statementPrefix` bytes; a statement that starts later is `other`.
struct PostgresStatementScanner: Sendable {
    private enum State: UInt8 {
        /// In the statement's name that a Parse begins with.
        case name
        case space
        case dash
        case lineComment
        case slash
        case blockComment
        case blockCommentStar
        case blockCommentSlash
        case word
        case found
    }

    private var state = State.space
    private var depth: UInt16 = 0
    private var seen: UInt16 = 0
    private var word = PostgresWord()

    /// A scanner of a Query's text, or of a Parse's body, whose text comes after a name.
    init(afterName: Bool) { state = afterName ? .name : .space }

    /// Whether the rest of the message need not be looked at.
    var isDone: Bool { state == .found }

    /// The kind of the statement, once the message has ended or `isDone`.
    var command: PostgresCommand {
        switch state {
        case .word, .found: PostgresCommand.named(word)
        case .name, .space, .lineComment, .blockComment, .blockCommentStar, .blockCommentSlash: .empty
        case .dash, .slash: .other
        }
    }

    /// Looks at `bytes[start..<end]` until the word is found.
    mutating func scan(_ bytes: Bytes, from start: Int, to end: Int) {
        var index = start
        while index < end {
            if state == .word {
                let byte = bytes[index].asciiLowercased
                if byte &- 0x61 < 26 || byte == 0x5F {
                    word.append(byte)
                } else {
                    state = .found
                    return
                }
            } else {
                step(bytes[index])
                if state == .found { return }
            }
            index &+= 1
            seen &+= 1
            if seen >= PostgresLimits.prefix {
                stopAtLimit()
                return
            }
        }
    }

    /// Anything unfinished at the limit is a statement we do not know, not an empty one.
    private mutating func stopAtLimit() {
        if state != .word {
            word = PostgresWord()
            word.append(0x3F)
        }
        state = .found
    }

    private mutating func step(_ byte: UInt8) {
        switch state {
        case .name:
            if byte == 0 { state = .space }
        case .space:
            leaveSpace(byte)
        case .dash:
            state = byte == 0x2D ? .lineComment : startOther()
        case .lineComment:
            if byte == .lineFeed || byte == .carriageReturn { state = .space }
        case .slash:
            if byte == 0x2A {
                depth = 1
                state = .blockComment
            } else {
                state = startOther()
            }
        case .blockComment:
            if byte == 0x2A { state = .blockCommentStar } else if byte == 0x2F { state = .blockCommentSlash }
        case .blockCommentStar:
            if byte == 0x2F {
                depth &-= 1
                state = depth == 0 ? .space : .blockComment
            } else if byte != 0x2A {
                state = .blockComment
            }
        case .blockCommentSlash:
            if byte == 0x2A {
                depth &+= 1
                state = .blockComment
            } else if byte != 0x2F {
                state = .blockComment
            }
        case .word, .found:
            break
        }
    }

    private mutating func leaveSpace(_ byte: UInt8) {
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x28, 0x3B: break
        case 0: state = .found
        case 0x2D: state = .dash
        case 0x2F: state = .slash
        default:
            let letter = byte.asciiLowercased
            if letter &- 0x61 < 26 || letter == 0x5F {
                word.append(letter)
                state = .word
            } else {
                state = startOther()
            }
        }
    }

    private mutating func startOther() -> State {
        word.append(0x3F)
        return .found
    }
}

extension PostgresCommand {
    /// The kind of the statement with which `text`, which is here as a whole, begins.
    package static func first(of text: Bytes) -> PostgresCommand {
        var scanner = PostgresStatementScanner(afterName: false)
        scanner.scan(text, from: 0, to: text.count)
        return scanner.command
    }
}
