// What functions give of decimal numbers.

import Capabilities

extension SQLTyper {
    /// What functions give of numbers, and those of ours that stand for SQLite's.
    mutating func formNumber(
        of found: inout SQLTyped, _ name: String, _ arguments: [SQLTyped], _ start: Int
    ) throws(SQLTypingEnd) {
        guard let first = arguments.first else { return }
        let word = tokens[start].text == name ? start : start + 2
        if name == "min" || name == "max" { try lastOfEquals(found, name, first, word) }
        // The smallest number has no opposite in its type.
        if name == "abs", let check = found.type.wholeCheck { _ = wrap(found.words, "\(check)(", ")") }
        switch name {
        case "coalesce":
            if found.type == .numeric { found.number = joined(arguments) }
        case "greatest", "least":
            guard found.type == .numeric else { return }
            found.number = joined(arguments)
            // Texts of numbers have another order.
            if found.number.scale == nil { found.number.exact = nil }
        case "min", "max", "lag", "lead", "first_value", "last_value", "nth_value", "abs", "nullif":
            guard found.type == .numeric else { return }
            found.number = SQLNumberForm(scale: first.number.scale, exact: nil, isShortest: first.number.isShortest)
            guard let exact = first.number.exact, first.number.scale == nil else { return }
            switch name {
            case "abs": found.number.exact = exact + [.replace(word, "fairlead_decimal_abs")]
            // A column's texts are compared as numbers, others are not.
            case "min", "max": if first.number.isStored { found.number.exact = exact }
            case "nullif": break
            default: if arguments.count == 1 || name == "nth_value" { found.number.exact = exact }
            }
        case "sum" where found.type == .numeric:
            typing.replacements[word] = "fairlead_sum"
            found.number.scale = first.type.isWhole ? 0 : first.number.scale
            found.number.isShortest = first.number.isShortest
            if let exact = first.number.exact { found.number.exact = exact + [.replace(word, "fairlead_decimal_sum")] }
        case "sum" where found.type.isFloat, "avg" where found.type.isFloat:
            let kind = name == "sum" && first.type == .float32 ? "real" : "float"
            typing.replacements[word] = "fairlead_\(kind)_\(name)\(framesMove(word + 1) ? "_frame" : "")"
        case "avg" where found.type == .numeric:
            found.number.isShortest = false
            let isDistinct = rewrite.isWord(word + 2, "distinct")
            if !isDistinct || first.type.isWhole { found.number.exact = [.replace(word, "fairlead_avg")] }
        case "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop":
            guard found.type != .unknown else {
                throw refused("\(name) of a value whose type is not told is not known here", start)
            }
            guard found.window != start else { throw refused("\(name) over a window is not known here", start) }
            let sample = ["stddev": "stddev_samp", "variance": "var_samp"][name] ?? name
            found.number.isShortest = false
            typing.replacements[word] = "fairlead_\(found.type == .numeric ? "decimal" : "float")_\(sample)"
            guard found.type == .numeric else { return }
            // Where it is no text that is shown it is a number.
            let plain = wrap(found.words, "CAST(", " AS REAL)")
            let exact = first.number.scale == nil ? first.number.exact ?? [] : []
            found.number.exact = exact + [.cancel(plain)]
        case "round", "trunc":
            if found.type == .float64 {
                if name == "round" { typing.replacements[word] = "fairlead_round_float" }
                return
            }
            guard found.type == .numeric else { return }
            typing.replacements[word] = "fairlead_\(name)"
            found.number.isShortest = false
            if first.type == .numeric, first.number.scale == nil, let exact = first.number.exact { apply(exact) }
            if arguments.count == 1 {
                found.number.scale = 0
            } else {
                let (start, last) = (arguments[1].words.lowerBound, arguments[1].words.upperBound)
                let isNegative = tokens[start].isOperator("-")
                if tokens[last].kind == .integer, start == last || isNegative && start + 1 == last {
                    found.number.scale = isNegative ? 0 : min(tokens[last].number, 38)
                }
            }
            if found.number.scale == 0 { found.number.isShortest = true }
        case "extract":
            // timestamp.c, timestamp_part_common: parts of a second have six digits, or three.
            found.number.isShortest = true
            let scales = ["second": 6, "seconds": 6, "epoch": 6, "milliseconds": 3]
            let field = tokens[min(word + 2, end - 1)]
            let name =
                field.isString ? rewrite.text((word + 2)..<(word + 3)).dropFirst().dropLast().lowercased() : field.text
            found.number.scale = first.type == .date || first.type == .unknown ? nil : scales[name] ?? 0
            if first.type == .unknown { found.number.scale = scales[name] == nil ? 0 : nil }
        case "ceil", "ceiling", "floor", "sign":
            if found.type == .numeric { found.number.scale = 0 }
        case "mod":
            guard found.type == .numeric || found.type.isWhole, arguments.count == 2 else { return }
            typing.replacements[word] = "fairlead_remainder"
            found.number.isShortest = false
            let scales = arguments.map { $0.type.isWhole ? 0 : $0.number.scale }
            if let one = scales[0], let other = scales[1] { found.number.scale = max(one, other) }
        case "sqrt", "exp", "ln", "log", "log10", "power", "pow":
            // They give a numeric of as many digits as it takes.
            guard arguments.contains(where: { $0.type == .numeric }),
                !arguments.contains(where: { $0.type == .float64 || $0.type == .float32 })
            else { return }
            found.type = .numeric
            _ = wrap(found.words, "fairlead_inexact(", ")")
        case "concat", "concat_ws", "format":
            for argument in arguments {
                try showAsText(argument)
                pad(argument)
                guard argument.type == .boolean, argument.open == nil else { continue }
                _ = wrap(argument.words, "fairlead_output(", ", \(SQLType.boolean.rawValue))")
            }
        case "quote_literal":
            try showAsText(first)
            if first.type == .boolean, first.open == nil {
                typing.conversions.append(SQLConversion(words: first.words, type: .text, from: .boolean))
            }
        case "array_agg":
            pad(first)
            // Equal ones are found by their values, which have another order than their texts.
            let isDistinct = rewrite.isWord(word + 2, "distinct")
            if !isDistinct || first.type == .numeric { return try showAsText(first) }
            guard first.type != .float32, first.type != .bytes else {
                throw refused("array_agg with DISTINCT of \(first.type.displayName) is not known here", start)
            }
        case "octet_length": pad(first)
        case "to_hex":
            if found.type == .text, first.type == .int32 { typing.replacements[word] = "fairlead_to_hex" }
        default: break
        }
    }

    /// Of equal numbers PostgreSQL's `min` and `max` give the last one; SQLite's give the first, and decide which row shows what
    /// the group is grouped by.
    private mutating func lastOfEquals(
        _ found: SQLTyped, _ name: String, _ first: SQLTyped, _ word: Int
    ) throws(SQLTypingEnd) {
        let isDecimal = first.type == .numeric && first.number.isStored
        guard isDecimal || scope.groupsDigits else { return }
        guard found.window != word else {
            guard isDecimal else { return }
            throw refused(
                "\(name) of a numeric without a scale over a window is not known here; cast it to numeric(p, s)", word)
        }
        typing.replacements[word] = isDecimal ? "fairlead_decimal_\(name)" : "fairlead_\(name)"
    }
}
