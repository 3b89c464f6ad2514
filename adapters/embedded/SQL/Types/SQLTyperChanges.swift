// INSERT, UPDATE and DELETE: what is stored in a column has to be of its type, or become it.

import Capabilities

extension SQLTyper {

    mutating func insertion(_ head: SQLScope) throws(SQLTypingEnd) -> [SQLTypedColumn]? {
        try expect("insert")
        try expect("into")
        let target = newScope(within: head)
        try within(target) { typer throws(SQLTypingEnd) in try typer.targetRelation(takesBareAlias: false) }
        let all = target.relations[0].columns
        var columns = all
        if isMark("("), !startsQuery(at + 1) {
            let start = at + 1
            let names = try names()
            if let all {
                var chosen: [SQLTypedColumn] = []
                for (place, name) in names.enumerated() {
                    guard let column = all.first(where: { $0.name == name }) else {
                        throw failure(
                            "42703",
                            "column \"\(name)\" of relation \"\(target.relations[0].name)\" does not exist",
                            start + place * 2)
                    }
                    chosen.append(column)
                }
                columns = chosen
            }
        }
        if take("overriding") {
            at += 1
            try expect("value")
        }
        if take("default") {
            try expect("values")
        } else {
            let start = at
            let count = isWord("values") ? try insertedRows(columns, head) : try insertedQuery(columns, head)
            // PostgreSQL fills the columns that are left over, SQLite wants them named.
            if let count, let all, columns?.count == all.count, !rewrite.isMark(start - 1, ")"), count < all.count {
                let names = all.prefix(count).map { SQLText.quoted($0.name) }
                _ = wrap(start...start, "(\(names.joined(separator: ", "))) ", "")
            }
        }
        try conflict(target)
        return try returning(target)
    }

    /// How many values each row has.
    private mutating func insertedRows(
        _ columns: [SQLTypedColumn]?, _ head: SQLScope
    ) throws(SQLTypingEnd) -> Int? {
        var width: Int?
        at += 1
        let own = newScope(within: head)
        let before = scope
        scope = own
        repeat {
            let start = at
            try expectMark("(")
            var place = 0
            repeat {
                if take("default") {
                    place += 1
                    continue
                }
                var value = try expression()
                try forbid(value, "VALUES")
                if let columns, place >= columns.count {
                    throw failure(
                        "42601", "INSERT has more expressions than target columns", value.words.lowerBound)
                }
                try assign(&value, to: columns?[place])
                place += 1
            } while takeMark(",")
            try expectMark(")")
            if let width, width != place {
                throw failure("42601", "VALUES lists must all be the same length", start)
            }
            width = place
        } while takeMark(",")
        scope = before
        return width
    }

    /// How many columns the query has.
    private mutating func insertedQuery(
        _ columns: [SQLTypedColumn]?, _ head: SQLScope
    ) throws(SQLTypingEnd) -> Int? {
        let start = at
        let found = try query(within: head)
        guard let found else { return nil }
        guard let columns else {
            for column in found { if case .parameter(let number) = column.open { doubtful.insert(number) } }
            return nil
        }
        guard found.count <= columns.count else {
            throw failure("42601", "INSERT has more expressions than target columns", start)
        }
        for (column, target) in zip(found, columns) {
            let place = column.leaves.first ?? start...start
            var value = SQLTyped(place, column.type, modifier: column.modifier, open: column.open)
            let count = typing.conversions.count
            try assign(&value, to: target)
            guard typing.conversions.count > count else { continue }
            let conversion = typing.conversions.removeLast()
            // Behind a star there are no words of its own to convert.
            guard !column.leaves.isEmpty else {
                if column.type == .unknown { continue }
                throw refused("a star whose columns have to be converted is not known here", start)
            }
            for words in column.leaves {
                var part = conversion
                part.words = words
                typing.conversions.append(part)
            }
        }
        return found.count
    }

    private mutating func conflict(_ target: SQLScope) throws(SQLTypingEnd) {
        guard isWord("on"), isWord(1, "conflict") else { return }
        at += 2
        let before = scope
        scope = target
        if isMark("(") {
            at += 1
            _ = try expressions()
            try expectMark(")")
            if take("where") { _ = try condition("WHERE") }
        }
        try expect("do")
        if take("nothing") {
            scope = before
            return
        }
        try expect("update")
        var excluded = target.relations[0]
        excluded.name = "excluded"
        let both = newScope(within: target.outer)
        both.relations = [target.relations[0], excluded]
        // An unqualified name is the table's own.
        both.relations[1].hidden = Set((excluded.columns ?? []).map(\.name))
        scope = both
        try assignments(target.relations[0])
        if take("where") { _ = try condition("WHERE") }
        scope = before
    }

