// FROM: tables, views, queries and joins, and the columns that they bring.

import Capabilities

extension SQLTyper {
    mutating func fromClause() throws(SQLTypingEnd) {
        repeat { try joins() } while takeMark(",")
    }

    /// What joins merge is looked for in all relations before.
    private func checkRelations() throws(SQLTypingEnd) {
        guard scope.relations.count > Self.mostRelations else { return }
        throw refused("more than \(Self.mostRelations) relations in one FROM are not known here", at - 1)
    }

    private mutating func joins() throws(SQLTypingEnd) {
        let first = scope.relations.count
        try relation()
        try checkRelations()
        while true {
            let isNatural = take("natural")
            var isCross = false
            if take("cross") {
                isCross = true
            } else if take("left") || take("right") || take("full") {
                _ = take("outer")
            } else {
                _ = take("inner")
            }
            guard take("join") else {
                if isNatural || isCross { throw .unread }
                return
            }
            let second = scope.relations.count
            try relation()
            try checkRelations()
            if isNatural {
                try merge(nil, first..<second, second..<scope.relations.count)
            } else if take("on") {
                var condition = try expression()
                try requireBoolean(&condition, "JOIN/ON")
                try forbid(condition, "JOIN conditions")
            } else if take("using") {
                guard isMark("(") else { throw .unread }
                try merge(try names(), first..<second, second..<scope.relations.count)
                if isWord("as") { throw refused("an alias of a join is not known here", at) }
            } else if !isCross {
                throw .unread
            }
        }
    }

    /// Merges columns of the relations on both sides of a JOIN; all that are called alike without `names`.
    private mutating func merge(
        _ names: [String]?, _ left: Range<Int>, _ right: Range<Int>
    ) throws(SQLTypingEnd) {
        func columns(_ places: Range<Int>) -> [(relation: Int, column: SQLTypedColumn)]? {
            var found: [(Int, SQLTypedColumn)] = []
            for place in places {
                guard let own = scope.relations[place].columns else { return nil }
                for column in own where !scope.relations[place].hidden.contains(column.name) {
                    found.append((place, column))
                }
            }
            return found
        }
        guard let one = columns(left), let other = columns(right) else {
            // Nothing is known of the names then.
            for place in left.lowerBound..<right.upperBound { scope.relations[place].columns = nil }
            return
        }
        let shared = names ?? one.map(\.column.name).filter { name in other.contains { $0.column.name == name } }
        for name in shared {
            guard let first = one.first(where: { $0.column.name == name }),
                let second = other.first(where: { $0.column.name == name })
            else { throw failure("42703", "column \"\(name)\" specified in USING clause does not exist in table", at) }
            let types = (first.column.type, second.column.type)
            let forms = [first.column.number, second.column.number]
            if forms.contains(where: { $0.isText && !$0.isStored }) || forms[0].isText != forms[1].isText {
                throw refused("USING of a computed number is not known here", at - 1)
            }
            if types.0.isComparable(with: types.1) == false {
                throw failure(
                    "42804",
                    "JOIN/USING types \(types.0.displayName) and \(types.1.displayName) cannot be matched", at - 1)
            }
            if types.0 != types.1, types.0.family == .time {
                throw refused("USING of a date and a time is not known here", at - 1)
            }
            if types.0.becomes(types.1), !types.1.becomes(types.0),
                let number = scope.relations[first.relation].columns?.firstIndex(where: { $0.name == name })
            {
                // The merged column is of the wider type, which only its own name shows: a qualified one keeps its own.
                if types.0 != types.1 { throw refused("USING of columns of two types is not known here", at - 1) }
                scope.relations[first.relation].columns?[number].type = types.1
            }
            scope.relations[second.relation].hidden.insert(name)
            if !scope.merged.contains(name) { scope.merged.append(name) }
        }
    }

