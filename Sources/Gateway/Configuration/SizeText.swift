// Sizes with a unit, read and written.

/// Sizes as the configuration spells them: a whole number and a unit.
enum SizeText {
    /// Every unit with its bytes, largest first.
    static let units: [(name: String, bytes: Int)] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)]
    /// More than any bound on memory means, and far from where arithmetic would overflow.
    static let largest = 1 << 40

    /// The bytes that `text` spells, such as `64KiB` or `1MiB`.
    static func parse(_ text: String) throws(ValueError) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard !digits.isEmpty else { throw ValueError("expected a size such as 64KiB or 1MiB, got \"\(text)\"") }
        guard !unit.isEmpty else {
            throw ValueError("a size needs a unit: write \(text)KiB, or another of B, KiB, MiB, GiB")
        }
        guard let length = units.first(where: { $0.name == unit })?.bytes else {
            throw ValueError("expected a size in B, KiB, MiB or GiB (a whole number, one unit), got \"\(text)\"")
        }
        guard let count = Int(digits), count > 0, count <= largest / length else {
            throw ValueError("expected a size from 1B to 1024GiB, got \"\(text)\"")
        }
        return count * length
    }

    /// The shortest spelling of `bytes`, in the largest unit that divides it.
    static func render(_ bytes: Int) -> String {
        for unit in units where bytes.isMultiple(of: unit.bytes) { return "\(bytes / unit.bytes)\(unit.name)" }
        return "\(bytes)B"
    }
}
