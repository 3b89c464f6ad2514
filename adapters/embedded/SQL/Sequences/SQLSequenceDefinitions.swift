// CREATE, ALTER and DROP SEQUENCE, and the sequences of serial and identity columns.

import Capabilities

extension SQLTranslator {
    /// SQLite's name for the relation whose first word is at `index`, and the place behind its last one.
    private func sequenceName(_ index: Int) throws(SQLFailure) -> (stored: String, next: Int) {
        guard index < tokens.count, tokens[index].isName else { throw rewrite.syntaxError(index) }
        guard rewrite.isMark(index + 1, ".") else { return (tokens[index].text, index + 1) }
        guard index + 2 < tokens.count, tokens[index + 2].isName else { throw rewrite.syntaxError(index + 2) }
        let schema = tokens[index].text
        let isThere = try columnTypes.schemas.exists(schema)
        guard isThere || schema == "public" else {
            throw SQLFailure("3F000", "schema \"\(schema)\" does not exist", offset: tokens[index].start)
        }
        return (SQLSchemaName.stored(tokens, index + 2), index + 3)
    }

    mutating func createSequence(_ index: Int) throws(SQLFailure) -> SQLCommand {
        if (1..<index).contains(where: { rewrite.isWord($0, "temp") || rewrite.isWord($0, "temporary") }) {
            throw refused("temporary sequences are not known here", 1)
        }
        let isTolerant = rewrite.isWords(index + 1, "if", "not", "exists")
        let (stored, next) = try sequenceName(isTolerant ? index + 4 : index + 1)
        let options = try SQLSequenceOptions.read(rewrite, rewrite.rest(next))
        if let owner = options.owner { throw Self.unowned(tokens[owner.lowerBound].start) }
        let sequence = try options.applied(
            to: SQLSequence(id: SQLSequence.newID(), type: options.type ?? .int64), isNew: true)
        if isTolerant { skips.append(.relation(stored, whenThere: true)) }
        rewrite.replaceAll(sequence.definition(stored, ifNotExists: isTolerant))
        return SQLCommand("CREATE SEQUENCE")
    }

    mutating func alterSequence() throws(SQLFailure) -> SQLCommand {
        let isTolerant = rewrite.isWords(2, "if", "exists")
        let place = isTolerant ? 4 : 2
        let (stored, next) = try sequenceName(place)
        let command = SQLCommand("ALTER SEQUENCE")
        guard let old = try columnTypes.schemas.sequence(stored) else {
            guard isTolerant else {
                throw SQLFailure(
                    "42P01", "relation \"\(SQLSchemaName.bare(stored))\" does not exist", offset: tokens[place].start)
            }
            skips.append(.relation(stored, whenThere: false))
            rewrite.replaceAll("SELECT 1 WHERE 0")
            return command
        }
        var name = stored
        var new = old
        if rewrite.isWords(next, "rename", "to"), next + 3 == tokens.count, tokens[next + 2].isName {
            let (schema, _) = SQLSchemaName.split(stored)
            let bare = tokens[next + 2].text
            name = schema == "public" ? bare : SQLSchemaName.stored(schema, bare)
        } else {
            guard next < tokens.count else { throw rewrite.syntaxError(next) }
            let options = try SQLSequenceOptions.read(rewrite, rewrite.rest(next), alters: true)
            new = try options.applied(to: old, isNew: false)
            if let owner = options.owner {
                try checkOwner(owner, of: stored, old)
                new.isOwned = true
            }
        }
        first.append("DROP VIEW main.\(SQLText.quoted(stored))")
        rewrite.replaceAll(new.definition(name))
        return command
    }

    private static func unowned(_ offset: Int) -> SQLFailure {
        .refused(
            .sqlQuery, "OWNED BY a column that does not count by the sequence is not known here; set its default first",
            offset: offset)
    }

    /// A sequence can only go with a column that counts by it.
    private func checkOwner(_ words: Range<Int>, of stored: String, _ sequence: SQLSequence) throws(SQLFailure) {
        let parts = tokens[words].filter(\.isName).map(\.text)
        guard parts.count >= 2, words.count == parts.count * 2 - 1 else {
            throw SQLFailure(
                "42601", "invalid OWNED BY option", hint: "Specify OWNED BY table.column or OWNED BY NONE.",
                offset: words.isEmpty ? nil : tokens[words.lowerBound].start)
        }
        let table = SQLSchemaName.stored(tokens, words.upperBound - 3)
        guard try columnTypes.schemas.isTaken(table) else {
            throw SQLFailure(
                "42P01", "relation \"\(SQLSchemaName.bare(table))\" does not exist",
                offset: tokens[words.lowerBound].start)
        }
        guard SQLSchemaName.split(table).schema == SQLSchemaName.split(stored).schema else {
            throw SQLFailure("55000", "sequence must be in same schema as table it is linked to")
        }
        let fallback = try columnTypes.schemas.fallback(table, parts[parts.count - 1])
        guard let fallback, SQLSequence.read(fallback: fallback)?.id == sequence.id else {
            throw Self.unowned(tokens[words.lowerBound].start)
        }
    }

