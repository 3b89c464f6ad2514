// Named rules for values that may vary between two targets.

/// A rule: which part or which text of an answer is not compared.
package struct Mask: Sendable {
    package enum Rule: Sendable {
        /// The parts of the answer that these names and places lead to.
        case paths([[String]])
        /// Every match of this regular expression in text.
        case pattern(String)
    }

    package var name: String
    /// Why the value varies.
    package var why: String
    package var rule: Rule
    /// The wire whose every step it holds for; nil where cases and steps name it.
    package var wire: Target.Wire?

    /// Reads `masks.yaml`.
    package static func read(_ text: String, file: String) throws(SuiteProblem) -> [Mask] {
        let tree = try Tree(yaml: text, file: file)
        do throws(SuiteProblem) {
            var keys = try KeyedTree(tree, "the file of masks")
            let list = keys.take("masks")?.list ?? []
            try keys.finish()
            var masks: [Mask] = []
            for element in list { masks.append(try Mask(element)) }
            return masks
        } catch {
            var problem = error
            problem.file = file
            throw problem
        }
    }

    private init(_ tree: Tree) throws(SuiteProblem) {
        var keys = try KeyedTree(tree, "a mask")
        name = try keys.requiredText("name")
        why = try keys.requiredText("why")
        if let stated = try keys.text("wire") {
            wire = Target.Wire(rawValue: stated)
            guard wire != nil else { throw SuiteProblem(tree, "there is no wire \"\(stated)\"") }
        }
        let paths = try keys.texts("path")
        if !paths.isEmpty {
            rule = .paths(paths.map { $0.split(separator: ".").map(String.init) })
        } else {
            let pattern = try keys.requiredText("pattern")
            guard (try? Regex(pattern)) != nil else {
                throw SuiteProblem(tree, "this is no regular expression: \(pattern)")
            }
            rule = .pattern(pattern)
        }
        try keys.finish()
    }

    /// The value with what varies replaced by the mask's name.
    func hide(in value: Value) -> Value {
        switch rule {
        case .paths(let paths): paths.reduce(value) { Self.hide($1[...], in: $0, name) }
        case .pattern(let pattern): (try? Regex(pattern)).map { hide($0, in: value) } ?? value
        }
    }

    private static func hide(_ path: ArraySlice<String>, in value: Value, _ name: String) -> Value {
        guard let first = path.first else { return .typed("masked", .text(name)) }
        let rest = path.dropFirst()
        switch value {
        case .fields(let fields):
            return .fields(
                fields.map { $0.name == first ? .init($0.name, hide(rest, in: $0.value, name)) : $0 })
        case .list(let values):
            // `*` stands for every element.
            return .list(
                values.enumerated().map { first == "*" || first == "\($0)" ? hide(rest, in: $1, name) : $1 })
        case .typed(let type, let inner): return .typed(type, hide(path, in: inner, name))
        default: return value
        }
    }

    private func hide(_ regex: Regex<AnyRegexOutput>, in value: Value) -> Value {
        switch value {
        case .bytes(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else { return value }
            return .text(text.replacing(regex, with: "<\(name)>"))
        case .fields(let fields): return .fields(fields.map { .init($0.name, hide(regex, in: $0.value)) })
        case .list(let values): return .list(values.map { hide(regex, in: $0) })
        case .typed(let type, let inner): return .typed(type, hide(regex, in: inner))
        case .null, .boolean, .integer, .double: return value
        }
    }
}
