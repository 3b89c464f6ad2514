// Error replies with the words of the real server.

/// An error reply without its mark and end of line.
struct RedisErrorText: Error, Sendable, Equatable {
    let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// What is composed as a whole line.
    init(line: [UInt8]) { bytes = Array(line.dropFirst().dropLast(2)) }

    /// The first word, which metrics count.
    var code: String { String(decoding: bytes.prefix { $0 != 0x20 }, as: UTF8.self) }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

// The texts are those of redis-server 7.0, because clients compare them.
extension RedisErrorText {
    static let syntax = RedisErrorText("ERR syntax error")
    static let notAnInteger = RedisErrorText("ERR value is not an integer or out of range")
    static let notAFloat = RedisErrorText("ERR value is not a valid float")
    static let outOfRange = RedisErrorText("ERR value is out of range")
    static let notPositive = RedisErrorText("ERR value is out of range, must be positive")
    static let wrongType = RedisErrorText("WRONGTYPE Operation against a key holding the wrong kind of value")
    static let noSuchKey = RedisErrorText("ERR no such key")
    static let indexOutOfRange = RedisErrorText("ERR index out of range")
    static let offsetOutOfRange = RedisErrorText("ERR offset is out of range")
    static let overflow = RedisErrorText("ERR increment or decrement would overflow")
    static let decrementOverflow = RedisErrorText("ERR decrement would overflow")
    static let notFiniteSum = RedisErrorText("ERR increment would produce NaN or Infinity")
    static let notFinite = RedisErrorText("ERR value is NaN or Infinity")
    static let notANumberScore = RedisErrorText("ERR resulting score is not a number (NaN)")
    static let hashNotAnInteger = RedisErrorText("ERR hash value is not an integer")
    static let hashNotAFloat = RedisErrorText("ERR hash value is not a float")
    static let stringTooLong = RedisErrorText("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
    static let sameObject = RedisErrorText("ERR source and destination objects are the same")
    static let databaseOutOfRange = RedisErrorText("ERR DB index is out of range")
    static let invalidCursor = RedisErrorText("ERR invalid cursor")

    static let timeoutNotAFloat = RedisErrorText("ERR timeout is not a float or out of range")
    static let timeoutNegative = RedisErrorText("ERR timeout is negative")
    static let keyCountNotPositive = RedisErrorText("ERR numkeys should be greater than 0")
    static let keyCountTooLarge = RedisErrorText("ERR Number of keys can't be greater than number of args")
    static let countNotPositive = RedisErrorText("ERR count should be greater than 0")
    static let limitNegative = RedisErrorText("ERR LIMIT can't be negative")
    static let rankZero = RedisErrorText(
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
            + "or use negative to start from the end of the list")
    static let countNegative = RedisErrorText("ERR COUNT can't be negative")
    static let maximumLengthNegative = RedisErrorText("ERR MAXLEN can't be negative")

    static let expireConditions = RedisErrorText(
        "ERR NX and XX, GT or LT options at the same time are not compatible")
    static let expireDirections = RedisErrorText("ERR GT and LT options at the same time are not compatible")
    static let addConditions = RedisErrorText("ERR XX and NX options at the same time are not compatible")
    static let addDirections = RedisErrorText("ERR GT, LT, and/or NX options at the same time are not compatible")
    static let addIncrementsOne = RedisErrorText("ERR INCR option supports a single increment-element pair")
    static let boundNotAFloat = RedisErrorText("ERR min or max is not a float")
    static let boundNotAMember = RedisErrorText("ERR min or max not valid string range item")
    static let limitWithoutRange = RedisErrorText(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
    static let scoresWithoutRange = RedisErrorText(
        "ERR syntax error, WITHSCORES not supported in combination with BYLEX")
    static let weightNotAFloat = RedisErrorText("ERR weight value is not a float")

    static let noAuthentication = RedisErrorText("NOAUTH Authentication required.")
    static let wrongPassword = RedisErrorText("WRONGPASS invalid username-password pair or user is disabled.")
    static let noPasswordSet = RedisErrorText(
        "ERR AUTH <password> called without any password configured for the default user. "
            + "Are you sure your configuration is correct?")
    static let noSuchProtocol = RedisErrorText("NOPROTO unsupported protocol version")
    static let protocolNotAnInteger = RedisErrorText(
        "ERR Protocol version is not an integer or out of range")
    static let helloNeedsLogin = RedisErrorText(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH "
            + "<user> <pass> option can be used to authenticate the client and select the RESP protocol version "
            + "at the same time")
    static let clientName = RedisErrorText(
        "ERR Client names cannot contain spaces, newlines or special characters.")

    static let noScript = RedisErrorText("NOSCRIPT No matching script. Please use EVAL.")
    static let noRunningScript = RedisErrorText("NOTBUSY No scripts in execution right now.")
    static let flushModes = RedisErrorText("ERR SCRIPT FLUSH only support SYNC|ASYNC option")

    static let nestedMulti = RedisErrorText("ERR MULTI calls can not be nested")
    static let watchInsideMulti = RedisErrorText("ERR WATCH inside MULTI is not allowed")
    static let execWithoutMulti = RedisErrorText("ERR EXEC without MULTI")
    static let discardWithoutMulti = RedisErrorText("ERR DISCARD without MULTI")
    static let execAborted = RedisErrorText("EXECABORT Transaction discarded because of previous errors.")

    /// Source: redis src/multi.c execCommandAbort.
    static func execAborted(because error: RedisErrorText) -> RedisErrorText {
        let isPlain = error.bytes.starts(with: "ERR ".utf8)
        return RedisErrorText(
            bytes: Array("EXECABORT Transaction discarded because of: ".utf8) + error.bytes.dropFirst(isPlain ? 4 : 0))
    }

    static func wrongArity(_ command: String) -> RedisErrorText {
        RedisErrorText("ERR wrong number of arguments for '\(command)' command")
    }

    static func invalidExpiry(_ command: String) -> RedisErrorText {
        RedisErrorText("ERR invalid expire time in '\(command)' command")
    }

    static func unsupportedOption(_ option: [UInt8]) -> RedisErrorText {
        RedisErrorText(bytes: Array("ERR Unsupported option ".utf8) + option)
    }

    static func outOfBounds(_ low: Int64, _ high: Int64) -> RedisErrorText {
        RedisErrorText("ERR value is out of range, value must between \(low) and \(high)")
    }

    static func unknownSubcommand(_ name: [UInt8], of command: String) -> RedisErrorText {
        RedisErrorText(
            bytes: Array("ERR unknown subcommand '".utf8) + name.prefix(128)
                + Array("'. Try \(command.uppercased()) HELP.".utf8))
    }

    /// Source: redis src/networking.c addReplySubcommandSyntaxError.
    static func subcommandSyntax(_ name: [UInt8], of command: String) -> RedisErrorText {
        RedisErrorText(
            bytes: Array("ERR unknown subcommand or wrong number of arguments for '".utf8) + untilZero(name).prefix(128)
                + Array("'. Try \(command.uppercased()) HELP.".utf8))
    }

    /// The text that clients take for "this server does not know the command".
    ///
    /// Source: redis src/server.c commandCheckExistence.
    static func unknownCommand(_ name: [UInt8], _ arguments: [[UInt8]]) -> RedisErrorText {
        var text = Array("ERR unknown command '".utf8) + untilZero(name).prefix(128)
        text += Array("', with args beginning with: ".utf8)
        var shown = 0
        for argument in arguments where shown < 128 {
            let part = [0x27] + untilZero(argument).prefix(128 - shown) + Array("' ".utf8)
            shown += part.count
            text += part
        }
        return RedisErrorText(bytes: text)
    }

    /// The server prints these as C strings.
    private static func untilZero(_ text: [UInt8]) -> ArraySlice<UInt8> { text.prefix { $0 != 0 } }
}
