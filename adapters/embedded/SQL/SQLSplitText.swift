// A text in parts, as split_part sees it: found in one scan, however often the separator comes and begins.

/// A text and what separates its parts.
struct SQLSplitText {
    private let text: [UInt8]
    private let separator: [UInt8]
    /// How much of the separator's beginning ends each of its beginnings (Knuth, Morris and Pratt 1977).
    private let borders: [Int]

    init(_ text: String, _ separator: String) {
        self.text = Array(text.utf8)
        self.separator = Array(separator.utf8)
        var borders = [Int](repeating: 0, count: self.separator.count)
        var length = 0
        for place in self.separator.indices.dropFirst() {
            while length > 0, self.separator[place] != self.separator[length] { length = borders[length - 1] }
            if self.separator[place] == self.separator[length] { length += 1 }
            borders[place] = length
        }
        self.borders = borders
    }

    /// The part with that number, from the end where it is negative; empty where there is none.
    func part(_ number: Int64) -> String {
        guard number < 0 else { return found(number) }
        var count: Int64 = 1
        separators { _ in
            count += 1
            return true
        }
        let (fromStart, isOutside) = (count + 1).addingReportingOverflow(number)
        return isOutside || fromStart < 1 ? "" : found(fromStart)
    }

    private func found(_ number: Int64) -> String {
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
        return current == number ? String(decoding: text[start..<(end ?? text.count)], as: UTF8.self) : ""
    }

    /// Where separators begin, as long as `body` wants more.
    private func separators(_ body: (Int) -> Bool) {
        guard !separator.isEmpty else { return }
        var length = 0
        for place in text.indices {
            while length > 0, text[place] != separator[length] { length = borders[length - 1] }
            if text[place] == separator[length] { length += 1 }
            guard length == separator.count else { continue }
            length = 0
            guard body(place + 1 - separator.count) else { return }
        }
    }
}
