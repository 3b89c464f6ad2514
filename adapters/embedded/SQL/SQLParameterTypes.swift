// The types of parameters that a client has left open, from where they stand.

import Capabilities

/// Finds the column that a parameter is compared with, or put into.
enum SQLParameterTypes {
    static func find(
        _ tokens: [SQLToken], count: Int, given: [SQLType], known: [Int: SQLType], isTyped: Bool,
        _ connection: SQLiteConnection
    ) throws(SQLFailure) -> [SQLType] {
        var types = given + Array(repeating: SQLType.unknown, count: max(0, count - given.count))
        for (number, type) in known where number <= types.count && types[number - 1] == .unknown {
            types[number - 1] = type
        }
        guard types.contains(.unknown) else { return types }
        // Those that the typed pass leaves open stand where any type can.
        if isTyped { return types.map { $0 == .unknown ? .text : $0 } }
        let columns = try columns(tokens, connection)
        let inserted = insertColumns(tokens)
        for (index, token) in tokens.enumerated() where token.kind == .parameter {
            guard token.number <= types.count, types[token.number - 1] == .unknown else { continue }
            if let type = place(index, tokens, columns) { types[token.number - 1] = type }
        }
        try insertion(tokens, inserted, &types, connection)
        for index in types.indices where types[index] == .unknown { types[index] = .text }
        return types
    }

    /// The types of all columns of all tables that are named, by name; ambiguous ones are left out.
    static func columns(_ tokens: [SQLToken], _ connection: SQLiteConnection) throws(SQLFailure) -> [String: SQLType] {
        var types: [String: SQLType] = [:]
        var ambiguous: Set<String> = []
        var seen: Set<String> = []
        for (index, token) in tokens.enumerated() where token.isName && index > 0 {
            let before = tokens[index - 1]
            let isTable =
                before.isWord("from") || before.isWord("join") || before.isWord("into") || before.isWord("update")
                || before.isMark(",") || before.isMark(".") || before.isWord("only")
            // A schema is no table.
            if index + 1 < tokens.count, tokens[index + 1].isMark(".") { continue }
            let table = SQLSchemaName.stored(tokens, index)
            guard isTable, seen.insert(table).inserted, seen.count <= 64 else { continue }
            for row in try connection.rows("SELECT name, type FROM pragma_table_info(?1)", [.text(table)]) {
                // An expression of a view has no declared type.
                guard let name = row[0].string, let words = row[1].string, !words.isEmpty else { continue }
                let declared = SQLDeclaredType.declared(words)
                let type = declared.isSerial ? connection.width(of: name, in: table) : declared.type
                if let other = types[name], other != type { ambiguous.insert(name) }
                types[name] = type
            }
        }
        for name in ambiguous { types[name] = nil }
        return types
    }

    static func primaryKey(of table: String, _ connection: SQLiteConnection) throws(SQLFailure) -> Set<String> {
        let rows = try connection.rows("SELECT name FROM pragma_table_info(?1) WHERE pk > 0", [.text(table)])
        return Set(rows.compactMap { $0[0].string })
    }

    private static let comparisons: Set<String> = ["=", "<>", "!=", "<", ">", "<=", ">="]

    private static func place(_ index: Int, _ tokens: [SQLToken], _ columns: [String: SQLType]) -> SQLType? {
        func token(_ place: Int) -> SQLToken? { tokens.indices.contains(place) ? tokens[place] : nil }
        let before = token(index - 1)
        if before?.isWord("limit") == true || before?.isWord("offset") == true { return .int64 }
        if before?.isWord("like") == true || before?.isWord("ilike") == true || before?.isOperator("||") == true {
            return .text
        }
        if let before, before.kind == .operator, comparisons.contains(before.text), let name = token(index - 2),
            name.isName
        {
            return columns[name.text]
        }
        if let after = token(index + 1), after.kind == .operator, comparisons.contains(after.text),
            let name = token(index + 2), name.isName
        {
            // A qualified name has its last part further on.
            let last = token(index + 3)?.isMark(".") == true ? token(index + 4) ?? name : name
            return columns[last.text]
        }
        if before?.isWord("between") == true, let name = token(index - 2), name.isName { return columns[name.text] }
        if before?.isWord("and") == true, token(index - 3)?.isWord("between") == true, let name = token(index - 4),
            name.isName
        {
            return columns[name.text]
        }
        // `x IN ($1, $2)` and `x + $1`
        var open = index - 1
        while let mark = token(open), mark.isMark(",") || mark.kind == .parameter { open -= 1 }
        if token(open)?.isMark("(") == true, token(open - 1)?.isWord("in") == true {
            let name = token(open - 2)?.isWord("not") == true ? token(open - 3) : token(open - 2)
            if let name, name.isName { return columns[name.text] }
        }
        if let before, before.kind == .operator, ["+", "-", "*", "/", "%"].contains(before.text),
            let name = token(index - 2), name.isName
        {
            return columns[name.text]
        }
        return nil
    }

    /// The table and the columns that an INSERT names.
    private static func insertColumns(_ tokens: [SQLToken]) -> (table: String, names: [String], values: Int)? {
        guard let into = tokens.firstIndex(where: { $0.isWord("into") }), into > 0, tokens[into - 1].isWord("insert")
        else {
            return nil
        }
        var next = into + 1
        guard next < tokens.count else { return nil }
        while next + 2 < tokens.count, tokens[next + 1].isMark(".") { next += 2 }
        let table = SQLSchemaName.stored(tokens, next)
        next += 1
        var names: [String] = []
        if next < tokens.count, tokens[next].isMark("(") {
            while next < tokens.count, !tokens[next].isMark(")") {
                if tokens[next].isName { names.append(tokens[next].text) }
                next += 1
            }
            next += 1
        }
        guard next < tokens.count, tokens[next].isWord("values") else { return nil }
        return (table, names, next + 1)
    }

    private static func insertion(
        _ tokens: [SQLToken], _ insert: (table: String, names: [String], values: Int)?, _ types: inout [SQLType],
        _ connection: SQLiteConnection
    ) throws(SQLFailure) {
        guard let insert else { return }
        let rows = try connection.rows("SELECT name, type FROM pragma_table_info(?1)", [.text(insert.table)])
        let all = rows.map { (name: $0[0].string ?? "", type: SQLDeclaredType.declared($0[1].string ?? "").type) }
        let targets =
            insert.names.isEmpty ? all.map(\.type) : insert.names.map { name in all.first { $0.name == name }?.type }
        var depth = 0
        var column = 0
        for index in min(insert.values, tokens.count)..<tokens.count {
            let token = tokens[index]
            if token.isMark("(") {
                depth += 1
                if depth == 1 { column = 0 }
            } else if token.isMark(")") {
                depth -= 1
            } else if token.isMark(","), depth == 1 {
                column += 1
            } else if token.kind == .parameter, depth == 1, token.number <= types.count,
                types[token.number - 1] == .unknown,
                column < targets.count, let type = targets[column],
                tokens[index - 1].isMark("(") || tokens[index - 1].isMark(",")
            {
                types[token.number - 1] = type
            } else if depth == 0, token.kind == .word {
                return
            }
        }
    }
}
