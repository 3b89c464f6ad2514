// The replies that a routed client waits for, in the order of its commands.

import RedisWire

/// One reply to come, or what has come of it.
struct ReplySlot {
    /// The whole reply is here.
    var isComplete = false
    /// A part of it was sent to the client already.
    var hasStreamed = false
    /// What has come and waits for the replies before it, or for its end.
    var buffer: [UInt8] = []
    /// The command, where the router may want it sent again.
    var command: [UInt8] = []
    var lane: RoutedLane?
    var attempt = 1
    var split: RedisSplit?
}

/// A ring of slots; it grows with what is in flight and allocates nothing after that.
struct ReplySlots {
    private var slots: [ReplySlot]
    private var head = 0
    /// The number of the oldest slot, which goes on counting.
    private var first: UInt32 = 0
    private(set) var count = 0

    /// Bytes of memory that an empty slot keeps for its next reply.
    private static let keptCapacity = 512
    private static let numberMask: UInt32 = (1 << 30) - 1
    private static let mark: UInt32 = 1 << 31
    /// A reply that nobody gets.
    private static let dropMark: UInt32 = 1 << 30

    init() { slots = [] }

    var isEmpty: Bool { count == 0 }

    /// A new slot behind all others; its ticket.
    mutating func append() -> OwedTicket {
        if count == slots.count { grow() }
        let number = (first &+ UInt32(truncatingIfNeeded: count)) & Self.numberMask
        count &+= 1
        return OwedTicket(number: Self.mark | number)
    }

    /// The same ticket for a reply that nobody gets.
    static func dropping(_ ticket: OwedTicket) -> OwedTicket {
        OwedTicket(number: ticket.number | dropMark, piece: ticket.piece)
    }

    static func isDropped(_ ticket: OwedTicket) -> Bool { ticket.number & dropMark != 0 }

    /// How far behind the oldest slot that of `ticket` is; nil when there is none.
    func distance(_ ticket: OwedTicket) -> Int? {
        let distance = Int((ticket.number & Self.numberMask) &- first & Self.numberMask)
        return distance < count ? distance : nil
    }

    /// The slot that is `distance` behind the oldest.
    subscript(distance: Int) -> ReplySlot {
        _read { yield slots[(head &+ distance) & (slots.count &- 1)] }
        _modify { yield &slots[(head &+ distance) & (slots.count &- 1)] }
    }

    mutating func removeFirst() {
        let place = head
        slots[place].isComplete = false
        slots[place].hasStreamed = false
        slots[place].buffer.removeAll(keepingCapacity: slots[place].buffer.capacity <= Self.keptCapacity)
        slots[place].command.removeAll(keepingCapacity: slots[place].command.capacity <= Self.keptCapacity)
        slots[place].attempt = 1
        if slots[place].lane != nil { slots[place].lane = nil }
        if slots[place].split != nil { slots[place].split = nil }
        head = (head &+ 1) & (slots.count &- 1)
        first = (first &+ 1) & Self.numberMask
        count &-= 1
        // What a burst has needed is not kept by a client that rests.
        guard count == 0, slots.count > 64 else { return }
        slots = []
        head = 0
    }

    private mutating func grow() {
        // A power of two, so that a mask finds the place.
        var larger = Array(repeating: ReplySlot(), count: max(4, slots.count * 2))
        for distance in 0..<count { larger[distance] = self[distance] }
        slots = larger
        head = 0
    }
}
