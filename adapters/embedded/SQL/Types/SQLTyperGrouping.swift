// GROUP BY: what is grouped, and what uses a column that is not (parse_agg.c).

import Capabilities

extension SQLTyper {
    /// Notes what the query is grouped by before its expressions are read; whether it has a GROUP BY.
    mutating func prepareGroups(_ clauses: SQLClauses, _ list: Range<Int>) throws(SQLTypingEnd) -> Bool {
        guard let place = clauses.places["group"] else { return false }
        guard rewrite.isWord(place + 1, "by") else { throw .unread }
        guard place + 2 < clauses.end(of: "group") else { throw .unread }
        for word in ["all", "distinct"] where rewrite.isWord(place + 2, word) {
            throw refused("GROUP BY \(word.uppercased()) is not known here", place + 2)
        }
        let words = (place + 2)..<clauses.end(of: "group")
        scope.groupsDigits = scope.relations.contains { $0.columns?.contains(where: \.number.isText) ?? true }
        let items = rewrite.split(list).filter { !$0.isEmpty }.map(withoutAlias)
        let pieces = rewrite.split(words)
        try checkLength(pieces.count)
        for piece in pieces {
            guard let first = piece.first, let last = piece.last else { throw .unread }
            if ["rollup", "cube", "grouping"].contains(tokens[first].text), tokens[first].kind == .word {
                throw refused("GROUPING SETS, ROLLUP and CUBE are not known here", first)
            }
            if rewrite.isMark(first, "("), rewrite.isMark(first + 1, ")") {
                throw refused("GROUPING SETS, ROLLUP and CUBE are not known here", first)
            }
            var item = first...last
            if piece.count == 1, tokens[first].kind == .integer {
                let number = tokens[first].number
                guard items.contains(where: { isStar($0) }) || items.indices.contains(number - 1) else {
                    throw failure("42P10", "GROUP BY position \(number) is not in select list", first)
                }
                // Behind a star the place does not tell the words.
                guard !items.prefix(number).contains(where: { isStar($0) }) else { throw .unread }
                item = items[number - 1].words
            } else if piece.count == 1, tokens[first].isName, case .none = scope.ownMeaning(of: tokens[first].text) {
                guard let named = items.first(where: { $0.name == tokens[first].text }) else { continue }
                item = named.words
            }
            group(item)
            scope.groupsDigits = scope.groupsDigits || namesJSON(item)
            if scope.groupsDigits { withoutIndex(piece, item) }
        }
        for (place, relation) in scope.relations.enumerated() where !relation.key.isEmpty {
            guard let columns = relation.columns else { continue }
            let grouped = columns.indices.filter { scope.groupedColumns.contains([place, $0]) }.map { columns[$0].name }
            if relation.key.isSubset(of: grouped) {
                // All other columns depend on the key.
                for number in columns.indices { scope.groupedColumns.insert([place, number]) }
            }
        }
        return true
    }

    private func namesJSON(_ words: ClosedRange<Int>) -> Bool {
        words.contains { word in
            guard tokens[word].isName,
                case .column(let column, _, _, _) = scope.meaning(of: tokens[word].text, relation: nil)
            else { return false }
            return column.type == .jsonb
        }
    }

    private func isStar(_ item: (words: ClosedRange<Int>, name: String?)) -> Bool {
        tokens[item.words.upperBound].isOperator("*")
    }

    /// Keeps an index from deciding which of equal numbers is the first one.
    private mutating func withoutIndex(_ piece: Range<Int>, _ item: ClosedRange<Int>) {
        guard let (name, relation, next) = chain(item.lowerBound), next == item.upperBound + 1,
            case .column(let column, _, _, _) = scope.meaning(of: name, relation: relation),
            column.number.isText || column.type == .jsonb
        else { return }
        if item.lowerBound >= piece.lowerBound {
            _ = wrap(item, "+", "")
        } else {
            typing.replacements[piece.lowerBound] = "+\(rewrite.text(item.lowerBound..<(item.upperBound + 1)))"
        }
    }

    private mutating func group(_ words: ClosedRange<Int>) {
        let inner = unwrapped(words)
        if let (name, relation, next) = chain(inner.lowerBound), next == inner.upperBound + 1,
            case .column(_, let owner, let place, let number) = scope.meaning(of: name, relation: relation),
            owner === scope
        {
            scope.groupedColumns.insert([place, number])
            return
        }
        scope.groupedTexts.insert(normal(inner))
        scope.longestGroup = max(scope.longestGroup, inner.count)
    }

