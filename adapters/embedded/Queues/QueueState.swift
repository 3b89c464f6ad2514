// What queues, locks and sequences are made of.

/// An item of a queue; its key is its id.
struct QueueItem: Keyed {
    let key: [UInt8]
    let payload: [UInt8]
    /// From when on it can be reserved, in milliseconds since 1970.
    var time: Int64
    /// Whether somebody has it until ``time``.
    var isReserved: Bool
}

/// When an item of a queue becomes free; out of date when the item's own time is another.
struct QueueTime {
    let time: Int64
    let id: [UInt8]

    /// Earlier times first, and of equal ones the item that was put first: ids are numbers that grow.
    func precedes(_ other: QueueTime) -> Bool {
        if time != other.time { return time < other.time }
        if id.count != other.id.count { return id.count < other.id.count }
        return Bytes.compare(id, other.id) < 0
    }
}

/// A queue: its items, those that can be had now in order, and when the others can.
final class WorkQueue {
    @exclusivity(unchecked) var items = ByteTable<QueueItem>()
    @exclusivity(unchecked) var ready = Ring<[UInt8]>()
    @exclusivity(unchecked) var times = Heap()
    let generation: UInt64

    init(generation: UInt64) { self.generation = generation }

    init(_ other: WorkQueue, generation: UInt64) {
        items = other.items
        ready = other.ready
        times = other.times
        self.generation = generation
    }

    /// Queue times with the earliest on top.
    struct Heap {
        private var nodes: [QueueTime] = []

        var first: QueueTime? { nodes.first }

        mutating func insert(_ node: QueueTime) {
            nodes.append(node)
            var index = nodes.count - 1
            while index > 0, nodes[index].precedes(nodes[(index - 1) / 2]) {
                nodes.swapAt(index, (index - 1) / 2)
                index = (index - 1) / 2
            }
        }

        mutating func removeFirst() {
            guard let last = nodes.popLast(), !nodes.isEmpty else { return }
            nodes[0] = last
            var index = 0
            while true {
                var least = index
                for child in [2 * index + 1, 2 * index + 2] where child < nodes.count {
                    if nodes[child].precedes(nodes[least]) { least = child }
                }
                guard least != index else { return }
                nodes.swapAt(index, least)
                index = least
            }
        }
    }
}

/// A queue under its name.
struct NamedQueue: Keyed {
    let key: [UInt8]
    var queue: WorkQueue
}

/// A lock that is held, if its time has not passed.
struct HeldLock: Keyed {
    let key: [UInt8]
    var owner: [UInt8]
    var expiry: Int64
}

/// A sequence and the last number that it gave out.
struct NumberSequence: Keyed {
    let key: [UInt8]
    var last: Int64
}
