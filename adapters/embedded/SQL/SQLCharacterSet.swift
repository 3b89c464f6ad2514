// Sets of characters in a regular expression.

/// Ranges of Unicode scalars, and which of ASCII they hold.
struct SQLCharacterSet {
    private(set) var ranges: [ClosedRange<UInt32>] = []
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    private var isInverted = false

    static let any = SQLCharacterSet().inverted

    /// How many comparisons it may take to look for one.
    var cost: Int { ranges.count }

    mutating func add(_ range: ClosedRange<UInt32>) {
        if range.upperBound >= 0x80 { ranges.append(range) }
        guard range.lowerBound < 0x80 else { return }
        for code in range.lowerBound...min(range.upperBound, 0x7F) { mark(code) }
    }

    mutating func add(_ other: SQLCharacterSet) {
        ranges += other.ranges
        low |= other.low
        high |= other.high
    }

    private mutating func mark(_ code: UInt32) {
        if code < 64 { low |= 1 << UInt64(code) } else { high |= 1 << UInt64(code - 64) }
    }

    /// Adds the capitals of its small letters and the other way round, as the locale C knows them.
    mutating func addBothCases() {
        let letters: UInt64 = 0x07FF_FFFE
        high |= (high >> 32) & letters | (high & letters) << 32
    }

    var inverted: SQLCharacterSet {
        var other = self
        other.isInverted.toggle()
        return other
    }

    func contains(_ code: UInt32) -> Bool {
        let isIn: Bool
        if code < 64 {
            isIn = low & (1 << UInt64(code)) != 0
        } else if code < 0x80 {
            isIn = high & (1 << UInt64(code - 64)) != 0
        } else {
            isIn = ranges.contains { $0.contains(code) }
        }
        return isIn != isInverted
    }

    // MARK: Classes

    static let word = named("word") ?? SQLCharacterSet()

    /// What `\d` and its kin stand for.
    static func shorthand(_ letter: Character) -> SQLCharacterSet? {
        switch letter {
        case "d": named("digit")
        case "s": named("space")
        case "w": word
        case "D": named("digit")?.inverted
        case "S": named("space")?.inverted
        case "W": word.inverted
        default: nil
        }
    }

    /// A class by its name, as the locale C knows it (regc_locale.c, classNames).
    static func named(_ name: String) -> SQLCharacterSet? {
        let (digits, capitals, small): (ClosedRange<UInt32>, ClosedRange<UInt32>, ClosedRange<UInt32>) =
            (0x30...0x39, 0x41...0x5A, 0x61...0x7A)
        let ranges: [ClosedRange<UInt32>]
        switch name {
        case "alnum": ranges = [digits, capitals, small]
        case "alpha": ranges = [capitals, small]
        case "ascii": ranges = [0...0x7F]
        case "blank": ranges = [0x09...0x09, 0x20...0x20]
        case "cntrl": ranges = [0...0x1F, 0x7F...0x7F]
        case "digit": ranges = [digits]
        case "graph": ranges = [0x21...0x7E]
        case "lower": ranges = [small]
        case "print": ranges = [0x20...0x7E]
        case "punct": ranges = [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]
        case "space": ranges = [0x09...0x0D, 0x20...0x20]
        case "upper": ranges = [capitals]
        case "word": ranges = [digits, capitals, small, 0x5F...0x5F]
        case "xdigit": ranges = [digits, 0x41...0x46, 0x61...0x66]
        default: return nil
        }
        var set = SQLCharacterSet()
        for range in ranges { set.add(range) }
        return set
    }
}