    // MARK: UPDATE and DELETE

    mutating func update(_ head: SQLScope) throws(SQLTypingEnd) -> [SQLTypedColumn]? {
        try expect("update")
        let own = newScope(within: head)
        let before = scope
        scope = own
        try targetRelation(takesBareAlias: true)
        let target = own.relations[0]
        guard isWord("set") else { throw .unread }
        let set = at
        let clauses = clauses()
        if let from = clauses.places["from"] {
            at = from + 1
            try fromClause()
            guard at == clauses.end(of: "from") else { throw .unread }
        }
        at = set
        try assignments(target)
        guard at == (clauses.places.values.min() ?? clauses.end) else { throw .unread }
        try whereClause(clauses)
        at = clauses.places["returning"] ?? clauses.end
        scope = before
        return try returning(own)
    }

    mutating func deletion(_ head: SQLScope) throws(SQLTypingEnd) -> [SQLTypedColumn]? {
        try expect("delete")
        try expect("from")
        let own = newScope(within: head)
        let before = scope
        scope = own
        try targetRelation(takesBareAlias: true)
        if isWord("using") { throw .unread }
        let clauses = clauses()
        try whereClause(clauses)
        at = clauses.places["returning"] ?? clauses.end
        scope = before
        return try returning(own)
    }

    /// Reads `SET a = x, (b, c) = (y, z)`.
    private mutating func assignments(_ target: SQLScopeRelation) throws(SQLTypingEnd) {
        try expect("set")
        repeat {
            if isMark("(") {
                let start = at
                let names = try names()
                guard at < end, tokens[at].isOperator("=") else { throw .unread }
                at += 1
                var found = try expression()
                guard found.row.count == names.count else { throw .unread }
                let isQuery = rewrite.isWord(found.words.lowerBound + 1, "select")
                for (place, name) in names.enumerated() {
                    let column = try column(name, of: target, start + 1 + place * 2)
                    let count = typing.conversions.count
                    try assign(&found.row[place], to: column)
                    if isQuery, typing.conversions.count > count {
                        throw refused("a query's columns that have to be converted are not known here", start)
                    }
                }
                continue
            }
            let start = at
            let name = try name()
            let column = try column(name, of: target, start)
            guard at < end, tokens[at].isOperator("=") else { throw .unread }
            at += 1
            if take("default") { continue }
            var value = try expression()
            try forbid(value, "UPDATE")
            try assign(&value, to: column)
        } while takeMark(",")
    }

    private func column(
        _ name: String, of target: SQLScopeRelation, _ word: Int
    ) throws(SQLTypingEnd) -> SQLTypedColumn? {
        guard let columns = target.columns else { return nil }
        guard let column = columns.first(where: { $0.name == name }) else {
            throw failure("42703", "column \"\(name)\" of relation \"\(target.name)\" does not exist", word)
        }
        return column
    }

    /// The table that is changed, as the first relation of the present scope.
    private mutating func targetRelation(takesBareAlias: Bool) throws(SQLTypingEnd) {
        _ = take("only")
        guard at < end, tokens[at].isName, !isReserved(at) else { throw .unread }
        var parts = [tokens[at].text]
        at += 1
        while isMark("."), at + 1 < end, tokens[at + 1].isName {
            parts.append(tokens[at + 1].text)
            at += 2
        }
        guard parts.count <= 2, let last = parts.last else { throw .unread }
        if at < end, tokens[at].isOperator("*") { at += 1 }
        var relation = SQLScopeRelation(name: last)
        if isWord("as") || takesBareAlias { relation.name = try alias().name ?? last }
        if let known = try look(parts.count == 2 ? parts[0] : nil, last, at - 1) {
            relation.columns = known.columns
            relation.key = known.key
        }
        scope.relations.append(relation)
    }

    /// Whether every column of every table is asked for.
    private func isOperatorStar() -> Bool { at < end && tokens[at].isOperator("*") }

    private mutating func returning(_ target: SQLScope) throws(SQLTypingEnd) -> [SQLTypedColumn]? {
        guard take("returning") else { return nil }
        let before = scope
        scope = target
        var selection = SQLSelection(scope: target)
        changed = target
        defer { changed = nil }
        if target.relations.count > 1, tokens[at..<end].contains(where: { $0.isOperator("*") }), isOperatorStar() {
            throw refused("RETURNING of another table than the one that is changed is not known here", at)
        }
        selection.columns = try selectList(&selection)
        try showDigits(&selection)
        scope = before
        return settled(selection.columns) ?? []
    }
}
