// Conditions: when a message is this one, when a rule holds, whether a step is done.

/// Comparisons that all have to hold.
struct Condition: Sendable {
    enum Operand: Sendable, Equatable {
        case name(String)
        case number(Int64)
        case text([UInt8])
    }

    enum Comparison: String, Sendable, CaseIterable {
        case equal = "=="
        case unequal = "!="
        case atMost = "<="
        case atLeast = ">="
        case below = "<"
        case above = ">"
    }

    enum Term: Sendable {
        /// The field is there and is not `false`, `null`, or the number zero.
        case holds(String)
        case not(String)
        case compare(Operand, Comparison, Operand)
    }

    var terms: [Term]
    var place: DocumentPlace

    static func parse(_ text: String, _ place: DocumentPlace, _ problems: ProblemList) -> Condition? {
        var terms: [Term] = []
        for clause in split(words(text), by: "and") {
            guard let term = term(clause) else {
                problems.add(
                    place,
                    "expected a condition such as `value`, `not value`, `status == 200` or two of them with `and`, got \"\(text)\""
                )
                return nil
            }
            terms.append(term)
        }
        return Condition(terms: terms, place: place)
    }

    private static func term(_ words: [String]) -> Term? {
        switch words.count {
        case 1:
            if case .name(let name)? = operand(words[0]) { return .holds(name) }
        case 2:
            if words[0] == "not", case .name(let name)? = operand(words[1]) { return .not(name) }
        case 3:
            if let comparison = Comparison(rawValue: words[1]), let left = operand(words[0]),
                let right = operand(words[2])
            {
                return .compare(left, comparison, right)
            }
        default: break
        }
        return nil
    }

    private static func operand(_ word: String) -> Operand? {
        if word.count >= 2, let quote = word.first, quote == "'" || quote == "\"", word.last == quote {
            return .text(Array(word.dropFirst().dropLast().utf8))
        }
        if let number = Int64(word) { return .number(number) }
        if word.hasPrefix("0x"), let number = Int64(word.dropFirst(2), radix: 16) { return .number(number) }
        guard let first = word.first, first.isLetter else { return nil }
        return word.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) } ? .name(word) : nil
    }

    /// The words of `text`; quotes hold spaces together.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        for character in text {
            if let open = quote {
                word.append(character)
                if character == open { quote = nil }
            } else if character == " " {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                if character == "'" || character == "\"" { quote = character }
                word.append(character)
            }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    private static func split(_ words: [String], by separator: String) -> [[String]] {
        var groups: [[String]] = [[]]
        for word in words {
            if word == separator { groups.append([]) } else { groups[groups.count - 1].append(word) }
        }
        return groups
    }
}
