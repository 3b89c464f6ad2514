// The five-byte header of every typed message, read in pieces of any size, and the body that is left to pass.

import Wire

/// Where a framer stands inside the current message: the part that both directions share.
struct PostgresHeaderReader: Sendable {
    /// The message type, valid while `isInBody`.
    private(set) var type: UInt8 = 0
    /// How many bytes of the body are still to come.
    var remaining = 0
    private(set) var isInBody = false
    /// How many bytes of the header came, 0 to 4.
    private var filled: UInt8 = 0
    private var length: UInt32 = 0

    /// Whether the last byte taken ended a message, or none was taken.
    var isAtBoundary: Bool { !isInBody && filled == 0 }

    /// Takes header bytes from `offset`; the message's length once all five came, else nil with all consumed.
    @inline(__always)
    mutating func read(_ bytes: Bytes, at offset: inout Int) -> UInt32? {
        if filled == 0, bytes.count &- offset >= 5 {
            type = bytes[offset]
            let length =
                UInt32(bytes[offset &+ 1]) &<< 24 | UInt32(bytes[offset &+ 2]) &<< 16
                | UInt32(bytes[offset &+ 3]) &<< 8 | UInt32(bytes[offset &+ 4])
            offset &+= 5
            return length
        }
        return readSlowly(bytes, at: &offset)
    }

    private mutating func readSlowly(_ bytes: Bytes, at offset: inout Int) -> UInt32? {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            if filled == 0 {
                type = byte
                length = 0
                filled = 1
                continue
            }
            length = length &<< 8 | UInt32(byte)
            filled &+= 1
            if filled == 5 {
                filled = 0
                return length
            }
        }
        return nil
    }

    /// Enters the body of a message whose length was checked.
    @inline(__always)
    mutating func enterBody(length: UInt32) {
        remaining = Int(length) &- PostgresLimits.messageMinimum
        isInBody = true
    }

    /// Leaves the body, all of which has passed.
    @inline(__always)
    mutating func leaveBody() { isInBody = false }

    /// The error for a length that no message of this type may have.
    func invalidLength(_ length: UInt32, from side: Side, atMost limit: Int) -> WireError {
        WireError(
            side, "invalid-message-length",
            """
            message type \(Self.printable(type)) with length \(length); \
            expected \(PostgresLimits.messageMinimum) to \(limit)
            """)
    }

    /// A type byte as people write it.
    static func printable(_ type: UInt8) -> String {
        if type > 0x20, type < 0x7F { return "'\(Character(Unicode.Scalar(type)))'" }
        return "0x" + String(type, radix: 16)
    }
}
