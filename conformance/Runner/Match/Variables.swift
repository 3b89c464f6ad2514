// Variables in texts: `${name}`.

/// Puts the values of variables into the texts of a step.
package enum Variables {
    /// The text with every `${name}` replaced; `$${` stands for a literal `${`.
    package static func fill(_ text: String, _ values: [String: String]) throws(UnknownVariable) -> String {
        guard text.contains("${") else { return text }
        var filled = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            let before = rest[..<start.lowerBound]
            if before.last == "$" {
                filled += before.dropLast() + "${"
                rest = rest[start.upperBound...]
                continue
            }
            filled += before
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw UnknownVariable(name: String(rest[start.upperBound...]))
            }
            let name = String(rest[start.upperBound..<end])
            guard let value = values[name] else { throw UnknownVariable(name: name) }
            filled += value
            rest = rest[rest.index(after: end)...]
        }
        return filled + rest
    }

    /// The tree with every variable replaced.
    package static func fill(_ tree: Tree, _ values: [String: String]) throws(UnknownVariable) -> Tree {
        try tree.mapTexts { text throws(UnknownVariable) in try fill(text, values) }
    }

    /// Whether a variable stands anywhere in `tree`.
    package static func appear(in tree: Tree) -> Bool {
        switch tree.content {
        case .text(let text, _): text.contains("${")
        case .list(let trees): trees.contains { appear(in: $0) }
        case .mapping(let entries): entries.contains { $0.key.contains("${") || appear(in: $0.value) }
        }
    }
}

/// A variable that nothing has set.
package struct UnknownVariable: Error, Equatable, CustomStringConvertible {
    package var name: String

    package var description: String { "nothing has set the variable ${\(name)}" }
}
