// What an answer has told so far.

/// The outputs of an operation's answer.
struct Outputs: Sendable {
    var value: [UInt8]?
    var version: [UInt8]?
    var number: Int64?
    var left: Int64?
    var id: [UInt8]?
    var text: [UInt8]?
    /// Names, and with them values, when an answer has several.
    var names: [[UInt8]] = []
    var values: [[UInt8]] = []
    private var box: MoreOutputs?

    /// What few answers have.
    struct More: Sendable {
        /// Single fields by their output.
        var fields: [Output: Value] = [:]
        /// Lists by their output, in step with the names where there are some.
        var lists: [Output: [Value]] = [:]
        /// One list of cells for each row.
        var rows: [[Value]] = []
        /// Cells of all rows.
        var cellCount = 0
    }

    /// Kept apart, so that the outputs of a get are small, and changed in place; exchanges that share one follow each other.
    private final class MoreOutputs: @unchecked Sendable {
        @exclusivity(unchecked) var more = More()
    }

    var more: More { box?.more ?? More() }

    private mutating func ownMore() -> MoreOutputs {
        if let box { return box }
        let box = MoreOutputs()
        self.box = box
        return box
    }

    /// A field as bytes.
    func bytes(_ output: Output) -> [UInt8]? { box?.more.fields[output]?.asBytes }
    func number(_ output: Output) -> Int64? { box?.more.fields[output]?.asNumber }

    /// Takes the fields of a message; false when there are more items than the bound allows.
    ///
    /// - Parameter isItem: whether the message tells of one item of a list and others follow.
    @inline(__always)
    mutating func take(
        _ outputs: [(output: Output, slot: Int)], _ message: Message, _ frame: Span<UInt8>, _ maximum: Int,
        isItem: Bool = false
    ) -> Bool {
        for (output, slot) in outputs {
            switch output {
            case .value, .payload: value = message.bytes(slot, frame) ?? (isItem ? nil : value)
            case .version: version = message.bytes(slot, frame) ?? version
            case .number: number = message.number(slot, frame) ?? number
            case .left: left = message.number(slot, frame) ?? left
            case .id: id = message.bytes(slot, frame) ?? id
            case .text: text = message.bytes(slot, frame) ?? text
            case .name:
                guard let name = message.bytes(slot, frame) else { continue }
                guard names.count < maximum else { return false }
                names.append(name)
                // The value of the same message; outputs come in their own order, so it is there already.
                values.append(value ?? [])
            case .names:
                for item in message.items where item.slot == slot {
                    guard names.count < maximum else { return false }
                    names.append(item.value.asBytes)
                }
            case .channel, .subscription: break
            case .cells:
                let hasColumns = outputs.contains { $0.output == .columns && message.hasItems($0.slot) }
                // A row of nothing but NULL has no item.
                let isRow = message.hasItems(slot) || isItem && !hasColumns
                if isRow, !takeRow(slot, message, maximum) { return false }
            default: if !takeRare(output, slot, message, frame, maximum) { return false }
            }
        }
        return !isItem || takeItem(outputs, message, frame, maximum)
    }

    private mutating func takeRare(
        _ output: Output, _ slot: Int, _ message: Message, _ frame: Span<UInt8>, _ maximum: Int
    ) -> Bool {
        switch output {
        case .values, .scores, .sizes, .etags, .times, .columns, .types:
            return takeList(output, slot, message, maximum)
        default:
            let value = message.value(slot, frame)
            if value != .absent { ownMore().more.fields[output] = value }
            return true
        }
    }

    /// A list of the message, each item at its own place, behind those that came before.
    private mutating func takeList(_ output: Output, _ slot: Int, _ message: Message, _ maximum: Int) -> Bool {
        let box = ownMore()
        let start = box.more.lists[output, default: []].count
        for item in message.items where item.slot == slot {
            guard start + item.index < maximum else { return false }
            box.more.lists[output, default: []].place(item.value, at: start + item.index)
        }
        return true
    }

    private mutating func takeRow(_ slot: Int, _ message: Message, _ maximum: Int) -> Bool {
        let box = ownMore()
        var row: [Value] = []
        for item in message.items where item.slot == slot {
            guard item.index < maximum else { return false }
            row.place(item.value, at: item.index)
        }
        box.more.cellCount += max(1, row.count)
        guard box.more.cellCount <= maximum else { return false }
        box.more.rows.append(row)
        return true
    }

    /// The fields of a message that tells of one item, as the next item of their lists.
    private mutating func takeItem(
        _ outputs: [(output: Output, slot: Int)], _ message: Message, _ frame: Span<UInt8>, _ maximum: Int
    ) -> Bool {
        let hasName = outputs.contains { $0.output == .name }
        for (output, slot) in outputs {
            guard let list = output.list, output != .value || !hasName else { continue }
            let value = message.value(slot, frame)
            guard value != .absent || hasName else { continue }
            let box = ownMore()
            let place = hasName ? names.count - 1 : box.more.lists[list, default: []].count
            guard place >= 0, place < maximum else { return false }
            box.more.lists[list, default: []].place(value, at: place)
        }
        return true
    }
}

extension [Value] {
    /// Puts `value` behind what is there, at `place`: what is left out before it would shift it to another name.
    fileprivate mutating func place(_ value: Value, at place: Int) {
        while count < place { append(.absent) }
        append(value)
    }
}

extension Outputs {
    /// The list of `output` with one item for each name; nil when it is not in step with them.
    func list(_ output: Output) -> [Value]? {
        if output == .values, box?.more.lists[.values] == nil, values.count == names.count {
            return values.map { .bytes($0) }
        }
        guard let list = box?.more.lists[output] else { return names.isEmpty ? [] : nil }
        return list.count == names.count ? list : nil
    }
}
