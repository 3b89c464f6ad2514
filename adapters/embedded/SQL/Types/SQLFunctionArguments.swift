// What functions ask for and give, by their names.

import Capabilities

/// What functions ask for and give, where a table of results does not tell it.
enum SQLFunctionArguments {
    private static let ofNumbers: [SQLTypeFamily?] = [.number]
    private static let ofText: [SQLTypeFamily?] = [.text, nil]

    /// The families that functions exist for; the last one counts for all that follow, nil for any.
    static let families: [String: [SQLTypeFamily?]] = [
        "sum": ofNumbers, "avg": ofNumbers, "stddev": ofNumbers, "stddev_samp": ofNumbers, "stddev_pop": ofNumbers,
        "variance": ofNumbers, "var_samp": ofNumbers, "var_pop": ofNumbers, "abs": ofNumbers, "ceil": ofNumbers,
        "ceiling": ofNumbers,
        "floor": ofNumbers, "round": ofNumbers, "trunc": ofNumbers, "sign": ofNumbers, "mod": ofNumbers,
        "sqrt": ofNumbers, "exp": ofNumbers, "ln": ofNumbers, "log": ofNumbers, "log10": ofNumbers,
        "power": ofNumbers, "pow": ofNumbers, "acos": ofNumbers, "asin": ofNumbers, "atan": ofNumbers,
        "atan2": ofNumbers, "cos": ofNumbers, "sin": ofNumbers, "tan": ofNumbers, "cosh": ofNumbers,
        "sinh": ofNumbers, "tanh": ofNumbers, "acosh": ofNumbers, "asinh": ofNumbers, "atanh": ofNumbers,
        "degrees": ofNumbers, "radians": ofNumbers, "bool_and": [.boolean], "bool_or": [.boolean], "every": [.boolean],
        "string_agg": [.text],
        "lower": ofText, "upper": ofText, "initcap": ofText, "btrim": ofText, "ltrim": ofText, "rtrim": ofText,
        "reverse": ofText, "left": ofText, "right": ofText, "lpad": ofText, "rpad": ofText, "repeat": ofText,
        "split_part": ofText, "strpos": ofText, "starts_with": ofText, "char_length": ofText,
        "character_length": ofText, "ascii": ofText, "translate": ofText, "replace": [.text], "format": ofText,
        "concat_ws": ofText, "to_hex": [.number],
    ]

    private static let text: [SQLType] = [.text]
    private static let textAndNumber: [SQLType] = [.text, .int32]

    /// The types that arguments take that have none; the last one counts for all that follow.
    static let types: [String: [SQLType]] = [
        "lower": text, "upper": text, "initcap": text, "btrim": text, "ltrim": text, "rtrim": text, "reverse": text,
        "length": text, "char_length": text, "character_length": text, "octet_length": text, "md5": text,
        "ascii": text, "strpos": text, "starts_with": text, "translate": text, "replace": text, "position": text,
        "trim": text, "quote_ident": text, "quote_literal": text, "string_agg": text, "min": text, "max": text,
        "left": textAndNumber, "right": textAndNumber, "repeat": textAndNumber, "substr": textAndNumber,
        "substring": textAndNumber, "lpad": [.text, .int32, .text], "rpad": [.text, .int32, .text],
        "split_part": [.text, .text, .int32], "chr": [.int32], "abs": [.float64], "ceil": [.float64],
        "ceiling": [.float64], "floor": [.float64], "sign": [.float64], "sqrt": [.float64], "exp": [.float64],
        "ln": [.float64], "log": [.float64], "log10": [.float64], "power": [.float64], "pow": [.float64],
        "acos": [.float64], "asin": [.float64], "atan": [.float64], "atan2": [.float64], "cos": [.float64],
        "sin": [.float64], "tan": [.float64], "cosh": [.float64], "sinh": [.float64], "tanh": [.float64],
        "acosh": [.float64], "asinh": [.float64], "atanh": [.float64], "degrees": [.float64], "radians": [.float64],
        "bool_and": [.boolean], "bool_or": [.boolean],
        "every": [.boolean], "stddev": [.float64], "stddev_samp": [.float64], "stddev_pop": [.float64],
        "variance": [.float64], "var_samp": [.float64], "var_pop": [.float64],
        "jsonb_set": [.jsonb, .textArray, .jsonb, .boolean], "jsonb_typeof": [.jsonb],
        "json_typeof": [.json], "jsonb_array_length": [.jsonb], "json_array_length": [.json],
        "jsonb_strip_nulls": [.jsonb], "pg_sleep": [.float64], "ntile": [.int32], "format": [.text, .unknown],
        "concat_ws": [.text, .unknown],
    ]

    /// Functions whose arguments are of just these types.
    static let exact: Set<String> = [
        "jsonb_set", "jsonb_typeof", "json_typeof", "jsonb_array_length", "json_array_length", "jsonb_strip_nulls",
    ]

    /// What a function gives for arguments of these types.
    static func result(_ name: String, _ types: [SQLType], _ first: SQLType) -> SQLType {
        switch name {
        case "abs": return first
        case "ceil", "ceiling", "floor", "sign", "trunc", "round":
            if first == .unknown { return .unknown }
            return types.count > 1 || first == .numeric ? .numeric : .float64
        case "mod":
            return types.count == 2 && types.allSatisfy(\.isNumber) ? SQLArithmetic.type(types[0], types[1]) : .unknown
        case "min", "max": return first == .boundedText || first == .name ? .text : first
        case "generate_series":
            if types.contains(.int64) { return .int64 }
            return types.allSatisfy { $0.isWhole || $0 == .unknown } && types.contains { $0.isWhole }
                ? .int32 : .unknown
        case "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop":
            if first == .unknown { return .unknown }
            return first == .float32 || first == .float64 ? .float64 : .numeric
        case "array_append", "array_remove": return first
        case "array_prepend": return types.count > 1 ? types[1] : .unknown
        case "lag", "lead", "first_value", "last_value", "nth_value": return first
        case "date_trunc":
            switch types.count > 1 ? types[1] : .unknown {
            case .date, .timestampWithZone: return .timestampWithZone
            case .timestamp: return .timestamp
            default: return .unknown
            }
        default: break
        }
        if let type = SQLFunctionNames.results[name] { return type }
        return SQLFunctionNames.result(name, of: first)
    }
}
