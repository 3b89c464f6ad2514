// Reads the keys of a mapping one by one and complains of those that nobody asked for.

import Capabilities

/// A mapping of which every key has to be read.
package struct KeyedTree {
    package let tree: Tree
    private let entries: [Tree.Entry]
    private var known: [String] = []

    package init(_ tree: Tree, _ what: String) throws(SuiteProblem) {
        guard let entries = tree.entries else { throw SuiteProblem(tree, "\(what) has to be a mapping") }
        var seen: Set<String> = []
        for entry in entries where !seen.insert(entry.key).inserted {
            throw SuiteProblem(entry.value, "the key \"\(entry.key)\" is given twice")
        }
        self.tree = tree
        self.entries = entries
    }

    /// The value of `key`, or nil where it is not given.
    package mutating func take(_ key: String) -> Tree? {
        known.append(key)
        return entries.first { $0.key == key }?.value
    }

    package mutating func text(_ key: String) throws(SuiteProblem) -> String? {
        guard let tree = take(key) else { return nil }
        guard let text = tree.text, tree.tag == nil else { throw SuiteProblem(tree, "\(key) has to be text") }
        return text
    }

    package mutating func requiredText(_ key: String) throws(SuiteProblem) -> String {
        guard let text = try text(key), !text.isEmpty else { throw SuiteProblem(tree, "\(key) is missing") }
        return text
    }

    package mutating func integer(_ key: String) throws(SuiteProblem) -> Int64? {
        guard let tree = take(key) else { return nil }
        guard let number = tree.integer else { throw SuiteProblem(tree, "\(key) has to be a whole number") }
        return number
    }

    package mutating func flag(_ key: String) throws(SuiteProblem) -> Bool {
        guard let tree = take(key) else { return false }
        switch tree.text {
        case "true": return true
        case "false": return false
        default: throw SuiteProblem(tree, "\(key) has to be true or false")
        }
    }

    package mutating func duration(_ key: String) throws(SuiteProblem) -> Duration? {
        guard let tree = take(key) else { return nil }
        guard let duration = tree.text.flatMap({ Duration(suiteText: $0) }) else {
            throw SuiteProblem(tree, "\(key) has to be a duration of an hour at most, such as 50ms, 5s or 2m")
        }
        return duration
    }

    /// One text or a list of them.
    package mutating func texts(_ key: String) throws(SuiteProblem) -> [String] {
        guard let tree = take(key) else { return [] }
        if let text = tree.text { return [text] }
        guard let list = tree.list else { throw SuiteProblem(tree, "\(key) has to be text or a list of texts") }
        var texts: [String] = []
        for element in list {
            guard let text = element.text else { throw SuiteProblem(element, "\(key) has to hold texts only") }
            texts.append(text)
        }
        return texts
    }

    /// The entries that nobody has asked for.
    package var rest: [Tree.Entry] { entries.filter { !known.contains($0.key) } }

    /// Refuses keys that nobody has asked for.
    package func finish() throws(SuiteProblem) {
        guard let stranger = rest.first else { return }
        let clause = NearestWord.clause(for: stranger.key, among: known)
        let all = known.joined(separator: ", ")
        throw SuiteProblem(stranger.value, "the key \"\(stranger.key)\" is not known\(clause); known here: \(all)")
    }
}
