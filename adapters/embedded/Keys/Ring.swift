// A double-ended queue in one piece of memory.

/// Elements in order, cheap to add and to take at both ends and to reach by position.
struct Ring<Element> {
    private var storage: ContiguousArray<Element?> = []
    private var head = 0
    private(set) var count = 0

    init() {}

    var isEmpty: Bool { count == 0 }
    var first: Element? { isEmpty ? nil : storage[head] }
    var last: Element? { isEmpty ? nil : storage[place(count - 1)] }

    @inline(__always)
    private func place(_ index: Int) -> Int { (head + index) & (storage.count - 1) }

    subscript(index: Int) -> Element? {
        get { index >= 0 && index < count ? storage[place(index)] : nil }
        set { if index >= 0, index < count, let newValue { storage[place(index)] = newValue } }
    }

    mutating func append(_ element: Element) {
        if count == storage.count { resize(to: max(4, count * 2)) }
        storage[place(count)] = element
        count += 1
    }

    mutating func prepend(_ element: Element) {
        if count == storage.count { resize(to: max(4, count * 2)) }
        head = (head - 1) & (storage.count - 1)
        storage[head] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = storage[head].take()
        head = (head + 1) & (storage.count - 1)
        count -= 1
        shrinkIfSparse()
        return element
    }

    mutating func popLast() -> Element? {
        guard count > 0 else { return nil }
        let element = storage[place(count - 1)].take()
        count -= 1
        shrinkIfSparse()
        return element
    }

    /// Puts `element` before the one at `index`; moves what is behind it.
    mutating func insert(_ element: Element, at index: Int) {
        if index < count / 2 {
            prepend(element)
            for position in 0..<index { storage.swapAt(place(position), place(position + 1)) }
        } else {
            append(element)
            var position = count - 1
            while position > index {
                storage.swapAt(place(position), place(position - 1))
                position -= 1
            }
        }
    }

    /// Keeps the elements that `keeps` is true for; it sees each with its position, in order.
    mutating func filter(_ keeps: (Int, Element) -> Bool) {
        var kept = 0
        for index in 0..<count {
            guard let element = storage[place(index)] else { continue }
            guard keeps(index, element) else { continue }
            if kept != index { storage[place(kept)] = element }
            kept += 1
        }
        for index in kept..<count { storage[place(index)] = nil }
        count = kept
        shrinkIfSparse()
    }

    private mutating func shrinkIfSparse() {
        if count == 0 {
            if storage.count > 16 { storage = [] }
            head = 0
        } else if storage.count > 16, count * 4 < storage.count {
            resize(to: storage.count / 2)
        }
    }

    private mutating func resize(to capacity: Int) {
        var larger = ContiguousArray<Element?>()
        larger.reserveCapacity(capacity)
        for index in 0..<count { larger.append(storage[place(index)]) }
        while larger.count < capacity { larger.append(nil) }
        storage = larger
        head = 0
    }
}
