// Takes the wanted values out of MessagePack in one pass (github.com/msgpack/msgpack, spec.md).

/// Reads one MessagePack value.
struct MessagePackExtractor {
    private let tree: ExtractionTree
    private let message: Message
    private let maximumItems: Int
    private var index: Int
    private let end: Int

    /// Fills the message's slots from the value between `start` and `end`; false when it is none or beyond a bound.
    static func run(
        _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ tree: ExtractionTree, _ limits: LimitsDescription,
        into message: Message
    ) -> Bool {
        var reader = MessagePackExtractor(start, end, tree, limits, message)
        return reader.value(bytes, ExtractionTree.root, item: 0, left: limits.depth) && reader.index == end
    }

    private init(
        _ start: Int, _ end: Int, _ tree: ExtractionTree, _ limits: LimitsDescription,
        _ message: Message
    ) {
        self.tree = tree
        self.message = message
        maximumItems = limits.items
        index = start
        self.end = end
    }

    /// An unsigned number of `width` bytes, the high one first.
    private mutating func unsigned(_ bytes: Span<UInt8>, _ width: Int) -> UInt64? {
        guard end - index >= width else { return nil }
        var number: UInt64 = 0
        for _ in 0..<width {
            number = number << 8 | UInt64(bytes[index])
            index += 1
        }
        return number
    }

    private mutating func value(_ bytes: Span<UInt8>, _ node: Int, item: Int, left: Int) -> Bool {
        guard left > 0, index < end else { return false }
        let head = bytes[index]
        index += 1
        switch head {
        case 0x00...0x7F: return store(bytes, node, item, .number(Int64(head)))
        case 0xE0...0xFF: return store(bytes, node, item, .number(Int64(Int8(bitPattern: head))))
        case 0x80...0x8F: return mapping(bytes, Int(head & 15), node, item, left)
        case 0x90...0x9F: return list(bytes, Int(head & 15), node, item, left)
        case 0xA0...0xBF: return text(bytes, Int(head & 31), node, item)
        case 0xC0: return true
        case 0xC2, 0xC3: return store(bytes, node, item, .flag(head == 0xC3))
        case 0xC4, 0xD9: return counted(bytes, 1) { $0.text(bytes, $1, node, item) }
        case 0xC5, 0xDA: return counted(bytes, 2) { $0.text(bytes, $1, node, item) }
        case 0xC6, 0xDB: return counted(bytes, 4) { $0.text(bytes, $1, node, item) }
        case 0xCA, 0xCB:
            guard let bits = unsigned(bytes, head == 0xCA ? 4 : 8) else { return false }
            let number = head == 0xCA ? Double(Float(bitPattern: UInt32(bits))) : Double(bitPattern: bits)
            return store(bytes, node, item, .decimal(Scores.text(number)))
        case 0xCC...0xCF:
            guard let number = unsigned(bytes, 1 << Int(head - 0xCC)) else { return false }
            return store(bytes, node, item, .number(Int64(bitPattern: number)))
        case 0xD0...0xD3:
            let width = 1 << Int(head - 0xD0)
            guard let number = unsigned(bytes, width) else { return false }
            let shift = UInt64(64 - width * 8)
            return store(bytes, node, item, .number(Int64(bitPattern: number << shift) >> Int64(shift)))
        case 0xDC: return counted(bytes, 2) { $0.list(bytes, $1, node, item, left) }
        case 0xDD: return counted(bytes, 4) { $0.list(bytes, $1, node, item, left) }
        case 0xDE: return counted(bytes, 2) { $0.mapping(bytes, $1, node, item, left) }
        case 0xDF: return counted(bytes, 4) { $0.mapping(bytes, $1, node, item, left) }
        case 0xC7...0xC9: return counted(bytes, 1 << Int(head - 0xC7)) { $0.text(bytes, $1, node, item, typed: true) }
        case 0xD4...0xD8: return text(bytes, 1 << Int(head - 0xD4), node, item, typed: true)
        default: return false
        }
    }

    private mutating func counted(_ bytes: Span<UInt8>, _ width: Int, _ body: (inout MessagePackExtractor, Int) -> Bool)
        -> Bool
    {
        guard let count = unsigned(bytes, width), count <= UInt64(end - index) else { return false }
        return body(&self, Int(count))
    }

    private mutating func text(_ bytes: Span<UInt8>, _ count: Int, _ node: Int, _ item: Int, typed: Bool = false)
        -> Bool
    {
        if typed { index += 1 }
        guard index <= end, end - index >= count else { return false }
        index += count
        return store(bytes, node, item, .range(start: index - count, count: count))
    }

    private mutating func list(_ bytes: Span<UInt8>, _ count: Int, _ node: Int, _ item: Int, _ left: Int) -> Bool {
        guard count <= end - index else { return false }
        let isList = node >= 0 && tree.nodes[node].every != nil
        guard !isList || count <= maximumItems else { return false }
        for place in 0..<count {
            guard value(bytes, tree.child(node, item: place), item: isList ? place : item, left: left - 1) else {
                return false
            }
        }
        return true
    }

    private mutating func mapping(_ bytes: Span<UInt8>, _ count: Int, _ node: Int, _ item: Int, _ left: Int) -> Bool {
        guard count <= end - index else { return false }
        for _ in 0..<count {
            guard let (start, length) = key(bytes, left) else { return false }
            let child = tree.child(node, key: bytes, start, start + length)
            guard value(bytes, child, item: item, left: left - 1) else { return false }
        }
        return true
    }

    /// Where the text of a key stands; an empty place for keys that are no text.
    private mutating func key(_ bytes: Span<UInt8>, _ left: Int) -> (Int, Int)? {
        guard index < end else { return nil }
        let head = bytes[index]
        let width: Int
        switch head {
        case 0xA0...0xBF: width = 0
        case 0xC4, 0xD9: width = 1
        case 0xC5, 0xDA: width = 2
        case 0xC6, 0xDB: width = 4
        default: return value(bytes, -1, item: 0, left: left - 1) ? (index, 0) : nil
        }
        index += 1
        guard let count = width == 0 ? UInt64(head & 31) : unsigned(bytes, width), count <= UInt64(end - index) else {
            return nil
        }
        index += Int(count)
        return (index - Int(count), Int(count))
    }

    private func store(_ bytes: Span<UInt8>, _ node: Int, _ item: Int, _ value: FieldValue) -> Bool {
        guard node >= 0 else { return true }
        return message.store(tree.nodes[node], item, value, bytes, maximumItems)
    }
}
