// ORDER BY and LIMIT.

import Capabilities

extension SQLTyper {
    mutating func orderBy(_ selection: inout SQLSelection) throws(SQLTypingEnd) {
        guard isWord("order") else { return }
        at += 1
        try expect("by")
        var count = 0
        repeat {
            guard at < end else { throw .unread }
            let start = at
            count += 1
            try checkLength(count)
            let next = at + 1 < end ? tokens[at + 1] : nil
            let isAlone =
                next == nil || next?.isMark(",") == true || next?.isMark(")") == true
                || ["asc", "desc", "nulls", "limit", "offset", "fetch", "for", "on", "returning"].contains(
                    next?.text ?? "")
            if isAlone, tokens[at].kind == .integer {
                if let columns = selection.columns {
                    guard (1...max(1, columns.count)).contains(tokens[at].number) else {
                        throw failure("42P10", "ORDER BY position \(tokens[at].number) is not in select list", at)
                    }
                    order(at, columns[tokens[at].number - 1])
                }
                at += 1
            } else if isAlone, tokens[at].isName,
                selection.columns?.contains(where: { $0.name == tokens[start].text }) ?? true
            {
                try orderByName(selection)
                at += 1
            } else {
                try orderExpression(&selection, start)
            }
            if !take("asc") { _ = take("desc") }
            if take("nulls"), !take("first") { try expect("last") }
        } while takeMark(",")
    }

    /// A column of the result by its name, which counts before those of the relations.
    private mutating func orderByName(_ selection: SQLSelection) throws(SQLTypingEnd) {
        let name = tokens[at].text
        guard let columns = selection.columns, let place = columns.firstIndex(where: { $0.name == name }) else {
            return
        }
        order(at, columns[place])
        guard let leaf = columns[place].leaves.first else { return }
        if let own = selection.scope {
            for other in columns[(place + 1)...] where other.name == name {
                guard let words = other.leaves.first, normal(words, in: own) != normal(leaf, in: own) else { continue }
                throw failure("42702", "ORDER BY \"\(name)\" is ambiguous", at)
            }
        }
        // SQLite knows an item by its name only behind AS.
        if !columns[place].isAliased, leaf.count > 1 { typing.replacements[at] = String(place + 1) }
    }

    private mutating func orderExpression(_ selection: inout SQLSelection, _ start: Int) throws(SQLTypingEnd) {
        guard let own = selection.scope else {
            guard selection.columns != nil else { throw .unread }
            if tokens[start].isName, at + 1 == end || !isMark(1, "."), !isMark(1, "(") {
                throw failure("42703", "column \"\(tokens[start].text)\" does not exist", start)
            }
            throw failure("0A000", "invalid UNION/INTERSECT/EXCEPT ORDER BY clause", start)
        }
        let found = try within(own) { typer throws(SQLTypingEnd) in try typer.expression() }
        selection.references += found.references
        collate(found)
        if found.aggregate != nil { selection.isGrouped = true }
        guard selection.isDistinct, let columns = selection.columns else { return }
        let text = normal(found.words, in: own)
        let isListed = columns.contains { column in column.leaves.contains { normal($0, in: own) == text } }
        // Behind a star every column is listed.
        if !isListed, columns.allSatisfy({ !$0.leaves.isEmpty }), found.open == nil {
            throw failure("42P10", "for SELECT DISTINCT, ORDER BY expressions must appear in select list", start)
        }
    }

    mutating func limits(within outer: SQLScope) throws(SQLTypingEnd) {
        let before = scope
        scope = newScope(within: outer)
        while at < end {
            if isWord("limit") {
                at += 1
                if !take("all") { try amount("LIMIT") }
            } else if isWord("offset") {
                at += 1
                try amount("OFFSET")
                if !take("row") { _ = take("rows") }
            } else if isWord("fetch") {
                at += 1
                guard take("first") || take("next") else { throw .unread }
                if !isWord("row"), !isWord("rows") { try amount("LIMIT") }
                guard take("row") || take("rows"), take("only") else { throw .unread }
            } else if isWord("for") {
                at += 1
                while at < end, isMark(",") || isMark(".") || tokens[at].isName,
                    !SQLTranslator.lockEnds.contains(tokens[at].text)
                { at += 1 }
            } else {
                break
            }
        }
        scope = before
    }

    private mutating func amount(_ clause: String) throws(SQLTypingEnd) {
        var amount = try expression()
        try resolve(&amount, as: .int64)
        if let family = amount.type.family, family != .number {
            throw failure(
                "42804", "argument of \(clause) must be type bigint, not type \(amount.type.displayName)",
                amount.words.lowerBound)
        }
    }
}
