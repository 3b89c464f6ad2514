// nextval, currval, lastval and setval (PostgreSQL documentation, "Sequence Manipulation Functions").

import Capabilities

extension SQLiteFunctions {
    static let sequences: [(String, Int32, Bool, Body)] = [
        (
            "nextval", 1, false,
            { connection, v throws(SQLFailure) in
                guard let found = try connection.sequence(v[0]) else { return .null }
                return .integer(try connection.next(found))
            }
        ),
        // What a column fills itself with: a sequence by its id.
        (
            "fairlead_nextval", 2, false,
            { connection, v throws(SQLFailure) in
                let found = try connection.sequence(id: v[0].string ?? "")
                return .integer(try connection.next(found))
            }
        ),
        (
            "currval", 1, false,
            { connection, v throws(SQLFailure) in
                guard let found = try connection.sequence(v[0]) else { return .null }
                guard let number = connection.sequences.given[found.sequence.id] else {
                    throw SQLFailure(
                        "55000", "currval of sequence \"\(found.name)\" is not yet defined in this session")
                }
                return .integer(number)
            }
        ),
        (
            "lastval", 0, false,
            { connection, _ throws(SQLFailure) in
                guard let last = connection.sequences.last, let number = connection.sequences.given[last] else {
                    throw SQLFailure("55000", "lastval is not yet defined in this session")
                }
                return .integer(number)
            }
        ),
        ("setval", 2, false, { connection, v throws(SQLFailure) in try set(v, connection) }),
        ("setval", 3, false, { connection, v throws(SQLFailure) in try set(v, connection) }),
        // What a sequence shows as a relation: its last number, and whether that was given out.
        (
            "fairlead_sequence", 2, false,
            { connection, v throws(SQLFailure) in
                let found = try connection.sequence(id: v[0].string ?? "")
                let (last, isCalled) = try connection.shared.sequences.current(found.sequence) {
                    () throws(SQLFailure) in
                    try connection.sequenceKeys()
                }
                return v[1] == .integer(0) ? .integer(last) : .integer(isCalled ? 1 : 0)
            }
        ),
        (
            "pg_get_serial_sequence", 2, false,
            { connection, v throws(SQLFailure) in
                guard let table = v[0].string, let column = v[1].string else { return .null }
                guard try SQLCatalog.number(of: table, on: connection) != nil else {
                    throw SQLFailure("42P01", "relation \"\(table)\" does not exist")
                }
                let parts = SQLiteConnection.parts(table) ?? [table]
                let isOther = parts.count == 2 && !SQLSchemaName.builtIn.contains(parts[0])
                let stored = isOther ? SQLSchemaName.stored(parts[0], parts[1]) : parts.last ?? ""
                let rows = try connection.rows(
                    "SELECT name, dflt_value FROM pragma_table_info(?1)", [.text(stored)])
                guard let row = rows.first(where: { $0[0].string == column }) else {
                    throw SQLFailure(
                        "42703", "column \"\(column)\" of relation \"\(parts.last ?? table)\" does not exist")
                }
                guard let (id, _) = row[1].string.flatMap({ SQLSequence.read(fallback: $0) }) else { return .null }
                let (schema, name) = SQLSchemaName.split(try connection.sequence(id: id).stored)
                return .text("\(schema).\(name)")
            }
        ),
    ]

    private static func set(_ v: [SQLValue], _ connection: SQLiteConnection) throws(SQLFailure) -> SQLValue {
        guard let found = try connection.sequence(v[0]), let number = v[1].integer else { return .null }
        let isCalled = v.count < 3 || v[2] == .integer(1)
        if v.count > 2, v[2] == .null { return .null }
        try connection.requireWritable("setval()")
        let sequence = found.sequence
        guard number >= sequence.least, number <= sequence.greatest else {
            throw SQLFailure(
                "22003",
                "setval: value \(number) is out of bounds for sequence \"\(found.name)\" (\(sequence.least)..\(sequence.greatest))"
            )
        }
        try connection.shared.sequences.set(sequence, number, isCalled: isCalled) { () throws(SQLFailure) in
            try connection.sequenceKeys()
        }
        if isCalled { connection.sequences.given[sequence.id] = number }
        return .integer(number)
    }
}

extension SQLiteConnection {
    func next(_ found: SQLNamedSequence) throws(SQLFailure) -> Int64 {
        try requireWritable("nextval()")
        let number = try shared.sequences.next(found.sequence, found.name) { () throws(SQLFailure) in
            try sequenceKeys()
        }
        sequences.given[found.sequence.id] = number
        sequences.last = found.sequence.id
        return number
    }

    fileprivate func requireWritable(_ what: String) throws(SQLFailure) {
        guard transaction.isReadOnly else { return }
        throw SQLFailure("25006", "cannot execute \(what) in a read-only transaction")
    }
}
