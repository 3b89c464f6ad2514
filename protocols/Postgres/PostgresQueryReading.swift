// What a query does that is more than reading, by its words.

import Wire

extension PostgresReading {
    /// Looks at the words of a SELECT, VALUES, TABLE or WITH.
    init(query tokens: [PostgresToken]) {
        self.init(.read)
        var depth = 0
        var isLimited = false
        var isGathering = false
        var hasAnyOrder = false
        var isOwn = false
        for (index, token) in tokens.enumerated() {
            switch token {
            case .sign(UInt8(ascii: "(")): depth += 1
            case .sign(UInt8(ascii: ")")): depth -= 1
            case .literal, .sign: break
            case .word(let spelled, let isQuoted):
                let word = isQuoted ? spelled.lowercased() : spelled
                let next = index + 1 < tokens.count ? tokens[index + 1] : .literal
                let isCall = next == .sign(UInt8(ascii: "("))
                if isCall, let effect = Self.effect(ofCalling: word) {
                    kind = effect
                    return
                }
                if word.hasPrefix("pg_") || Self.ownColumns.contains(word) { isOwn = true }
                if isCall, Self.gatherers.contains(word) { isGathering = true }
                if isCall, !Self.harmless.contains(word) { readsData = true }
                guard !isQuoted else { continue }
                switch word {
                case "insert", "update", "delete", "merge", "truncate", "into":
                    // Also behind FOR, where it takes locks, which a candidate is not asked for either.
                    let isLock =
                        index > 0
                        && [.word("for", isQuoted: false), .word("key", isQuoted: false)].contains(tokens[index - 1])
                    if isLock, word == "update" {
                        locksRows = true
                        continue
                    }
                    kind = .write
                    isForSession = true
                    return
                case "share" where index > 0 && tokens[index - 1] != .sign(UInt8(ascii: ".")):
                    if [.word("for", isQuoted: false), .word("key", isQuoted: false)].contains(tokens[index - 1]) {
                        locksRows = true
                    }
                case "from", "table": readsData = true
                case "order" where next == .word("by", isQuoted: false):
                    hasAnyOrder = true
                    if depth <= 0 { isOrdered = true }
                case "limit", "offset", "fetch", "tablesample": isLimited = true
                case "distinct" where next == .word("on", isQuoted: false): isLimited = true
                default: break
                }
            }
        }
        if isOwn || (isLimited || isGathering) && !hasAnyOrder {
            kind = .incomparable
            locksRows = false
        }
        if locksRows { kind = .session }
    }

    /// What calling a function does that is more than reading; nil for nothing known.
    private static func effect(ofCalling name: String) -> Kind? {
        switch name {
        case "set_config", "setseed": .unclear
        case "currval", "lastval": .session
        case "nextval", "setval": .write
        case "query_to_xml", "cursor_to_xml", "table_to_xml": .incomparable
        case _ where name.hasPrefix("dblink") || name.hasPrefix("lo_") || name == "lowrite" || name == "lo": .write
        case "pg_notify", "pg_sleep", "pg_sleep_for", "pg_sleep_until": .session
        case _ where name.hasPrefix("pg_advisory") || name.hasPrefix("pg_try_advisory"): .session
        case _ where name.hasPrefix("txid_") || name.hasPrefix("inet_"): .incomparable
        default: nil
        }
    }

    /// Columns of every table that say where a row lies.
    private static let ownColumns: Set<String> = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"]
    /// Aggregates that keep the order in which rows come.
    private static let gatherers: Set<String> = [
        "array_agg", "string_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "xmlagg",
        "first_value",
        "last_value", "nth_value", "row_number", "lag", "lead",
    ]
    /// Words before a parenthesis that read no table.
    static let harmless: Set<String> = [
        "select", "in", "values", "and", "or", "not", "exists", "any", "all", "some", "over", "as", "from", "on",
        "using",
        "where", "by", "union", "except", "intersect", "filter", "within", "then", "else", "when", "case", "having",
        "between",
        "like", "ilike", "is", "array", "row", "cast", "extract", "interval", "varchar", "char", "numeric", "decimal",
        "with",
        "coalesce", "nullif", "greatest", "least", "count", "sum", "min", "max", "avg", "upper", "lower", "length",
        "abs",
        "round", "floor", "ceil", "trunc", "mod", "substring", "substr", "trim", "replace", "concat", "repeat",
        "to_char",
        "now", "random", "version", "current_setting", "generate_series", "date_trunc", "gen_random_uuid",
    ]
}
