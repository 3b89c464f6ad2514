// The parts of a WITH whose queries change data, and which of them may not stand beside one another.

import Capabilities

/// The entries of a WITH and the statement behind it, by their words.
struct SQLWithParts {
    struct Entry {
        var name: String
        /// From its name to the parenthesis that closes it, and what stands between the parentheses.
        var words: Range<Int>
        var head: Range<Int>
        var body: Range<Int>
        var isChange: Bool
    }

    private let qualified: SQLQualifiedText
    private let rewrite: SQLRewrite
    private let isRecursive: Bool
    private let rest: Range<Int>
    private let relations: Set<Int>
    let entries: [Entry]
    /// The changes that each entry is a part of, by place, and -1 for the statement behind the WITH.
    private let users: [Set<Int>]
    private var tokens: [SQLToken] { rewrite.tokens }

    /// Queries in one WITH, each of which is looked for in all later ones.
    private static let most = 200
    private static let changes: Set<String> = ["insert", "update", "delete"]
    /// Functions that give something else each time.
    private static let volatile: Set<String> = [
        "random", "nextval", "setval", "gen_random_uuid", "clock_timestamp", "set_config", "pg_notify",
    ]

    /// nil for a statement without a WITH that changes data.
    init?(_ text: [UInt8], on connection: SQLiteConnection) throws(SQLFailure) {
        guard text.count > 4, let start = text.first(where: { $0 > 0x20 }), start | 0x20 == UInt8(ascii: "w") else {
            return nil
        }
        let qualified = try SQLQualifiedText(text, on: connection)
        let rewrite = SQLRewrite(qualified.text, try SQLLexer.tokens(qualified.text))
        let tokens = rewrite.tokens
        guard rewrite.isWord(0, "with") else { return nil }
        isRecursive = rewrite.isWord(1, "recursive")
        var entries: [Entry] = []
        var at = isRecursive ? 2 : 1
        while true {
            guard at < tokens.count, tokens[at].isName else { return nil }
            let start = at
            at += 1
            if rewrite.isMark(at, "(") { at = try rewrite.closing(at) + 1 }
            guard rewrite.isWord(at, "as") else { return nil }
            let head = start..<at
            at += 1
            while rewrite.isWord(at, "not") || rewrite.isWord(at, "materialized") { at += 1 }
            guard rewrite.isMark(at, "(") else { return nil }
            let close = try rewrite.closing(at)
            let isChange = at + 1 < close && tokens[at + 1].kind == .word && Self.changes.contains(tokens[at + 1].text)
            entries.append(
                Entry(
                    name: tokens[start].text, words: start..<(close + 1), head: head, body: (at + 1)..<close,
                    isChange: isChange))
            at = close + 1
            guard rewrite.isMark(at, ",") else { break }
            at += 1
        }
        guard entries.contains(where: \.isChange), at < tokens.count else { return nil }
        guard entries.count <= Self.most else {
            throw .refused(.sqlQuery, "more than \(Self.most) queries in a WITH that changes data are not known here")
        }
        (self.qualified, self.rewrite, self.entries, rest) = (qualified, rewrite, entries, at..<tokens.count)
        let places = Set(SQLTranslator.relationPlaces(tokens).keys)
        relations = places
        var users = [Set<Int>](repeating: [], count: entries.count)
        func isNamed(_ name: String, in words: Range<Int>) -> Bool {
            words.contains { places.contains($0) && tokens[$0].text == name && !rewrite.isMark($0 + 1, ".") }
        }
        // An entry is named by later ones, or by itself.
        for place in entries.indices.reversed() {
            let name = entries[place].name
            if isNamed(name, in: at..<tokens.count) { users[place].insert(-1) }
            for later in entries.indices where later > place && isNamed(name, in: entries[later].body) {
                users[place].formUnion(entries[later].isChange ? [later] : users[later])
            }
        }
        self.users = users
    }

    /// The numbers of all parameters.
    var parameters: Set<Int> { parameters(in: 0..<tokens.count) }

    private func parameters(in words: Range<Int>) -> Set<Int> {
        Set(tokens[words].filter { $0.kind == .parameter }.map(\.number))
    }

    // MARK: Texts

