// The options of a sequence: what its words say, and what they must not say (sequence.c, init_params).

import Capabilities

/// Reads `AS type INCREMENT BY n MINVALUE n …`.
struct SQLSequenceOptions {
    var type: SQLType?
    var increment: Int64?
    /// nil where nothing is said; `.some(nil)` for NO MINVALUE.
    var least: Int64??
    var greatest: Int64??
    var start: Int64?
    var cycles: Bool?
    /// RESTART, and with which number.
    var restart: Int64??
    /// The words of the column that it goes with, behind OWNED BY.
    var owner: Range<Int>?

    /// Reads up to `end`; `alters` allows RESTART.
    static func read(
        _ rewrite: SQLRewrite, _ range: Range<Int>, alters: Bool = false
    ) throws(SQLFailure) -> SQLSequenceOptions {
        var options = SQLSequenceOptions()
        var at = range.lowerBound
        func isWord(_ word: String) -> Bool { at < range.upperBound && rewrite.isWord(at, word) }
        func take(_ word: String) -> Bool {
            guard isWord(word) else { return false }
            at += 1
            return true
        }
        func number() throws(SQLFailure) -> Int64 {
            let start = at
            if at < range.upperBound, rewrite.isOperator(at, "-") || rewrite.isOperator(at, "+") { at += 1 }
            guard at < range.upperBound, rewrite.tokens[at].kind == .integer else { throw rewrite.syntaxError(at) }
            at += 1
            let text = rewrite.text(start..<at).filter { $0 != " " }
            guard let value = Int64(text) else {
                throw SQLFailure("22003", "value \"\(text)\" is out of range for type bigint")
            }
            return value
        }
        while at < range.upperBound {
            if take("as") {
                guard let type = try SQLDeclaredType.read(rewrite.tokens, at: &at), type.type.isWhole else {
                    throw SQLFailure("22023", "sequence type must be smallint, integer, or bigint")
                }
                options.type = type.type
            } else if take("increment") {
                _ = take("by")
                options.increment = try number()
            } else if take("minvalue") {
                options.least = .some(try number())
            } else if take("maxvalue") {
                options.greatest = .some(try number())
            } else if take("start") {
                _ = take("with")
                options.start = try number()
            } else if take("cache") {
                guard try number() > 0 else { throw SQLFailure("22023", "CACHE (0) must be greater than zero") }
            } else if take("cycle") {
                options.cycles = true
            } else if take("no") {
                if take("minvalue") {
                    options.least = .some(nil)
                } else if take("maxvalue") {
                    options.greatest = .some(nil)
                } else if take("cycle") {
                    options.cycles = false
                } else {
                    throw rewrite.syntaxError(at)
                }
            } else if alters, take("restart") {
                let isNumber =
                    take("with") || rewrite.isOperator(at, "-")
                    || at < range.upperBound && rewrite.tokens[at].kind == .integer
                options.restart = isNumber ? .some(try number()) : .some(nil)
            } else if take("owned") {
                guard take("by") else { throw rewrite.syntaxError(at) }
                if take("none") { continue }
                let start = at
                while at < range.upperBound, rewrite.tokens[at].isName || rewrite.isMark(at, ".") { at += 1 }
                options.owner = start..<at
            } else {
                throw rewrite.syntaxError(at)
            }
        }
        return options
    }

    /// The sequence with these options, as CREATE (`isNew`) or ALTER makes it.
    func applied(to old: SQLSequence, isNew: Bool) throws(SQLFailure) -> SQLSequence {
        var new = old
        func invalid(_ message: String) -> SQLFailure { SQLFailure("22023", message) }
        if let type {
            new.type = type
            // A bound that was the old type's becomes the new one's.
            if old.greatest == old.type.wholeBounds?.upperBound { new.greatest = type.wholeBounds?.upperBound ?? .max }
            if old.least == old.type.wholeBounds?.lowerBound { new.least = type.wholeBounds?.lowerBound ?? .min }
        }
        let bounds = new.type.wholeBounds ?? .min ... .max
        if let increment {
            guard increment != 0 else { throw invalid("INCREMENT must not be zero") }
            new.increment = increment
        }
        if let cycles { new.cycles = cycles }
        let isUp = new.increment > 0
        if isNew || greatest == .some(nil) { new.greatest = isUp ? bounds.upperBound : -1 }
        if isNew || least == .some(nil) { new.least = isUp ? 1 : bounds.lowerBound }
        if let greatest, let greatest { new.greatest = greatest }
        if let least, let least { new.least = least }
        let type = new.type.displayName
        guard bounds.contains(new.greatest) else {
            throw invalid("MAXVALUE (\(new.greatest)) is out of range for sequence data type \(type)")
        }
        guard bounds.contains(new.least) else {
            throw invalid("MINVALUE (\(new.least)) is out of range for sequence data type \(type)")
        }
        guard new.least < new.greatest else {
            throw invalid("MINVALUE (\(new.least)) must be less than MAXVALUE (\(new.greatest))")
        }
        if let start { new.start = start } else if isNew { new.start = isUp ? new.least : new.greatest }
        if isNew { new.first = new.start }
        guard new.start >= new.least else {
            throw invalid("START value (\(new.start)) cannot be less than MINVALUE (\(new.least))")
        }
        guard new.start <= new.greatest else {
            throw invalid("START value (\(new.start)) cannot be greater than MAXVALUE (\(new.greatest))")
        }
        if let restart {
            new = new.renewed
            new.first = restart ?? new.start
            guard new.first >= new.least else {
                throw invalid("RESTART value (\(new.first)) cannot be less than MINVALUE (\(new.least))")
            }
            guard new.first <= new.greatest else {
                throw invalid("RESTART value (\(new.first)) cannot be greater than MAXVALUE (\(new.greatest))")
            }
        }
        return new
    }
}
