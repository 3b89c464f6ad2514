// Rows that an INSERT … ON CONFLICT DO UPDATE has put there itself: it must not change them again.

import CSQLite
import Capabilities

/// The rows that the running statement has inserted and changed.
struct SQLUpsertWatch {
    /// Rows of one statement that are remembered.
    static let mostRows = 4_000_000

    /// SQLite's name for the table; nil while no such statement runs.
    var table: String?
    var rows: Set<Int64> = []
    var isFull = false
}

extension SQLiteConnection {
    /// Notes what is put into `table` from here on.
    func beginUpsert(_ table: String) {
        upsert = SQLUpsertWatch(table: table)
        sqlite3_update_hook(
            handle,
            { context, _, _, table, row in
                guard let context, let table else { return }
                Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue().noteRow(
                    String(cString: table), row)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    func endUpsert() {
        guard upsert.table != nil else { return }
        sqlite3_update_hook(handle, nil, nil)
        upsert = SQLUpsertWatch()
    }

    private func noteRow(_ table: String, _ row: Int64) {
        guard table == upsert.table else { return }
        guard upsert.rows.count < SQLUpsertWatch.mostRows else {
            upsert.isFull = true
            return
        }
        upsert.rows.insert(row)
    }
}

extension SQLiteFunctions {
    static let upserts: [(String, Int32, Bool, Body)] = [
        // The number of a row that a conflict has found: nodeModifyTable.c, ExecOnConflictUpdate.
        (
            "fairlead_once", 1, false,
            { connection, v throws(SQLFailure) in
                guard let row = v[0].integer else { return .integer(1) }
                if connection.upsert.isFull {
                    throw .refused(
                        .sqlQuery,
                        "ON CONFLICT DO UPDATE of more than \(SQLUpsertWatch.mostRows) rows is not known here")
                }
                guard !connection.upsert.rows.contains(row) else {
                    throw SQLFailure(
                        "21000", "ON CONFLICT DO UPDATE command cannot affect row a second time",
                        hint:
                            "Ensure that no rows proposed for insertion within the same command have duplicate constrained values."
                    )
                }
                return .integer(1)
            }
        )
    ]
}
