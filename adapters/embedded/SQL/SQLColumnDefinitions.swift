// One column of a table: its type, its constraints, and what it fills itself with.

import Capabilities

extension SQLTranslator {
    /// Words at which a column's constraint begins.
    private static let constraintWords: Set<String> = [
        "constraint", "not", "null", "default", "check", "unique", "primary", "references", "generated", "collate",
        "deferrable", "initially", "match", "on",
    ]

    /// Translates one column's definition; whether it is the row's own number, which SQLite counts up by itself.
    ///
    /// SQLite gives a nameless CHECK the name of the named one before it, so each gets the name that PostgreSQL gives.
    @discardableResult
    mutating func column(_ piece: Range<Int>, isKey: Bool, isOnlyKey: Bool) throws(SQLFailure) -> Bool {
        let name = tokens[piece.lowerBound].text
        try checkNewName(piece.lowerBound)
        var next = piece.lowerBound + 1
        let typeStart = next
        guard next < piece.upperBound, var type = try SQLDeclaredType.read(tokens, at: &next) else {
            throw rewrite.syntaxError(next)
        }
        // SQLite would compare and join them as the texts that they are.
        if type.type.item != nil { throw refused("columns that hold arrays are not known here", typeStart) }
        let typeEnd = next
        if rewrite.isWord(next, "compression") {
            // How it is stored has no meaning here.
            rewrite.remove(next..<min(next + 2, piece.upperBound))
            next += 2
        }
        if next < piece.upperBound, !Self.constraintWords.contains(tokens[next].text) {
            throw rewrite.syntaxError(next)
        }
        try checkNulls(next..<piece.upperBound, name)
        var key: Int?
        var isNotNull = false
        var (kind, options) = ("", Range<Int>?.none)
        while next < piece.upperBound {
            try checkDeferrable(next, piece)
            try checkMatch(next, columns: 1)
            if rewrite.isWords(next, "primary", "key") { key = next + 1 }
            if rewrite.isWords(next, "not", "null") { isNotNull = true }
            if rewrite.isWord(next, "check"), !rewrite.isWord(next - 2, "constraint") {
                rewrite.prefix(next, "CONSTRAINT \(SQLText.quoted(checkName("\(bareTableName)_\(name)_check"))) ")
            }
            if rewrite.isWord(next, "default") {
                next = try defaultClause(next + 1, to: piece.upperBound, type.type)
                continue
            }
            if rewrite.isWord(next, "generated"), let identity = identity(next, to: piece.upperBound) {
                guard type.type.isWhole else {
                    throw SQLFailure("22023", "identity column type must be smallint, integer, or bigint")
                }
                type.isSerial = true
                (kind, options) = (rewrite.isWord(next + 1, "always") ? "a" : "d", identity.options)
                rewrite.remove(next..<identity.end)
                next = identity.end
                continue
            }
            if rewrite.isMark(next, "(") {
                let close = try rewrite.closing(next)
                if type.type == .float32, rewrite.isWord(next - 1, "as"), close > next + 1 {
                    rewrite.wrap((next + 1)...(close - 1), "fairlead_real((", "))", level: 1)
                }
                next = close
            }
            next += 1
        }
        // A session's own table, and a column that comes later, can only count by their rows' numbers.
        let hasSequence = type.isSerial && temporary == nil && !tableStored.isEmpty
        if type.isSerial, !hasSequence {
            guard key != nil || isOnlyKey else {
                throw refused("a column that counts up by itself has to be the primary key here", typeStart)
            }
            if let options {
                throw refused("the options of this identity column are not known here", options.lowerBound)
            }
        }
        if hasSequence { type.isSerial = false }
        try names(piece.lowerBound..<typeStart)
        rewrite.remove(typeStart..<typeEnd)
        try expressions(typeEnd..<piece.upperBound)
        let isUnscaled = type.type == .numeric && type.scale == nil
        let isComputed = isUnscaled && piece.contains { rewrite.isWord($0, "generated") }
        if isUnscaled, !isComputed { keepDefaultDigits(typeEnd..<piece.upperBound) }
        // What is computed is a double, which has no zeros at its end.
        var declaration = isComputed ? "numeric" : type.declaration
        if type.isSerial, key == nil { declaration += " PRIMARY KEY AUTOINCREMENT" }
        // SQLite lets a primary key be NULL, for an old mistake's sake.
        if !type.isSerial, key != nil || isKey || hasSequence, !isNotNull { declaration += " NOT NULL" }
        if hasSequence {
            let fallback = try ownSequence(name, type.type, identity: kind, options)
            declaration += " DEFAULT (\(fallback))"
        }
        let rules = isComputed ? "" : SQLColumnRule.constraints(for: type, column: name)
        rewrite.replace(typeStart, declaration + rules)
        if let key, type.isSerial { rewrite.suffix(key, " AUTOINCREMENT") }
        return type.isSerial
    }

