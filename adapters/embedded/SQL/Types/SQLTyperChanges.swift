// INSERT, UPDATE and DELETE: what is stored in a column has to be of its type, or become it.

import Capabilities

extension SQLTyper {

    mutating func insertion(_ head: SQLScope) throws(SQLTypingEnd) -> [SQLTypedColumn]? {
        try expect("insert")
        try expect("into")
        let target = newScope(within: head)
        guard at < end else { throw .unread }
        let stored = SQLSchemaName.stored(tokens, rewrite.isMark(at + 1, ".") ? min(at + 2, end - 1) : at)
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
                    if names[..<place].contains(name) {
                        throw failure("42701", "column \"\(name)\" specified more than once", start + place * 2)
                    }
                }
                columns = chosen
            }
        }
        if take("overriding") {
            guard isWord("system"), isWord(1, "value") else {
                throw refused("OVERRIDING USER VALUE is not known here", at)
            }
            at += 2
            for word in (at - 3)..<at { typing.replacements[word] = "" }
            for place in columns?.indices ?? 0..<0 where columns?[place].ownValues == .identity {
                columns?[place].ownValues = nil
            }
        }
        var hasOneRow = true
        if take("default") {
            try expect("values")
        } else {
            let start = at
            hasOneRow = isWord("values") && (try? rewrite.closing(at + 1)).map { !rewrite.isMark($0 + 1, ",") } ?? false
            let count = isWord("values") ? try insertedRows(columns, head) : try insertedQuery(columns, head)
            // PostgreSQL fills the columns that are left over, SQLite wants them named.
            if let count, let all, columns?.count == all.count, !rewrite.isMark(start - 1, ")"), count < all.count {
                let names = all.prefix(count).map { SQLText.quoted($0.name) }
                _ = wrap(start...start, "(\(names.joined(separator: ", "))) ", "")
            }
        }
        try conflict(target, stored: hasOneRow ? nil : stored)
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
                    try fill(at - 1, columns, place)
                    place += 1
                    continue
                }
                var value = try expression()
                try forbid(value, "VALUES")
                if let columns, place >= columns.count {
                    throw failure(
                        "42601", "INSERT has more expressions than target columns", value.words.lowerBound)
                }
                if let column = columns?[place] { try checkOwnValues(column, value.words.lowerBound) }
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

    /// Puts what a column fills itself with in the place of DEFAULT.
    private mutating func fill(_ word: Int, _ columns: [SQLTypedColumn]?, _ place: Int) throws(SQLTypingEnd) {
        guard let columns else { throw .unread }
        guard place < columns.count else {
            throw failure("42601", "INSERT has more expressions than target columns", word)
        }
        if columns[place].ownValues == .computed {
            throw refused("DEFAULT of a generated column is not known here; leave the column out", word)
        }
        typing.replacements[word] = columns[place].fallback.map { "(\($0))" } ?? "NULL"
    }

    private func checkOwnValues(_ column: SQLTypedColumn, _ word: Int) throws(SQLTypingEnd) {
        guard let kind = column.ownValues else { return }
        var failure = SQLFailure(
            "428C9", "cannot insert a non-DEFAULT value into column \"\(column.name)\"",
            detail: kind.detail(column.name), offset: tokens[word].start)
        if kind == .identity { failure.hint = "Use OVERRIDING SYSTEM VALUE to override." }
        throw .failed(failure)
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
            try checkOwnValues(target, place.lowerBound)
            var value = SQLTyped(place, column.type, modifier: column.modifier, open: column.open)
            value.number = column.number
            let count = typing.conversions.count
            try assign(&value, to: target, leaves: column.leaves)
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

    /// Reads `ON CONFLICT …`; with several rows, one that is in `stored` already must not be changed twice.
    private mutating func conflict(_ target: SQLScope, stored: String?) throws(SQLTypingEnd) {
        guard isWord("on"), isWord(1, "conflict") else { return }
        // SQLite would take it for the condition of a join.
        if endsInFrom { typing.replacements[at] = "WHERE true ON" }
        at += 2
        let before = scope
        scope = target
        if isMark("(") {
            at += 1
            // An index is found by the words that made it.
            for found in try expressions() where found.number.isStored { apply(found.number.exact ?? []) }
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
        let set = at
        try assignments(target.relations[0])
        let last = at - 1
        if take("where") {
            let condition = try condition("WHERE")
            if stored != nil { _ = wrap(condition.words, "fairlead_once(_rowid_) AND (", ")") }
        } else if stored != nil {
            _ = wrap(set...last, "", " WHERE fairlead_once(_rowid_)")
        }
        typing.upserted = stored
        scope = before
    }

    /// Whether a query before the present word ends in its FROM.
    private var endsInFrom: Bool {
        var index = at - 1
        while index > 0 {
            if tokens[index].isMark(")"), let open = try? rewrite.opening(index) { index = open }
            if tokens[index].kind == .word, !rewrite.isMark(index - 1, ".") {
                switch tokens[index].text {
                case "from": return !rewrite.isWord(index - 1, "distinct")
                case "where", "group", "having", "window", "order", "limit", "offset", "fetch", "select", "values",
                    "default":
                    return false
                default: break
                }
            }
            index -= 1
        }
        return false
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
        var assigned: Set<String> = []
        var twice: String?
        func note(_ name: String) { if !assigned.insert(name).inserted { twice = twice ?? name } }
        repeat {
            if isMark("(") {
                let start = at
                let names = try names()
                for name in names { note(name) }
                guard at < end, tokens[at].isOperator("=") else { throw .unread }
                at += 1
                var found = try expression()
                if names.count > 1, found.row.isEmpty, !startsQuery(found.words.lowerBound + 1) {
                    throw failure(
                        "0A000",
                        "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression",
                        found.words.lowerBound)
                }
                guard found.row.count == names.count else { throw .unread }
                let isQuery = rewrite.isWord(found.words.lowerBound + 1, "select")
                for (place, name) in names.enumerated() {
                    let column = try column(name, of: target, start + 1 + place * 2)
                    let (count, wraps) = (typing.conversions.count, nextWrap)
                    try assign(&found.row[place], to: column)
                    if isQuery, typing.conversions.count > count || nextWrap > wraps {
                        throw refused("a query's columns that have to be converted are not known here", start)
                    }
                }
                continue
            }
            let start = at
            let name = try name()
            note(name)
            let column = try column(name, of: target, start)
            guard at < end, tokens[at].isOperator("=") else { throw .unread }
            at += 1
            if take("default") {
                guard let column else { throw .unread }
                if column.ownValues == .computed {
                    throw refused("DEFAULT of a generated column is not known here", at - 1)
                }
                typing.replacements[at - 1] = column.fallback.map { "(\($0))" } ?? "NULL"
                continue
            }
            if let kind = column?.ownValues {
                throw .failed(
                    SQLFailure(
                        "428C9", "column \"\(name)\" can only be updated to DEFAULT", detail: kind.detail(name),
                        offset: tokens[start].start))
            }
            var value = try expression()
            try forbid(value, "UPDATE")
            try assign(&value, to: column)
        } while takeMark(",")
        if let twice {
            throw .failed(SQLFailure("42601", "multiple assignments to same column \"\(twice)\""))
        }
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
        guard at < end, tokens[at].isName, !isReserved(at) else { throw .unread }
        var parts = [tokens[at].text]
        at += 1
        while isMark("."), at + 1 < end, tokens[at + 1].isName {
            parts.append(tokens[at + 1].text)
            at += 2
        }
        guard parts.count <= 2, let last = parts.last else { throw .unread }
        takeDescendants()
        var relation = SQLScopeRelation(name: last)
        if isWord("as") || takesBareAlias {
            let isBare = !isWord("as")
            let place = at
            if let name = try alias().name {
                relation.name = name
                if isBare { typing.bareAliases.append(place) }
            }
        }
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
