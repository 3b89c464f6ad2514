// Compares what was observed with what a suite expects.

import Digest

/// Where and how a value is not what was expected.
package struct Mismatch: Error, Sendable, Equatable, CustomStringConvertible {
    /// Names and places that lead to the part that is wrong.
    package var path: [String]
    package var message: String

    package init(path: [String], message: String) {
        self.path = path
        self.message = message
    }

    package var description: String { path.isEmpty ? message : "at \(path.joined(separator: ".")): \(message)" }
}

/// Matches values with the expectations of FORMAT.md.
package enum Matcher {
    /// Holds when `observed` is what `expected` says; variables have been filled in.
    package static func match(_ expected: Tree, _ observed: Value, path: [String] = []) throws(Mismatch) {
        guard let tag = expected.tag else { return try matchPlain(expected, observed, path) }
        if Payload.tags.contains(tag) {
            let bytes: [UInt8]
            do throws(SuiteProblem) {
                bytes = try Payload.bytes(expected)
            } catch {
                throw fault("\(error)", path)
            }
            return try require(observed == .bytes(bytes), expected, observed, path)
        }
        guard let rule = MatchRule(rawValue: tag) else {
            guard case .typed(tag, let inner) = observed else { throw differs(expected, observed, path) }
            return try match(content(of: expected), inner, path: path)
        }
        try match(rule, expected, observed, path)
    }

    /// The content of a tagged node: what `is:` holds, or the node without its tag.
    static func content(of tree: Tree) -> Tree {
        if let entries = tree.entries, entries.count == 1, entries[0].key == "is" { return entries[0].value }
        return tree.tagged(nil)
    }

    private static func matchPlain(_ expected: Tree, _ observed: Value, _ path: [String]) throws(Mismatch) {
        switch expected.content {
        case .text:
            let (fits, _) = scalar(expected, observed)
            try require(fits, expected, observed, path)
        case .list(let wanted):
            guard case .list(let values) = observed else { throw differs(expected, observed, path) }
            for (place, want) in wanted.enumerated() {
                guard values.indices.contains(place) else { break }
                try match(want, values[place], path: path + ["\(place)"])
            }
            guard wanted.count == values.count else {
                throw miscounted(wanted, values, observed, path)
            }
        case .mapping(let entries):
            guard case .fields = observed else { throw differs(expected, observed, path) }
            for entry in entries {
                let part = observed[entry.key]
                if entry.value.tag == MatchRule.absent.rawValue {
                    if let part { throw fault("\(entry.key) should not be there: \(ValueText.short(part))", path) }
                    continue
                }
                guard let part else { throw fault("\(entry.key) is missing in \(ValueText.short(observed))", path) }
                try match(entry.value, part, path: path + [entry.key])
            }
        }
    }

    /// Whether plain text fits; a number that is written plainly is a number, and in quotes it is text.
    private static func scalar(_ expected: Tree, _ observed: Value) -> (fits: Bool, isScalar: Bool) {
        guard case .text(let text, let isQuoted) = expected.content else { return (false, false) }
        if !isQuoted {
            if expected.isNull { return (observed.isNull, true) }
            if let number = Int64(text) { return (observed == .integer(number), true) }
            if text == "true" || text == "false" { return (observed == .boolean(text == "true"), true) }
            if let number = Double(text), text.contains("."), case .double(let value) = observed {
                return (value == number, true)
            }
        }
        return (observed == .text(text), true)
    }

    private static func match(
        _ rule: MatchRule, _ expected: Tree, _ observed: Value, _ path: [String]
    ) throws(Mismatch) {
        let inner = content(of: expected)
        switch rule {
        case .any:
            guard !expected.isEmptyText, let type = expected.text else { return }
            try require(observed.typeName == type, expected, observed, path)
        case .absent, .closed, .silent:
            if case .typed(rule.rawValue, _) = observed { return }
            throw differs(expected, observed, path)
        case .pattern:
            let pattern = expected.text ?? ""
            guard let text = observed.asText, let regex = try? Regex(pattern), text.wholeMatch(of: regex) != nil else {
                throw differs(expected, observed, path)
            }
        case .starts:
            try require(observed.asText?.hasPrefix(expected.text ?? "") ?? false, expected, observed, path)
        case .contains: try contains(inner, expected, observed, path)
        case .unordered: try unordered(inner, expected, observed, path)
        case .each:
            guard case .list(let values) = observed else { throw differs(expected, observed, path) }
            for (place, value) in values.enumerated() { try match(inner, value, path: path + ["\(place)"]) }
        case .between:
            guard let low = inner.list?.first?.number, let high = inner.list?.last?.number,
                let number = observed.number
            else { throw differs(expected, observed, path) }
            try require((low...max(low, high)).contains(number), expected, observed, path)
        case .length:
            guard let count = observed.count else { throw differs(expected, observed, path) }
            try match(inner, .integer(Int64(count)), path: path + ["length"])
        case .sha256:
            guard case .bytes(let bytes) = observed.unwrapped else { throw differs(expected, observed, path) }
            let hash = String(decoding: hexadecimal(HashAlgorithm.sha256.hash(bytes)), as: UTF8.self)
            try require(hash == expected.text, expected, observed, path)
        case .number:
            guard let text = observed.asText, let number = Double(text) else {
                throw differs(expected, observed, path)
            }
            let value = Int64(text).map { Value.integer($0) } ?? .double(number)
            try match(inner, value, path: path)
        case .oneOf:
            let fits = (inner.list ?? []).contains { (try? match($0, observed, path: path)) != nil }
            try require(fits, expected, observed, path)
        case .allOf: for part in inner.list ?? [] { try match(part, observed, path: path) }
        case .not:
            let fits = (try? match(inner, observed, path: path)) != nil
            try require(!fits, expected, observed, path)
        }
    }

    private static func contains(
        _ inner: Tree, _ expected: Tree, _ observed: Value, _ path: [String]
    ) throws(Mismatch) {
        guard let wanted = inner.list else {
            let fits = observed.asText?.contains(expected.text ?? "") ?? false
            return try require(fits, expected, observed, path)
        }
        guard case .list(let values) = observed.unwrapped else { throw differs(expected, observed, path) }
        for want in wanted where !values.contains(where: { (try? match(want, $0)) != nil }) {
            throw fault("no element is \(ValueText.expectation(want)) in \(ValueText.short(observed))", path)
        }
    }

    /// Pairs every expectation with an element of its own.
    private static func unordered(
        _ inner: Tree, _ expected: Tree, _ observed: Value, _ path: [String]
    ) throws(Mismatch) {
        guard let wanted = inner.list, case .list(let values) = observed.unwrapped else {
            throw differs(expected, observed, path)
        }
        guard wanted.count == values.count else {
            throw miscounted(wanted, values, observed, path)
        }
        var left = values
        for want in wanted {
            guard let place = left.firstIndex(where: { (try? match(want, $0)) != nil }) else {
                throw fault("no element is \(ValueText.expectation(want)) in \(ValueText.short(observed))", path)
            }
            left.remove(at: place)
        }
    }

    private static func require(
        _ holds: Bool, _ expected: Tree, _ observed: Value, _ path: [String]
    ) throws(Mismatch) {
        if !holds { throw differs(expected, observed, path) }
    }

    private static func differs(_ expected: Tree, _ observed: Value, _ path: [String]) -> Mismatch {
        fault("\(ValueText.expectation(expected)) was expected, \(ValueText.short(observed)) came", path)
    }

    private static func miscounted(
        _ wanted: [Tree], _ values: [Value], _ observed: Value, _ path: [String]
    ) -> Mismatch {
        fault("\(wanted.count) elements were expected, \(values.count) came: \(ValueText.short(observed))", path)
    }

    private static func fault(_ message: String, _ path: [String]) -> Mismatch {
        Mismatch(path: path, message: message)
    }
}

extension Tree {
    fileprivate var isEmptyText: Bool { text?.isEmpty ?? false }
    /// The number that is written here.
    var number: Double? { text.flatMap { Double($0) } }
}

extension Value {
    /// A null of any spelling.
    var isNull: Bool { unwrapped == .null }

    /// The value without the type of its wire.
    var unwrapped: Value { if case .typed(_, let inner) = self { inner.unwrapped } else { self } }

    var number: Double? {
        switch unwrapped {
        case .integer(let value): Double(value)
        case .double(let value): value
        case .bytes: asText.flatMap { Double($0) }
        default: nil
        }
    }

    /// Bytes of text, elements of a list, parts of fields.
    var count: Int? {
        switch unwrapped {
        case .bytes(let bytes): bytes.count
        case .list(let values): values.count
        case .fields(let fields): fields.count
        default: nil
        }
    }

    /// What `!any` calls it.
    var typeName: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .integer: "integer"
        case .double: "double"
        case .bytes: "bytes"
        case .list: "list"
        case .fields: "fields"
        case .typed(let type, _): type
        }
    }
}
