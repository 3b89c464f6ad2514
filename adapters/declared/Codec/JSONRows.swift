// Rows in JSON: a list of lists, or of objects that all have the same keys (RFC 8259).

/// Reads the text of a list whose nesting was bounded when it came.
struct JSONRows {
    private let bytes: [UInt8]
    private let maximum: Int
    private var index = 0
    private var cellCount = 0
    private(set) var rows: [[Value]] = []
    /// The keys of objects, in the order of the first one.
    private(set) var names: [[UInt8]] = []
    private var places: [[UInt8]: Int] = [:]

    init(_ bytes: [UInt8], _ maximum: Int) {
        self.bytes = bytes
        self.maximum = maximum
    }

    /// Whether it was such a list, of no more values than the bound.
    mutating func read() -> Bool {
        guard take(0x5B) else { return false }
        if take(0x5D) { return isOver }
        repeat {
            guard let row = take(0x5B) ? list() : take(0x7B) ? object() : nil else { return false }
            cellCount += max(1, row.count)
            guard cellCount <= maximum else { return false }
            rows.append(row)
        } while take(0x2C)
        return take(0x5D) && isOver
    }

    private var isOver: Bool {
        mutating get {
            skipSpace()
            return index == bytes.count
        }
    }

    private mutating func skipSpace() {
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func list() -> [Value]? {
        var row: [Value] = []
        if take(0x5D) { return row }
        repeat {
            guard row.count < maximum, let value = value() else { return nil }
            row.append(value)
        } while take(0x2C)
        return take(0x5D) ? row : nil
    }

    private mutating func object() -> [Value]? {
        var row = [Value](repeating: .absent, count: names.count)
        if take(0x7D) { return row }
        repeat {
            skipSpace()
            guard let name = string(), take(0x3A), let value = value() else { return nil }
            if let place = places[name] {
                row[place] = value
            } else {
                guard names.count < maximum else { return nil }
                places[name] = names.count
                names.append(name)
                row.append(value)
            }
        } while take(0x2C)
        return take(0x7D) ? row : nil
    }

    /// A value; what is nested is kept as its text.
    private mutating func value() -> Value? {
        skipSpace()
        guard index < bytes.count else { return nil }
        let start = index
        switch bytes[index] {
        case 0x22: return string().map { .bytes($0) }
        case 0x5B, 0x7B:
            guard skipNested() else { return nil }
            return .bytes(Array(bytes[start..<index]))
        default:
            while index < bytes.count, ![0x2C, 0x5D, 0x7D, 0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
            let word = Array(bytes[start..<index])
            switch String(decoding: word, as: UTF8.self) {
            case "null": return .absent
            case "true": return .flag(true)
            case "false": return .flag(false)
            case "": return nil
            default: return Decimal.parse(word).map { .number($0) } ?? .decimal(word)
            }
        }
    }

    /// The inside of a string, without its escapes.
    private mutating func string() -> [UInt8]? {
        guard index < bytes.count, bytes[index] == 0x22 else { return nil }
        let start = index + 1
        guard skipString() else { return nil }
        return JSONText.unescaped(bytes.span, start, index - 1)
    }

    private mutating func skipString() -> Bool {
        index += 1
        while index < bytes.count {
            if bytes[index] == 0x22 {
                index += 1
                return true
            }
            index += bytes[index] == 0x5C ? 2 : 1
        }
        return false
    }

    private mutating func skipNested() -> Bool {
        var depth = 0
        while index < bytes.count {
            switch bytes[index] {
            case 0x22:
                guard skipString() else { return false }
                continue
            case 0x5B, 0x7B: depth += 1
            case 0x5D, 0x7D: depth -= 1
            default: break
            }
            index += 1
            if depth == 0 { return true }
        }
        return false
    }
}
