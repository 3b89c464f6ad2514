// unnest and generate_subscripts of the catalogue's vectors, which inspectors of schemas ask for.

import Capabilities

extension SQLTranslator {
    /// Has the lists of columns in the catalogue give a row for each element; only where all calls of one SELECT are of lists of
    /// one length can they stand beside one another, as those of an index's columns are.
    mutating func vectors() throws(SQLFailure) {
        guard readsCatalog else { return }
        var calls: [Int: [Int]] = [:]
        for index in tokens.indices where rewrite.isMark(index + 1, "(") {
            guard tokens[index].kind == .word, Self.functionsOfRows.contains(tokens[index].text),
                let select = enclosingSelect(index)
            else { continue }
            calls[select, default: []].append(index)
        }
        for (select, places) in calls.sorted(by: { $0.key > $1.key }) { try vectors(places, select) }
    }

    /// `conkey[1]` of the catalogue, `(current_schemas(false))[1]`, and the fields of what `_pg_expandarray` gives.
    mutating func subscripts() throws(SQLFailure) {
        let names = namesCatalog
        for index in tokens.indices.dropFirst() where tokens[index].isMark("[") {
            let close = try rewrite.closing(index)
            guard close > index + 1, tokens[index - 1].isName || tokens[index - 1].isMark(")"),
                !rewrite.isWord(index - 1, "array")
            else { continue }
            let start = try rewrite.operandStart(endingAt: index - 1)
            let ofSchemas = (start..<index).contains { tokens[$0].isWord("current_schemas") }
            guard names || ofSchemas else { continue }
            rewrite.wrap(start...close, ofSchemas ? "fairlead_array_item(" : "fairlead_vector_item(", ")")
            rewrite.replace(index, ",")
            rewrite.replace(close, "")
        }
        guard names else { return }
        for index in tokens.indices.dropFirst() where tokens[index].isMark(".") && tokens[index - 1].isMark(")") {
            guard let field = ["x": 1, "n": 2][index + 1 < tokens.count ? tokens[index + 1].text : ""] else { continue }
            let start = try rewrite.operandStart(endingAt: index - 1)
            rewrite.wrap(start...(index + 1), "fairlead_field(", ")")
            rewrite.replace(index, ",")
            rewrite.replace(index + 1, "\(field)")
        }
    }

    private static let functionsOfRows: Set<String> = ["unnest", "generate_subscripts", "_pg_expandarray"]

    /// `unnest(x) WITH ORDINALITY t (a, n)` as a relation; `x` may be a list of a relation beside it only behind a lone star.
    mutating func vectorRelations() throws(SQLFailure) {
        guard namesCatalog else { return try missingRelations() }
        for index in tokens.indices where rewrite.isMark(index + 1, "(") {
            let isSubscripts = tokens[index].isWord("generate_subscripts")
            guard isSubscripts || tokens[index].isWord("unnest") else { continue }
            let start = rewrite.isWord(index - 2, "pg_catalog") ? index - 2 : index
            guard
                ["from", "join"].contains(where: { rewrite.isWord(start - 1, $0) }) || rewrite.isMark(start - 1, ","),
                let from = enclosingFrom(start)
            else { continue }
            let close = try rewrite.closing(index + 1)
            var next = close + 1
            if rewrite.isWords(next, "with", "ordinality") { next += 2 }
            if rewrite.isWord(next, "as") { next += 1 }
            guard next < tokens.count, tokens[next].isName else {
                throw refused("\(tokens[index].text) without a name is not known here", index)
            }
            let alias = tokens[next].text
            var names = [alias]
            var end = next + 1
            if rewrite.isMark(end, "(") {
                end = try rewrite.closing(end) + 1
                names = tokens[(next + 2)..<(end - 1)].filter(\.isName).map(\.text)
            }
            var vectors = rewrite.split((index + 2)..<close).map { rewrite.text($0) }
            if isSubscripts {
                guard vectors.count == 2, vectors[1] == "1" else {
                    throw refused("subscripts of other dimensions than the first are not known here", index)
                }
                vectors.removeLast()
            }
            var columns = vectors.enumerated().compactMap { place, vector in
                isSubscripts
                    ? "\(alias).key + fairlead_vector_start(\(vector)) AS \(SQLText.quoted(names[0]))"
                    : place < names.count
                        ? "fairlead_vector_item(\(vector), \(alias).key + fairlead_vector_start(\(vector))) AS \(SQLText.quoted(names[place]))"
                        : nil
            }
            if names.count > vectors.count {
                columns.append("\(alias).key + 1 AS \(SQLText.quoted(names[vectors.count]))")
            }
            let elements = "json_each(fairlead_vector(\(vectors[0]))) AS \(alias)"
            let siblings = neighbours(of: start, from)
            let isSibling = (index + 2..<close).contains {
                siblings.contains(tokens[$0].text) && rewrite.isMark($0 + 1, ".")
            }
            rewrite.remove(start..<end)
            guard isSibling else {
                rewrite.replace(index, "(SELECT \(columns.joined(separator: ", ")) FROM \(elements)) AS \(alias)")
                continue
            }
            guard tokens[from - 1].isOperator("*"), rewrite.isWord(from - 2, "select") else {
                throw refused("unnest of a list of a relation beside it is not known here", index)
            }
            rewrite.replace(index, elements)
            rewrite.replace(from - 1, (siblings.map { "\($0).*" } + columns).joined(separator: ", "))
        }
    }

