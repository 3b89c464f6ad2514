// The tags of expectations, and what each takes.

/// A rule of FORMAT.md's table of expectations.
enum MatchRule: String, CaseIterable {
    case any
    case absent
    case pattern
    case starts
    case contains
    case unordered
    case each
    case between
    case length
    case sha256
    case number
    case oneOf = "one-of"
    case allOf = "all-of"
    case not
    case closed
    case silent
}

extension Matcher {
    /// Expectations inside expectations.
    private static let deepest = 48

    /// Looks at an expectation when its file is loaded; `types` are the tags of the wire's own values.
    package static func check(_ tree: Tree, types: Set<String>, depth: Int = 0) throws(SuiteProblem) {
        guard depth < deepest else {
            throw SuiteProblem(tree, "expectations are nested more than \(deepest) deep")
        }
        if let tag = tree.tag {
            if Payload.tags.contains(tag) { return try Payload.check(tree) }
            if let rule = MatchRule(rawValue: tag) {
                try check(rule, tree)
            } else if !types.contains(tag) {
                let known = (MatchRule.allCases.map(\.rawValue) + Payload.tags + types).sorted()
                throw SuiteProblem(tree, "!\(tag) is not known; known here: \(known.joined(separator: ", "))")
            }
        }
        for inner in tree.list ?? [] { try check(inner, types: types, depth: depth + 1) }
        for entry in tree.entries ?? [] { try check(entry.value, types: types, depth: depth + 1) }
    }

    private static func check(_ rule: MatchRule, _ tree: Tree) throws(SuiteProblem) {
        switch rule {
        case .pattern:
            guard let text = tree.text else { throw SuiteProblem(tree, "!pattern takes a regular expression") }
            guard Variables.appear(in: tree) || (try? Regex(text)) != nil else {
                throw SuiteProblem(tree, "this is no regular expression: \(text)")
            }
        case .starts, .sha256:
            guard tree.text != nil else { throw SuiteProblem(tree, "!\(rule.rawValue) takes text") }
        case .between:
            guard let list = tree.list, list.count == 2 else {
                throw SuiteProblem(tree, "!between takes the least and the most: [1, 10]")
            }
        case .unordered, .oneOf, .allOf:
            guard tree.list != nil || tree["is"] != nil else {
                throw SuiteProblem(tree, "!\(rule.rawValue) takes a list")
            }
        case .any, .absent, .contains, .each, .length, .number, .not, .closed, .silent: break
        }
    }
}
