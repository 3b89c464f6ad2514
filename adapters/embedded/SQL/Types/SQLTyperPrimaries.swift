// Operands: literals, columns, groups, queries, CASE and casts.

import Capabilities

extension SQLTyper {
    /// Words that are calls without parentheses, and what they give.
    private static let constants: [String: SQLType] = [
        "current_timestamp": .timestampWithZone, "localtimestamp": .timestamp, "current_date": .date,
        "localtime": .time, "current_user": .name, "session_user": .name, "user": .name, "current_role": .name,
        "current_catalog": .name, "current_schema": .name, "current_time": .unknown,
    ]
    /// Columns that every table of PostgreSQL has.
    private static let systemColumns: Set<String> = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"]

    mutating func primary() throws(SQLTypingEnd) -> SQLTyped {
        let start = at
        var found = try operand()
        found.words = start...(at - 1)
        if found.open == nil { typing.operands[found.words] = found.type }
        return found
    }

    private mutating func operand() throws(SQLTypingEnd) -> SQLTyped {
        let token = tokens[at]
        let place = at...at
        switch token.kind {
        case .integer:
            at += 1
            let value = Int64(rewrite.text(place.lowerBound..<(place.upperBound + 1)))
            return SQLTyped(place, value.map { $0 <= Int64(Int32.max) ? .int32 : .int64 } ?? .numeric)
        case .decimal:
            at += 1
            var found = SQLTyped(place, .numeric)
            let text = rewrite.text(place.lowerBound..<(place.upperBound + 1))
            if Self.isBeyondDouble(text) {
                throw refused("numbers of so many digits are not kept exactly here", place.lowerBound)
            }
            found.number.scale = Self.scale(of: Array(text.utf8))
            found.number.isShortest = !text.hasSuffix("0")
            return found
        case .string, .escapeString, .dollarString:
            at += 1
            return SQLTyped(place, open: .string(place.lowerBound))
        case .parameter:
            at += 1
            if let type = typing.parameters[token.number] {
                var found = SQLTyped(place, type)
                if type == .numeric { (found.number.isShortest, found.number.exact) = (false, [.bind(token.number)]) }
                return found
            }
            return SQLTyped(place, open: .parameter(token.number))
        case .mark:
            guard token.text == "(" else { throw .unread }
            guard startsQuery(at + 1) else { return try group() }
            if rewrite.isWord(at + 1, "values"), rewrite.split((at + 2)..<(try closing(at))).count > 1 {
                throw failure("21000", "more than one row returned by a subquery used as an expression", at)
            }
            return try subquery()
        case .word: return try word()
        case .quotedName: return try named()
        default: throw .unread
        }
    }

    private mutating func word() throws(SQLTypingEnd) -> SQLTyped {
        let start = at
        let word = tokens[at].text
        switch word {
        case "true", "false":
            at += 1
            return SQLTyped(start...start, .boolean)
        case "null":
            at += 1
            return SQLTyped(start...start, open: .null)
        case "case": return try caseOf()
        case "cast" where isMark(1, "("): return try castCall()
        case "exists" where isMark(1, "("):
            at += 1
            var found = try subquery()
            (found.type, found.modifier, found.row, found.open) = (.boolean, -1, [], nil)
            (found.name, found.isNameWeak) = ("exists", false)
            return found
        case "array": return try array()
        case "row" where isMark(1, "("):
            at += 1
            return try group()
        case "default", "interval": throw .unread
        default: break
        }
        if let type = Self.constants[word], !isMark(1, "."), !isMark(1, "(") || word == "current_schema" {
            at += 1
            if isMark("("), isMark(1, ")") { at += 2 }
            var found = SQLTyped(start...start, type)
            found.name = word
            return found
        }
        // The words of a join are functions too.
        let isJoinsFunction = (word == "left" || word == "right") && isMark(1, "(")
        if isReserved(at), !isJoinsFunction { throw .unread }
        if let literal = try typedLiteral() { return literal }
        return try named()
    }

    /// Reads `date '2024-01-01'`.
    private mutating func typedLiteral() throws(SQLTypingEnd) -> SQLTyped? {
        guard let string = (at + 1..<min(at + 8, end)).first(where: { tokens[$0].isString }),
            tokens[(at + 1)..<string].allSatisfy({
                $0.kind == .word || $0.isMark("(") || $0.isMark(")") || $0.isMark(",") || $0.kind == .integer
            })
        else { return nil }
        var next = at
        guard var type = try? SQLDeclaredType.read(tokens, at: &next), next == string else { return nil }
        type.leaveLength(isGiven: tokens[string - 1].isMark(")"))
        let start = at
        at = string + 1
        var found = SQLTyped(start...string, type.type, modifier: type.modifier)
        if type.type == .numeric { found.number = converted(SQLTyped(string...string, open: .string(string)), type) }
        (found.name, found.isNameWeak) = (type.type.catalogName, true)
        return found
    }

    /// A column, or a call.
    private mutating func named() throws(SQLTypingEnd) -> SQLTyped {
        let start = at
        var parts = [tokens[at].text]
        at += 1
        while isMark("."), at + 1 < end, tokens[at + 1].isName {
            parts.append(tokens[at + 1].text)
            at += 2
        }
        if isMark("(") { return try call(start, parts[parts.count - 1]) }
        return try column(start, parts)
    }

