// Type names: as PostgreSQL's clients write them, as columns are declared in SQLite, and as the catalogue shows them.

import Capabilities

/// A type with its modifier, as a column or a cast names it.
struct SQLDeclaredType: Equatable {
    var type: SQLType
    var modifier: Int32 = -1
    /// `serial` and its kin: the column fills itself.
    var isSerial = false

    /// The numbers in parentheses that a modifier was made of.
    var length: Int? { modifier >= 4 && type != .numeric ? Int(modifier) - 4 : nil }
    var precision: Int? { type == .numeric && modifier >= 4 ? Int((modifier - 4) >> 16 & 0xFFFF) : nil }
    var scale: Int? { type == .numeric && modifier >= 4 ? Int((modifier - 4) & 0xFFFF) : nil }

    private static let names: [String: SQLType] = [
        "bool": .boolean, "boolean": .boolean, "bytea": .bytes, "name": .name, "int8": .int64, "bigint": .int64,
        "int2": .int16, "smallint": .int16, "int": .int32, "int4": .int32, "integer": .int32, "text": .text,
        "oid": .oid, "json": .json, "jsonb": .jsonb, "float4": .float32, "real": .float32, "float8": .float64,
        "bpchar": .fixedText, "varchar": .boundedText, "date": .date, "timestamptz": .timestampWithZone,
        "numeric": .numeric, "decimal": .numeric, "uuid": .uuid, "regclass": .regclass, "dec": .numeric,
        "regtype": .regtype, "regproc": .regproc, "regprocedure": .regprocedure,
        "serial": .int32, "serial4": .int32, "bigserial": .int64, "serial8": .int64, "smallserial": .int16,
        "serial2": .int16, "void": .void, "unknown": .text,
    ]
    /// Types that PostgreSQL has and this store has not.
    private static let missing: Set<String> = [
        "interval", "money", "bit", "varbit", "inet", "cidr", "macaddr", "macaddr8", "point", "line", "lseg", "box",
        "path", "polygon", "circle", "tsvector", "tsquery", "xml", "timetz", "int4range", "int8range", "numrange",
        "tsrange", "tstzrange", "daterange", "hstore", "jsonpath", "pg_lsn", "regnamespace", "regrole",
        "regoper", "regoperator", "regconfig", "regdictionary", "regcollation", "txid_snapshot", "record", "citext",
    ]
    /// Names of the catalogue's own types, which are numbers or text to us.
    private static let aliases: [String: SQLType] = [
        "xid": .int64,
        "cid": .int64, "tid": .text, "aclitem": .text, "pg_node_tree": .text, "information_schema": .text,
        "cstring": .text,
    ]