    /// Functions that give rows and are not known here.
    private func missingRelations() throws(SQLFailure) {
        for index in tokens.indices where tokens[index].kind == .word && rewrite.isMark(index + 1, "(") {
            guard ["from", "join"].contains(where: { rewrite.isWord(index - 1, $0) }),
                SQLMissingFunctions.names.contains(tokens[index].text)
            else { continue }
            throw refused("the function \(tokens[index].text) is not known here", index)
        }
    }

    /// The FROM whose list of relations a word stands in.
    private func enclosingFrom(_ index: Int) -> Int? {
        var depth = 0
        for place in stride(from: index - 1, through: 0, by: -1) {
            if tokens[place].isMark(")") { depth += 1 }
            if tokens[place].isMark("(") { depth -= 1 }
            if depth < 0 || depth == 0 && (tokens[place].isWord("select") || tokens[place].isWord("where")) {
                return nil
            }
            if depth == 0, tokens[place].isWord("from"), !rewrite.isWord(place - 1, "distinct") { return place }
        }
        return nil
    }

    /// The names of the relations that stand before a word in its FROM: the last words before commas and joins.
    private func neighbours(of index: Int, _ from: Int) -> [String] {
        rewrite.split((from + 1)..<index).compactMap { piece in piece.last.map { tokens[$0] } }.filter(\.isName).map(
            \.text)
    }

    private func enclosingSelect(_ index: Int) -> Int? {
        var depth = 0
        for place in stride(from: index - 1, through: 0, by: -1) {
            if tokens[place].isMark(")") { depth += 1 }
            if tokens[place].isMark("(") { depth -= 1 }
            // It may stand in a group, or in a call.
            depth = max(0, depth)
            if depth == 0, tokens[place].isWord("select") { return place }
            if depth == 0, tokens[place].isWord("from") { return nil }
        }
        return nil
    }

    private mutating func vectors(_ places: [Int], _ select: Int) throws(SQLFailure) {
        var (depth, end) = (0, select)
        var isInFrom = false
        while end < tokens.count {
            if tokens[end].isMark("(") { depth += 1 }
            if tokens[end].isMark(")") { depth -= 1 }
            if depth < 0 { break }
            if depth == 0, tokens[end].isWord("from") { isInFrom = true }
            if isInFrom, depth == 0, ["where", "group", "order", "limit", "union"].contains(tokens[end].text) { break }
            end += 1
        }
        guard isInFrom else { throw refused("unnest without a relation is not known here", places[0]) }
        var first: String?
        for place in places {
            let close = try rewrite.closing(place + 1)
            guard let argument = rewrite.split((place + 2)..<close).first, !argument.isEmpty else {
                throw rewrite.syntaxError(place + 2)
            }
            let vector = rewrite.newText(argument)
            first = first ?? vector
            let item = "fairlead_vector_item(\(vector), fairlead_elements.key + fairlead_vector_start(\(vector)))"
            let element =
                switch tokens[place].text {
                case "unnest": item
                case "_pg_expandarray": "fairlead_pair(\(item), fairlead_elements.key + 1)"
                default: "fairlead_elements.key + fairlead_vector_start(\(vector))"
                }
            rewrite.blank(place..<(close + 1))
            if rewrite.isWord(place - 2, "information_schema") { rewrite.remove((place - 2)..<place) }
            rewrite.replace(place, element)
        }
        rewrite.suffix(end - 1, ", json_each(fairlead_vector(\(first ?? ""))) AS fairlead_elements")
    }
}
