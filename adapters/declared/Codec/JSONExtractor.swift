// Takes the wanted values out of JSON in one pass (RFC 8259); nothing is built of what nobody wants.

/// Reads one JSON text.
struct JSONExtractor {
    private let tree: ExtractionTree
    private let message: Message
    private let maximumItems: Int
    private var index: Int
    private let end: Int

    /// Fills the message's slots from the text between `start` and `end`; false when it is no JSON or beyond a bound.
    static func run(
        _ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ tree: ExtractionTree, _ limits: LimitsDescription,
        into message: Message
    ) -> Bool {
        var reader = JSONExtractor(start, end, tree, limits, message)
        guard reader.value(bytes, ExtractionTree.root, item: 0, left: limits.depth) else { return false }
        reader.skipSpace(bytes)
        return reader.index == end
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

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while index < end {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    /// Reads a value for `node`, which is negative when nobody wants it.
    private mutating func value(_ bytes: Span<UInt8>, _ node: Int, item: Int, left: Int) -> Bool {
        skipSpace(bytes)
        guard index < end, left > 0 else { return false }
        let start = index
        switch bytes[index] {
        case 0x7B:
            guard object(bytes, node, item: item, left: left) else { return false }
            return store(bytes, node, item, .range(start: start, count: index - start))
        case 0x5B:
            guard array(bytes, node, item: item, left: left) else { return false }
            return store(bytes, node, item, .range(start: start, count: index - start))
        case 0x22:
            guard let hasEscapes = string(bytes) else { return false }
            guard node >= 0, !tree.nodes[node].slots.isEmpty else { return true }
            if !hasEscapes { return store(bytes, node, item, .range(start: start + 1, count: index - start - 2)) }
            guard let text = JSONText.unescaped(bytes, start + 1, index - 1) else { return false }
            return store(bytes, node, item, .bytes(text))
        case 0x74: return word(bytes, "true") && store(bytes, node, item, .flag(true))
        case 0x66: return word(bytes, "false") && store(bytes, node, item, .flag(false))
        case 0x6E: return word(bytes, "null")
        default: return number(bytes, node, item)
        }
    }

    private mutating func object(_ bytes: Span<UInt8>, _ node: Int, item: Int, left: Int) -> Bool {
        index += 1
        skipSpace(bytes)
        if index < end, bytes[index] == 0x7D {
            index += 1
            return true
        }
        while true {
            skipSpace(bytes)
            let start = index
            guard index < end, bytes[index] == 0x22, string(bytes) != nil else { return false }
            let child = tree.child(node, key: bytes, start + 1, index - 1)
            skipSpace(bytes)
            guard index < end, bytes[index] == 0x3A else { return false }
            index += 1
            guard value(bytes, child, item: item, left: left - 1) else { return false }
            skipSpace(bytes)
            guard index < end else { return false }
            index += 1
            if bytes[index - 1] == 0x7D { return true }
            guard bytes[index - 1] == 0x2C else { return false }
        }
    }

    private mutating func array(_ bytes: Span<UInt8>, _ node: Int, item: Int, left: Int) -> Bool {
        index += 1
        skipSpace(bytes)
        if index < end, bytes[index] == 0x5D {
            index += 1
            return true
        }
        let isList = node >= 0 && tree.nodes[node].every != nil
        var place = 0
        while true {
            guard !isList || place < maximumItems else { return false }
            guard value(bytes, tree.child(node, item: place), item: isList ? place : item, left: left - 1) else {
                return false
            }
            place += 1
            skipSpace(bytes)
            guard index < end else { return false }
            index += 1
            if bytes[index - 1] == 0x5D { return true }
            guard bytes[index - 1] == 0x2C else { return false }
        }
    }

    /// Passes over a string; whether it has escapes, or nil when it has no end.
    private mutating func string(_ bytes: Span<UInt8>) -> Bool? {
        index += 1
        var hasEscapes = false
        while index < end {
            switch bytes[index] {
            case 0x22:
                index += 1
                return hasEscapes
            case 0x5C:
                hasEscapes = true
                index += 2
            case 0..<0x20: return nil
            default: index += 1
            }
        }
        return nil
    }

    private mutating func word(_ bytes: Span<UInt8>, _ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard end - index >= count else { return false }
        let isEqual = word.withUTF8Buffer { text in
            for place in 0..<count where text[place] != bytes[index + place] { return false }
            return true
        }
        index += count
        return isEqual
    }

    private mutating func number(_ bytes: Span<UInt8>, _ node: Int, _ item: Int) -> Bool {
        let start = index
        scan: while index < end {
            switch bytes[index] {
            case 0x30...0x39, 0x2D, 0x2B, 0x2E, 0x45, 0x65: index += 1
            default: break scan
            }
        }
        guard index > start else { return false }
        guard node >= 0, !tree.nodes[node].slots.isEmpty else { return true }
        if let number = Decimal.parse(bytes.extracting(start..<index)) {
            return store(bytes, node, item, .number(number))
        }
        return store(bytes, node, item, .decimal(Message.copy(bytes, start, index - start)))
    }

    private func store(_ bytes: Span<UInt8>, _ node: Int, _ item: Int, _ value: FieldValue) -> Bool {
        guard node >= 0 else { return true }
        return message.store(tree.nodes[node], item, value, bytes, maximumItems)
    }
}

extension Message {
    /// Puts a value into the slots of a node; false beyond the bound of items.
    func store(
        _ node: borrowing ExtractionTree.Node, _ item: Int, _ value: FieldValue, _ bytes: Span<UInt8>, _ maximum: Int
    ) -> Bool {
        for (slot, isInList) in node.slots {
            guard isInList else {
                set(slot, value)
                continue
            }
            guard items.count < maximum else { return false }
            let owned: Value =
                switch value {
                case .absent: .absent
                case .range(let start, let count): .bytes(Self.copy(bytes, start, count))
                case .number(let number): .number(number)
                case .bytes(let bytes): .bytes(bytes)
                case .flag(let flag): .flag(flag)
                case .decimal(let text): .decimal(text)
                }
            items.append((slot, item, owned))
            // A condition can ask whether there was any.
            set(slot, .flag(true))
        }
        return true
    }
}

/// The inside of JSON strings.
enum JSONText {
    /// The text between `start` and `end` without its escapes; nil when one is wrong.
    static func unescaped(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> [UInt8]? {
        var text: [UInt8] = []
        text.reserveCapacity(end - start)
        var index = start
        while index < end {
            guard bytes[index] == 0x5C else {
                text.append(bytes[index])
                index += 1
                continue
            }
            guard index + 1 < end else { return nil }
            index += 2
            switch bytes[index - 1] {
            case 0x22, 0x5C, 0x2F: text.append(bytes[index - 1])
            case 0x62: text.append(8)
            case 0x66: text.append(12)
            case 0x6E: text.append(10)
            case 0x72: text.append(13)
            case 0x74: text.append(9)
            case 0x75:
                guard var code = unit(bytes, index, end) else { return nil }
                index += 4
                if 0xD800..<0xDC00 ~= code, index + 1 < end, bytes[index] == 0x5C, bytes[index + 1] == 0x75,
                    let low = unit(bytes, index + 2, end), 0xDC00..<0xE000 ~= low
                {
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                    index += 6
                }
                // Half a pair alone stands for no character.
                let scalar = Unicode.Scalar(code) ?? "\u{FFFD}"
                text += Array(String(Character(scalar)).utf8)
            default: return nil
            }
        }
        return text
    }

    private static func unit(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
        guard start + 4 <= end else { return nil }
        var code: UInt32 = 0
        for index in start..<start + 4 {
            guard let digit = Codes.hexValue(bytes[index]) else { return nil }
            code = code << 4 | UInt32(digit)
        }
        return code
    }
}
