// The exchanges whose answers a connection owes, in order or by id.

/// What is pending on one connection.
struct PendingTable {
    let isInOrder: Bool
    let capacity: Int
    private var ring = Ring<Exchange>()
    private var slots: SlotTable

    init(_ configuration: MultiplexConfiguration) {
        switch configuration.correlation {
        case .inOrder:
            isInOrder = true
            slots = SlotTable(depth: 1, bits: 64)
            capacity = max(configuration.depth, 1)
        case .byID(let bits):
            isInOrder = false
            slots = SlotTable(depth: configuration.depth, bits: bits)
            capacity = slots.capacity
        }
    }

    var count: Int { isInOrder ? ring.count : slots.count }
    var isFull: Bool { isInOrder ? ring.count >= capacity : slots.isFull }

    /// The one whose answer comes next; nil by id.
    var oldest: Exchange? { ring.first }
    /// Any of them; by id there is one during the handshake.
    var first: Exchange? { isInOrder ? ring.first : slots.first }
    func exchange(_ id: UInt64) -> Exchange? { isInOrder ? nil : slots.exchange(id) }

    /// The id to send with it, zero in order; nil when there is no room.
    mutating func insert(_ exchange: Exchange) -> UInt64? {
        guard isInOrder else { return slots.insert(exchange) }
        guard ring.count < capacity else { return nil }
        ring.append(exchange)
        return 0
    }

    /// Removes one that was answered; in order it is the oldest.
    mutating func remove(_ exchange: Exchange) {
        if isInOrder { _ = ring.popFirst() } else { slots.remove(exchange.id) }
    }

    /// Every one, in order when there is one.
    func forEach(_ body: (Exchange) -> Void) {
        guard isInOrder else { return slots.forEach(body) }
        for position in 0..<ring.count { if let exchange = ring[position] { body(exchange) } }
    }
}