    /// One relation with its alias.
    private mutating func relation() throws(SQLTypingEnd) {
        if isWord("lateral") || isWord("rows") { throw .unread }
        guard isMark("(") else { return try namedRelation() }
        var next = at
        while rewrite.isMark(next, "(") { next += 1 }
        guard next < end else { throw .unread }
        if ["select", "values", "with", "table"].contains(tokens[next].text), tokens[next].kind == .word {
            // `((SELECT …) UNION …)` is a query too, and so is everything in one pair.
            at += 1
            // A query in FROM does not see the relations beside it.
            let outer = scope.outer ?? scope
            let found = try deeper { typer throws(SQLTypingEnd) in try typer.query(within: outer, isShown: true) }
            try expectMark(")")
            let start = at
            let (name, names) = try alias()
            if let name, !readsCatalog, scope.relations.contains(where: { $0.name == name }) {
                throw failure("42712", "table name \"\(name)\" specified more than once", start)
            }
            scope.relations.append(
                SQLScopeRelation(name: name ?? "", columns: try renamed(settled(found), names)))
            return
        }
        at += 1
        try deeper { typer throws(SQLTypingEnd) in try typer.joins() }
        try expectMark(")")
        // An alias of a join hides the names in it.
        if at < end, isWord("as") || tokens[at].isName && !isReserved(at) && !isTableEnd(at) {
            throw refused("an alias of a join is not known here", at)
        }
    }

    /// A table, a view, a query of WITH or a function's rows.
    mutating func namedRelation() throws(SQLTypingEnd) {
        guard at < end, tokens[at].isName, !isReserved(at) else { throw .unread }
        let place = at
        var parts = [tokens[at].text]
        at += 1
        while isMark("."), at + 1 < end, tokens[at + 1].isName {
            parts.append(tokens[at + 1].text)
            at += 2
        }
        guard parts.count <= 2, let last = parts.last else { throw .unread }
        if isMark("(") { return try functionRows(place, last) }
        takeDescendants()
        let schema = parts.count == 2 ? parts[0] : nil
        let named = schema == nil ? scope.query(named: last) : nil
        let (name, names) = try alias()
        if isWord("tablesample") { throw refused("TABLESAMPLE is not known here", at) }
        var relation = SQLScopeRelation(name: name ?? last)
        // The same name in two schemas is none twice.
        let isTwice = scope.relations.contains { $0.name == relation.name }
        if isTwice, !readsCatalog, schema == nil || name != nil {
            throw failure("42712", "table name \"\(relation.name)\" specified more than once", place)
        }
        if let named {
            relation.columns = try renamed(named, names)
        } else if let found = try look(schema, last, place) {
            relation.columns = try renamed(found.columns, names)
            relation.key = found.key
        }
        scope.relations.append(relation)
    }

    /// A star behind a table's name: with the tables that inherit from it, of which there are none.
    mutating func takeDescendants() {
        guard at < end, tokens[at].isOperator("*") else { return }
        typing.replacements[at] = ""
        at += 1
    }

    /// The rows of a function.
    private mutating func functionRows(_ start: Int, _ function: String) throws(SQLTypingEnd) {
        let close = try closing(at)
        var columns: [SQLTypedColumn]?
        if function == "generate_series" {
            let found = try call(start, function)
            guard at == close + 1 else { throw .unread }
            columns = [SQLTypedColumn(name: function, type: found.type)]
        } else {
            at = close + 1
        }
        if isWord("with") { throw .unread }
        let (name, names) = try alias()
        if let name { columns?[0].name = name }
        scope.relations.append(SQLScopeRelation(name: name ?? function, columns: try renamed(columns, names)))
    }

    /// The columns of a table or a view; nil where nothing is known of it.
    func look(_ schema: String?, _ name: String, _ word: Int) throws(SQLTypingEnd) -> SQLKnownRelation? {
        do throws(SQLFailure) {
            switch try relations.find(schema, name) {
            case .known(let relation): return relation
            case .untold: return nil
            case .missing:
                if readsCatalog { return nil }
                let shown = schema.map { "\($0).\(name)" } ?? name
                throw SQLFailure("42P01", "relation \"\(shown)\" does not exist", offset: tokens[word].start)
            }
        } catch {
            throw .failed(error)
        }
    }

    func closing(_ index: Int) throws(SQLTypingEnd) -> Int {
        guard let close = try? rewrite.closing(index), close < end else { throw .unread }
        return close
    }

    /// Reads `[AS] name [(column, …)]`.
    mutating func alias() throws(SQLTypingEnd) -> (name: String?, columns: [String]) {
        if take("as") {
            guard at < end, tokens[at].isName else { throw .unread }
        } else {
            guard at < end, tokens[at].isName, !isReserved(at), !isTableEnd(at) else { return (nil, []) }
        }
        at += 1
        let name = tokens[at - 1].text
        return (name, try names())
    }

    /// Whether the word is none that can be an alias, although PostgreSQL does not reserve it.
    private func isTableEnd(_ index: Int) -> Bool {
        tokens[index].kind == .word && ["set", "values", "tablesample", "returning"].contains(tokens[index].text)
    }
}
