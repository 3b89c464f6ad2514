// YAML as suites use it: text, lists and mappings with their tags and places, and nothing of the parser.

/// A node of a suite file.
package struct Tree: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        /// Text; `isQuoted` says that it was written in quotes or as a block, so that `"3"` is no number.
        case text(String, isQuoted: Bool)
        case list([Tree])
        case mapping([Entry])
    }

    /// A key of a mapping and what stands behind it.
    package struct Entry: Sendable, Equatable {
        package var key: String
        package var value: Tree

        package init(key: String, value: Tree) {
            self.key = key
            self.value = value
        }
    }

    package var content: Content
    /// The local tag without its exclamation mark, such as `pattern`; nil when there is none.
    package var tag: String?
    /// The place in the file, from 1.
    package var line: Int
    package var column: Int

    package init(_ content: Content, tag: String? = nil, line: Int = 0, column: Int = 0) {
        self.content = content
        self.tag = tag
        self.line = line
        self.column = column
    }
}

extension Tree {
    /// The value of `key` in a mapping.
    package subscript(key: String) -> Tree? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    package var entries: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }
    package var list: [Tree]? {
        if case .list(let trees) = content { trees } else { nil }
    }
    package var text: String? {
        if case .text(let text, _) = content { text } else { nil }
    }
    /// The whole number that is written here without quotes, or in quotes as a variable's value was.
    package var integer: Int64? { text.flatMap { Int64($0) } }
    /// Whether nothing is written here: `null`, `~` or an empty place.
    package var isNull: Bool {
        guard tag == nil, case .text(let text, isQuoted: false) = content else { return false }
        return text.isEmpty || text == "null" || text == "~"
    }

    /// The same node with another tag.
    package func tagged(_ tag: String?) -> Tree {
        Tree(content, tag: tag, line: line, column: column)
    }

    /// The same tree with every text changed by `change`, keys of mappings too.
    package func mapTexts<Problem: Error>(_ change: (String) throws(Problem) -> String) throws(Problem) -> Tree {
        var tree = self
        switch content {
        case .text(let text, let isQuoted): tree.content = .text(try change(text), isQuoted: isQuoted)
        case .list(let trees):
            var changed: [Tree] = []
            for element in trees { changed.append(try element.mapTexts(change)) }
            tree.content = .list(changed)
        case .mapping(let entries):
            var changed: [Entry] = []
            for entry in entries {
                changed.append(Entry(key: try change(entry.key), value: try entry.value.mapTexts(change)))
            }
            tree.content = .mapping(changed)
        }
        return tree
    }
}

/// Something in a suite file that cannot be understood.
package struct SuiteProblem: Error, Sendable, Equatable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int
    package var message: String

    package init(file: String = "", line: Int = 0, column: Int = 0, _ message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// A problem at `tree`; the loader adds the file.
    package init(_ tree: Tree, _ message: String) {
        self.init(line: tree.line, column: tree.column, message)
    }

    package var description: String { "\(file):\(line):\(column): \(message)" }
}