    /// A column cannot be NULL and not NULL, or have two defaults.
    private func checkNulls(_ words: Range<Int>, _ column: String) throws(SQLFailure) {
        var (isNull, isNotNull, defaults, depth) = (false, false, 0, 0)
        for index in words {
            if tokens[index].isMark("(") { depth += 1 }
            if tokens[index].isMark(")") { depth -= 1 }
            guard depth == 0, tokens[index].kind == .word else { continue }
            let before = tokens[index - 1]
            switch tokens[index].text {
            case "null" where before.isWord("not"): isNotNull = true
            case "null":
                // Not that of `DEFAULT NULL`, `SET NULL`, `x IS NULL`.
                let isOwn = index == words.lowerBound || before.isMark(")") || before.isName && !before.isWord("set")
                let isValue = ["default", "is", "set", "then", "else", "and", "or", "isnull"].contains(before.text)
                if isOwn, !isValue { isNull = true }
            case "default" where !before.isWord("set") && !before.isWord("by"): defaults += 1
            default: break
            }
        }
        let table = bareTableName
        if isNull, isNotNull {
            throw SQLFailure(
                "42601", "conflicting NULL/NOT NULL declarations for column \"\(column)\" of table \"\(table)\"",
                offset: tokens[words.lowerBound].start)
        }
        guard defaults > 1 else { return }
        throw SQLFailure(
            "42601", "multiple default values specified for column \"\(column)\" of table \"\(table)\"",
            offset: tokens[words.lowerBound].start)
    }

    /// SQLite reads MATCH and does what MATCH SIMPLE says, which of one column is the same as FULL.
    func checkMatch(_ index: Int, columns: Int) throws(SQLFailure) {
        guard rewrite.isWord(index, "match"), index + 1 < tokens.count else { return }
        if rewrite.isWord(index + 1, "partial") {
            throw SQLFailure("0A000", "MATCH PARTIAL not yet implemented", offset: tokens[index].start)
        }
        guard columns > 1, rewrite.isWord(index + 1, "full") else { return }
        throw refused("MATCH FULL of several columns is not known here", index)
    }

    /// Only a foreign key can wait to be looked at until COMMIT.
    func checkDeferrable(_ index: Int, _ piece: Range<Int>) throws(SQLFailure) {
        let isLate = rewrite.isWord(index, "deferrable") && !rewrite.isWord(index - 1, "not")
        guard isLate || rewrite.isWords(index, "initially", "deferred") else { return }
        let kinds: Set<String> = ["unique", "primary", "check", "references", "foreign"]
        let kind = (piece.lowerBound..<index).last { tokens[$0].kind == .word && kinds.contains(tokens[$0].text) }
        guard let kind, !rewrite.isWord(kind, "references"), !rewrite.isWord(kind, "foreign") else { return }
        throw refused("a constraint that is looked at with COMMIT only can be a foreign key only here", index)
    }

    /// Has a default that is a number keep the zeros at its end.
    private mutating func keepDefaultDigits(_ range: Range<Int>) {
        for index in range where rewrite.isWord(index - 1, "default") && tokens[index].kind == .decimal {
            guard let digits = try? SQLDecimal.digits(Array(rewrite.text(index..<(index + 1)).utf8)) else { continue }
            rewrite.replace(index, "'\(String(decoding: digits, as: UTF8.self))'")
        }
    }

    /// Puts a default into parentheses, without which SQLite takes only literals.
    private mutating func defaultClause(
        _ start: Int, to limit: Int, _ type: SQLType
    ) throws(SQLFailure) -> Int {
        var end = start
        while end < limit {
            if rewrite.isMark(end, "(") { end = try rewrite.closing(end) }
            if end > start, tokens[end].kind == .word, Self.constraintWords.contains(tokens[end].text) { break }
            end += 1
        }
        guard end > start else { throw rewrite.syntaxError(start) }
        try sequenceDefault(start..<end)
        if type == .float32 { try narrowDefault(start..<end) }
        rewrite.wrap(start...(end - 1), "(", ")", level: 1)
        return end
    }

    /// Has what fills a column of `real` be a number of `real`.
    private mutating func narrowDefault(_ words: Range<Int>) throws(SQLFailure) {
        guard !rewrite.isWord(words.lowerBound, "null") else { return }
        var constant = words.lowerBound
        if rewrite.isOperator(constant, "-") { constant += 1 }
        let token = tokens[constant]
        let text =
            token.isString
            ? try token.stringValue(in: rewrite.source) ?? [] : Array(rewrite.text(constant..<(constant + 1)).utf8)
        let isConstant = token.isString || token.kind == .integer || token.kind == .decimal
        if constant == words.upperBound - 1, isConstant, case .double(let number) = try SQLType.float32.value(text) {
            if Double(String(decoding: text, as: UTF8.self)) == number, !token.isString { return }
            // Behind ALTER TABLE SQLite takes nothing but a constant.
            if tableStored.isEmpty { return rewrite.replace(constant, "\(number)") }
        }
        rewrite.wrap(words.lowerBound...(words.upperBound - 1), "fairlead_real(", ")", level: 0)
    }

    /// `GENERATED … AS IDENTITY (…)`: the place behind it and the options in it; nil for a computed column.
    private func identity(_ start: Int, to limit: Int) -> (end: Int, options: Range<Int>?)? {
        var next = start + 1
        while next < limit, !rewrite.isWord(next, "as") { next += 1 }
        guard rewrite.isWord(next + 1, "identity") else { return nil }
        next += 2
        guard next < limit, rewrite.isMark(next, "("), let close = try? rewrite.closing(next) else {
            return (next, nil)
        }
        return (close + 1, (next + 1)..<close)
    }
}
