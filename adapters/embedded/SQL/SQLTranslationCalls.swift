// Functions whose call is written in words, and words that are functions.

import Capabilities

extension SQLTranslator {
    /// Words that PostgreSQL takes for a call without parentheses.
    private static let constants: [String: String] = [
        "current_timestamp": "now()", "localtimestamp": "fairlead_localtimestamp()", "current_time": "fairlead_time()",
        "localtime": "fairlead_time()", "current_user": "current_user()", "session_user": "current_user()",
        "current_role": "current_user()", "user": "current_user()", "current_catalog": "current_database()",
        "current_schema": "current_schema()",
    ]

    /// Functions that make JSON of their arguments.
    static let jsonMakers: Set<String> = [
        "json_build_object", "jsonb_build_object", "json_build_array", "jsonb_build_array", "to_json", "to_jsonb",
        "array_to_json", "row_to_json",
    ]

    mutating func calls(_ range: Range<Int>) throws(SQLFailure) {
        for index in range where tokens[index].kind == .word {
            let word = tokens[index].text
            let isCall = rewrite.isMark(index + 1, "(")
            if let call = Self.constants[word], !rewrite.isMark(index - 1, "."), !rewrite.isMark(index + 1, "."),
                !rewrite.isWord(index - 1, "as")
            {
                try constant(index, call, isCall: isCall)
                continue
            }
            guard isCall else { continue }
            if try gatheringAggregate(index) { continue }
            switch word {
            case "extract": try extract(index)
            case "substring", "overlay": try substring(index)
            case "position": try position(index)
            case "trim": try trim(index)
            case "array":
                if rewrite.isWord(index + 2, "select") {
                    rewrite.remove(index..<(index + 1))
                    try gathered(index)
                }
            case _ where Self.jsonMakers.contains(word) && typing == nil:
                guessJSON(rewrite.split((index + 2)..<(try rewrite.closing(index + 1))))
            case "if", "iif", "load_extension", "sqlite_version", "printf", "randomblob", "zeroblob", "likely",
                "unlikely", "json_each", "json_tree", "fts3_tokenizer":
                throw SQLFailure("42883", "function \(word) does not exist", offset: tokens[index].start)
            default:
                if word.hasPrefix("fairlead_") || word.hasPrefix("sqlite_") {
                    throw SQLFailure("42883", "function \(word) does not exist", offset: tokens[index].start)
                }
                if let name = SQLFunctionNames.spelling[word] { rewrite.replace(index, name) }
            }
        }
    }

    private mutating func constant(_ index: Int, _ call: String, isCall: Bool) throws(SQLFailure) {
        let word = tokens[index].text
        guard isCall else {
            // A column that is called `user` has to be quoted in PostgreSQL too.
            rewrite.replace(index, call)
            return
        }
        if word == "current_schema" { return }
        // A precision in parentheses: all times here have six digits.
        guard rewrite.isMark(index + 3, ")"), tokens[index + 2].kind == .integer else {
            throw rewrite.syntaxError(index + 1)
        }
        rewrite.remove((index + 1)..<(index + 4))
        rewrite.replace(index, call)
    }

    /// `ARRAY(SELECT x …)` as the text of an array: its query's rows are gathered first.
    private mutating func gathered(_ index: Int) throws(SQLFailure) {
        let how = SQLText.literal(SQLGathering(.array).text)
        rewrite.suffix(
            index + 1,
            "SELECT coalesce(fairlead_gathered(\(how), item), '{}') FROM (SELECT NULL AS item WHERE 0 UNION ALL SELECT * FROM ("
        )
        rewrite.prefix(try rewrite.closing(index + 1), "))")
    }

    private func place(of word: String, in range: Range<Int>) -> Int? {
        var depth = 0
        for index in range {
            if tokens[index].isMark("(") { depth += 1 }
            if tokens[index].isMark(")") { depth -= 1 }
            if depth == 0, tokens[index].isWord(word) { return index }
        }
        return nil
    }

    /// Translates `extract(field FROM x)`.
    private mutating func extract(_ index: Int) throws(SQLFailure) {
        guard rewrite.isWord(index + 3, "from"), tokens[index + 2].isName || tokens[index + 2].isString else {
            throw rewrite.syntaxError(index + 2)
        }
        rewrite.replace(index, "date_part")
        if tokens[index + 2].isName { rewrite.replace(index + 2, SQLText.literal(tokens[index + 2].text)) }
        rewrite.replace(index + 3, ",")
    }

    /// Translates `substring(x FROM a FOR b)`.
    private mutating func substring(_ index: Int) throws(SQLFailure) {
        if tokens[index].text == "overlay" { throw refused("overlay is not known here", index) }
        rewrite.replace(index, "substring")
        let close = try rewrite.closing(index + 1)
        let from = place(of: "from", in: (index + 2)..<close)
        let length = place(of: "for", in: (index + 2)..<close)
        if let from { rewrite.replace(from, ",") }
        if let length { rewrite.replace(length, from == nil ? ", 1 ," : ",") }
    }

    /// Translates `position(a IN b)`.
    private mutating func position(_ index: Int) throws(SQLFailure) {
        let close = try rewrite.closing(index + 1)
        guard let word = place(of: "in", in: (index + 2)..<close) else { throw rewrite.syntaxError(close) }
        rewrite.replace(index, "fairlead_position")
        rewrite.replace(word, ",")
    }

    /// Translates `trim([LEADING|TRAILING|BOTH] [characters] FROM x)`.
    private mutating func trim(_ index: Int) throws(SQLFailure) {
        let close = try rewrite.closing(index + 1)
        var name = "btrim"
        var next = index + 2
        if let side = ["leading": "ltrim", "trailing": "rtrim", "both": "btrim"][tokens[next].text] {
            name = side
            rewrite.remove(next..<(next + 1))
            next += 1
        }
        rewrite.replace(index, name)
        guard let from = place(of: "from", in: next..<close) else { return }
        if from == next {
            rewrite.remove(from..<(from + 1))
        } else {
            // The characters stand first here and second in the call.
            let characters = rewrite.newText(next..<from)
            rewrite.remove(next..<(from + 1))
            rewrite.prefix(close, ", \(characters) ")
        }
    }
}
