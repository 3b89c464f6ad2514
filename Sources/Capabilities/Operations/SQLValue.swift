// Values, types and rows of SQL, as they pass between a front and an adapter.

/// A value; how a type is kept in one is told at ``SQLType``.
public enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case double(Double)
    /// UTF-8 text.
    case text([UInt8])
    case bytes([UInt8])

    public static func text(_ text: String) -> SQLValue { .text(Array(text.utf8)) }
}

/// A type of values; the raw value is PostgreSQL's number for it (catalog pg_type).
///
/// Booleans are the integers 0 and 1; numbers are integers, doubles or, when neither holds them, text; dates and times
/// are text in ISO 8601 with a space between date and time, in UTC where they have a zone; all others, arrays among them, are
/// text.
public enum SQLType: UInt32, Sendable, CaseIterable {
    case unknown = 705
    case boolean = 16
    case bytes = 17
    case character = 18
    case name = 19
    case int64 = 20
    case int16 = 21
    case int32 = 23
    case regproc = 24
    case text = 25
    case oid = 26
    case json = 114
    case float32 = 700
    case float64 = 701
    case fixedText = 1042
    case boundedText = 1043
    case date = 1082
    case time = 1083
    case timestamp = 1114
    case timestampWithZone = 1184
    case numeric = 1700
    case void = 2278
    case regprocedure = 2202
    case regclass = 2205
    case regtype = 2206
    case uuid = 2950
    case jsonb = 3802
    case jsonArray = 199
    case booleanArray = 1000
    case bytesArray = 1001
    case characterArray = 1002
    case nameArray = 1003
    case int16Array = 1005
    case int32Array = 1007
    case regprocArray = 1008
    case textArray = 1009
    case fixedTextArray = 1014
    case boundedTextArray = 1015
    case int64Array = 1016
    case float32Array = 1021
    case float64Array = 1022
    case oidArray = 1028
    case timestampArray = 1115
    case dateArray = 1182
    case timeArray = 1183
    case timestampWithZoneArray = 1185
    case numericArray = 1231
    case regprocedureArray = 2207
    case regclassArray = 2210
    case regtypeArray = 2211
    case uuidArray = 2951
    case jsonbArray = 3807
}

/// A column of a result or of a table.
public struct SQLColumn: Sendable, Equatable {
    public var name: String
    public var type: SQLType
    /// PostgreSQL's type modifier: a length plus 4, precision and scale of a number; -1 for none.
    public var modifier: Int32
    /// Digits behind the point that a decimal number shows where its modifier does not tell them; -1 for those that it has.
    public var scale: Int16 = -1
    /// The table's number in the catalogue and the column's place in it; zero for an expression.
    public var table: UInt32
    public var place: Int16

    public init(_ name: String, _ type: SQLType, modifier: Int32 = -1, table: UInt32 = 0, place: Int16 = 0) {
        self.name = name
        self.type = type
        self.modifier = modifier
        self.table = table
        self.place = place
    }
}

/// Rows that came from a cursor.
public struct SQLBatch: Sendable, Equatable {
    /// The rows' values one after another.
    public var values: [SQLValue]
    public var rowCount: Int
    /// Whether the statement is done: no row is left.
    public var isLast: Bool
    /// Rows that the statement inserted, changed or deleted; told with the last batch.
    public var affected: Int64

    public init(values: [SQLValue] = [], rowCount: Int = 0, isLast: Bool, affected: Int64 = 0) {
        self.values = values
        self.rowCount = rowCount
        self.isLast = isLast
        self.affected = affected
    }
}

/// What a statement is, for its CommandComplete.
public struct SQLCommand: Sendable, Equatable {
    /// `SELECT`, `INSERT`, `CREATE TABLE`: in capitals.
    public var tag: String
    /// Whether the number of rows follows the tag.
    public var countsRows: Bool
    /// Whether the database may change.
    public var writes: Bool

    public init(_ tag: String, countsRows: Bool = false, writes: Bool = true) {
        self.tag = tag
        self.countsRows = countsRows
        self.writes = writes
    }
}

/// A name that may say its schema.
public struct SQLName: Sendable, Hashable {
    public var schema: String?
    public var name: String

    public init(_ name: String, schema: String? = nil) {
        self.schema = schema
        self.name = name
    }
}
