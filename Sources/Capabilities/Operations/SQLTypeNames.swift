// The names of types, for the catalogue and for people.

extension SQLType {
    /// The name in PostgreSQL's catalogue, which casts without a better one give their column.
    public var catalogName: String {
        switch self {
        case .unknown: "unknown"
        case .boolean: "bool"
        case .bytes: "bytea"
        case .character: "char"
        case .name: "name"
        case .int64: "int8"
        case .int16: "int2"
        case .int32: "int4"
        case .text: "text"
        case .oid: "oid"
        case .json: "json"
        case .float32: "float4"
        case .float64: "float8"
        case .fixedText: "bpchar"
        case .boundedText: "varchar"
        case .date: "date"
        case .time: "time"
        case .timestamp: "timestamp"
        case .timestampWithZone: "timestamptz"
        case .numeric: "numeric"
        case .void: "void"
        case .regproc: "regproc"
        case .regprocedure: "regprocedure"
        case .regclass: "regclass"
        case .regtype: "regtype"
        case .uuid: "uuid"
        case .jsonb: "jsonb"
        default: item.map { "_\($0.catalogName)" } ?? ""
        }
    }

    /// The name in SQL, which errors use.
    public var displayName: String {
        switch self {
        case .boolean: "boolean"
        case .character: "\"char\""
        case .int64: "bigint"
        case .int16: "smallint"
        case .int32: "integer"
        case .float32: "real"
        case .float64: "double precision"
        case .fixedText: "character"
        case .boundedText: "character varying"
        case .time: "time without time zone"
        case .timestamp: "timestamp without time zone"
        case .timestampWithZone: "timestamp with time zone"
        default: item.map { "\($0.displayName)[]" } ?? catalogName
        }
    }
}
