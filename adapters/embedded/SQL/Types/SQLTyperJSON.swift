// Operators of jsonb and functions that make JSON: what SQLite's own would do with other values, or show otherwise.

import Capabilities

extension SQLTyper {
    /// Operators of jsonb, the functions that do what they say, and what they give.
    private static let operators: [String: (function: String, type: SQLType)] = [
        "->": ("fairlead_jsonb_get", .jsonb), "->>": ("fairlead_jsonb_text", .text),
        "#>": ("fairlead_jsonb_path", .jsonb), "#>>": ("fairlead_jsonb_path_text", .text),
        "@>": ("fairlead_jsonb_contains", .boolean), "<@": ("fairlead_jsonb_within", .boolean),
        "?": ("fairlead_jsonb_exists", .boolean), "||": ("fairlead_jsonb_concat", .jsonb),
    ]

    /// An operator with jsonb on its left, or on both sides; nil for any other.
    mutating func jsonb(
        _ left: SQLTyped, _ symbol: Int, _ right: SQLTyped
    ) throws(SQLTypingEnd) -> SQLTyped? {
        let name = tokens[symbol].text
        guard left.type == .jsonb || name == "||" && right.type == .jsonb, let found = Self.operators[name] else {
            return nil
        }
        var (left, right) = (left, right)
        switch name {
        case "@>", "<@", "||":
            try resolve(&left, as: .jsonb)
            try resolve(&right, as: .jsonb)
            guard left.type == .jsonb, right.type == .jsonb else { throw noOperator(left, name, right, symbol) }
        case "->", "->>":
            try resolve(&right, as: .text)
            guard right.type.family == .text || right.type == .int32 || right.type == .int16 else {
                throw noOperator(left, name, right, symbol)
            }
        case "#>", "#>>":
            if right.open != nil { try resolve(&right, as: .textArray) }
            guard right.type == .textArray else { throw noOperator(left, name, right, symbol) }
        default: try resolve(&right, as: .text)
        }
        typing.replacements[symbol] = ","
        let result = made(found.type, left.words.lowerBound, of: left, right)
        _ = wrap(result.words, "\(found.function)(", ")")
        return result
    }

    private static let makers: Set<String> = [
        "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "json_build_object", "jsonb_build_object",
        "json_build_array", "jsonb_build_array",
    ]

    /// Arguments of a function that makes JSON, as the JSON that they become.
    mutating func json(_ name: String, _ arguments: [SQLTyped]) throws(SQLTypingEnd) {
        guard Self.makers.contains(name) else { return }
        let hasKeys = name.hasSuffix("object") || name.hasSuffix("object_agg")
        for (place, argument) in arguments.enumerated() where !(hasKeys && place % 2 == 0) {
            let words = argument.words
            switch argument.type {
            case .boolean where argument.open == nil:
                _ = wrap(words, "json(CASE (", ") WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)")
            case .json, .jsonb: _ = wrap(words, "json(", ")")
            case .timestamp: _ = wrap(words, "replace(", ", ' ', 'T')")
            case .timestampWithZone: _ = wrap(words, "replace(replace(", ", ' ', 'T'), '+00', '+00:00')")
            case .numeric:
                guard let exact = exactForm(argument) else { continue }
                apply(exact)
                _ = wrap(words, "json(", ")")
            case .fixedText: pad(argument)
            case .bytes: throw refused("bytea in JSON is not known here", words.lowerBound)
            default:
                guard argument.type.item == nil else {
                    throw refused("arrays in JSON are not known here", words.lowerBound)
                }
            }
        }
    }

    /// What such a function gives, behind its FILTER and its OVER: NULL without rows, and jsonb in its own form.
    mutating func jsonResult(_ name: String, _ words: ClosedRange<Int>) {
        guard Self.makers.contains(name) else { return }
        if name.hasPrefix("jsonb") { _ = wrap(words, "fairlead_cast(", ", \(SQLType.jsonb.rawValue), -1)") }
        if name.hasSuffix("object_agg") { _ = wrap(words, "NULLIF(", ", '{}')") }
        if name == "json_agg" || name == "jsonb_agg" { _ = wrap(words, "NULLIF(", ", '[]')") }
    }
}
