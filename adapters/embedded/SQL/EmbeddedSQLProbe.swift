// Asks the translation what it refuses, without a store and without running anything.

import Capabilities

/// A database in memory that knows a few tables, for statements that are translated and compiled and never run.
package struct EmbeddedSQLProbe {
    private let connection: SQLiteConnection

    /// A probe whose database has the tables that `definitions` make.
    package init(_ definitions: [String]) throws(SQLFailure) {
        connection = try SQLiteConnection(
            path: ":memory:", syncsEachCommit: false, SQLSessionSettings(database: "probe", user: "probe"))
        for definition in definitions {
            let statement = try EmbeddedSQLStatement(Array(definition.utf8), [], on: connection)
            try connection.execute(String(decoding: statement.translation.sql, as: UTF8.self))
        }
    }

    /// What becomes of a statement.
    package enum Answer: Equatable {
        case taken
        /// It is refused by name, for this reason.
        case refused(String)
        /// It fails as it would in PostgreSQL, or may.
        case failed
    }

    /// What becomes of `text`, one statement.
    package func answer(to text: String) -> Answer {
        do throws(SQLFailure) {
            _ = try EmbeddedSQLStatement(Array(text.utf8), [], on: connection)
            return .taken
        } catch {
            return error.refused != nil || error.state == "0A000" ? .refused(error.message) : .failed
        }
    }
}
