// Composes the error line a client gets when the gateway itself has failed it.

import Wire

/// Error replies in the client's own protocol; they read the same in RESP2 and RESP3.
package enum RedisErrorReply {
    /// Whether `reply`, an error with the code ERR, says that its command, or the form of it, does not exist: nothing was done.
    ///
    /// Source: redis `rejectCommand` and `addReplySubcommandSyntaxError` (6.0: "Unknown subcommand or wrong number of arguments").
    package static func saysNotUnderstood(_ reply: Bytes) -> Bool {
        beginnings.contains { beginning in
            guard reply.count >= beginning.utf8CodeUnitCount else { return false }
            for index in 0..<beginning.utf8CodeUnitCount
            where reply[index].asciiLowercased != beginning.utf8Start[index] { return false }
            return true
        }
    }

    /// In lower case.
    private static let beginnings: [StaticString] = [
        "-err unknown command", "-err unknown subcommand", "-err wrong number of arguments",
    ]

    /// `-ERR fairlead: MESSAGE` with its end of line, or another code that clients know.
    ///
    /// Control bytes would end the line early or hide its end, so each becomes a space; what exceeds
    /// `RedisLimits.errorReply` is cut at a character.
    package static func compose(_ message: String, code: StaticString = "ERR") -> [UInt8] {
        var line = Array("-\(code) fairlead: ".utf8)
        let room = RedisLimits.errorReply.maximum - 2
        for scalar in message.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            let spelled = isControl ? Array(" ".utf8) : Array(String(scalar).utf8)
            if line.count + spelled.count > room { break }
            line.append(contentsOf: spelled)
        }
        line.append(.carriageReturn)
        line.append(.lineFeed)
        return line
    }

    /// The code of a server that takes no commands now.
    package static func busy(_ message: String) -> [UInt8] { compose(message, code: "BUSY") }
}
