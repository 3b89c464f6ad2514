// LOCK TABLE, and what keeps those out who only read (PostgreSQL documentation, "Explicit Locking").

import Capabilities

/// What a LOCK TABLE asks for.
struct SQLTableLock: Equatable {
    /// SQLite's names for the tables.
    var tables: [String]
    /// Whether nobody else may even read them; all other modes only keep writers out, of which there is one.
    var isExclusive: Bool
    var waits: Bool
}

extension SQLTranslator {
    private static let modes: Set<String> = [
        "access share", "row share", "row exclusive", "share update exclusive", "share", "share row exclusive",
        "exclusive", "access exclusive",
    ]

    /// Reads `LOCK [TABLE] [ONLY] t [*] [, …] [IN mode MODE] [NOWAIT]`.
    mutating func lockTables() throws(SQLFailure) -> SQLCommand {
        var next = rewrite.isWord(1, "table") ? 2 : 1
        var lock = SQLTableLock(tables: [], isExclusive: true, waits: true)
        while true {
            if rewrite.isWord(next, "only") { next += 1 }
            lock.tables.append(try lockedTable(&next))
            if rewrite.isOperator(next, "*") { next += 1 }
            guard rewrite.isMark(next, ",") else { break }
            next += 1
        }
        if rewrite.isWord(next, "in") {
            var words: [String] = []
            while next + 1 < tokens.count, !rewrite.isWord(next + 1, "mode"), words.count < 3 {
                next += 1
                words.append(tokens[next].text)
            }
            let mode = words.joined(separator: " ")
            guard Self.modes.contains(mode), rewrite.isWord(next + 1, "mode") else { throw rewrite.syntaxError(next) }
            lock.isExclusive = mode == "access exclusive"
            next += 2
        }
        if rewrite.isWord(next, "nowait") {
            lock.waits = false
            next += 1
        }
        guard next == tokens.count else { throw rewrite.syntaxError(next) }
        tableLock = lock
        return SQLCommand("LOCK TABLE", writes: false)
    }

    private func lockedTable(_ next: inout Int) throws(SQLFailure) -> String {
        let start = next
        guard next < tokens.count, tokens[next].isName else { throw rewrite.syntaxError(next) }
        var schema: String?
        if rewrite.isMark(next + 1, ".") {
            schema = tokens[next].text
            next += 2
            guard next < tokens.count, tokens[next].isName else { throw rewrite.syntaxError(next) }
        }
        let name = tokens[next].text
        next += 1
        let stored = SQLSchemaName.stored(tokens, next - 1)
        if case .missing = try columnTypes.relations.find(schema, name) {
            throw SQLFailure(
                "42P01", "relation \"\(schema.map { "\($0)." } ?? "")\(name)\" does not exist",
                offset: tokens[start].start)
        }
        return stored
    }
}

extension SQLiteConnection {
    /// Takes the database's write lock, if the block has not got it, and then what keeps readers out.
    func lock(_ lock: SQLTableLock) throws(SQLFailure) {
        for table in lock.tables where try isView(table) {
            throw .refused(.sqlQuery, "LOCK TABLE of a view is not known here")
        }
        guard lock.isExclusive else { return }
        settings.notice?(
            "NOTICE", "00000", "LOCK TABLE does not wait here for transactions that have only read the table")
        let names = SQLSchemaLookup(self)
        for table in lock.tables where try !hasTemporary(table) {
            // Who reads a view reads its tables.
            for name in [table] + (try names.dependents(table)) {
                if lock.waits {
                    try self.lock(.relation(name), isShared: false, ofTransaction: true)
                } else if try !tryLock(.relation(name), isShared: false, ofTransaction: true) {
                    throw Self.notObtained(table)
                }
            }
        }
    }

    private func isView(_ name: String) throws(SQLFailure) -> Bool {
        !(try rows("SELECT 1 FROM main.sqlite_master WHERE type = 'view' AND name = ?1", [.text(name)])).isEmpty
    }

    static func notObtained(_ table: String) -> SQLFailure {
        SQLFailure("55P03", "could not obtain lock on relation \"\(SQLSchemaName.bare(table))\"")
    }

    /// Waits for relations of a statement that somebody else has locked for himself.
    func awaitRelations(_ text: [UInt8], waits: Bool) throws(SQLFailure) {
        guard advisoryLocks.hasRelations, let tokens = try? SQLLexer.tokens(text) else { return }
        for place in SQLTranslator.relationPlaces(tokens).keys {
            let last = place + 2 < tokens.count && tokens[place + 1].isMark(".") ? place + 2 : place
            let key = SQLAdvisoryKey.relation(SQLSchemaName.stored(tokens, last))
            guard advisoryLocks.isKept(key, from: owner) else { continue }
            guard waits else { throw Self.notObtained(tokens[last].text) }
            try lock(key, isShared: true, ofTransaction: true)
        }
    }
}