    mutating func dropSequence() throws(SQLFailure) -> SQLCommand {
        let isTolerant = rewrite.isWords(2, "if", "exists")
        var end = tokens.count
        let cascades = rewrite.isWord(end - 1, "cascade")
        if cascades || rewrite.isWord(end - 1, "restrict") { end -= 1 }
        guard end > (isTolerant ? 4 : 2) else { throw rewrite.syntaxError(end) }
        var statements: [String] = []
        for piece in rewrite.split((isTolerant ? 4 : 2)..<end) {
            let (stored, next) = try sequenceName(piece.lowerBound)
            guard next == piece.upperBound else { throw rewrite.syntaxError(next) }
            let name = SQLSchemaName.bare(stored)
            guard let sequence = try columnTypes.schemas.sequence(stored) else {
                if isTolerant {
                    skips.append(.relation(stored, whenThere: false, kind: "sequence"))
                    continue
                }
                throw SQLFailure(
                    "42P01", "sequence \"\(name)\" does not exist", offset: tokens[piece.lowerBound].start)
            }
            if let table = try columnTypes.schemas.counting(sequence.id).first {
                guard !cascades else { throw refused("DROP SEQUENCE … CASCADE is not known here", end) }
                throw SQLFailure(
                    "2BP01", "cannot drop sequence \(name) because other objects depend on it",
                    detail:
                        "default value of a column of table \(SQLSchemaName.bare(table)) depends on sequence \(name)",
                    hint: "Use DROP ... CASCADE to drop the dependent objects too.")
            }
            statements.append("DROP VIEW main.\(SQLText.quoted(stored))")
        }
        rewrite.replaceAll(statements.first ?? "SELECT 1 WHERE 0")
        then = Array(statements.dropFirst())
        return SQLCommand("DROP SEQUENCE")
    }

    // MARK: Columns that count up by themselves

    /// Makes the sequence of a column of the table that is being made, and gives what the column fills itself with.
    mutating func ownSequence(
        _ column: String, _ type: SQLType, identity: String, _ options: Range<Int>?
    ) throws(SQLFailure) -> String {
        var sequence = SQLSequence(id: SQLSequence.newID(), type: type)
        if let options {
            let options = try SQLSequenceOptions.read(rewrite, options)
            sequence = try options.applied(to: sequence, isNew: true)
        }
        sequence.isOwned = true
        // Then no table is made, nor a sequence for it.
        if try columnTypes.schemas.isTaken(tableStored) { return sequence.fallback(identity: identity) }
        let (schema, table) = SQLSchemaName.split(tableStored)
        var number = 0
        while true {
            let bare = Self.joined(table, column, "seq" + (number > 0 ? "\(number)" : ""))
            let stored = schema == "public" ? bare : SQLSchemaName.stored(schema, bare)
            if number < 1_000, try columnTypes.schemas.isTaken(stored) || ownSequences.contains(stored) {
                number += 1
                continue
            }
            ownSequences.insert(stored)
            first.append(sequence.definition(stored))
            return sequence.fallback(identity: identity)
        }
    }

    /// A name of three parts that fits into 63 bytes: the longer one of the first two is cut (indexcmds.c, makeObjectName).
    private static func joined(_ table: String, _ column: String, _ end: String) -> String {
        var (one, two) = (table, column)
        while one.utf8.count + two.utf8.count + end.utf8.count + 2 > 63 {
            if one.utf8.count > two.utf8.count { one.removeLast() } else { two.removeLast() }
        }
        return "\(one)_\(two)_\(end)"
    }

    /// Puts the sequence's own name for itself into `nextval('name')` in a column's default.
    mutating func sequenceDefault(_ range: Range<Int>) throws(SQLFailure) {
        for index in range where rewrite.isWord(index, "nextval") && rewrite.isMark(index + 1, "(") {
            let close = try rewrite.closing(index + 1)
            guard index + 2 < close, let text = try tokens[index + 2].stringValue(in: rewrite.source),
                let parts = SQLiteConnection.parts(String(decoding: text, as: UTF8.self)), parts.count <= 2,
                close == index + 3 || rewrite.isMark(index + 3, "::")
            else { throw refused("nextval of this is not known in a default here", index) }
            let name = parts[parts.count - 1]
            let isOther = parts.count == 2 && !SQLSchemaName.builtIn.contains(parts[0])
            let stored = isOther ? SQLSchemaName.stored(parts[0], name) : name
            guard let sequence = try columnTypes.schemas.sequence(stored) else {
                throw SQLFailure(
                    "42P01", "relation \"\(String(decoding: text, as: UTF8.self))\" does not exist",
                    offset: tokens[index + 2].start)
            }
            rewrite.replace(index, sequence.fallback())
            rewrite.remove((index + 1)..<(close + 1))
        }
    }

    /// What else goes when a table goes: the sequences of its columns.
    func ownedSequences(_ stored: String) throws(SQLFailure) -> [SQLNamedSequence] {
        try columnTypes.schemas.sequences(stored).filter(\.sequence.isOwned)
    }
}
