// Operators of json and jsonb and functions that make JSON: what SQLite's own would do with other values, or show otherwise.

import Capabilities

extension SQLTyper {
    /// Operators of jsonb, the functions that do what they say, and what they give.
    private static let operators: [String: (function: String, type: SQLType)] = [
        "->": ("fairlead_jsonb_get", .jsonb), "->>": ("fairlead_jsonb_text", .text),
        "#>": ("fairlead_jsonb_path", .jsonb), "#>>": ("fairlead_jsonb_path_text", .text),
        "@>": ("fairlead_jsonb_contains", .boolean), "<@": ("fairlead_jsonb_within", .boolean),
        "?": ("fairlead_jsonb_exists", .boolean), "||": ("fairlead_jsonb_concat", .jsonb),
    ]

    /// The same of json.
    private static let textOperators: [String: (function: String, type: SQLType)] = [
        "->": ("fairlead_json_get", .json), "->>": ("fairlead_json_text", .text),
        "#>": ("fairlead_json_path", .json), "#>>": ("fairlead_json_path_text", .text),
    ]

    /// An operator with json or jsonb on its left, or jsonb on both sides; nil for any other.
    mutating func json(
        _ left: SQLTyped, _ symbol: Int, _ right: SQLTyped
    ) throws(SQLTypingEnd) -> SQLTyped? {
        let name = tokens[symbol].text
        // Beside a text it is one itself.
        if name == "||", [left, right].contains(where: { $0.open == nil && $0.type.family == .text }) { return nil }
        var operators = Self.operators
        if left.type == .json {
            guard Self.operators[name] != nil, name != "||" || right.type == .json || right.type == .jsonb else {
                return nil
            }
            operators = Self.textOperators
        } else if left.type != .jsonb, name != "||" || right.type != .jsonb {
            return nil
        }
        guard let found = operators[name] else {
            if left.type == .json { throw noOperator(left, name, right, symbol) }
            return nil
        }
        var (left, right) = (left, right)
        switch name {
        case "@>", "<@", "||":
            try resolve(&left, as: .jsonb)
            try resolve(&right, as: .jsonb)
            guard left.type == .jsonb, right.type == .jsonb else { throw noOperator(left, name, right, symbol) }
        case "->", "->>":
            try resolve(&right, as: .text)
            guard right.type.family == .text || right.type == .int32 || right.type == .int16 else {
                throw noOperator(left, name, right, symbol)
            }
        case "#>", "#>>":
            if right.open != nil { try resolve(&right, as: .textArray) }
            guard right.type == .textArray else { throw noOperator(left, name, right, symbol) }
        default: try resolve(&right, as: .text)
        }
        typing.replacements[symbol] = ","
        let result = made(found.type, left.words.lowerBound, of: left, right)
        _ = wrap(result.words, "\(found.function)(", ")")
        return result
    }

    // MARK: Functions

    private static let makers = SQLTranslator.jsonMakers.union([
        "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg",
    ])
    /// Those of them that take any one value, and so a whole row.
    private static let rowTakers: Set<String> = ["json_agg", "jsonb_agg", "to_json", "to_jsonb", "row_to_json"]

    /// Arguments of a function that makes JSON, as the part of JSON that they become.
    mutating func json(_ name: String, _ arguments: [SQLTyped], _ start: Int) throws(SQLTypingEnd) {
        guard Self.makers.contains(name) else { return }
        let hasKeys = name.hasSuffix("object") || name.hasSuffix("object_agg")
        let takesOne = Self.rowTakers.contains(name) || name == "array_to_json"
        if takesOne, arguments.count != 1 { throw refused("\(name) with that many arguments is not known here", start) }
        for (place, argument) in arguments.enumerated() {
            if wholeRows.contains(argument.words) {
                typing.lined.insert(argument.words)
                continue
            }
            let isArray = argument.type.item != nil
            if hasKeys, place % 2 == 0, isArray || argument.type == .json || argument.type == .jsonb {
                throw failure(
                    "22023", "key value must be scalar, not array, composite, or json", argument.words.lowerBound)
            }
            if argument.open != nil, name.hasPrefix("to_json") {
                throw failure("42804", "could not determine polymorphic type because input has type unknown", start)
            }
            if name == "row_to_json" || name == "array_to_json" && !isArray {
                throw failure("42883", "function \(name)(\(argument.type.displayName)) does not exist", start)
            }
            if isArray { typing.lined.insert(argument.words) }
            try partOfJSON(argument)
        }
    }

