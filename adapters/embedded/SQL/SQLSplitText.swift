// A text in parts, as split_part sees it: found in one scan, however often the separator comes and begins.

/// A text and what separates its parts.
struct SQLSplitText {
    private let text: [UInt8]
    private let separator: [UInt8]
    /// How much of the separator's beginning ends each of its beginnings (Knuth, Morris and Pratt 1977).
    private let borders: [Int32]

    init(_ text: [UInt8], _ separator: [UInt8]) {
        // A longer one stands nowhere.
        let separator = separator.count > text.count ? [] : separator
        (self.text, self.separator) = (text, separator)
        var borders = [Int32](repeating: 0, count: separator.count)
        var length = 0
        for place in separator.indices.dropFirst() {
            while length > 0, separator[place] != separator[length] { length = Int(borders[length - 1]) }
            if separator[place] == separator[length] { length += 1 }
            borders[place] = Int32(length)
        }
        self.borders = borders
    }

    /// Where the separator begins for the first time; nil where it does nowhere.
    var firstPlace: Int? {
        var first: Int?
        separators { place in
            first = place
            return false
        }
        return first
    }

    /// The part with that number, from the end where it is negative; empty where there is none.
    func part(_ number: Int64) -> [UInt8] {
        guard number < 0 else { return found(number) }
        var count: Int64 = 1
        separators { _ in
            count += 1
            return true
        }
        let (fromStart, isOutside) = (count + 1).addingReportingOverflow(number)
        return isOutside || fromStart < 1 ? [] : found(fromStart)
    }

    private func found(_ number: Int64) -> [UInt8] {
        var (current, start): (Int64, Int) = (1, 0)
        var end: Int?
        separators { place in
            if current == number {
                end = place
                return false
            }
            current += 1
            start = place + separator.count
            return true
        }
        return current == number ? Array(text[start..<(end ?? text.count)]) : []
    }

    /// Where separators begin, as long as `body` wants more.
    private func separators(_ body: (Int) -> Bool) {
        guard !separator.isEmpty else { return }
        var length = 0
        for place in text.indices {
            while length > 0, text[place] != separator[length] { length = Int(borders[length - 1]) }
            if text[place] == separator[length] { length += 1 }
            guard length == separator.count else { continue }
            length = 0
            guard body(place + 1 - separator.count) else { return }
        }
    }
}
