// The capabilities of SQL databases, in words.

extension Capability {
    var sqlDescription: CapabilityDescription {
        switch self {
        case .sqlQuery:
            CapabilityDescription(
                "Runs statements.", in: "SQL text", out: "rows, or how many were changed",
                "Each statement whole or not at all.")
        case .sqlParameters:
            CapabilityDescription(
                "Takes values apart from the text.", in: "values, typed", out: "as `sql.query`",
                "A value is never read as SQL.")
        case .sqlPrepared:
            CapabilityDescription(
                "Keeps a statement under a name and describes it.", in: "name, SQL text",
                out: "types of parameters and columns",
                "Lives as long as its session.")
        case .sqlTransaction:
            CapabilityDescription(
                "Makes several statements one.", in: "BEGIN, COMMIT, ROLLBACK, savepoints", out: "done",
                "Atomic, isolated (serializable unless weakened) and durable when answered.")
        case .sqlCursor:
            CapabilityDescription(
                "Gives rows in portions.", in: "a number of rows", out: "rows, and whether there are more",
                "One state of the tables.")
        default:
            CapabilityDescription(
                "Reads or writes the rows of a table as one stream.", in: "table, columns, format", out: "rows",
                "As one statement.")
        }
    }
}
