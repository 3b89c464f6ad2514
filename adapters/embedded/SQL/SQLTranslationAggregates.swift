// Aggregates whose arguments have an order of their own.

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

    /// Translates an aggregate whose arguments are ordered; whether it was one.
    mutating func orderedAggregate(_ index: Int) throws(SQLFailure) -> Bool {
        let name = tokens[index].text
        guard let order = aggregateOrder(index) else { return false }
        let close = try rewrite.closing(index + 1)
        guard name == "array_agg" || name == "string_agg" else {
            guard Self.orderless.contains(name) else {
                throw refused("ORDER BY among the arguments of \(name) is not known here", order)
            }
            rewrite.remove(order..<close)
            return true
        }
        if rewrite.isWord(index + 2, "distinct") || rewrite.isWord(close + 1, "over") {
            throw refused("\(name) with ORDER BY and DISTINCT or OVER is not known here", index)
        }
        guard rewrite.split((index + 2)..<order).count == (name == "array_agg" ? 1 : 2) else {
            throw SQLFailure(
                "42883", "function \(name) does not exist with that many arguments", offset: tokens[index].start)
        }
        var keys: [SQLAggregateOrder.Key] = []
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
            keys.append(SQLAggregateOrder.Key(isDescending: isDescending, nullsFirst: nullsFirst ?? isDescending))
        }
        let spelled = SQLAggregateOrder(isText: name == "string_agg", keys: keys).text
        rewrite.replace(index, "fairlead_ordered")
        rewrite.suffix(index + 1, "\(SQLText.literal(spelled)), ")
        rewrite.replace(order, ",")
        rewrite.remove((order + 1)..<(order + 2))
        return true
    }
}
