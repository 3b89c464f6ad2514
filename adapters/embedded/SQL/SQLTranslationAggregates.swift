// Aggregates that gather their arguments, and those whose arguments have an order of their own.

import Capabilities

extension SQLTranslator {
    /// Those that give the same in any order.
    private static let orderless: Set<String> = ["count", "sum", "min", "max", "avg", "bool_and", "bool_or", "every"]

    /// Where the ORDER BY of an aggregate's arguments begins; nil where there is none.
    func aggregateOrder(_ index: Int) -> Int? {
        // A query in parentheses has an order of its own.
        let isQuery = ["select", "with", "values", "table"].contains { rewrite.isWord(index + 2, $0) }
        guard !isQuery, !rewrite.isKeyWord(index), let close = try? rewrite.closing(index + 1) else { return nil }
        var depth = 0
        for place in (index + 2)..<max(index + 2, close) {
            if tokens[place].isMark("(") { depth += 1 }
            if tokens[place].isMark(")") { depth -= 1 }
            if depth == 0, rewrite.isWords(place, "order", "by") { return place }
        }
        return nil
    }

    /// Translates an aggregate that gathers its arguments, or whose arguments are ordered; whether it was one.
    mutating func gatheringAggregate(_ index: Int) throws(SQLFailure) -> Bool {
        let name = tokens[index].text
        let order = aggregateOrder(index)
        let isDistinct = rewrite.isWord(index + 2, "distinct")
        guard !rewrite.isKeyWord(index), let kind = SQLGathering.functions[name],
            kind != .text || order != nil || isDistinct
        else {
            guard let order else { return false }
            guard Self.orderless.contains(name) else {
                throw refused("ORDER BY among the arguments of \(name) is not known here", order)
            }
            rewrite.remove(order..<(try rewrite.closing(index + 1)))
            if let spelled = SQLFunctionNames.spelling[name] { rewrite.replace(index, spelled) }
            return true
        }
        let close = try rewrite.closing(index + 1)
        if isDistinct || order != nil, rewrite.isWord(close + 1, "over") {
            let what = isDistinct ? "DISTINCT is not implemented for" : "aggregate ORDER BY is not implemented for"
            throw SQLFailure("0A000", "\(what) window functions", offset: tokens[index].start)
        }
        let arguments = rewrite.split((index + (isDistinct ? 3 : 2))..<(order ?? close))
        guard arguments.count == kind.width, !arguments.contains(where: \.isEmpty) else {
            throw SQLFailure(
                "42883", "function \(name) does not exist with that many arguments", offset: tokens[index].start)
        }
        var gathering = SQLGathering(kind, isDistinct: isDistinct)
        gathering.keys = try orderKeys(order, close)
        if gathering.kind == .json, isLined(arguments[0]) { gathering.kind = .lines }
        if isDistinct { try distinct(&gathering, arguments[0], order, close) }
        if typing == nil, kind != .array, kind != .text { guessJSON(arguments) }
        rewrite.replace(index, "fairlead_gathered")
        rewrite.suffix(index + 1, "\(SQLText.literal(gathering.text)), ")
        return true
    }

    /// The keys of an ORDER BY, which become further arguments.
    private mutating func orderKeys(_ order: Int?, _ close: Int) throws(SQLFailure) -> [SQLGathering.Key] {
        guard let order else { return [] }
        var keys: [SQLGathering.Key] = []
        for piece in rewrite.split((order + 2)..<close) {
            var end = piece.upperBound
            var nullsFirst: Bool?
            if rewrite.isWord(end - 2, "nulls") {
                nullsFirst = rewrite.isWord(end - 1, "first")
                rewrite.remove((end - 2)..<end)
                end -= 2
            }
            let isDescending = rewrite.isWord(end - 1, "desc")
            if isDescending || rewrite.isWord(end - 1, "asc") {
                rewrite.remove((end - 1)..<end)
                end -= 1
            }
            guard end > piece.lowerBound, !rewrite.isWord(end - 2, "using") else {
                throw rewrite.syntaxError(piece.lowerBound)
            }
            // A number is no column here, and a text neither.
            keys.append(SQLGathering.Key(isDescending: isDescending, nullsFirst: nullsFirst ?? isDescending))
        }
        rewrite.replace(order, ",")
        rewrite.remove((order + 1)..<(order + 2))
        return keys
    }

    /// Elements that are arrays or rows stand on lines of their own.
    private func isLined(_ words: Range<Int>) -> Bool {
        typing?.lined.contains(words.lowerBound...(words.upperBound - 1)) ?? false
    }

    /// Equal values count once, and come in their order, as PostgreSQL sorts them to find them.
    private mutating func distinct(
        _ gathering: inout SQLGathering, _ value: Range<Int>, _ order: Int?, _ close: Int
    ) throws(SQLFailure) {
        let word = value.lowerBound
        // JSON is no longer the value that is compared.
        guard gathering.kind == .array || gathering.kind == .text else {
            throw refused("DISTINCT of JSON is not known here", word)
        }
        rewrite.remove((word - 1)..<word)
        guard let order else {
            gathering.keys = [SQLGathering.Key(isDescending: false, nullsFirst: false)]
            return
        }
        let keys = rewrite.split((order + 2)..<close)
        guard keys.count == 1, rewrite.text(keys[0].prefix(value.count)) == rewrite.text(value) else {
            throw SQLFailure(
                "42P10", "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list",
                offset: tokens[keys[0].lowerBound].start)
        }
        guard isNameChain(value) else {
            throw refused("DISTINCT and ORDER BY of what is no column are not known here", word)
        }
        // The value is the key.
        rewrite.blank(order..<close)
    }

    /// Where nothing tells the types of values that become JSON, the values themselves do.
    mutating func guessJSON(_ arguments: [Range<Int>]) {
        for words in arguments where !words.isEmpty {
            rewrite.wrap(words.lowerBound...(words.upperBound - 1), "fairlead_json(", ", 0)")
        }
    }
}