    /// An item of a list without its alias, and the alias.
    private func withoutAlias(_ piece: Range<Int>) -> (words: ClosedRange<Int>, name: String?) {
        let last = piece.upperBound - 1
        let whole = piece.lowerBound...last
        guard piece.count > 1, tokens[last].isName else {
            return (whole, piece.count == 1 && tokens[last].isName ? tokens[last].text : nil)
        }
        if rewrite.isWord(last - 1, "as"), piece.count > 2 {
            return (piece.lowerBound...(last - 2), tokens[last].text)
        }
        let before = tokens[last - 1]
        let isType = ["double", "character", "time"].contains(before.text)
        let endsOperand =
            before.isMark(")") || before.isMark("]") || before.isString || before.kind == .integer
            || before.kind == .decimal || before.kind == .parameter
            || before.isName
                && (!isReserved(last - 1) || ["end", "null", "true", "false"].contains(before.text))
        guard endsOperand, !isReserved(last), !isType, !before.isWord("is"), !before.isWord("not") else {
            return (whole, nil)
        }
        return (piece.lowerBound...(last - 1), tokens[last].text)
    }

    /// The words within parentheses that hold all of them.
    private func unwrapped(_ words: ClosedRange<Int>) -> ClosedRange<Int> {
        var words = words
        while words.count > 2, rewrite.isMark(words.lowerBound, "("),
            (try? rewrite.closing(words.lowerBound)) == words.upperBound
        {
            words = (words.lowerBound + 1)...(words.upperBound - 1)
        }
        return words
    }

    /// A name with what qualifies it, beginning at a word, and what follows.
    private func chain(_ start: Int) -> (name: String, relation: String?, next: Int)? {
        guard start < end, tokens[start].isName, !isReserved(start) else { return nil }
        var last = start
        while rewrite.isMark(last + 1, "."), last + 2 < end, tokens[last + 2].isName { last += 2 }
        if rewrite.isMark(last + 1, "(") { return nil }
        return (tokens[last].text, last > start ? tokens[last - 2].text : nil, last + 1)
    }

    /// The words in one form, whatever columns are qualified by in them.
    func normal(_ words: ClosedRange<Int>, in owner: SQLScope? = nil) -> String {
        let scope = owner ?? scope
        let words = unwrapped(words)
        var parts: [String] = []
        var index = words.lowerBound
        while index <= words.upperBound {
            if !rewrite.isMark(index - 1, "."), let (name, relation, next) = chain(index),
                case .column(_, let owner, let place, let number) = scope.meaning(of: name, relation: relation)
            {
                parts.append("\u{1}\(owner.number).\(place).\(number)")
                index = next
                continue
            }
            let token = tokens[index]
            parts.append(token.text.isEmpty ? rewrite.text(index..<(index + 1)) : token.text)
            index += 1
        }
        return parts.joined(separator: " ")
    }

    /// Forgets the columns of an expression that is grouped by as a whole.
    func settleGroups(_ found: inout SQLTyped) {
        guard !found.references.isEmpty, !scope.groupedTexts.isEmpty,
            unwrapped(found.words).count <= scope.longestGroup * 5, scope.groupedTexts.contains(normal(found.words))
        else { return }
        found.references.removeAll { $0.scope == scope.number }
    }

    /// Reads GROUP BY itself.
    mutating func groupClause(_ clauses: SQLClauses, _ columns: [SQLTypedColumn]?) throws(SQLTypingEnd) {
        guard let place = clauses.places["group"] else { return }
        at = place + 2
        repeat {
            guard at < end else { throw .unread }
            let isAlone = isMark(1, ",") || at + 1 == clauses.end(of: "group")
            if isAlone, tokens[at].kind == .integer {
                if let columns, columns.indices.contains(tokens[at].number - 1) {
                    collate(at, columns[tokens[at].number - 1])
                }
                at += 1
            } else if isAlone, tokens[at].isName, case .none = scope.ownMeaning(of: tokens[at].text),
                columns?.contains(where: { $0.name == tokens[at].text }) ?? true
            {
                if let column = columns?.first(where: { $0.name == tokens[at].text }) { collate(at, column) }
                at += 1
            } else {
                let found = try expression()
                try forbid(found, "GROUP BY")
                collate(found)
            }
        } while takeMark(",")
        guard at == clauses.end(of: "group") else { throw .unread }
    }

    /// Fails where a grouped query uses a column that is not grouped.
    func judgeGrouping(_ selection: SQLSelection) throws(SQLTypingEnd) {
        guard selection.isGrouped, !groupsAreUntold, !readsCatalog, let own = selection.scope else { return }
        guard let first = selection.references.first(where: { $0.scope == own.number }) else { return }
        let relation = own.relations[first.relation]
        let name = "\(relation.name).\(relation.columns?[first.column].name ?? "")"
        throw failure(
            "42803",
            first.isWithin
                ? "subquery uses ungrouped column \"\(name)\" from outer query"
                : "column \"\(name)\" must appear in the GROUP BY clause or be used in an aggregate function",
            first.word)
    }
}

extension SQLScope {
    /// What an unqualified name means in this query alone.
    func ownMeaning(of name: String) -> Meaning {
        let alone = SQLScope(number, within: nil)
        alone.relations = relations
        return alone.meaning(of: name, relation: nil)
    }
}
