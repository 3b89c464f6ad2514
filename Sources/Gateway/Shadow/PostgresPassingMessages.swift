// Finds the messages in what a PostgreSQL client sends, wherever the bytes are cut.

import Wire

/// Puts messages together that are short enough to be kept, and passes over all others.
struct PostgresPassingMessages {
    enum Event {
        /// One message, with its head.
        case whole([UInt8])
        /// The head of a message of this type that is too long.
        case long(UInt8)
        /// Where in the bytes data of a COPY is, of one message or a part of it.
        case data(Range<Int>)
    }

    /// Bytes of a message that is kept.
    private let limit: Int
    /// The message of which a part has come, and what is still to come of one that is not kept.
    private var message: [UInt8] = []
    private var skipped = 0
    private var skipsData = false

    /// Bytes of a message's type and length.
    private static let head = 5
    private static let copyData = UInt8(ascii: "d")

    init(limit: Int) { self.limit = limit }

    /// Tells `handle` of each message in `bytes`, until it says false; throws where a length is none.
    mutating func pass(_ bytes: Bytes, _ handle: (Event) throws(WireError) -> Bool) throws(WireError) {
        var offset = 0
        while offset < bytes.count {
            if skipped > 0 {
                let count = min(skipped, bytes.count - offset)
                skipped -= count
                offset += count
                if skipsData, try !handle(.data((offset - count)..<offset)) { return }
                continue
            }
            let wanted = message.count < Self.head ? Self.head : length
            let count = min(wanted - message.count, bytes.count - offset)
            message += bytes.array(offset..<(offset + count))
            offset += count
            guard message.count == wanted else { return }
            var event = Event.whole(message)
            if wanted == Self.head, length != Self.head {
                guard length > Self.head else {
                    throw WireError(.client, "bad-length", "a message is shorter than its own length")
                }
                guard length > limit || message[0] == Self.copyData else { continue }
                skipped = length - Self.head
                skipsData = message[0] == Self.copyData
                event = .long(message[0])
            }
            let isData = message[0] == Self.copyData
            message.removeAll(keepingCapacity: message.capacity <= 4096)
            if !isData, try !handle(event) { return }
        }
    }

    /// Bytes of the message whose head is here.
    private var length: Int { message[1..<Self.head].reduce(0) { $0 << 8 | Int($1) } + 1 }
}
