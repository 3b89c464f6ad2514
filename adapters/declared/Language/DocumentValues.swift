// Numbers, sizes, durations and words of an adapter file, each with its message when it is none.

import Capabilities

extension DocumentNode {
    func string(_ problems: ProblemList) -> String? {
        if let text { return text }
        problems.add(place, "expected text, got \(kind)")
        return nil
    }

    func number(_ range: ClosedRange<Int64>, _ problems: ProblemList) -> Int64? {
        if let plain, let number = Self.integer(plain), range.contains(number) { return number }
        let most =
            range.upperBound == .max ? "\(range.lowerBound) or more" : "from \(range.lowerBound) to \(range.upperBound)"
        problems.add(place, "expected a whole number, \(most), got \(kind)")
        return nil
    }

    func flag(_ problems: ProblemList) -> Bool? {
        switch plain {
        case "yes", "true": return true
        case "no", "false": return false
        default:
            problems.add(place, "expected yes or no, got \(kind)")
            return nil
        }
    }

    /// One of `words`.
    func word(_ words: [String], _ problems: ProblemList) -> String? {
        if let text, words.contains(text) { return text }
        let clause = NearestWord.clause(for: text ?? "", among: words)
        problems.add(place, "expected \(words.joined(separator: " or ")), got \(kind)\(clause)")
        return nil
    }

    /// Bytes with a unit, or without: `64KiB`, `1048576`.
    func size(_ problems: ProblemList) -> Int? {
        let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)]
        if let plain {
            for (unit, factor) in units where plain.hasSuffix(unit) {
                if let count = Int(plain.dropLast(unit.count)), count > 0, count <= (1 << 40) / factor {
                    return count * factor
                }
            }
        }
        problems.add(place, "expected a size such as 2048, 64KiB or 1MiB, got \(kind)")
        return nil
    }

    /// Milliseconds: `200ms`, `5s`, `2m`, `1h`, `30d`.
    func duration(_ problems: ProblemList) -> Int64? {
        let units: [(String, Int64)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        if let plain {
            let digits = plain.prefix { $0.isASCII && $0.isNumber }
            let unit = plain.dropFirst(digits.count)
            if let factor = units.first(where: { $0.0 == unit })?.1, let count = Int64(digits), count > 0,
                count <= 365 * 86_400_000 / factor
            {
                return count * factor
            }
        }
        problems.add(place, "expected a duration such as 200ms, 5s, 2m, 1h or 30d, got \(kind)")
        return nil
    }

    func template(_ problems: ProblemList) -> Template? {
        guard let text = string(problems) else { return nil }
        return Template.parse(text, place, problems)
    }

    /// A whole number in decimal or, after 0x, in hexadecimal.
    static func integer(_ text: String) -> Int64? {
        text.hasPrefix("0x") ? Int64(text.dropFirst(2), radix: 16) : Int64(text)
    }
}
