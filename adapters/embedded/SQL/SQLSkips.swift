// What IF EXISTS and IF NOT EXISTS leave out, of which a client is told.

import Capabilities

/// Something that a definition leaves out when it is there, or when it is not.
struct SQLSkip: Equatable {
    enum Subject: Equatable {
        /// By the name that SQLite knows it by.
        case relation(String)
        case schema(String)
        case column(String, table: String)
        /// It is told in any case.
        case nothing
    }

    var subject: Subject
    /// Whether it is left out because it is there.
    var whenThere: Bool
    var state: String
    var message: String

    static func relation(_ stored: String, whenThere: Bool, kind: String = "relation") -> SQLSkip {
        let name = SQLSchemaName.bare(stored)
        return whenThere
            ? SQLSkip(
                subject: .relation(stored), whenThere: true, state: "42P07",
                message: "relation \"\(name)\" already exists, skipping")
            : SQLSkip(
                subject: .relation(stored), whenThere: false, state: "00000",
                message: "\(kind) \"\(name)\" does not exist, skipping")
    }

    static func schema(_ name: String, whenThere: Bool) -> SQLSkip {
        SQLSkip(
            subject: .schema(name), whenThere: whenThere, state: whenThere ? "42P06" : "00000",
            message: "schema \"\(name)\" \(whenThere ? "already exists" : "does not exist"), skipping")
    }

    static func column(_ name: String, table: String, whenThere: Bool) -> SQLSkip {
        SQLSkip(
            subject: .column(name, table: table), whenThere: whenThere, state: whenThere ? "42701" : "00000",
            message:
                "column \"\(name)\" of relation \"\(SQLSchemaName.bare(table))\" \(whenThere ? "already exists" : "does not exist"), skipping"
        )
    }

    /// Tells the client where it is left out now.
    func tell(on connection: SQLiteConnection) throws(SQLFailure) {
        guard let notice = connection.settings.notice else { return }
        let isThere: Bool
        switch subject {
        case .nothing: isThere = true
        case .relation(let name):
            isThere =
                !(try connection.rows(
                    """
                    SELECT 1 FROM main.sqlite_master WHERE name = ?1 UNION ALL \
                    SELECT 1 FROM temp.sqlite_master WHERE name = ?1
                    """, [.text(name)])).isEmpty
        case .schema(let name):
            let made = try connection.madeSchemas()
            isThere = SQLSchemaName.builtIn.contains(name) || made.contains(name)
        case .column(let name, let table):
            let columns = try connection.rows("SELECT name FROM pragma_table_info(?1)", [.text(table)])
            // Where the table is not there, that is what is said.
            guard !columns.isEmpty else { return }
            isThere = columns.contains { $0[0].string == name }
        }
        if isThere == whenThere { notice("NOTICE", state, message) }
    }
}
