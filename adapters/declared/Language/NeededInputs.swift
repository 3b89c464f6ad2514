// What of a request has to be in what is sent: whatever is left out there would be dropped without a word.

import Capabilities

extension OperationShape {
    /// The inputs that something sent, or a condition, has to name; each group needs one of its own.
    var neededInputs: [[Input]] {
        inputs.compactMap { input in
            if Self.optional.contains(input) || input.isList && input != .keys { return nil }
            switch (input, name) {
            // The check of expiries looks at those that set.
            case (.expiry, _) where name.hasPrefix("set"): return nil
            case (.count, _) where name != "list.remove": return nil
            case (.subscription, _) where name != "unsubscribe": return nil
            // An item has a name of its own, which may say where it is.
            case (.queue, "acknowledge"), (.queue, "release-item"): return nil
            // What is listed is held to the prefix, and what is got to its tag.
            case (.prefix, "object.list"), (.etag, "object.copy"), (.etag, "object.get-range"): return nil
            // A pattern is a prefix, or all that is between two names.
            case (.prefix, _): return [.prefix, .rangeStart]
            default: return [input]
            }
        } + (inputs.contains(.keys) ? [[.key]] : [])
    }

    /// What the service does without where a file does not say it: it counts, cuts and compares what comes, or refuses what
    /// is asked for.
    private static let optional: Set<Input> = [
        .database, .targetDatabase, .rangeStart, .rangeEnd, .prefixEnd, .page, .limit, .id, .size, .md5, .contentType,
        .metadata, .after, .amount, .delay, .parameter,
    ]
}

extension OperationDescription {
    /// Whether what is sent has `name` in it, not only its length, or a condition asks for it.
    ///
    /// - Parameter isField: whether a name is a field of messages, which conditions mean first.
    func says(_ name: String, _ isField: (String) -> Bool) -> Bool {
        if considers(name), !isField(name) { return true }
        return steps.contains { step in
            guard let send = step.send else { return false }
            return send.lists.contains { $0.rawValue == name }
                || send.templates.contains { template in
                    template.placeholders.contains { $0.name == name && $0.filters.first != .length }
                }
        }
    }

    /// The inputs that it names: in what is sent, and a number that it adds or waits in its conditions too.
    func mentioned(_ isField: (String) -> Bool) -> Set<Input> {
        Set(
            shape.inputs.filter { input in
                if [.amount, .delay].contains(input), considers(input.spelling), !isField(input.spelling) {
                    return true
                }
                return mentions(input.spelling)
            })
    }

    /// The inputs that are a whole segment of a path of HTTP.
    var pathInputs: [Input] {
        let names = Set(steps.flatMap { $0.send?.path?.wholeSegments ?? [] })
        let known = shape.inputs + (shape.inputs.contains(.keys) ? [.key] : [])
        return known.filter { !$0.isNumber && !$0.isList && names.contains($0.spelling) }
    }

    /// Whether a condition of a step or of a reply names `name`.
    func considers(_ name: String) -> Bool {
        steps.contains { step in
            step.condition?.names(name) ?? false
                || step.rules.contains { $0.rules.contains { $0.condition?.names(name) ?? false } }
        }
    }
}

extension Condition {
    /// Whether it compares something called `name`.
    fileprivate func names(_ name: String) -> Bool {
        terms.contains { term in
            switch term {
            case .holds(let other), .not(let other): other == name
            case .compare(let left, _, let right): left == .name(name) || right == .name(name)
            }
        }
    }
}

extension SendDescription {
    /// Every template in it.
    var templates: [Template] {
        (path.map { [$0] } ?? []) + (headers + fields).map(\.value)
            + (parts + bodyParts.flatMap(\.parts)).flatMap(\.templates)
    }

    /// The lists that it repeats something for.
    fileprivate var lists: [EachItems] {
        EachItems.allCases.filter { mentions($0.rawValue) }
    }
}

extension SendDescription.Part {
    fileprivate var templates: [Template] {
        switch self {
        case .template(let template): [template]
        case .json(let tree), .msgpack(let tree): tree.templates
        }
    }
}

extension DataTree {
    fileprivate var templates: [Template] {
        switch self {
        case .text(let template): [template]
        case .word: []
        case .list(let items): items.flatMap(\.templates)
        case .mapping(let entries): entries.flatMap(\.value.templates)
        case .each(_, let inner, _): inner.templates
        }
    }
}

/// Checks that operations send what their requests are about.
struct InputChecks {
    let problems: ProblemList
    /// Whether a name is a field of messages.
    let isField: (String) -> Bool

    func check(_ operation: OperationDescription) {
        let shape = operation.shape
        guard operation.steps.contains(where: { $0.send != nil }) else { return }
        for group in shape.neededInputs where !group.contains(where: { operation.says($0.spelling, isField) }) {
            let names = group.map { $0.isList ? "{each \($0.spelling)}" : "{\($0.spelling)}" }
            problems.add(
                operation.place,
                "\(shape.name) is about \(names[0]), and nothing that is sent has it in it: what the client asks for would be "
                    + "dropped; send it, or leave the operation out")
        }
    }
}
