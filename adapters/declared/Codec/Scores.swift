// Scores: numbers with a part behind the point, as text both ways.

/// Doubles as they are written and read.
enum Scores {
    /// The shortest text that reads back as `number`: no point where there is nothing behind it.
    static func text(_ number: Double) -> [UInt8] {
        if let whole = Int64(exactly: number) { return Decimal.text(whole) }
        return Array("\(number)".utf8)
    }

    /// The number that `value` is; nil when it is none.
    static func number(_ value: Value) -> Double? {
        if let number = value.asNumber { return Double(number) }
        let text = value.asBytes
        guard text.count <= 64, let number = Double(String(decoding: text, as: UTF8.self)), !number.isNaN else {
            return nil
        }
        return number
    }
}
