// Reads a YAML file into a tree.

import Yams

extension Tree {
    /// Nodes inside nodes that a suite may have; a file that goes deeper is a mistake.
    private static let deepest = 64

    /// Reads `text`; `file` names it in problems.
    package init(yaml text: String, file: String) throws(SuiteProblem) {
        let node: Node?
        do {
            node = try Parser(yaml: text).singleRoot()
        } catch let error as YamlError {
            throw SuiteProblem(file: file, line: 1, column: 1, "this is not YAML: \(error)")
        } catch {
            throw SuiteProblem(file: file, line: 1, column: 1, "this is not YAML text in UTF-8")
        }
        guard let node else { throw SuiteProblem(file: file, line: 1, column: 1, "the file is empty") }
        do throws(SuiteProblem) {
            self = try Tree(node, depth: 0)
        } catch {
            var problem = error
            problem.file = file
            throw problem
        }
    }

    private init(_ node: Node, depth: Int) throws(SuiteProblem) {
        let mark = node.mark
        self.init(.list([]), tag: Self.localTag(node), line: mark?.line ?? 0, column: mark?.column ?? 0)
        guard depth < Self.deepest else { throw SuiteProblem(self, "nodes are nested more than \(Self.deepest) deep") }
        switch node {
        case .scalar(let scalar):
            content = .text(scalar.string, isQuoted: scalar.style != .plain && scalar.style != .any)
        case .sequence(let sequence):
            var trees: [Tree] = []
            for element in sequence { trees.append(try Tree(element, depth: depth + 1)) }
            content = .list(trees)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                guard case .scalar(let name) = key else { throw SuiteProblem(self, "a key has to be text") }
                entries.append(Entry(key: name.string, value: try Tree(value, depth: depth + 1)))
            }
            content = .mapping(entries)
        case .alias:
            throw SuiteProblem(self, "aliases are not used in suites; a value that begins with * goes in quotes")
        }
    }

    /// The tag that a writer gave, such as `!pattern`; YAML's own are none.
    private static func localTag(_ node: Node) -> String? {
        let name: String =
            switch node {
            case .scalar(let scalar): scalar.tag.description
            case .sequence(let sequence): sequence.tag.description
            case .mapping(let mapping): mapping.tag.description
            case .alias: ""
            }
        guard name.hasPrefix("!"), name.count > 1 else { return nil }
        return String(name.dropFirst())
    }
}
