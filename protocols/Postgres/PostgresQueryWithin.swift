// Whether the queries within a statement that writes have the same effect on every server with the same data.

import Wire

/// What stands behind the table's name in INSERT, UPDATE or DELETE, where it reads tables itself.
struct PostgresQueryWithin {
    /// Whether new rows come in no order.
    let isUnordered: Bool

    /// Nil where what is written may differ from server to server.
    init?(_ tokens: ArraySlice<PostgresToken>, isInsertion: Bool) {
        var tokens = Array(tokens)
        // What it does in a conflict is about its own table.
        for index in tokens.indices.dropFirst()
        where tokens[index] == .word("update", isQuoted: false) && tokens[index - 1] == .word("do", isQuoted: false) {
            tokens[index] = .word("set", isQuoted: false)
        }
        let isSteady = tokens.indices.allSatisfy { Self.isSteady(tokens[$0], before: tokens.dropFirst($0 + 1).first) }
        // Of several rows that match, an UPDATE takes any.
        guard isSteady, isInsertion || !Self.hasOuter("from", tokens) else { return nil }
        let reading = PostgresReading(query: tokens)
        guard reading.kind == .read else { return nil }
        isUnordered = isInsertion && !reading.isOrdered
        // Of rows that are in each other's way the first one stays.
        if isUnordered, tokens.contains(.word("conflict", isQuoted: false)) { return nil }
    }

    /// Whether a word stands outside of all parentheses.
    private static func hasOuter(_ word: String, _ tokens: [PostgresToken]) -> Bool {
        var depth = 0
        for token in tokens {
            if token == .sign(UInt8(ascii: "(")) { depth += 1 }
            if token == .sign(UInt8(ascii: ")")) { depth -= 1 }
            if depth == 0, token == .word(word, isQuoted: false) { return true }
        }
        return false
    }

    /// Whether a word is none of the moment's, the session's or the server's own, and calls nothing of anybody's own.
    private static func isSteady(_ token: PostgresToken, before next: PostgresToken?) -> Bool {
        if token == .sign(UInt8(ascii: ";")) { return false }
        guard case .word(let word, let isQuoted) = token else { return true }
        if !isQuoted, apart.contains(word) || word.hasPrefix("current_") { return false }
        guard next == .sign(UInt8(ascii: "(")) else { return true }
        return !isQuoted && (PostgresWriting.callable.contains(word) || PostgresReading.harmless.contains(word))
    }

    private static let apart: Set<String> = [
        "localtime", "localtimestamp", "user", "session_user", "system_user", "nextval", "currval", "lastval", "setval",
        "now", "random", "version", "current_setting", "gen_random_uuid", "tablesample", "current",
    ]
}