    /// The text of a change, or of the statement behind the WITH, with the tables of changes before it.
    func text(of part: Int?, _ tables: [Int: SQLChangeTable?]) -> SQLWithText {
        let words = part.map { entries[$0].body } ?? rest
        var used = parameters(in: words)
        var head: [String] = []
        for (place, entry) in entries.enumerated() where users[place].contains(part ?? -1) {
            if let table = tables[place] {
                let rows = table.map { "SELECT * FROM pg_temp.\($0.name)" } ?? "SELECT 1"
                head.append("\(rewrite.text(entry.head)) AS (\(rows))")
            } else {
                head.append(rewrite.text(entry.words))
                used.formUnion(parameters(in: entry.body))
            }
        }
        let with = head.isEmpty ? "" : "WITH \(isRecursive ? "RECURSIVE " : "")\(head.joined(separator: ", ")) "
        return SQLWithText(
            text: Array((with + rewrite.text(words)).utf8), parameters: used, qualified: qualified,
            shift: tokens[words.lowerBound].start - with.utf8.count, head: with.utf8.count)
    }

    // MARK: What is refused

    /// Fails where one part reads or changes what another one changes, or would see rows that are not there.
    func judge(on connection: SQLiteConnection) throws(SQLFailure) {
        for (place, entry) in entries.enumerated() {
            guard entry.isChange else {
                let isShared = users[place].count > 1
                if isShared, let word = entry.body.first(where: { Self.volatile.contains(tokens[$0].text) }) {
                    throw refused(
                        "a query with \(tokens[word].text) that several parts of a WITH use is not known here", word)
                }
                continue
            }
            if !users[place].isEmpty, !entry.body.contains(where: { tokens[$0].isWord("returning") }) {
                throw SQLFailure(
                    "0A000", "WITH query \"\(entry.name)\" does not have a RETURNING clause",
                    offset: tokens[entry.words.lowerBound].start)
            }
            let changed = try tables(changedBy: entry, on: connection)
            for part in [-1] + entries.indices.filter({ entries[$0].isChange }) where part != place {
                for words in self.words(of: part) {
                    guard let word = words.first(where: { relations.contains($0) && changed.contains(stored($0)) })
                    else {
                        continue
                    }
                    throw refused(
                        "a WITH that changes \"\(tokens[word].text)\" and uses it elsewhere is not known here; make two statements of it in a transaction",
                        word)
                }
            }
        }
    }

    private func refused(_ reason: String, _ word: Int) -> SQLFailure {
        .refused(.sqlQuery, reason, offset: tokens[word].start)
    }

    /// The words of a change, or of the statement behind the WITH, with the queries that go with it.
    private func words(of part: Int) -> [Range<Int>] {
        [part < 0 ? rest : entries[part].body]
            + entries.indices.filter { !entries[$0].isChange && users[$0].contains(part) }.map { entries[$0].body }
    }

    private func stored(_ place: Int) -> String {
        SQLSchemaName.stored(tokens, rewrite.isMark(place + 1, ".") ? min(place + 2, tokens.count - 1) : place)
    }

    /// The table that is changed, the views of it, and the tables whose rows go with its own.
    private func tables(changedBy entry: Entry, on connection: SQLiteConnection) throws(SQLFailure) -> Set<String> {
        var target = entry.body.lowerBound + (tokens[entry.body.lowerBound].isWord("update") ? 1 : 2)
        if rewrite.isWord(target, "only") { target += 1 }
        guard target < entry.body.upperBound else { throw rewrite.syntaxError(target) }
        var found: Set<String> = []
        var next = [stored(target)]
        let names = SQLSchemaLookup(connection)
        while let table = next.popLast() {
            guard found.insert(table).inserted else { continue }
            found.formUnion(try names.dependents(table))
            guard !tokens[entry.body.lowerBound].isWord("insert") else { continue }
            let followers = try connection.rows(
                """
                SELECT m.name FROM main.sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' \
                AND f."table" = ?1 AND (f.on_delete NOT IN ('NO ACTION', 'RESTRICT') OR f.on_update NOT IN ('NO ACTION', 'RESTRICT'))
                """, [.text(table)])
            next += followers.compactMap { $0[0].string }
        }
        return found
    }
}

/// A part of a WITH as a statement of its own.
struct SQLWithText {
    var text: [UInt8]
    /// The numbers of its parameters.
    var parameters: Set<Int>
    fileprivate var qualified: SQLQualifiedText
    /// How much further on its words stand in the whole, and how much stands before them here.
    fileprivate var shift: Int
    fileprivate var head: Int

    /// The same failure with its place in the text that the client has sent.
    func original(_ failure: SQLFailure) -> SQLFailure {
        var moved = failure
        moved.offset = failure.offset.flatMap { $0 < head ? nil : $0 + shift }
        return qualified.original(moved)
    }
}
