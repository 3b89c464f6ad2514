// generate_series: among the tables of a query, and in its select list.

import Capabilities

extension SQLTranslator {
    /// Words at which the tables of a query end.
    private static let tableEnds: Set<String> = [
        "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", "union", "intersect",
        "except", "returning", "on",
    ]
    private static let listEnds: Set<String> = tableEnds.union(["from", "into"])

    /// Names the tables of series; those of select lists wait for ``seriesInLists()``.
    mutating func series(_ range: Range<Int>) throws(SQLFailure) {
        for index in range where tokens[index].isWord("generate_series") && rewrite.isMark(index + 1, "(") {
            let close = try rewrite.closing(index + 1)
            let type = try seriesType(index, close)
            if isAmongTables(index) {
                try seriesTable(index, close, type)
            } else {
                listSeries.append((index, type))
            }
        }
    }

    /// `pg_listening_channels()` among the tables: a relation of the gateway's, with a column that is called after the alias.
    mutating func channels(_ range: Range<Int>) throws(SQLFailure) {
        for index in range where tokens[index].isWord("pg_listening_channels") && rewrite.isMark(index + 1, "(") {
            let close = try rewrite.closing(index + 1)
            guard close == index + 2, isAmongTables(index) else {
                throw refused("pg_listening_channels is known in FROM only", index)
            }
            var alias = "pg_listening_channels"
            let hasWord = rewrite.isWord(close + 1, "as")
            let name = hasWord ? close + 2 : close + 1
            if hasWord || name < tokens.count && tokens[name].isName && hasAlias(name, isInsertion: false) {
                guard name < tokens.count, tokens[name].isName else { throw rewrite.syntaxError(name) }
                alias = tokens[name].text
            } else {
                rewrite.suffix(close, " AS pg_listening_channels")
            }
            rewrite.replace(
                index,
                "(SELECT pg_listening_channels AS \(SQLText.quoted(alias)) FROM pg_catalog.pg_listening_channels)")
            rewrite.remove((index + 1)..<(close + 1))
            columnTypes.note(alias, .text)
        }
    }

    /// The type that the arguments decide, as PostgreSQL finds the function for them.
    private mutating func seriesType(_ index: Int, _ close: Int) throws(SQLFailure) -> SQLType {
        let pieces = index + 2 < close ? rewrite.split((index + 2)..<close) : []
        var types: [SQLType] = []
        var open: [Int] = []
        for piece in pieces {
            guard let first = piece.first else { throw rewrite.syntaxError(close) }
            let operand = try argument(piece)
            var type = operand?.type ?? .unknown
            if type == .unknown, !(operand?.isOpen ?? false) { type = try describedType(piece) }
            types.append(type)
            let isOpen = type == .unknown && (operand?.isOpen ?? false) && piece.count == 1
            if isOpen, !tokens[first].isWord("null") { open.append(first) }
        }
        if let other = types.first(where: { $0 != .unknown && !$0.isWhole }) {
            throw refused("generate_series of \(other.displayName) is not known here", index)
        }
        let names = types.map { $0 == .unknown ? "unknown" : $0.displayName }.joined(separator: ", ")
        guard types.count == 2 || types.count == 3 else {
            throw SQLFailure(
                "42883", "function generate_series(\(names)) does not exist",
                hint:
                    "No function matches the given name and argument types. You might need to add explicit type casts.",
                offset: tokens[index].start)
        }
        if open.count == types.count {
            throw SQLFailure(
                "42725", "function generate_series(\(names)) is not unique",
                hint: "Could not choose a best candidate function. You might need to add explicit type casts.",
                offset: tokens[index].start)
        }
        let type: SQLType = types.contains(.int64) ? .int64 : types.contains { $0.isWhole } ? .int32 : .int64
        for place in open {
            if tokens[place].kind == .parameter {
                parameterTypes[tokens[place].number] = type
            } else if tokens[place].isString {
                try readString(place, as: type)
            }
        }
        return type
    }

    func describedType(_ piece: Range<Int>) throws(SQLFailure) -> SQLType {
        let found = describe(piece)
        guard found.type == .unknown, let function = found.function, let column = found.column else {
            return found.type
        }
        return SQLFunctionNames.result(function, of: try columnTypes.type(of: column))
    }

    private mutating func isAmongTables(_ index: Int) -> Bool {
        let known = knownRelations ?? relationPlaces()
        knownRelations = known
        // `pg_catalog` was taken from before it.
        let first = rewrite.isMark(index - 1, ".") ? index - 2 : index
        return known[first] != nil
    }

