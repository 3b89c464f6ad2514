// The tree of an adapter file, in which every node knows its place.

import Yams

/// Where a node stands.
struct DocumentPlace: Sendable, Equatable {
    var line = 0
    var column = 0
    /// The dotted path of the keys that lead to it.
    var path = ""
}

/// A value of an adapter file.
struct DocumentNode: Sendable {
    enum Content: Sendable {
        /// Text; a plain one, without quotes, may be a number or a word.
        case scalar(String, isQuoted: Bool)
        case list([DocumentNode])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        var name: String
        /// Where the name stands.
        var place: DocumentPlace
        var value: DocumentNode
    }

    var place: DocumentPlace
    var content: Content

    /// The most nodes of one file, aliases counted as often as they are used.
    static let limit = 50_000

    /// Reads `text`; nil when it is no YAML, with the reason in `problems`.
    static func parse(_ text: String, _ problems: ProblemList) -> DocumentNode? {
        do {
            guard let root = try Parser(yaml: text).singleRoot() else {
                problems.add(DocumentPlace(), "the file is empty; `fairlead adapters new NAME` writes a starting point")
                return nil
            }
            var left = limit
            return convert(root, path: "", &left, problems)
        } catch YamlError.duplicatedKeysInMapping(let names, let context) {
            let name = names.first ?? ""
            problems.add(place(context.mark, name), "the key \"\(name)\" is given twice in one mapping; keep one")
        } catch YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _)
        {
            let aside = context.map { "\($0.text), " } ?? ""
            problems.add(
                place(mark, ""),
                "this is not YAML: \(aside)\(problem); indent with spaces, and put values with {, [, : or # in quotes")
        } catch {
            problems.add(DocumentPlace(), "this is not YAML text in UTF-8")
        }
        return nil
    }

    private static func place(_ mark: Mark?, _ path: String) -> DocumentPlace {
        DocumentPlace(line: mark?.line ?? 0, column: mark?.column ?? 0, path: path)
    }

    private static func convert(
        _ node: Node, path: String, _ left: inout Int, _ problems: ProblemList
    ) -> DocumentNode? {
        let place = place(node.mark, path)
        left -= 1
        guard left > 0 else {
            problems.add(place, "the file has more than \(limit) values; aliases may repeat too much")
            return nil
        }
        switch node {
        case .scalar(let scalar):
            return DocumentNode(place: place, content: .scalar(scalar.string, isQuoted: scalar.style != .plain))
        case .sequence(let sequence):
            var items: [DocumentNode] = []
            for (index, item) in sequence.enumerated() {
                guard let item = convert(item, path: "\(path)[\(index)]", &left, problems) else { return nil }
                items.append(item)
            }
            return DocumentNode(place: place, content: .list(items))
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                let name = key.scalar?.string ?? ""
                let inner = path.isEmpty ? name : "\(path).\(name)"
                guard let value = convert(value, path: inner, &left, problems) else { return nil }
                entries.append(Entry(name: name, place: Self.place(key.mark, inner), value: value))
            }
            return DocumentNode(place: place, content: .mapping(entries))
        case .alias:
            problems.add(place, "an alias is used before its anchor; write the value out")
            return nil
        }
    }
}

extension DocumentNode {
    var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }
    var items: [DocumentNode]? { if case .list(let items) = content { items } else { nil } }
    var text: String? { if case .scalar(let text, _) = content { text } else { nil } }
    /// Text without quotes, as words and numbers are written.
    var plain: String? { if case .scalar(let text, false) = content { text } else { nil } }

    subscript(name: String) -> DocumentNode? { entries?.first { $0.name == name }?.value }

    /// What it is, for messages.
    var kind: String {
        switch content {
        case .scalar(let text, _): "\"\(text)\""
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}
