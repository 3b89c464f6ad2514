// How often queries that have a name are read: SQLite puts each one in every place that names it.

import Capabilities

/// Counts views and the queries of a WITH as often as SQLite reads them, which doubles with each that names one before it twice.
enum SQLExpansion {
    /// The most in one statement; SQLite cannot be interrupted while it reads them.
    static let most = 5_000
    /// Views in one another that are looked into.
    static let greatestDepth = 100

    /// Fails for a statement that takes too long to read.
    static func check(_ tokens: [SQLToken], _ relations: SQLRelationLookup) throws(SQLFailure) {
        let heads: Set<String> = [
            "select", "with", "insert", "update", "delete", "values", "table", "explain", "create",
        ]
        guard let first = tokens.first, first.isMark("(") || heads.contains(first.text) else { return }
        // Of a definition only the query behind AS reads anything.
        guard let start = first.isWord("create") ? tokens.firstIndex(where: { $0.isWord("as") }) : 0 else { return }
        let count = try weight(tokens, from: start) { schema, name throws(SQLFailure) in
            guard case .known(let relation) = try relations.find(schema, name) else { return 0 }
            return relation.weight
        }
        guard count > most else { return }
        throw .refused(
            .sqlQuery,
            "views and queries with names that are used more than \(most) times in one another are not known here",
            offset: first.start)
    }

    /// What the words from `start` on read, each relation as `relation` tells it; not much more than ``most`` at the most.
    static func weight(
        _ tokens: [SQLToken], from start: Int, of relation: (String?, String) throws(SQLFailure) -> Int
    ) throws(SQLFailure) -> Int {
        let places = SQLTranslator.relationPlaces(tokens)
        guard !places.isEmpty else { return 0 }
        var named: [String: Int] = [:]
        // Parentheses that are open, and which of them hold a query with a name.
        var open: [Int] = []
        var queries: [(name: String, depth: Int, weight: Int)] = []
        var openings: [Int: Int] = [:]
        var total = 0
        for index in start..<max(start, tokens.count) {
            if tokens[index].isMark("(") {
                open.append(index)
                if let name = query(openAt: index, tokens, openings) { queries.append((name, open.count, 1)) }
            } else if tokens[index].isMark(")") {
                if let query = queries.last, query.depth == open.count {
                    named[query.name] = query.weight
                    queries.removeLast()
                }
                if let last = open.popLast() { openings[index] = last }
            } else if places[index] != nil {
                let isQualified = index + 2 < tokens.count && tokens[index + 1].isMark(".") && tokens[index + 2].isName
                let found: Int
                if isQualified {
                    found = try relation(tokens[index].text, tokens[index + 2].text)
                } else if let own = named[tokens[index].text] {
                    found = own
                } else {
                    found = try relation(nil, tokens[index].text)
                }
                if queries.isEmpty {
                    total = min(most + 1, total + found)
                } else {
                    queries[queries.count - 1].weight = min(most + 1, queries[queries.count - 1].weight + found)
                }
            }
        }
        return total
    }

    /// The name of the query of a WITH that a parenthesis opens; nil for every other parenthesis.
    private static func query(openAt index: Int, _ tokens: [SQLToken], _ openings: [Int: Int]) -> String? {
        var place = index - 1
        if place > 0, tokens[place].isWord("materialized") { place -= 1 }
        if place > 0, tokens[place].isWord("not") { place -= 1 }
        guard place > 1, tokens[place].isWord("as") else { return nil }
        place -= 1
        // Names of its columns.
        if tokens[place].isMark(")") { place = (openings[place] ?? 0) - 1 }
        guard place > 0, tokens[place].isName else { return nil }
        let before = tokens[place - 1]
        return before.isWord("with") || before.isWord("recursive") || before.isMark(",") ? tokens[place].text : nil
    }
}