    private mutating func partOfJSON(_ value: SQLTyped) throws(SQLTypingEnd) {
        if value.type == .numeric, value.open == nil {
            guard let exact = exactForm(value) ?? (value.number.isShortest ? [] : nil) else {
                throw refused(
                    "how many digits this number shows is not known here; cast it to numeric(p, s)",
                    value.words.lowerBound)
            }
            apply(exact)
        }
        pad(value)
        let type = value.open == nil ? value.type : .text
        _ = wrap(value.words, "fairlead_json(", ", \(type.rawValue))")
    }

    /// The name of the query's one relation as an argument, which stands for its row; nil where none stands.
    mutating func wholeRow(_ function: String) throws(SQLTypingEnd) -> SQLTyped? {
        let ends = [")", ","].contains { isMark(1, $0) } || isWord(1, "order")
        guard Self.rowTakers.contains(function), ends, at < end, tokens[at].isName, scope.relations.count == 1,
            scope.relations[0].name == tokens[at].text, let columns = scope.relations[0].columns,
            case .none = scope.meaning(of: tokens[at].text, relation: nil)
        else { return nil }
        let word = at
        at += 1
        var row = SQLTyped(word...word)
        row.name = tokens[word].text
        var pairs: [String] = []
        for (number, column) in columns.enumerated() {
            pairs.append("\(SQLText.literal(column.name)), \(try partOfRow(column, word))")
            guard !scope.groupedColumns.contains([0, number]) else { continue }
            row.references.append(
                SQLColumnReference(scope: scope.number, relation: 0, column: number, word: word))
        }
        typing.replacements[word] = "fairlead_json_row(\(pairs.joined(separator: ", ")))"
        wholeRows.insert(row.words)
        return row
    }

    /// A column of a row as the part of JSON that it becomes.
    private func partOfRow(_ column: SQLTypedColumn, _ word: Int) throws(SQLTypingEnd) -> String {
        var value = "\(SQLText.quoted(tokens[word].text)).\(SQLText.quoted(column.name))"
        if column.type == .numeric, !column.number.isText {
            if column.modifier >= 4 {
                value = "fairlead_decimal(\(value), \((column.modifier - 4) & 0xFFFF))"
            } else if let scale = column.number.scale {
                value = "fairlead_decimal(\(value), \(scale))"
            } else if !column.number.isShortest {
                throw refused("a row with a number of digits that is not told is not known here", word)
            }
        }
        if column.type == .fixedText, column.modifier >= 4 {
            value = "fairlead_padded(\(value), \(column.modifier - 4))"
        }
        return "fairlead_json(\(value), \((column.open == nil ? column.type : .text).rawValue))"
    }

    /// Equal values are found by comparing what is kept, which is not always what PostgreSQL compares.
    mutating func judgeDistinct(_ name: String, _ arguments: [SQLTyped]) throws(SQLTypingEnd) {
        guard let value = arguments.first else { return }
        let word = value.words.lowerBound
        if value.type == .json { throw failure("42883", "could not identify an equality operator for type json", word) }
        guard SQLGathering.functions[name] != nil else { return collate(value) }
        if value.type == .numeric || value.type == .jsonb {
            throw refused("\(name) with DISTINCT of \(value.type.displayName) is not known here", word)
        }
    }

    // MARK: The order of jsonb

    /// Has a value of jsonb compared as one, and not as the text that it is kept as; a table's column is by itself.
    mutating func collate(_ value: SQLTyped) {
        guard value.type == .jsonb, !value.number.isStored, typing.collated.insert(value.words).inserted else { return }
        _ = wrap(value.words, "", " COLLATE fairlead_jsonb")
    }

    /// The same of a query's columns, where equal rows are found.
    mutating func collate(_ columns: [SQLTypedColumn]?) throws(SQLTypingEnd) {
        for column in columns ?? [] {
            if column.type == .jsonb { try collate(column) }
            if column.type == .json {
                throw failure(
                    "42883", "could not identify an equality operator for type json",
                    column.leaves.first?.lowerBound ?? max(0, at - 1))
            }
        }
    }

    /// The same of a column that is jsonb, or becomes it.
    mutating func collate(_ column: SQLTypedColumn) throws(SQLTypingEnd) {
        guard !column.number.isStored else { return }
        // Of several queries' columns the first one's collation counts.
        guard let words = column.leaves.first else {
            throw refused("equal rows with jsonb behind a star are not known here; name the columns", max(0, at - 1))
        }
        collate(SQLTyped(words, .jsonb))
        if !column.isAliased { typing.names[words] = column.name }
    }

    /// The same of a word that stands for a column.
    mutating func collate(_ word: Int, _ column: SQLTypedColumn) {
        var value = SQLTyped(word...word, column.type)
        value.number.isStored = column.number.isStored
        collate(value)
    }
}
