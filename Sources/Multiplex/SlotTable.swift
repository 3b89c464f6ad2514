// Exchanges by the ids that their answers carry.

/// A dense table of exchanges; an id is a slot and the generation of the slot's use.
///
/// The generation is what keeps an answer that comes twice, or far too late, from the slot's next user. Slots are used
/// in turn, so that an id comes back as late as possible; zero is never one.
struct SlotTable {
    private struct Slot {
        var exchange: Exchange?
        var generation: UInt64 = 1
    }

    private let slotBits: UInt64
    private let generationMask: UInt64
    private var slots: [Slot]
    private var free = Ring<Int>()

    /// At most half of the `bits` of an id number its slot, so `depth` is met up to that.
    init(depth: Int, bits: Int) {
        let bits = UInt64(min(max(bits, 4), 64))
        let wanted = UInt64(Int.bitWidth - max(depth - 1, 1).leadingZeroBitCount)
        slotBits = min(wanted, bits / 2)
        generationMask = (bits - slotBits == 64 ? 0 : 1 << (bits - slotBits)) &- 1
        slots = Array(repeating: Slot(), count: min(max(depth, 1), 1 << Int(slotBits)))
        for slot in slots.indices { free.append(slot) }
    }

    var count: Int { slots.count - free.count }
    var capacity: Int { slots.count }
    var isFull: Bool { free.isEmpty }

    /// Takes a slot for `exchange` and gives its id; nil when there is none.
    mutating func insert(_ exchange: Exchange) -> UInt64? {
        guard let slot = free.popFirst() else { return nil }
        slots[slot].exchange = exchange
        return slots[slot].generation << slotBits | UInt64(slot)
    }

    /// The exchange that has this id now.
    func exchange(_ id: UInt64) -> Exchange? {
        guard let slot = slot(of: id) else { return nil }
        return slots[slot].exchange
    }

    /// Frees the id.
    mutating func remove(_ id: UInt64) {
        guard let slot = slot(of: id) else { return }
        slots[slot].exchange = nil
        let next = (slots[slot].generation &+ 1) & generationMask
        slots[slot].generation = next == 0 ? 1 : next
        free.append(slot)
    }

    private func slot(of id: UInt64) -> Int? {
        let slot = id & (1 << slotBits &- 1)
        guard slot < UInt64(slots.count), slots[Int(slot)].generation == id >> slotBits else { return nil }
        return Int(slot)
    }

    /// The one in the lowest slot.
    var first: Exchange? {
        for slot in slots { if let exchange = slot.exchange { return exchange } }
        return nil
    }

    /// Every exchange that has an id.
    func forEach(_ body: (Exchange) -> Void) {
        for slot in slots { if let exchange = slot.exchange { body(exchange) } }
    }
}