    private mutating func seriesTable(_ index: Int, _ close: Int, _ type: SQLType) throws(SQLFailure) {
        if rewrite.isWord(close + 1, "with"), rewrite.isWord(close + 2, "ordinality") {
            throw refused("WITH ORDINALITY is not known here", close + 1)
        }
        var alias: Int?
        if rewrite.isWord(close + 1, "as") {
            alias = close + 2
        } else if close + 1 < tokens.count, tokens[close + 1].isName, hasAlias(close + 1, isInsertion: false) {
            alias = close + 1
        }
        var column = "generate_series"
        if let alias {
            guard alias < tokens.count, tokens[alias].isName else { throw rewrite.syntaxError(alias) }
            column = tokens[alias].text
            if rewrite.isMark(alias + 1, "(") {
                let end = try rewrite.closing(alias + 1)
                let names = rewrite.split((alias + 2)..<end)
                guard names.count == 1, names[0].count == 1, tokens[alias + 2].isName else {
                    throw SQLFailure(
                        "42P10", "table \"\(column)\" has 1 columns available but \(names.count) columns specified",
                        offset: tokens[alias].start)
                }
                column = tokens[alias + 2].text
                rewrite.remove((alias + 1)..<(end + 1))
            }
        } else {
            rewrite.suffix(close, " AS generate_series")
        }
        rewrite.replace(index, SQLText.quoted(SQLSeriesName(type, column: column).module))
        columnTypes.note(column, type)
    }

    // MARK: Select lists

    /// A column that no client can name.
    private static let listColumn = "fairlead\(SQLSchemaName.separator)value"

    /// A series in a select list: each row of the query is repeated for each of its numbers.
    ///
    /// CROSS JOIN keeps SQLite from reading the series before the tables, so rows come in PostgreSQL's order.
    mutating func seriesInLists() throws(SQLFailure) {
        var selects = Set<Int>()
        for (index, type) in listSeries {
            let close = try rewrite.closing(index + 1)
            guard let select = selectBefore(index) else {
                throw SQLFailure(
                    "0A000", "set-returning functions are not allowed in this place", offset: tokens[index].start)
            }
            guard selects.insert(select).inserted else {
                throw refused("several series in one select list are not known here", index)
            }
            let listEnd = end(from: select + 1, Self.listEnds)
            guard index < listEnd else {
                throw SQLFailure(
                    "0A000", "set-returning functions are not allowed in this place", offset: tokens[index].start)
            }
            let hasTables = rewrite.isWord(listEnd, "from")
            let tablesEnd = hasTables ? end(from: listEnd + 1, Self.tableEnds.subtracting(["on"])) : listEnd
            try checkSeries(index, close, select..<tablesEnd)
            let arguments = rewrite.newText((index + 2)..<close)
            let module = SQLText.quoted(SQLSeriesName(type, column: Self.listColumn).module)
            rewrite.replace(index, "fairlead_series.\(SQLText.quoted(Self.listColumn))")
            rewrite.blank((index + 1)..<close)
            rewrite.replace(close, "")
            rewrite.suffix(
                tablesEnd - 1, "\(hasTables ? " CROSS JOIN" : " FROM") \(module)(\(arguments)) AS fairlead_series")
        }
    }

    private func selectBefore(_ index: Int) -> Int? {
        var depth = 0
        var place = index - 1
        while place >= 0 {
            if tokens[place].isMark(")") || tokens[place].isMark("]") { depth += 1 }
            if tokens[place].isMark("(") || tokens[place].isMark("[") {
                depth -= 1
                // Inside of a call it is an argument: the call is made for each number.
                if depth < 0, place > 0, rewrite.isWord(place - 1, "generate_series") { return nil }
                if depth < 0 { depth = 0 }
            }
            if depth == 0, tokens[place].isWord("select") { return place }
            place -= 1
        }
        return nil
    }

    private func end(from start: Int, _ words: Set<String>) -> Int {
        var depth = 0
        var place = start
        while place < tokens.count {
            if tokens[place].isMark("(") || tokens[place].isMark("[") { depth += 1 }
            if tokens[place].isMark(")") || tokens[place].isMark("]") {
                depth -= 1
                if depth < 0 { return place }
            }
            if depth == 0, tokens[place].isMark(";") { return place }
            if depth == 0, tokens[place].kind == .word, words.contains(tokens[place].text),
                !(tokens[place].text == "from" && rewrite.isWord(place - 1, "distinct"))
            {
                return place
            }
            place += 1
        }
        return place
    }

    /// Refuses what is worked out before a series in PostgreSQL and would come after it here.
    private func checkSeries(_ index: Int, _ close: Int, _ query: Range<Int>) throws(SQLFailure) {
        if (index..<close).contains(where: { tokens[$0].isWord("select") }) {
            throw refused("a query among the arguments of a series in a select list is not known here", index)
        }
        let isGrouped =
            rewrite.isWord(query.upperBound, "group") || rewrite.isWord(query.upperBound, "having")
            || rewrite.isWord(query.lowerBound + 1, "distinct")
            || query.contains { isAggregate($0) || tokens[$0].isWord("over") || tokens[$0].isWord("case") }
            || end(from: query.lowerBound + 1, ["group", "having", "window"])
                < end(from: query.lowerBound + 1, ["union", "intersect", "except"])
        if isGrouped {
            throw refused(
                "a series in a select list beside groups, aggregates, DISTINCT, OVER or CASE is not known here", index)
        }
    }
}
