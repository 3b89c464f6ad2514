// What PostgreSQL calls the columns of a result (parse_target.c, FigureColname), by the words of their items.

import Capabilities

extension SQLTranslator {
    /// The name that PostgreSQL's FigureColname finds (parse_target.c); nil for `?column?`.
    func columnName(_ piece: Range<Int>) -> String? {
        guard let first = piece.first else { return nil }
        let last = piece.upperBound - 1
        let token = tokens[first]
        if piece.count == 1 {
            if ["true", "false", "null"].contains(token.text), token.kind == .word { return nil }
            if token.kind == .word, Self.notAliases.contains(token.text) { return token.text }
        }
        if isNameChain(piece) { return tokens[last].text }
        // A cast is called after what it converts, if that has a name, else after the type.
        if let start = rewrite.castStarts[last], start == first {
            guard let colons = rewrite.castEnds.first(where: { $0.value == last })?.key else {
                return rewrite.castTypes[first].map { ($0.type.item ?? $0.type).catalogName }
            }
            let type = rewrite.castTypes[colons].map { ($0.type.item ?? $0.type).catalogName }
            return columnName(first..<colons) ?? type
        }
        if token.isWord("cast"), let type = rewrite.castTypes[first] {
            if let close = try? rewrite.closing(first + 1), close == last,
                let word = (first..<last).last(where: { tokens[$0].isWord("as") })
            {
                return columnName((first + 2)..<word) ?? (type.type.item ?? type.type).catalogName
            }
        }
        if token.isMark("("), let close = try? rewrite.closing(first), close == last {
            if rewrite.isWord(first + 1, "select") { return subselectName(first + 1, last) }
            return columnName((first + 1)..<last)
        }
        if token.isWord("case"), tokens[last].isWord("end") {
            guard let otherwise = (first..<last).last(where: { tokens[$0].isWord("else") }) else { return "case" }
            // What is only called after its type lends no name.
            let words = (otherwise + 1)..<last
            return isNameChain(words) || wholeCall(words) ? columnName(words) ?? "case" : "case"
        }
        if token.isWord("exists") { return wholeCall(piece) ? "exists" : nil }
        if token.isWord("array") { return "array" }
        if token.isName, wholeCall(piece) {
            var name = first
            while rewrite.isMark(name + 1, "."), name + 2 <= last { name += 2 }
            switch tokens[name].text {
            case "trim": return "btrim"
            default: return tokens[name].text
            }
        }
        return nil
    }

    private func subselectName(_ select: Int, _ close: Int) -> String? {
        let list = selectList(select, close)
        if list.count >= 3, rewrite.isWord(list.upperBound - 2, "as") { return tokens[list.upperBound - 1].text }
        return columnName(list)
    }

    /// What stands between a SELECT and the clause behind its list.
    func selectList(_ select: Int, _ close: Int) -> Range<Int> {
        var end = select + 1
        var depth = 0
        while end < close {
            if tokens[end].isMark("(") { depth += 1 }
            if tokens[end].isMark(")") { depth -= 1 }
            if depth == 0, tokens[end].kind == .word, Self.selectListEnds.contains(tokens[end].text) { break }
            end += 1
        }
        return (select + 1)..<end
    }

    /// Whether the piece is one call, with its FILTER and OVER.
    func wholeCall(_ piece: Range<Int>) -> Bool {
        var next = piece.lowerBound
        while rewrite.isMark(next + 1, "."), next + 2 < piece.upperBound { next += 2 }
        guard rewrite.isMark(next + 1, "("), let close = try? rewrite.closing(next + 1) else { return false }
        next = close + 1
        while next < piece.upperBound {
            if rewrite.isWord(next, "filter"), rewrite.isMark(next + 1, "("), let close = try? rewrite.closing(next + 1)
            {
                next = close + 1
            } else if rewrite.isWord(next, "over") {
                if rewrite.isMark(next + 1, "(") {
                    guard let close = try? rewrite.closing(next + 1) else { return false }
                    next = close + 1
                } else {
                    next += 2
                }
            } else {
                return false
            }
        }
        return next == piece.upperBound
    }
}
