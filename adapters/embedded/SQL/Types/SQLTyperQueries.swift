// Queries: WITH, UNION and its kin, VALUES, and what orders and limits them.

import Capabilities

/// A query without what orders it.
struct SQLSelection {
    /// nil where a star stands for columns of which nothing is known.
    var columns: [SQLTypedColumn]?
    /// The relations of a plain SELECT, whose ORDER BY may use them.
    var scope: SQLScope?
    var isDistinct = false
    /// What is to be grouped by, if the query turns out to be grouped.
    var references: [SQLColumnReference] = []
    var isGrouped = false
}

extension SQLTyper {
    /// The queries that a WITH names, as a scope; the present one without a WITH.
    mutating func withClause() throws(SQLTypingEnd) -> SQLScope {
        guard take("with") else { return scope }
        let isRecursive = take("recursive")
        let head = newScope(within: scope)
        repeat {
            let name = try name()
            let names = try names()
            try expect("as")
            if take("not") { try expect("materialized") } else { _ = take("materialized") }
            try expectMark("(")
            recursive = isRecursive ? (head, name, names) : nil
            let columns = try deeper { typer throws(SQLTypingEnd) in try typer.query(within: head, isShown: true) }
            recursive = nil
            try expectMark(")")
            head.named[name] = .some(try renamed(settled(columns), names))
        } while takeMark(",")
        return head
    }

    /// A query with all its parts, up to the parenthesis that closes it or the end.
    ///
    /// Where it is shown, or its columns are used by name, numbers have to show all their digits.
    mutating func query(within outer: SQLScope, isShown: Bool = false) throws(SQLTypingEnd) -> [SQLTypedColumn]? {
        try goOn()
        let own = recursive
        let before = scope
        scope = outer
        let head = try withClause()
        recursive = own
        let start = at
        var selection = try unions(within: head)
        // SQLite knows no ORDER BY and no LIMIT behind VALUES alone.
        let isOrdered = ["order", "limit", "offset", "fetch"].contains { isWord($0) }
        if isOrdered, rewrite.isWord(start, "values") { typing.groups.append(start...(at - 1)) }
        if isShown { try showDigits(&selection) }
        try orderBy(&selection)
        let end = at
        try limits(within: head)
        if (end..<at).contains(where: { tokens[$0].isWord("for") }) { try judgeLocks(selection, end) }
        try judgeGrouping(selection)
        scope = before
        return selection.columns
    }

    /// What is locked has to stand in FROM (analyze.c, transformLockingClause).
    private func judgeLocked(_ scope: SQLScope, _ start: Int) throws(SQLTypingEnd) {
        for of in start..<at where tokens[of].isWord("of") {
            var next = of + 1
            while next < at, tokens[next].isName {
                let name = tokens[next].text
                guard !rewrite.isMark(next + 1, ".") else {
                    throw failure("42601", "FOR UPDATE must specify unqualified relation names", next)
                }
                guard readsCatalog || scope.relations.contains(where: { $0.name == name }) else {
                    throw failure(
                        "42P01", "relation \"\(name)\" in FOR UPDATE clause not found in FROM clause", next)
                }
                guard rewrite.isMark(next + 1, ",") else { break }
                next += 2
            }
        }
    }

    /// Rows that are none of one table's cannot be locked (analyze.c, CheckSelectLocking).
    private func judgeLocks(_ selection: SQLSelection, _ word: Int) throws(SQLTypingEnd) {
        if let scope = selection.scope { try judgeLocked(scope, word) }
        let reason: String
        if selection.scope == nil {
            reason = "UNION/INTERSECT/EXCEPT"
        } else if selection.isDistinct {
            reason = "DISTINCT clause"
        } else if selection.isGrouped {
            reason = "aggregate functions"
        } else {
            return
        }
        throw failure("0A000", "FOR UPDATE is not allowed with \(reason)", word)
    }

    // MARK: UNION, INTERSECT, EXCEPT

    private mutating func unions(within outer: SQLScope) throws(SQLTypingEnd) -> SQLSelection {
        let pending = recursive
        recursive = nil
        let start = at
        var left = try intersections(within: outer, isFirst: true)
        if let pending {
            pending.scope.named[pending.name] = .some(try renamed(settled(left.columns), pending.names))
        }
        let first = left.columns
        while isWord("union") || isWord("except") {
            let context = tokens[at].text.uppercased()
            let symbol = at
            at += 1
            let isAll = take("all")
            if !isAll {
                takeDistinct()
            } else if context != "UNION" {
                throw refused("\(context) ALL is not known here", symbol)
            }
            let right = try intersections(within: outer, isFirst: false)
            left = try combined(left, right, context, symbol, isAll: isAll)
            let mayDiffer = left.columns?.contains { $0.showsOwnDigits || $0.type == .jsonb && pending == nil }
            if !isAll, mayDiffer ?? false {
                try keepFirst(start, symbol, isRecursive: pending != nil)
            }
            guard let pending, let first, let all = left.columns else { continue }
            for (one, other) in zip(first, all)
            where one.open == nil && one.type != other.type && other.type != .unknown {
                throw failure(
                    "42804",
                    "recursive query \"\(pending.name)\" column \"\(one.name)\" has type \(one.type.displayName) in non-recursive term but type \(other.type.displayName) overall",
                    symbol)
            }
        }
        return left
    }

    /// DISTINCT behind UNION and its kin, which says nothing.
    private mutating func takeDistinct() {
        guard take("distinct") else { return }
        typing.replacements[at - 1] = ""
    }

