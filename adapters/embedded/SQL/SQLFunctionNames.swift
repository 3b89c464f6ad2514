// PostgreSQL's functions: those that SQLite has under another name, and the types of what they give.

import Capabilities

enum SQLFunctionNames {
    /// PostgreSQL's name and SQLite's for the same function.
    static let spelling: [String: String] = [
        "char_length": "length", "character_length": "length", "strpos": "instr", "string_agg": "group_concat",
        "bool_or": "max", "bool_and": "min", "every": "min", "ceiling": "ceil",
        "random": "fairlead_random", "left": "fairlead_left", "right": "fairlead_right", "log": "log10",
        "upper": "fairlead_upper", "lower": "fairlead_lower",
        "transaction_timestamp": "now",
    ]

    /// What functions give whose type does not depend on their arguments.
    static let results: [String: SQLType] = [
        "count": .int64, "length": .int32, "char_length": .int32, "character_length": .int32, "strpos": .int32,
        "position": .int32, "octet_length": .int32, "ascii": .int32, "row_number": .int64, "rank": .int64,
        "dense_rank": .int64, "ntile": .int32, "percent_rank": .float64, "cume_dist": .float64,
        "now": .timestampWithZone, "clock_timestamp": .timestampWithZone, "statement_timestamp": .timestampWithZone,
        "transaction_timestamp": .timestampWithZone, "date_trunc": .timestamp, "date_part": .float64,
        "extract": .numeric, "random": .float64, "pi": .float64, "sqrt": .float64, "power": .float64,
        "exp": .float64, "ln": .float64, "log": .float64, "log10": .float64, "pow": .float64, "acos": .float64,
        "asin": .float64, "atan": .float64, "atan2": .float64, "cos": .float64, "sin": .float64, "tan": .float64,
        "cosh": .float64, "sinh": .float64, "tanh": .float64, "acosh": .float64, "asinh": .float64,
        "atanh": .float64, "degrees": .float64, "radians": .float64,
        "lower": .text, "upper": .text, "initcap": .text, "concat": .text,
        "concat_ws": .text, "format": .text, "left": .text, "right": .text, "lpad": .text, "rpad": .text,
        "btrim": .text,
        "ltrim": .text, "rtrim": .text, "trim": .text, "repeat": .text, "reverse": .text, "replace": .text,
        "substr": .text, "substring": .text, "split_part": .text, "md5": .text, "chr": .text, "to_hex": .text,
        "string_agg": .text, "translate": .text, "quote_ident": .text, "quote_literal": .text, "version": .text,
        "format_type": .text, "array_to_string": .text, "pg_get_expr": .text, "pg_get_indexdef": .text,
        "pg_get_constraintdef": .text, "pg_get_viewdef": .text, "obj_description": .text, "col_description": .text,
        "current_setting": .text, "current_database": .name, "current_schema": .name, "current_schemas": .nameArray,
        "pg_get_userbyid": .name,
        "pg_encoding_to_char": .name, "pg_backend_pid": .int32, "gen_random_uuid": .uuid, "bool_or": .boolean,
        "bool_and": .boolean, "every": .boolean, "starts_with": .boolean, "pg_is_in_recovery": .boolean,
        "pg_table_is_visible": .boolean, "has_table_privilege": .boolean, "has_schema_privilege": .boolean,
        "has_database_privilege": .boolean, "pg_sleep": .void, "pg_advisory_unlock_all": .void, "exists": .boolean,
        "json_agg": .json, "jsonb_agg": .jsonb, "json_build_object": .json, "jsonb_build_object": .jsonb,
        "nextval": .int64, "currval": .int64, "setval": .int64, "lastval": .int64, "pg_get_serial_sequence": .text,
        "array_length": .int32, "cardinality": .int32, "json_build_array": .json,
        "json_object_agg": .json, "jsonb_object_agg": .jsonb, "jsonb_build_array": .jsonb, "to_json": .json,
        "to_jsonb": .jsonb, "row_to_json": .json, "array_to_json": .json, "jsonb_set": .jsonb,
        "jsonb_strip_nulls": .jsonb, "jsonb_typeof": .text, "json_typeof": .text, "jsonb_array_length": .int32,
        "json_array_length": .int32, "to_regclass": .regclass, "to_regtype": .regtype, "array_upper": .int32,
        "array_lower": .int32,
        "hashtext": .int32, "set_config": .text,
        "pg_cancel_backend": .boolean, "pg_terminate_backend": .boolean, "pg_typeof": .text, "pg_notify": .void,
        "pg_advisory_lock": .void, "pg_advisory_lock_shared": .void, "pg_advisory_xact_lock": .void,
        "pg_advisory_xact_lock_shared": .void, "pg_try_advisory_lock": .boolean,
        "pg_try_advisory_lock_shared": .boolean, "pg_try_advisory_xact_lock": .boolean,
        "pg_try_advisory_xact_lock_shared": .boolean, "pg_advisory_unlock": .boolean,
        "pg_advisory_unlock_shared": .boolean,
    ]

    /// Functions of PostgreSQL's own that ask nothing of the catalogue.
    static let withoutCatalogue: Set<String> = [
        "pg_sleep", "pg_backend_pid", "pg_typeof", "pg_is_in_recovery", "pg_encoding_to_char", "pg_cancel_backend",
        "pg_terminate_backend", "pg_advisory_lock", "pg_advisory_lock_shared", "pg_advisory_xact_lock",
        "pg_advisory_xact_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared",
        "pg_try_advisory_xact_lock", "pg_try_advisory_xact_lock_shared", "pg_advisory_unlock",
        "pg_advisory_unlock_shared", "pg_advisory_unlock_all", "pg_notify", "pg_get_serial_sequence",
    ]

    /// What a function gives whose type depends on that of a column; `unknown` where only a value tells.
    static func result(_ function: String, of type: SQLType) -> SQLType {
        switch function {
        case "min", "max", "coalesce", "nullif", "greatest", "least", "lag", "lead", "first_value", "last_value", "abs":
            return type
        case "sum":
            switch type {
            case .int16, .int32: return .int64
            case .int64, .numeric: return .numeric
            default: return type
            }
        case "array_agg": return type.array ?? .unknown
        case "avg": return type == .float32 || type == .float64 ? .float64 : .numeric
        default: return .unknown
        }
    }

    /// What arithmetic gives with columns of these types and whole numbers.
    static func result(ofArithmetic types: [SQLType]) -> SQLType {
        if types.isEmpty || types.contains(.unknown) { return .unknown }
        for type in [SQLType.float64, .float32, .numeric, .int64] where types.contains(type) {
            return type == .float32 ? .float64 : type
        }
        return types.allSatisfy { $0 == .int32 || $0 == .int16 } ? .int32 : .unknown
    }
}
