// Durations with a unit, read and written.

/// Durations as the configuration spells them: a whole number and a unit.
enum DurationText {
    /// Every unit with its length in milliseconds, longest first.
    static let units: [(name: String, milliseconds: Int)] = [
        ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
    /// A year: more than any time-out means, and far from where arithmetic would overflow.
    static let longest = 365 * 24 * 3_600_000

    /// The duration that `text` spells, such as `200ms`, `5s`, `2m` or `1h`.
    static func parse(_ text: String) throws(ValueError) -> Duration {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard !digits.isEmpty else {
            throw ValueError("expected a duration such as 5s or 200ms, got \"\(text)\"")
        }
        guard !unit.isEmpty else {
            throw ValueError("a duration needs a unit: write \(text)s, or another of ms, s, m, h")
        }
        guard let length = units.first(where: { $0.name == unit })?.milliseconds else {
            throw ValueError("expected a duration in ms, s, m or h (a whole number, one unit), got \"\(text)\"")
        }
        guard let count = Int(digits), count <= longest / length else {
            throw ValueError("expected a duration of at most a year, got \"\(text)\"")
        }
        return .milliseconds(count * length)
    }

    /// The shortest spelling of `duration`, in the longest unit that divides it.
    static func render(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
        guard milliseconds > 0 else { return "0s" }
        for unit in units where milliseconds.isMultiple(of: unit.milliseconds) {
            return "\(milliseconds / unit.milliseconds)\(unit.name)"
        }
        return "\(milliseconds)ms"
    }
}
