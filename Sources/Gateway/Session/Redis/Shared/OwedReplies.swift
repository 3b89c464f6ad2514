// The replies that a shared connection owes, in the order of their commands.

import RedisWire

/// Which of its owner's commands a reply answers, for owners whose replies come on several connections.
struct OwedTicket: Equatable {
    /// The place among the owner's commands, and a mark that there is one; zero for owners that go by order.
    var number: UInt32 = 0
    /// The part of that command, when it was split.
    var piece: UInt16 = 0

    @inline(__always)
    var isNone: Bool { number == 0 }
}

/// One reply to come: whose it is and which command asked for it.
struct OwedReply {
    /// Alive as long as it is owed anything; see ``SharingClient/leaveShared()``.
    let owner: Unmanaged<SharingClient>
    let ticket: OwedTicket
    let command: RedisCommand
    let startedAt: UInt64
}

/// A ring of owed replies: it grows with what is in flight and allocates nothing after that.
struct OwedReplies {
    private var slots: [OwedReply?]
    private var head = 0
    private(set) var count = 0

    init() { slots = Array(repeating: nil, count: 64) }

    var isEmpty: Bool { count == 0 }

    var first: OwedReply? { count == 0 ? nil : slots[head] }

    mutating func append(_ reply: OwedReply) {
        if count == slots.count { grow() }
        slots[(head &+ count) & (slots.count &- 1)] = reply
        count &+= 1
    }

    mutating func removeFirst() -> OwedReply? {
        guard count > 0 else { return nil }
        defer {
            slots[head] = nil
            head = (head &+ 1) & (slots.count &- 1)
            count &-= 1
        }
        return slots[head]
    }

    private mutating func grow() {
        // A power of two, so that a mask finds the place.
        var larger: [OwedReply?] = Array(repeating: nil, count: slots.count * 2)
        for index in 0..<count { larger[index] = slots[(head &+ index) & (slots.count &- 1)] }
        slots = larger
        head = 0
    }
}
