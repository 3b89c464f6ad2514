// Which tables a statement may touch, as far as its words tell.

import Wire

/// The words of a statement among which the names of all its tables are.
package struct PostgresReach: Sendable, Equatable {
    /// Names as the server knows them, and all other words.
    package private(set) var words: Set<String> = []
    /// Those that are called, unless they are names of tables.
    package private(set) var calls: Set<String> = []
    /// Whether it may touch what it does not name.
    package private(set) var isOpen: Bool
    /// The one table that it writes, where that is sure.
    package private(set) var target: String?
    /// Whether it may say in which schema something is.
    package private(set) var isQualified = false

    /// Words that are kept of a statement.
    private static let limit = 512
    /// First words of statements that touch what they name; the others are about the server, or run what is written elsewhere.
    static let commands: Set<String> = [
        "select", "with", "values", "table", "show", "insert", "update", "delete", "merge", "truncate", "copy",
        "declare",
    ]

    /// Words of PL/pgSQL before a parenthesis.
    private static let controlWords: Set<String> = ["if", "elsif", "while", "return", "exit", "continue", "loop"]

    /// Names that stand for rows without being anybody's.
    private static let rowNames: Set<String> = ["excluded", "new", "old"]

    /// What touches anything.
    package static let everything = PostgresReach(isOpen: true)

    private init(isOpen: Bool) { self.isOpen = isOpen }

    /// Looks at the whole text of a Query or a Parse.
    package init(statement text: Bytes) {
        let read = PostgresToken.all(in: text)
        self.init(read)
        let tokens = read ?? []
        let first = tokens.first { $0 != .sign(UInt8(ascii: "(")) }
        if Self.makesTemporary(tokens), calls.isEmpty {
            words = []
            return
        }
        guard case .word(let command, false) = first, Self.commands.contains(command) else {
            isOpen = true
            return
        }
        if command == "copy" { calls.subtract(PostgresCopyStatement.listOptions) }
        target = Self.target(of: tokens)
        // Tables that refer to a truncated one go with it.
        if command == "truncate", words.contains("cascade") { isOpen = true }
    }

    /// Looks at the source of a function in SQL or PL/pgSQL.
    package init(function source: Bytes) {
        self.init(PostgresToken.all(in: source))
        if words.contains("execute") { isOpen = true }
        calls.subtract(Self.controlWords)
    }

    /// What stands where a statement names what it writes; nil where it may write something else as well.
    private static func target(of tokens: [PostgresToken]) -> String? {
        func word(_ index: Int) -> String? {
            guard tokens.indices.contains(index), case .word(let word, false) = tokens[index] else { return nil }
            return word
        }
        var place = 1
        switch word(0) {
        case "insert", "merge": place = 2
        case "delete": place = 2
        case "update", "copy": break
        case "truncate": if word(1) == "table" { place = 2 }
        default: return nil
        }
        for index in tokens.indices.dropFirst() {
            guard let word = word(index), ["insert", "update", "delete", "merge"].contains(word) else { continue }
            // ON CONFLICT DO UPDATE is about the same table, and what MERGE does.
            if self.word(before: index, in: tokens) == "do" || self.word(before: index, in: tokens) == "then" {
                continue
            }
            return nil
        }
        if word(0) == "truncate", tokens.contains(.sign(UInt8(ascii: ","))) { return nil }
        if word(place) == "only" { place += 1 }
        guard place < tokens.count, case .word(var name, _) = tokens[place] else { return nil }
        while place + 2 < tokens.count, tokens[place + 1] == .sign(UInt8(ascii: ".")),
            case .word(let next, _) = tokens[place + 2]
        {
            name = next
            place += 2
        }
        return name
    }

    private static func word(before index: Int, in tokens: [PostgresToken]) -> String? {
        guard index > 0, case .word(let word, false) = tokens[index - 1] else { return nil }
        return word
    }

    /// Whether it makes a table that only its session sees.
    static func makesTemporary(_ tokens: [PostgresToken]) -> Bool {
        let kinds: [PostgresToken] = [.word("temp", isQuoted: false), .word("temporary", isQuoted: false)]
        return tokens.count > 2 && tokens[0] == .word("create", isQuoted: false) && kinds.contains(tokens[1])
            && tokens[2] == .word("table", isQuoted: false)
    }

    private init(_ tokens: [PostgresToken]?) {
        isOpen = false
        guard let tokens else {
            isOpen = true
            return
        }
        // Before a dot stands an alias or a table, which is named without one elsewhere, or else a schema.
        var (bare, qualifiers) = (Self.rowNames, Set<String>())
        defer { isQualified = !qualifiers.isSubset(of: bare) }
        for (index, token) in tokens.enumerated() {
            guard case .word(let word, _) = token else { continue }
            if index + 1 < tokens.count, tokens[index + 1] == .sign(UInt8(ascii: ".")) {
                if index == 0 || tokens[index - 1] != .sign(UInt8(ascii: ".")) { qualifiers.insert(word) }
            } else {
                bare.insert(word)
            }
            guard words.count < Self.limit else {
                isOpen = true
                return
            }
            words.insert(word)
            let isCall = index + 1 < tokens.count && tokens[index + 1] == .sign(UInt8(ascii: "("))
            if isCall, !PostgresReading.harmless.contains(word), !PostgresWriting.callable.contains(word) {
                calls.insert(word)
            }
        }
    }
}
