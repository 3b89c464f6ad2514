// Which words the actions of cases hold, so that a feature is found in what a case does.

import Conformance

/// The words of every case's actions, in lower case.
package struct SuiteWords: Sendable {
    private var actions: [String: [Set<String>]] = [:]

    package init() {}

    package init(_ library: SuiteLibrary) {
        for one in library.suites.flatMap(\.cases) { actions[one.id] = one.steps.flatMap(Self.actions) }
    }

    /// Whether one action of the case has all of `words`; false for a case that is not known.
    func holds(_ id: String, _ words: [String]) -> Bool {
        actions[id]?.contains { action in words.allSatisfy(action.contains) } ?? false
    }

    /// The words of `text`: runs of letters, digits, `_` and `-`.
    static func words(of text: String) -> Set<String> {
        var words: Set<String> = []
        var word = ""
        for character in text.lowercased() + " " {
            if character.isLetter || character.isNumber || character == "_" || character == "-" {
                word.append(character)
            } else if !word.isEmpty {
                words.insert(word)
                word = ""
            }
        }
        return words
    }

    private static func actions(of step: Step) -> [Set<String>] {
        switch step.kind {
        case .action(let tree), .open(_, let tree): [words(in: tree)]
        case .concurrently(let branches): branches.flatMap { $0.flatMap(actions) }
        case .times(_, let steps): steps.flatMap(actions)
        case .search(let search): search.steps.flatMap(actions)
        case .wait, .close, .cut, .restart, .set, .check: []
        }
    }

    private static func words(in tree: Tree) -> Set<String> {
        switch tree.content {
        case .text(let text, _): words(of: text)
        case .list(let trees): trees.reduce(into: []) { $0.formUnion(words(in: $1)) }
        case .mapping(let entries):
            entries.reduce(into: []) { words, entry in
                words.formUnion(self.words(of: entry.key))
                words.formUnion(self.words(in: entry.value))
            }
        }
    }
}
