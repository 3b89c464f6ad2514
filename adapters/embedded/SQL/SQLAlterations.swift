// ALTER TABLE: the changes that SQLite makes to a table that is there, one statement for each.

import Capabilities

extension SQLTranslator {
    mutating func alter() throws(SQLFailure) -> SQLCommand {
        if rewrite.isWord(1, "sequence") { return try alterSequence() }
        guard rewrite.isWord(1, "table") else {
            if rewrite.isWord(1, "index") || rewrite.isWord(1, "view") {
                throw refused("ALTER \(tokens[1].text.uppercased()) is not known here", 0)
            }
            throw refused("this ALTER is not known here", 0)
        }
        var next = 2
        if rewrite.isWords(next, "if", "exists") {
            // No such table.
            tolerated.insert("42P01")
            rewrite.remove(next..<(next + 2))
            next += 2
        }
        if rewrite.isWord(next, "only") {
            rewrite.remove(next..<(next + 1))
            next += 1
        }
        let start = next
        guard start < tokens.count, tokens[start].isName else { throw rewrite.syntaxError(start) }
        while rewrite.isMark(next + 1, ".") { next += 2 }
        let table = start..<min(next + 1, tokens.count)
        guard table.upperBound < tokens.count else { throw rewrite.syntaxError(table.upperBound) }
        tableName = SQLSchemaName.stored(tokens, table.upperBound - 1)
        if !tolerated.isEmpty { skips.append(.relation(tableName, whenThere: false)) }
        try names(table)
        let changes = rewrite.split(rewrite.rest(table.upperBound))
        var whole: [String?] = []
        for change in changes { whole.append(try alteration(change, isOnly: changes.count == 1)) }
        let command = SQLCommand("ALTER TABLE")
        if changes.count == 1 {
            if let sql = whole[0] { rewrite.replaceAll(sql) }
            return command
        }
        guard tolerated.isEmpty else { throw refused("IF among several changes to a table is not known here", 2) }
        let head = "ALTER TABLE \(rewrite.newText(table)) "
        let statements = zip(changes, whole).map { change, sql in sql ?? head + rewrite.newText(change) }
        rewrite.replaceAll(statements[0])
        then = statements.dropFirst() + then
        return command
    }

    /// Translates one change in its place; or the statement that stands for it.
    private mutating func alteration(_ change: Range<Int>, isOnly: Bool) throws(SQLFailure) -> String? {
        let next = change.lowerBound
        guard next < change.upperBound else { throw rewrite.syntaxError(next) }
        if rewrite.isWord(next, "rename") {
            guard isOnly else { throw rewrite.syntaxError(next) }
            if rewrite.isWord(next + 1, "constraint") { throw refused("RENAME CONSTRAINT is not known here", next) }
            try names(change)
            let (schema, _) = SQLSchemaName.split(tableName)
            if rewrite.isWord(next + 1, "to"), schema != "public", next + 2 < change.upperBound {
                rewrite.replace(next + 2, SQLText.quoted(SQLSchemaName.stored(schema, tokens[next + 2].text)))
            }
            return nil
        }
        if rewrite.isWord(next, "drop") {
            let column = rewrite.isWord(next + 1, "column") ? next + 2 : next + 1
            if rewrite.isWord(next + 1, "constraint") { throw refused("DROP CONSTRAINT is not known here", next) }
            if rewrite.isWords(column, "if", "exists") {
                // No such column.
                tolerated.insert("42703")
                if column + 2 < change.upperBound {
                    skips.append(.column(tokens[column + 2].text, table: tableName, whenThere: false))
                }
                rewrite.remove(column..<(column + 2))
            }
            try names(change)
            dropBehaviour(change)
            return nil
        }
        guard rewrite.isWord(next, "add") else {
            let words = tokens[change].prefix { $0.kind == .word }.prefix(2).map { $0.text.uppercased() }
            throw refused("\(words.joined(separator: " ")) of ALTER TABLE is not known here", next)
        }
        return try addition(change)
    }

    private mutating func addition(_ change: Range<Int>) throws(SQLFailure) -> String? {
        var next = change.lowerBound + 1
        var constraint: String?
        if rewrite.isWord(next, "constraint"), next + 1 < change.upperBound {
            constraint = tokens[next + 1].text
            next += 2
        }
        let isPrimary = rewrite.isWords(next, "primary", "key")
        if isPrimary || rewrite.isWord(next, "unique") {
            return try uniqueness(isPrimary ? next + 2 : next + 1, constraint, isPrimary: isPrimary, change)
        }
        if constraint != nil || rewrite.isWord(next, "check") || rewrite.isWord(next, "foreign") {
            throw refused("this constraint can only be given with the table here", next)
        }
        if rewrite.isWord(next, "column") { next += 1 }
        if rewrite.isWords(next, "if", "not", "exists") {
            // There is such a column.
            tolerated.insert("42701")
            if next + 3 < change.upperBound {
                skips.append(.column(tokens[next + 3].text, table: tableName, whenThere: true))
            }
            rewrite.remove(next..<(next + 3))
            next += 3
        }
        guard next < change.upperBound else { throw rewrite.syntaxError(next) }
        let isOwn = try columnTypes.schemas.isTemporary(tableName)
        try checkReferences(next..<change.upperBound, isOwn: isOwn)
        try column(next..<change.upperBound, isKey: false, isOnlyKey: false)
        try uniqueColumn(next, change)
        return nil
    }

    /// `PRIMARY KEY (…)` and `UNIQUE (…)`, which SQLite adds as an index only.
    private mutating func uniqueness(
        _ open: Int, _ constraint: String?, isPrimary: Bool, _ change: Range<Int>
    ) throws(SQLFailure) -> String {
        guard rewrite.isMark(open, "(") else { throw rewrite.syntaxError(open) }
        let close = try rewrite.closing(open)
        guard close == change.upperBound - 1 else { throw refused("this constraint is not known here", close + 1) }
        let columns = tokens[(open + 1)..<close].filter(\.isName).map(\.text)
        if isPrimary { first.append(SQLCatalog.requireNotNull(table: tableName, columns: columns)) }
        let standard = isPrimary ? "\(tableName)_pkey" : "\(tableName)_\(columns.joined(separator: "_"))_key"
        return uniqueIndex(constraint ?? standard, columns)
    }

    private func uniqueIndex(_ name: String, _ columns: [String]) -> String {
        let list = columns.map(SQLText.quoted).joined(separator: ", ")
        return "CREATE UNIQUE INDEX \(SQLText.quoted(name)) ON \(SQLText.quoted(tableName)) (\(list))"
    }

    /// SQLite adds no column that is UNIQUE; an index of its own makes it so.
    private mutating func uniqueColumn(_ name: Int, _ change: Range<Int>) throws(SQLFailure) {
        var index = name + 1
        while index < change.upperBound {
            if rewrite.isMark(index, "(") { index = try rewrite.closing(index) }
            if rewrite.isWord(index, "unique") {
                guard tolerated.isEmpty else {
                    throw refused("a UNIQUE column that may be there already is not known here", index)
                }
                rewrite.remove(index..<(index + 1))
                then.append(uniqueIndex("\(tableName)_\(tokens[name].text)_key", [tokens[name].text]))
            }
            index += 1
        }
    }
}
