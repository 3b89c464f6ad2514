// Reads the typed messages that a client sends after its startup packet.

import Wire

/// An incremental reader of a client's messages: bytes in any pieces, an event for each message as it ends.
///
/// A body is skipped in one step, except for the first word of a statement. CopyData makes no event.
package struct PostgresClientFramer: Sendable {
    private var header = PostgresHeaderReader()
    private var scanner = PostgresStatementScanner(afterName: false)
    private var isScanning = false

    /// Whether a message broke the framing; nothing after it can be understood.
    package private(set) var isLost = false
    /// Bytes of the message that ended last, its header included.
    package private(set) var messageLength = 0
    /// How many messages ended, all types; wraps around.
    package private(set) var messages: UInt64 = 0
    /// How many CopyData messages ended; wraps around.
    package private(set) var copyDataMessages: UInt64 = 0

    package init() {}

    /// Whether the last byte consumed ended a message, or none was consumed yet.
    package var isAtBoundary: Bool { header.isAtBoundary && !isLost }

    /// The next message that ended within `bytes`, or nil when all of them are consumed.
    ///
    /// Throws `invalid-message-length` for a length below 4 or above the bound of its type, as the server's
    /// `pq_getmessage` would, and `framing-lost` ever after.
    package mutating func next(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> PostgresClientEvent? {
        if isLost { throw WireError(.client, "framing-lost", "an earlier message broke the framing") }
        let count = bytes.count
        while offset < count {
            if !header.isInBody {
                guard let length = header.read(bytes, at: &offset) else { return nil }
                let limit = Self.limit(of: header.type)
                if length < 4 || Int(length) > limit {
                    isLost = true
                    throw header.invalidLength(length, from: .client, atMost: limit)
                }
                header.enterBody(length: length)
                messageLength = 1 &+ Int(length)
                if header.type == UInt8(ascii: "Q") || header.type == UInt8(ascii: "P") {
                    scanner = PostgresStatementScanner(afterName: header.type == UInt8(ascii: "P"))
                    isScanning = true
                }
            }
            let available = count &- offset
            let taken = header.remaining < available ? header.remaining : available
            if isScanning {
                scanner.scan(bytes, from: offset, to: offset &+ taken)
                isScanning = !scanner.isDone
            }
            offset &+= taken
            header.remaining &-= taken
            if header.remaining > 0 { return nil }
            header.leaveBody()
            isScanning = false
            messages &+= 1
            if header.type == UInt8(ascii: "d") {
                copyDataMessages &+= 1
            } else {
                return event()
            }
        }
        return nil
    }

    private func event() -> PostgresClientEvent {
        switch header.type {
        case UInt8(ascii: "Q"): .querySent(scanner.command)
        case UInt8(ascii: "P"): .parseSent(scanner.command)
        case UInt8(ascii: "B"): .bindSent
        case UInt8(ascii: "D"): .describeSent
        case UInt8(ascii: "E"): .executeSent
        case UInt8(ascii: "C"): .closeSent
        case UInt8(ascii: "S"): .syncSent
        case UInt8(ascii: "H"): .flushSent
        case UInt8(ascii: "c"): .copyDoneSent
        case UInt8(ascii: "f"): .copyFailSent
        case UInt8(ascii: "F"): .functionCallSent
        case UInt8(ascii: "p"): .credentialsSent
        case UInt8(ascii: "X"): .terminateSent
        default: .unknownSent(type: header.type)
        }
    }

    /// The largest length of a message of `type`, as postgres.c `SocketBackend` and auth.c set it.
    @inline(__always)
    private static func limit(of type: UInt8) -> Int {
        switch type {
        case UInt8(ascii: "E"), UInt8(ascii: "D"), UInt8(ascii: "C"), UInt8(ascii: "S"), UInt8(ascii: "H"),
            UInt8(ascii: "c"), UInt8(ascii: "f"), UInt8(ascii: "X"):
            PostgresLimits.small
        case UInt8(ascii: "p"): PostgresLimits.authentication
        default: PostgresLimits.largest
        }
    }
}
