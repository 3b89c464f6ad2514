// Bounds of a version: `>=7.0`.

/// A comparison with a version.
package struct VersionBound: Sendable, Equatable, CustomStringConvertible {
    package enum Relation: String, Sendable, CaseIterable {
        case atLeast = ">="
        case atMost = "<="
        case below = "<"
        case above = ">"
        case exactly = "="
    }

    package var relation: Relation
    package var version: String

    /// Reads `>=7.0` and its like; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let text = String(text.filter { $0 != " " })
        guard let relation = Relation.allCases.first(where: { text.hasPrefix($0.rawValue) }) else { return nil }
        let version = String(text.dropFirst(relation.rawValue.count))
        guard version.first?.isNumber == true else { return nil }
        self.relation = relation
        self.version = version
    }

    package var description: String { relation.rawValue + version }

    /// Whether `other` lies within the bound.
    package func holds(for other: String) -> Bool {
        let order = Self.compare(other, version)
        return switch relation {
        case .atLeast: order >= 0
        case .atMost: order <= 0
        case .below: order < 0
        case .above: order > 0
        case .exactly: order == 0
        }
    }

    /// Compares number by number; what is missing counts as zero, and what is no number ends a version.
    private static func compare(_ left: String, _ right: String) -> Int {
        let (left, right) = (numbers(left), numbers(right))
        for place in 0..<max(left.count, right.count) {
            let a = left.indices.contains(place) ? left[place] : 0
            let b = right.indices.contains(place) ? right[place] : 0
            if a != b { return a < b ? -1 : 1 }
        }
        return 0
    }

    private static func numbers(_ version: String) -> [Int] {
        var numbers: [Int] = []
        for part in version.split(separator: ".", omittingEmptySubsequences: false) {
            guard let number = Int(part.prefix { $0.isNumber }) else { break }
            numbers.append(number)
        }
        return numbers
    }
}