    private mutating func column(_ start: Int, _ parts: [String]) throws(SQLTypingEnd) -> SQLTyped {
        let name = parts[parts.count - 1]
        let relation = parts.count > 1 ? parts[parts.count - 2] : nil
        var result = SQLTyped(start...(at - 1))
        result.name = name
        switch scope.meaning(of: name, relation: relation) {
        case .untold: break
        case .ambiguous:
            throw failure("42702", "column reference \"\(name)\" is ambiguous", start)
        case .none: try missing(start, name, relation)
        case .column(let column, let owner, let place, let number):
            (result.type, result.modifier) = (column.type, column.modifier)
            if column.type == .numeric { result.number = form(of: column, result.words) }
            if column.type == .jsonb { result.number.isStored = column.number.isStored }
            if owner === changed, place > 0 {
                throw refused("RETURNING of another table than the one that is changed is not known here", start)
            }
            guard !owner.groupedColumns.contains([place, number]) else { break }
            var reference = SQLColumnReference(scope: owner.number, relation: place, column: number, word: start)
            if owner !== scope {
                // What it is grouped by as a part of an expression is not looked for within.
                if !owner.groupedTexts.isEmpty { groupsAreUntold = true }
                reference.isWithin = true
                outerReferences.append(reference)
            }
            result.references = [reference]
        }
        return result
    }

    private func missing(_ start: Int, _ name: String, _ relation: String?) throws(SQLTypingEnd) {
        guard !readsCatalog else { return }
        if Self.systemColumns.contains(name) {
            throw refused("the column \(name) of every table is not known here", start)
        }
        guard let relation else {
            var place: SQLScope? = scope
            while let scope = place {
                if scope.relations.contains(where: { $0.name == name }) {
                    throw refused("a whole row as a value is not known here", start)
                }
                place = scope.outer
            }
            throw failure("42703", "column \"\(name)\" does not exist", start)
        }
        var place: SQLScope? = scope
        while let scope = place {
            if scope.relations.contains(where: { $0.name == relation }) {
                throw failure("42703", "column \(relation).\(name) does not exist", start)
            }
            place = scope.outer
        }
        throw failure("42P01", "missing FROM-clause entry for table \"\(relation)\"", start)
    }

    // MARK: Parentheses

    /// Whether a query begins at a word, in whatever parentheses.
    func startsQuery(_ index: Int) -> Bool {
        var next = index
        while rewrite.isMark(next, "(") { next += 1 }
        guard next < end, tokens[next].kind == .word else { return false }
        return ["select", "values", "with", "table"].contains(tokens[next].text)
    }

    private mutating func group() throws(SQLTypingEnd) -> SQLTyped {
        let start = at
        try expectMark("(")
        guard !isMark(")") else { throw .unread }
        let parts = try expressions()
        try expectMark(")")
        guard parts.count > 1 || rewrite.isWord(start - 1, "row") else {
            var one = parts[0]
            one.words = start...(at - 1)
            one.isBareComparison = false
            return one
        }
        var row = SQLTyped(start...(at - 1))
        for part in parts { row.include(part) }
        row.row = parts
        row.name = "row"
        return row
    }

    /// A query in parentheses: one value, or a row of several.
    ///
    /// `isShown` says whether its numbers are to have all their digits.
    mutating func subquery(isShown: Bool = false) throws(SQLTypingEnd) -> SQLTyped {
        let start = at
        try expectMark("(")
        let own = scope
        let before = outerReferences.count
        let columns = try deeper { typer throws(SQLTypingEnd) in try typer.query(within: own, isShown: isShown) }
        try expectMark(")")
        var found = SQLTyped(start...(at - 1))
        // What a query within uses of this one and those around it.
        var around: Set<Int> = []
        var place: SQLScope? = own
        while let scope = place {
            around.insert(scope.number)
            place = scope.outer
        }
        found.references = outerReferences[before...].filter { around.contains($0.scope) }
        guard let columns = settled(columns) else { return found }
        if columns.count == 1 {
            (found.type, found.modifier, found.name) = (columns[0].type, columns[0].modifier, columns[0].name)
            found.number = columns[0].number
            // A query in an expression has no collation.
            if found.type == .jsonb { found.number.isStored = false }
            if found.name == "?column?" { found.name = nil }
        } else {
            found.row = columns.map { SQLTyped(start...(at - 1), $0.type, modifier: $0.modifier) }
        }
        return found
    }

    private mutating func array() throws(SQLTypingEnd) -> SQLTyped {
        let start = at
        at += 1
        if isMark("("), startsQuery(at + 1) {
            var found = try subquery(isShown: true)
            guard found.row.isEmpty else { throw .unread }
            (found.type, found.modifier, found.name) = (found.type.array ?? .unknown, -1, "array")
            return found
        }
        guard isMark("["), !isMark(1, "[") else { throw .unread }
        at += 1
        var found = SQLTyped(start...at)
        if !isMark("]") {
            let items = try expressions()
            for item in items {
                found.include(item)
                try showAsText(item)
            }
            found.type = try common(items, "ARRAY").type.array ?? .unknown
        }
        try expectMark("]")
        found.name = "array"
        return found
    }
}