    /// INTERSECT binds more tightly than UNION and EXCEPT; SQLite takes them as they come.
    private mutating func intersections(within outer: SQLScope, isFirst: Bool) throws(SQLTypingEnd) -> SQLSelection {
        let start = at
        var left = try term(within: outer)
        while isWord("intersect") {
            let symbol = at
            at += 1
            if isWord("all") { throw refused("INTERSECT ALL is not known here", symbol) }
            takeDistinct()
            let right = try term(within: outer)
            left = try combined(left, right, "INTERSECT", symbol)
            // Of which side the rows are is the planner's choice in PostgreSQL.
            if left.columns?.contains(where: \.showsOwnDigits) ?? false { throw unlikeDigits(symbol) }
            if !isFirst, !isWord("intersect") { typing.groups.append(start...(at - 1)) }
        }
        return left
    }

    private mutating func term(within outer: SQLScope) throws(SQLTypingEnd) -> SQLSelection {
        if takeMark("(") {
            let columns = try deeper { typer throws(SQLTypingEnd) in try typer.query(within: outer) }
            try expectMark(")")
            return SQLSelection(columns: columns)
        }
        if isWord("values") {
            at += 1
            let own = newScope(within: outer)
            let columns = try within(own) { typer throws(SQLTypingEnd) in try typer.valuesRows() }
            return SQLSelection(columns: columns)
        }
        if take("table") {
            typing.replacements[at - 1] = "SELECT * FROM"
            let own = newScope(within: outer)
            try within(own) { typer throws(SQLTypingEnd) in try typer.namedRelation() }
            return SQLSelection(columns: own.relations.first?.columns, scope: own)
        }
        guard isWord("select") else { throw .unread }
        return try select(within: outer)
    }

    private mutating func combined(
        _ left: SQLSelection, _ right: SQLSelection, _ context: String, _ symbol: Int, isAll: Bool = false
    ) throws(SQLTypingEnd) -> SQLSelection {
        try judgeGrouping(left)
        try judgeGrouping(right)
        guard let one = left.columns, let other = right.columns else { return SQLSelection(columns: nil) }
        guard one.count == other.count else {
            throw failure("42601", "each \(context) query must have the same number of columns", symbol)
        }
        var columns: [SQLTypedColumn] = []
        for (one, other) in zip(one, other) {
            var column = SQLTypedColumn(name: one.name)
            let place = one.leaves.first ?? symbol...symbol
            let pair = [one, other].map {
                SQLTyped($0.leaves.first ?? place, $0.type, modifier: $0.modifier, open: $0.open)
            }
            (column.type, column.modifier) = try common(pair, context)
            for part in [one, other] where part.open == nil && needsConversion(part.type, to: column.type) {
                guard !part.leaves.isEmpty else {
                    throw refused(
                        "\(context) of \(part.type.displayName) and \(column.type.displayName) behind a star is not known here",
                        symbol)
                }
                for words in part.leaves {
                    typing.conversions.append(SQLConversion(words: words, type: column.type))
                    if !part.isAliased { typing.names[words] = part.name }
                }
            }
            if column.type == .numeric {
                column.number = try merged([one, other], symbol, keepsAll: isAll && context == "UNION")
            }
            if column.type == .jsonb {
                column.number.isStored = one.number.isStored
                if !isAll { try collate(one) }
            }
            column.leaves = one.leaves.isEmpty || other.leaves.isEmpty ? [] : one.leaves + other.leaves
            if column.type == .json, !isAll { try collate([column]) }
            columns.append(column)
        }
        return SQLSelection(columns: columns)
    }

    /// The rows of a VALUES list.
    mutating func valuesRows() throws(SQLTypingEnd) -> [SQLTypedColumn] {
        var rows: [[SQLTyped]] = []
        repeat {
            let start = at
            try expectMark("(")
            let row = try expressions()
            try expectMark(")")
            try checkLength(row.count)
            if let first = rows.first, first.count != row.count {
                throw failure("42601", "VALUES lists must all be the same length", start)
            }
            rows.append(row)
        } while takeMark(",")
        var columns: [SQLTypedColumn] = []
        for place in rows[0].indices {
            var column = SQLTypedColumn(name: "column\(place + 1)")
            let cells = rows.map { $0[place] }
            if rows.count == 1, cells[0].open != nil {
                column.open = cells[0].open
            } else {
                (column.type, column.modifier) = try common(cells, "VALUES")
                for cell in cells where needsConversion(cell.type, to: column.type) {
                    typing.conversions.append(SQLConversion(words: cell.words, type: column.type))
                }
            }
            if column.type == .numeric { column.number = joined(cells) }
            column.leaves = cells.map(\.words)
            columns.append(column)
        }
        return columns
    }

    // MARK: Columns

    /// Columns after which nobody asks for another type: what is still open is text.
    mutating func settled(_ columns: [SQLTypedColumn]?) -> [SQLTypedColumn]? {
        guard var columns else { return nil }
        for place in columns.indices {
            guard let open = columns[place].open else { continue }
            columns[place].open = nil
            columns[place].type = .text
            if case .parameter(let number) = open {
                if let known = typing.parameters[number] { columns[place].type = known }
                typing.parameters[number] = columns[place].type
            }
        }
        return columns
    }

    /// The same columns under other names, as far as there are some.
    func renamed(_ columns: [SQLTypedColumn]?, _ names: [String]) throws(SQLTypingEnd) -> [SQLTypedColumn]? {
        guard var columns else { return nil }
        guard names.count <= columns.count else { return nil }
        for (place, name) in names.enumerated() { columns[place].name = name }
        for place in columns.indices { columns[place].leaves = [] }
        return columns
    }
}
