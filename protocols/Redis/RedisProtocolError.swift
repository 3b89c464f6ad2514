// What a server answers to bytes that are no command, before it closes the connection.

/// A rule of the request protocol that a client broke; the connection ends with it.
package struct RedisProtocolError: Error, Sendable, Equatable {
    /// A fixed name for metrics and logs.
    package let code: StaticString
    /// The error reply without its mark and end of line; empty when the server closes without a word.
    package let reply: [UInt8]

    init(_ code: StaticString, _ reply: String) {
        self.code = code
        self.reply = Array("ERR Protocol error: \(reply)".utf8)
    }

    private init(silent code: StaticString) {
        self.code = code
        reply = []
    }

    /// The command, or the transaction, holds more bytes than a client may have waiting.
    package static let queryBuffer = RedisProtocolError(silent: "query-buffer")

    package static func == (left: RedisProtocolError, right: RedisProtocolError) -> Bool {
        left.code.description == right.code.description && left.reply == right.reply
    }
}
