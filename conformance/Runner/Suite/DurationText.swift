// Durations as suites write them: `50ms`, `5s`, `2m`.

extension Duration {
    /// Reads a whole number with a unit; nil for anything else, or for more than an hour.
    package init?(suiteText text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits), count <= 3_600_000 else { return nil }
        let duration: Duration? =
            switch text.dropFirst(digits.count) {
            case "ms": .milliseconds(count)
            case "s": .seconds(count)
            case "m": .seconds(count * 60)
            default: nil
            }
        guard let duration, duration <= .seconds(3600) else { return nil }
        self = duration
    }
}