    /// Reads a type at `index` and leaves the index behind it; nil when no type's name stands there.
    static func read(_ tokens: [SQLToken], at index: inout Int) throws(SQLFailure) -> SQLDeclaredType? {
        var next = index
        func word(_ ahead: Int = 0) -> String? {
            next + ahead < tokens.count && tokens[next + ahead].kind == .word ? tokens[next + ahead].text : nil
        }
        if next + 2 < tokens.count, tokens[next].isName, tokens[next].text == "pg_catalog", tokens[next + 1].isMark(".")
        {
            next += 2
        }
        guard next < tokens.count, tokens[next].isName else { return nil }
        let start = tokens[next].start
        let name = tokens[next].text
        let isQuotedChar = tokens[next].kind == .quotedName && name == "char"
        next += 1
        var numbers: [Int] = []
        func readNumbers() {
            guard next < tokens.count, tokens[next].isMark("(") else { return }
            var end = next + 1
            var found: [Int] = []
            while end < tokens.count, !tokens[end].isMark(")") {
                if tokens[end].kind == .integer { found.append(0) } else if !tokens[end].isMark(",") { return }
                end += 1
            }
            guard end < tokens.count else { return }
            numbers = found
            next = end + 1
        }
        let numbersAt = next
        readNumbers()
        var result: SQLDeclaredType
        func zone() -> Bool {
            if word() == "with" || word() == "without", word(1) == "time", word(2) == "zone" {
                let isWith = word() == "with"
                next += 3
                return isWith
            }
            return false
        }
        switch name {
        case _ where isQuotedChar: result = SQLDeclaredType(type: .character)
        case "double":
            guard word() == "precision" else { return nil }
            next += 1
            result = SQLDeclaredType(type: .float64)
        case "float": result = SQLDeclaredType(type: .float64)
        case "character", "char", "nchar", "national":
            if name == "national" { next += 1 }
            var isVarying = false
            if word() == "varying" {
                isVarying = true
                next += 1
                readNumbers()
            }
            result = SQLDeclaredType(type: isVarying ? .boundedText : .fixedText)
        case "timestamp": result = SQLDeclaredType(type: zone() ? .timestampWithZone : .timestamp)
        case "time":
            if zone() { throw .refused(.sqlQuery, "the type time with time zone is not known here", offset: start) }
            result = SQLDeclaredType(type: .time)
        default:
            if let type = names[name] ?? aliases[name] ?? arrayName(name) {
                result = SQLDeclaredType(type: type, isSerial: name.contains("serial"))
            } else if missing.contains(name) {
                throw .refused(.sqlQuery, "the type \(name) is not known here", offset: start)
            } else {
                throw SQLFailure("42704", "type \"\(name)\" does not exist", offset: start)
            }
        }
        if try isArray(tokens, at: &next) {
            guard let array = result.type.array, !result.isSerial, numbers.isEmpty else {
                throw .refused(.sqlQuery, "arrays of this type are not known here", offset: start)
            }
            result = SQLDeclaredType(type: array)
        }
        if !numbers.isEmpty { result.modifier = try modifier(result.type, tokens, from: numbersAt, to: next) }
        if result.type == .fixedText, result.modifier < 0, !["bpchar"].contains(name) { result.modifier = 5 }
        index = next
        return result
    }

    /// The type of an array by its name in the catalogue, which begins with a line.
    private static func arrayName(_ name: String) -> SQLType? {
        guard name.hasPrefix("_") else { return nil }
        return SQLType.allCases.first { $0.item != nil && $0.catalogName == name }
    }

    /// Before a literal `char` alone is of any length, and not of one character (gram.y, ConstCharacter).
    mutating func leaveLength(isGiven: Bool) {
        if type == .fixedText, !isGiven { modifier = -1 }
    }

    /// Whether `[]`, `[3]` or `ARRAY` follows; leaves the index behind it.
    ///
    /// A size says nothing in PostgreSQL either.
    private static func isArray(_ tokens: [SQLToken], at index: inout Int) throws(SQLFailure) -> Bool {
        func isMark(_ place: Int, _ mark: String) -> Bool { place < tokens.count && tokens[place].isMark(mark) }
        var next = index
        if next < tokens.count, tokens[next].isWord("array") { next += 1 }
        if isMark(next, "[") {
            let end = isMark(next + 1, "]") ? next + 1 : next + 2
            guard isMark(end, "]") else { return false }
            if isMark(end + 1, "[") {
                throw .refused(.sqlQuery, "arrays of arrays are not known here", offset: tokens[next].start)
            }
            next = end + 1
        }
        defer { index = next }
        return next > index
    }

