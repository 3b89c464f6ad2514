// Definitions as the catalogue shows them: in the client's words, without what the translation has put there for SQLite.

import Capabilities

/// The text of a definition as SQLite keeps it.
struct SQLShownText {
    private let words: SQLRewrite

    init?(_ sql: String) {
        let source = Array(sql.utf8)
        guard let tokens = try? SQLLexer.tokens(source) else { return nil }
        words = SQLRewrite(source, tokens)
    }

    private var tokens: [SQLToken] { words.tokens }

    /// What the translation puts around an operand without changing what is meant.
    private static let wrappers: Set<String> = [
        "fairlead_divisor", "fairlead_int2", "fairlead_int4", "fairlead_int8", "fairlead_numeric", "fairlead_decimal",
        "fairlead_exact", "fairlead_padded", "fairlead_output", "fairlead_real", "fairlead_digits",
    ]
    private static let decimalOperators = [
        "fairlead_decimal_add": "+", "fairlead_decimal_subtract": "-", "fairlead_decimal_multiply": "*",
        "fairlead_decimal_divide": "/",
    ]
    private static let floatOperators: [Character: String] = ["a": "+", "s": "-", "m": "*", "d": "/"]
    /// Operators that have a word in SQLite, and their opposites.
    private static let operators = [
        "glob": ("ILIKE", "NOT ILIKE"), "regexp": ("~", "!~"), "match": ("~*", "!~*"),
    ]

    /// Key words that are shown in capitals (ruleutils.c).
    private static let keyWords: Set<String> = [
        "and", "or", "not", "is", "null", "in", "between", "like", "case", "when", "then", "else", "end", "distinct",
    ]

    /// Everything of it.
    var text: String { text(0..<tokens.count) }

    /// The query of a view.
    var query: String? {
        tokens.firstIndex { $0.isWord("as") }.map { text(($0 + 1)..<tokens.count) }
    }

    func text(_ range: Range<Int>) -> String {
        var text = ""
        var last = range.lowerBound
        var index = range.lowerBound
        while index < range.upperBound {
            let (word, next) = shown(index, range.upperBound)
            if index > range.lowerBound, !word.isEmpty, tokens[last].end < tokens[index].start { text += " " }
            text += word
            (last, index) = (next - 1, next)
        }
        return text
    }

    /// What is shown of the word at `index`, and where the next one is.
    private func shown(_ index: Int, _ end: Int) -> (String, Int) {
        let token = tokens[index]
        if token.isName, token.text.hasPrefix("fairlead_"), words.isMark(index + 1, "("),
            let close = try? words.closing(index + 1), close < end
        {
            return (call(token.text, words.split((index + 2)..<close)), close + 1)
        }
        if token.isWord("collate"), index + 1 < end, tokens[index + 1].text.hasPrefix("fairlead_") {
            return ("", index + 2)
        }
        if token.kind == .word, let (word, _) = Self.operators[token.text] { return (word, index + 1) }
        if token.isWord("not"), index + 1 < end, tokens[index + 1].kind == .word,
            let (_, word) = Self.operators[tokens[index + 1].text]
        {
            return (word, index + 2)
        }
        if token.kind == .quotedName {
            let (schema, name) = SQLSchemaName.split(token.text)
            let isOther = schema != "public"
            return ((isOther ? "\(SQLText.shown(schema))." : "") + SQLText.shown(name), index + 1)
        }
        if token.kind == .word, Self.keyWords.contains(token.text), !words.isMark(index - 1, ".") {
            return (token.text.uppercased(), index + 1)
        }
        return (words.text(index..<(index + 1)), index + 1)
    }

    private func call(_ name: String, _ arguments: [Range<Int>]) -> String {
        guard let first = arguments.first else { return "" }
        if name == "fairlead_cast", arguments.count == 3, let number = UInt32(words.text(arguments[1])),
            let type = SQLType(rawValue: number)
        {
            let modifier = Int32(words.text(arguments[2])) ?? -1
            return "\(text(first))::\(SQLDeclaredType(type: type, modifier: modifier).formatted)"
        }
        if Self.wrappers.contains(name) { return text(first) }
        if name == "fairlead_xor", arguments.count == 2 { return "\(text(first)) # \(text(arguments[1]))" }
        if name == "fairlead_shift", arguments.count == 3 {
            let isRight = words.text(arguments[2]).hasPrefix("-")
            return "\(text(first)) \(isRight ? ">>" : "<<") \(text(arguments[1]))"
        }
        if let text = arithmetic(name, arguments) { return text }
        var own = name.dropFirst(9)
        // Sums and the like of one kind of numbers.
        for kind in ["float_", "real_", "decimal_"] where own.hasPrefix(kind) { own = own.dropFirst(kind.count) }
        if own.hasSuffix("_frame") { own = own.dropLast(6) }
        return "\(own)(\(arguments.map(text).joined(separator: ", ")))"
    }

