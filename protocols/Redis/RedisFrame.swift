// What the framers note about requests and replies: the events and their facts.

/// What a command does to the replies that follow it.
package enum RedisEffect: UInt8, Sendable {
    /// One reply, nothing else.
    case none
    /// CLIENT REPLY ON, OFF or SKIP with exactly three arguments.
    case replyOn, replyOff, replySkip
    /// HELLO; the version asked for is `helloVersion`.
    case hello
    /// SUBSCRIBE, PSUBSCRIBE or SSUBSCRIBE.
    case subscribe
    /// UNSUBSCRIBE, PUNSUBSCRIBE or SUNSUBSCRIBE.
    case unsubscribe
    case monitor, reset, quit
    case multi, exec, discard
    /// SYNC or PSYNC: what follows on the connection is a replication stream.
    case replicate
    /// REPLCONF ACK and GETACK, which the server never answers.
    case unanswered
    /// `POST` or `Host:` as the command name: the server closes without a reply.
    case crossProtocol
}

/// The facts of one complete command.
package struct RedisRequest: Equatable, Sendable {
    package var command: RedisCommand
    package var effect: RedisEffect
    /// The protocol version HELLO asked for (2, 3), zero when it named none or another.
    package var helloVersion: UInt8
    /// Whether it came as an inline command.
    package var isInline: Bool
    /// Whether the server may hold the reply back until something happens or a time-out the client chose.
    package var mayBlock: Bool
    /// Arguments, the command name included; at least one.
    package var argumentCount: Int
    /// Bytes on the wire, framing included.
    package var byteCount: UInt64

    package init(
        command: RedisCommand, effect: RedisEffect = .none, helloVersion: UInt8 = 0, isInline: Bool = false,
        mayBlock: Bool = false, argumentCount: Int = 1, byteCount: UInt64 = 0
    ) {
        self.command = command
        self.effect = effect
        self.helloVersion = helloVersion
        self.isInline = isInline
        self.mayBlock = mayBlock
        self.argumentCount = argumentCount
        self.byteCount = byteCount
    }
}

/// What the request framer noted.
package enum RedisRequestEvent: Equatable, Sendable {
    /// A whole command has passed.
    case commandReceived(RedisRequest)
    /// `*0`, a negative count or a blank line has passed: no command and no reply, but it ends CLIENT REPLY SKIP.
    case emptyReceived(byteCount: UInt64)
}

/// The facts of one complete reply, push or null.
package struct RedisReply: Equatable, Sendable {
    /// The type byte: `+ - : $ * _ , # ! = ( ~ % >`.
    package var kind: UInt8
    /// Elements of an aggregate of known size (pairs for a map), zero otherwise.
    package var elementCount: Int
    /// The error's code (its first word), a status' first bytes, or the first element of an array or push when
    /// that is a status or a bulk string of at most 24 bytes.
    package var text: RedisText
    /// The last element of an array or push when it is an integer, else zero.
    package var lastInteger: Int64
    package var endsWithInteger: Bool
    /// Bytes on the wire, framing and preceding attributes included.
    package var byteCount: UInt64

    package init(
        kind: UInt8, elementCount: Int = 0, text: RedisText = RedisText(), lastInteger: Int64 = 0,
        endsWithInteger: Bool = false, byteCount: UInt64 = 0
    ) {
        self.kind = kind
        self.elementCount = elementCount
        self.text = text
        self.lastInteger = lastInteger
        self.endsWithInteger = endsWithInteger
        self.byteCount = byteCount
    }

    @inlinable package var isError: Bool { kind == 0x2D || kind == 0x21 }
    @inlinable package var isPush: Bool { kind == 0x3E }
    /// The error code as a metric label, nil when this is no error.
    package var errorCode: RedisErrorCode? { isError ? RedisErrorCode(text) : nil }
}
