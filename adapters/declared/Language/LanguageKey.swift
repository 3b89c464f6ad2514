// One key of the language, as the reader checks it and the reference tells it.

import Capabilities

/// A key that an adapter file may have.
struct LanguageKey: Sendable {
    var name: String
    /// What it takes, in a few words.
    var takes: String
    /// What holds without it; empty when it has to be given or nothing holds.
    var otherwise: String
    /// One or two sentences for the reference.
    var text: String
    var isRequired: Bool

    init(_ name: String, _ takes: String, otherwise: String = "", isRequired: Bool = false, _ text: String) {
        self.name = name
        self.takes = takes
        self.otherwise = otherwise
        self.text = text
        self.isRequired = isRequired
    }
}

/// A mapping of the language: the keys it may have.
struct LanguageSection: Sendable {
    /// Where it stands, such as `framing.header`.
    var name: String
    var intro: String
    var keys: [LanguageKey]

    /// Reports the keys of `node` that it does not know and those that are missing; its entries, when it is a mapping.
    func check(_ node: DocumentNode, _ problems: ProblemList) -> Bool {
        guard let entries = node.entries else {
            problems.add(node.place, "expected a mapping with keys such as \"\(keys[0].name)\", got \(node.kind)")
            return false
        }
        for entry in entries where !keys.contains(where: { $0.name == entry.name }) {
            let clause = NearestWord.clause(for: entry.name, among: keys.map(\.name))
            let known = keys.map(\.name).joined(separator: ", ")
            problems.add(
                entry.place, "unknown key \"\(entry.name)\"\(clause.isEmpty ? "; expected one of \(known)" : clause)")
        }
        for key in keys where key.isRequired && node[key.name] == nil {
            problems.add(node.place, "the key \"\(key.name)\" is missing: \(key.takes)")
        }
        return true
    }
}