    /// Operators that a function of ours stands for, in their place; nil for any other function.
    private func arithmetic(_ name: String, _ arguments: [Range<Int>]) -> String? {
        if name == "fairlead_float", arguments.count > 2 {
            let operators = words.text(arguments[0]).dropFirst().dropLast()
            return zip(operators, arguments.dropFirst(2)).reduce(text(arguments[1])) { shown, next in
                "\(shown) \(Self.floatOperators[next.0] ?? String(next.0)) \(text(next.1))"
            }
        }
        guard let symbol = Self.decimalOperators[name], arguments.count == 4 else { return nil }
        let (left, right) = (text(arguments[0]), text(arguments[2]))
        return symbol == "-" && left == "0" ? "-\(right)" : "\(left) \(symbol) \(right)"
    }

    /// Whether one pair of parentheses holds everything.
    var isGroup: Bool { words.isMark(0, "(") && (try? words.closing(0)) == tokens.count - 1 }

    // MARK: Tables

    /// A CHECK of the client's own.
    struct Check: Equatable {
        var name: String
        var condition: String
        /// The columns that it names.
        var columns: Set<String>
    }

    /// The parts between the parentheses of a table's or an index's definition; nil where there are none.
    private var parts: [Range<Int>]? {
        guard let open = tokens.firstIndex(where: { $0.isMark("(") }), let close = try? words.closing(open) else {
            return nil
        }
        return words.split((open + 1)..<close)
    }

    /// The CHECKs of the table that it defines.
    func checks(table: String) -> [Check] {
        var found: [Check] = []
        for part in parts ?? [] {
            var index = part.lowerBound
            while index < part.upperBound {
                guard words.isMark(index + 1, "("), let close = try? words.closing(index + 1) else {
                    index += 1
                    continue
                }
                if tokens[index].isWord("check") {
                    let isNamed = words.isWord(index - 2, "constraint")
                    let name = isNamed ? tokens[index - 1].text : "\(table)_check"
                    if SQLColumnRule(constraint: name) == nil {
                        let condition = (index + 2)..<close
                        let names = Set(tokens[condition].filter(\.isName).map(\.text))
                        found.append(Check(name: name, condition: text(condition), columns: names))
                    }
                }
                index = close + 1
            }
        }
        return found
    }

    /// What the client has called a constraint of these columns, `primary`, `unique` or `foreign`; nil where it has not.
    func constraintName(_ kind: String, _ columns: [String]) -> String? {
        for part in parts ?? [] {
            if words.isWord(part.lowerBound, "constraint"), words.isWord(part.lowerBound + 2, kind) {
                guard let open = part.first(where: { words.isMark($0, "(") }), let close = try? words.closing(open),
                    tokens[(open + 1)..<close].filter(\.isName).map(\.text) == columns
                else { continue }
                return tokens[part.lowerBound + 1].text
            }
            guard columns == [tokens[part.lowerBound].text],
                let place = part.first(where: {
                    words.isWord($0, "constraint") && words.isWord($0 + 2, kind == "foreign" ? "references" : kind)
                })
            else { continue }
            return tokens[place + 1].text
        }
        return nil
    }

    /// What a computed column of the table that it defines is computed by.
    func computation(of column: String) -> String? {
        for part in parts ?? [] where tokens[part.lowerBound].isName && tokens[part.lowerBound].text == column {
            guard let place = part.first(where: { words.isWords($0, "always", "as") }), words.isMark(place + 2, "("),
                let close = try? words.closing(place + 2)
            else { continue }
            return text((place + 2)..<(close + 1))
        }
        return nil
    }

    // MARK: Indexes

    /// A column or an expression of an index.
    struct Key: Equatable {
        var text: String
        var isDescending: Bool
        /// nil where NULL stands where it does by itself.
        var nullsFirst: Bool?

        /// As an index's definition shows it.
        var shown: String {
            text + (isDescending ? " DESC" : "") + (nullsFirst.map { $0 ? " NULLS FIRST" : " NULLS LAST" } ?? "")
        }
        /// Its bits in pg_index.indoption: falling, and NULL first.
        var option: Int64 { (isDescending ? 1 : 0) + (nullsFirst ?? isDescending ? 2 : 0) }
    }

    /// What an index is of, and on which condition, of its own definition.
    var index: (keys: [Key], condition: String?)? {
        guard let parts, let end = parts.last?.upperBound, !parts[0].isEmpty else { return nil }
        // The comment stands before all that a client has written there.
        let head = words.source[..<tokens[parts[0].lowerBound].start]
        let nulls = SQLIndexNulls.read(String(decoding: head, as: UTF8.self))
        let keys = parts.enumerated().map { place, part in
            let isDescending = words.isWord(part.upperBound - 1, "desc")
            let hasWord = isDescending || words.isWord(part.upperBound - 1, "asc")
            return Key(
                text: text(part.lowerBound..<(part.upperBound - (hasWord ? 1 : 0))), isDescending: isDescending,
                nullsFirst: nulls[place])
        }
        let condition = words.isWord(end + 1, "where") ? text((end + 2)..<tokens.count) : nil
        return (keys, condition)
    }
}

extension SQLText {
    /// A name with quotes only where it has to have them.
    static func shown(_ name: String) -> String {
        let isPlain =
            name.utf8.first.map { $0 &- 0x61 < 26 || $0 == 0x5F } ?? false
            && name.utf8.allSatisfy { $0 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F }
        return isPlain && !SQLTyper.reserved.contains(name) ? name : quoted(name)
    }
}