    private static func modifier(
        _ type: SQLType, _ tokens: [SQLToken], from start: Int, to end: Int
    ) throws(SQLFailure) -> Int32 {
        let numbers = tokens[start..<end].filter { $0.kind == .integer }.map(\.number)
        func outside(_ message: String) -> SQLFailure { SQLFailure("22023", message, offset: tokens[start].start) }
        switch (type, numbers.count) {
        case (.boundedText, 1), (.fixedText, 1):
            let name = type == .boundedText ? "varchar" : "char"
            guard numbers[0] >= 1 else { throw outside("length for type \(name) must be at least 1") }
            guard numbers[0] <= 10_485_760 else { throw outside("length for type \(name) cannot exceed 10485760") }
        case (.numeric, 1...2):
            guard (1...1_000).contains(numbers[0]) else {
                throw outside("NUMERIC precision \(numbers[0]) must be between 1 and 1000")
            }
            guard numbers.count == 1 || numbers[1] <= 1_000 else {
                throw outside("NUMERIC scale \(numbers[1]) must be between -1000 and 1000")
            }
        default: break
        }
        switch (type, numbers.count) {
        case (.numeric, 1...2):
            let scale = numbers.count == 2 ? numbers[1] : 0
            return Int32(numbers[0] << 16 | scale) + 4
        case (.boundedText, 1), (.fixedText, 1): return Int32(numbers[0]) + 4
        default: return -1
        }
    }

    // MARK: Declarations in SQLite

    /// How a `numeric` without a scale is declared, whose values are texts.
    static let unscaled = "numeric text"

    /// How a column of this type is declared in SQLite: the name gives it the right affinity (sqlite.org/datatype3.html)
    /// and tells us the type again.
    ///
    /// Only a column declared `INTEGER` can be the row's own number, which SQLite fills in by itself, so the plain
    /// whole numbers are declared otherwise; how wide it is, its ``SQLColumnRule`` tells.
    var declaration: String {
        if isSerial { return "INTEGER" }
        switch type {
        case .int16: return "smallint"
        case .int32: return "int"
        case .int64: return "bigint"
        case .float32: return "real"
        case .float64: return "double precision"
        case .boundedText: return length.map { "varchar(\($0))" } ?? "varchar"
        case .fixedText: return length.map { "char(\($0))" } ?? "bpchar text"
        case .name, .character, .regclass: return "text"
        case .oid: return "bigint"
        case .numeric:
            // As a text it keeps the zeros at its end.
            guard let precision, let scale else { return Self.unscaled }
            return "numeric(\(precision),\(scale))"
        case .json, .jsonb: return type == .json ? "json text" : "jsonb text"
        default: return type.catalogName
        }
    }

    /// What a declared type in SQLite means; other programs' declarations go by their affinity.
    static func declared(_ text: String) -> SQLDeclaredType {
        switch text {
        case "INTEGER": return SQLDeclaredType(type: .int64, isSerial: true)
        case unscaled: return SQLDeclaredType(type: .numeric)
        case "json text": return SQLDeclaredType(type: .json)
        case "jsonb text": return SQLDeclaredType(type: .jsonb)
        case "bpchar text": return SQLDeclaredType(type: .fixedText)
        case "char": return SQLDeclaredType(type: .character)
        default: break
        }
        let bytes = Array(text.utf8)
        if let tokens = try? SQLLexer.tokens(bytes) {
            var index = 0
            if let type = try? read(tokens, at: &index), index == tokens.count { return type }
        }
        let upper = text.uppercased()
        if upper.contains("INT") { return SQLDeclaredType(type: .int64) }
        if upper.contains("CHAR") || upper.contains("CLOB") || upper.contains("TEXT") {
            return SQLDeclaredType(type: .text)
        }
        if upper.contains("BLOB") { return SQLDeclaredType(type: .bytes) }
        if upper.contains("REAL") || upper.contains("FLOA") || upper.contains("DOUB") {
            return SQLDeclaredType(type: .float64)
        }
        return SQLDeclaredType(type: upper.isEmpty ? .text : .numeric)
    }

    // MARK: Names for people

    /// The name that `format_type` gives.
    var formatted: String {
        if let item = type.item { return "\(SQLDeclaredType(type: item, modifier: modifier).formatted)[]" }
        return switch type {
        case .fixedText, .boundedText: length.map { "\(type.displayName)(\($0))" } ?? type.displayName
        case .numeric: if let precision, let scale { "numeric(\(precision),\(scale))" } else { "numeric" }
        default: type.displayName
        }
    }
}
