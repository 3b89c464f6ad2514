// All paths into a payload as one tree, so that the payload is read once.

/// What is wanted from a payload.
struct ExtractionTree: Sendable {
    struct Node: Sendable {
        var keys: [(name: [UInt8], child: Int)] = []
        var items: [(index: Int, child: Int)] = []
        var every: Int?
        /// Slots that take what stands here, and whether it is an item of a list to them.
        var slots: [(slot: Int, isInList: Bool)] = []
    }

    var nodes = [Node()]
    static let root = 0

    mutating func add(_ path: FieldPath, slot: Int) {
        var node = Self.root
        var isInList = false
        for step in path.steps {
            if case .every = step { isInList = true }
            node = child(node, step)
        }
        nodes[node].slots.append((slot, isInList))
    }

    /// Lets items that are wanted by their number be items of [*] too; called once, when all paths are in.
    mutating func finish() {
        var node = 0
        while node < nodes.count {
            if let every = nodes[node].every { for item in nodes[node].items { merge(every, into: item.child) } }
            node += 1
        }
    }

    private mutating func merge(_ source: Int, into target: Int) {
        nodes[target].slots += nodes[source].slots
        for entry in nodes[source].keys { merge(entry.child, into: child(target, .key(entry.name))) }
        for entry in nodes[source].items { merge(entry.child, into: child(target, .item(entry.index))) }
    }

    private mutating func child(_ node: Int, _ step: FieldPath.Step) -> Int {
        switch step {
        case .key(let name):
            if let known = nodes[node].keys.first(where: { $0.name == name }) { return known.child }
            nodes[node].keys.append((name, nodes.count))
        case .item(let index):
            if let known = nodes[node].items.first(where: { $0.index == index }) { return known.child }
            nodes[node].items.append((index, nodes.count))
        case .every:
            if let known = nodes[node].every { return known }
            nodes[node].every = nodes.count
        }
        nodes.append(Node())
        return nodes.count - 1
    }

    /// The child for the key at `range`, negative when nobody wants it.
    func child(_ node: Int, key bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        guard node >= 0 else { return -1 }
        for entry in nodes[node].keys where entry.name.count == end - start {
            var isEqual = true
            for index in entry.name.indices where entry.name[index] != bytes[start + index] {
                isEqual = false
                break
            }
            if isEqual { return entry.child }
        }
        return -1
    }

    /// The child for the item at `index`.
    func child(_ node: Int, item index: Int) -> Int {
        guard node >= 0 else { return -1 }
        for entry in nodes[node].items where entry.index == index { return entry.child }
        return nodes[node].every ?? -1
    }
}
