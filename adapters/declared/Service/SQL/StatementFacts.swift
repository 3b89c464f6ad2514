// What the words of a statement tell about it before it runs.

import Capabilities

/// Parameters, whether rows come, and the words of CommandComplete.
struct StatementFacts {
    var parameterTypes: [SQLType]
    var givesRows: Bool
    var command: SQLCommand

    /// - Parameter named: the types that the client named; parameters that it left open are text.
    init(_ text: [UInt8], _ named: [SQLType]) throws(SQLFailure) {
        let tokens = try SQLLexer.tokens(text)
        let last = tokens.filter { $0.kind == .parameter }.map(\.number).max() ?? 0
        guard last <= SQLLexer.parameterLimit else {
            throw SQLFailure("54000", "a statement has at most \(SQLLexer.parameterLimit) parameters")
        }
        parameterTypes = named.map { $0 == .unknown ? .text : $0 }
        while parameterTypes.count < last { parameterTypes.append(.text) }
        let words = Self.outerWords(tokens)
        let verb = Self.verb(words)
        let returns = words.contains("returning")
        switch verb {
        case "select", "values", "table":
            // SELECT … INTO makes a table.
            let makesTable = verb == "select" && words.contains("into")
            givesRows = !makesTable
            command = SQLCommand("SELECT", countsRows: true, writes: makesTable)
        case "show", "explain", "describe", "pragma":
            givesRows = true
            command = SQLCommand(verb.uppercased(), writes: verb == "pragma")
        case "insert", "update", "delete", "merge":
            givesRows = returns
            command = SQLCommand(verb.uppercased(), countsRows: true)
        default:
            givesRows = returns
            command = SQLCommand(Self.tag(words))
        }
    }

    /// The words that stand in no parentheses.
    private static func outerWords(_ tokens: [SQLToken]) -> [String] {
        var depth = 0
        var words: [String] = []
        for token in tokens {
            if token.isMark("(") { depth += 1 }
            if token.isMark(")") { depth -= 1 }
            if depth == 0, token.kind == .word { words.append(token.text) }
            // A statement may begin with a parenthesis.
            if depth > 0, words.isEmpty, token.kind == .word { words.append(token.text) }
        }
        return words
    }

    /// What is done: behind WITH, the first verb that stands outside of its queries.
    private static func verb(_ words: [String]) -> String {
        guard words.first == "with" else { return words.first ?? "" }
        return words.first { ["select", "values", "table", "insert", "update", "delete", "merge"].contains($0) } ?? ""
    }

    /// `CREATE TABLE`, `DROP INDEX`, `VACUUM`.
    private static func tag(_ words: [String]) -> String {
        guard let first = words.first else { return "" }
        guard ["create", "drop", "alter"].contains(first) else { return first.uppercased() }
        let passed = ["or", "replace", "temp", "temporary", "unique", "unlogged", "global", "local"]
        let second = words.dropFirst().first { !passed.contains($0) }
        return ([first] + (second.map { [$0] } ?? [])).joined(separator: " ").uppercased()
    }
}

extension Value {
    /// A parameter: NULL, a number, a flag or text.
    init(_ value: SQLValue, _ type: SQLType) {
        switch value {
        case .null: self = .absent
        case .integer(let number): self = type == .boolean ? .flag(number != 0) : .number(number)
        case .double(let number) where number.isFinite: self = .decimal(Scores.text(number))
        case .double(let number):
            self = .bytes(Array((number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity").utf8))
        case .text(let text): self = .bytes(text)
        case .bytes(let bytes): self = .bytes(Array("\\x".utf8) + Codes.hex(bytes.span))
        }
    }
}
