// TRUNCATE: which tables are emptied, and in which order.

import Capabilities

extension SQLTranslator {
    /// Empties tables, those that refer to others of them first.
    ///
    /// What is left must not refer to them (heap.c, heap_truncate_check_FKs), or is emptied too with CASCADE.
    mutating func truncate() throws(SQLFailure) -> SQLCommand {
        var next = rewrite.isWord(1, "table") ? 2 : 1
        if rewrite.isWord(next, "only") { next += 1 }
        var end = tokens.count
        let cascades = rewrite.isWord(end - 1, "cascade") && end - 1 > next
        if cascades || rewrite.isWord(end - 1, "restrict") && end - 1 > next { end -= 1 }
        var restarts = false
        if rewrite.isWord(end - 1, "identity") {
            restarts = rewrite.isWord(end - 2, "restart")
            end -= 2
        }
        guard end > next else { throw rewrite.syntaxError(end) }
        try names()
        var texts: [SQLTableKey: (sql: String, stored: String)] = [:]
        var keys: [SQLTableKey] = []
        for piece in rewrite.split(next..<end) {
            guard let last = piece.last(where: { tokens[$0].isName }) else {
                throw rewrite.syntaxError(piece.lowerBound)
            }
            let key = try tableKey(last)
            let text = (rewrite.newText(piece), SQLSchemaName.stored(tokens, last))
            if texts.updateValue(text, forKey: key) == nil { keys.append(key) }
        }
        let all = try references(around: keys)
        while let other = references(to: keys, among: all).first {
            let (table, target) = (SQLSchemaName.bare(other.table), SQLSchemaName.bare(other.target))
            guard cascades else {
                throw SQLFailure(
                    "0A000", Self.truncated, detail: "Table \"\(table)\" references \"\(target)\".",
                    hint: "Truncate table \"\(table)\" at the same time, or use TRUNCATE ... CASCADE.")
            }
            keys.append(other.tableKey)
            texts[other.tableKey] = ("\(other.database).\(SQLText.quoted(other.table))", other.table)
            skips.append(
                SQLSkip(
                    subject: .nothing, whenThere: true, state: "00000",
                    message: "truncate cascades to table \"\(table)\""))
        }
        guardReferences(to: keys, "0A000", Self.truncated)
        let ordered = SQLReference.childrenFirst(keys, all)
        let isCircle = !SQLReference.isOrdered(ordered, all)
        if isCircle { first.append(SQLReference.waits.before) }
        let tables = ordered.compactMap { texts[$0] }
        var statements = tables.map { "DELETE FROM \($0.sql)" }
        if restarts {
            for table in tables {
                for owned in try ownedSequences(table.stored) {
                    statements.append("DROP VIEW main.\(SQLText.quoted(owned.stored))")
                    statements.append(owned.sequence.renewed.definition(owned.stored))
                }
            }
            statements += tables.map { "SELECT fairlead_restart(\(SQLText.literal($0.stored)))" }
        }
        if isCircle { statements.append(SQLReference.waits.after) }
        rewrite.replaceAll(statements.first ?? "")
        then = Array(statements.dropFirst())
        return SQLCommand("TRUNCATE TABLE")
    }

    private static let truncated = "cannot truncate a table referenced in a foreign key constraint"
}
