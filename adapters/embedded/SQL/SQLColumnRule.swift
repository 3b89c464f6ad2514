// What a column's type promises and SQLite would not keep by itself, as CHECK constraints.

import Capabilities

/// A rule of a type: SQLite stores any value in any column, PostgreSQL does not.
struct SQLColumnRule {
    private enum Kind: String {
        /// The value is of the type at all.
        case type
        /// A whole number is within the type's width.
        case range
        /// A text is not longer than declared.
        case length
    }

    private static let prefix = "fairlead:"
    private let kind: Kind
    private let typeName: String
    private let column: String

    private init(_ kind: Kind, _ typeName: String, _ column: String) {
        self.kind = kind
        self.typeName = typeName
        self.column = column
    }

    /// The rule that a constraint's name tells; nil for a constraint of the client's own.
    init?(constraint: String) {
        let parts = constraint.split(separator: ":", maxSplits: 3).map(String.init)
        guard parts.count == 4, parts[0] + ":" == Self.prefix, let kind = Kind(rawValue: parts[1]) else { return nil }
        self.init(kind, parts[2], parts[3])
    }

    /// The width of a whole number, from the text of its table's definition.
    static func width(of column: String, in definition: String) -> SQLType {
        let narrow: [SQLType] = [.int32, .int16]
        return narrow.first { type in
            definition.range(of: SQLText.quoted("\(prefix)range:\(type.displayName):\(column)")) != nil
        } ?? .int64
    }

    var failure: SQLFailure {
        var failure: SQLFailure
        switch kind {
        case .type:
            failure = SQLFailure("22P02", "invalid input for column \"\(column)\" of type \(typeName)")
        case .range: failure = SQLFailure("22003", "\(typeName) out of range")
        case .length: failure = SQLFailure("22001", "value too long for type \(typeName)")
        }
        failure.column = column
        return failure
    }

    private func sql(_ condition: String) -> String {
        let name = "\(Self.prefix)\(kind.rawValue):\(typeName):\(column)"
        return " CONSTRAINT \(SQLText.quoted(name)) CHECK (\(condition))"
    }

    /// The constraints of a column, to be put behind its type.
    static func constraints(for type: SQLDeclaredType, column: String) -> String {
        let name = SQLText.quoted(column)
        let typeName = type.formatted
        func rule(_ kind: Kind, _ condition: String) -> String {
            SQLColumnRule(kind, typeName, column).sql(condition)
        }
        switch type.type {
        case .int16, .int32:
            let limits = type.type == .int16 ? "-32768 AND 32767" : "-2147483648 AND 2147483647"
            return rule(.type, "typeof(\(name)) IN ('integer','null')") + rule(.range, "\(name) BETWEEN \(limits)")
        case .int64, .oid: return rule(.type, "typeof(\(name)) IN ('integer','null')")
        case .boolean: return rule(.type, "\(name) IN (0,1)")
        case .float64: return rule(.type, "typeof(\(name)) IN ('real','null')")
        case .float32:
            return rule(.type, "typeof(\(name)) IN ('real','null') AND fairlead_real(\(name)) IS \(name)")
        case .numeric where type.scale == nil:
            return " COLLATE fairlead_decimal" + rule(.type, "fairlead_is(\(name), \(type.type.rawValue))")
        case .numeric: return rule(.type, "typeof(\(name)) IN ('integer','real','null')")
        case .bytes: return rule(.type, "typeof(\(name)) IN ('blob','null')")
        case .boundedText, .fixedText:
            guard let length = type.length else { return "" }
            return rule(.length, "length(\(name)) <= \(length)")
        case .jsonb:
            return " COLLATE fairlead_jsonb" + rule(.type, "fairlead_is(\(name), \(type.type.rawValue))")
        case .timestamp, .timestampWithZone, .date, .time, .uuid, .json:
            return rule(.type, "fairlead_is(\(name), \(type.type.rawValue))")
        default: return ""
        }
    }
}

/// SQL as text.
enum SQLText {
    /// `name` in double quotes.
    static func quoted(_ name: String) -> String { SQLQuoting.name(name) }

    /// `text` as a string literal.
    static func literal(_ text: String) -> String { SQLQuoting.literal(text) }
}
