// What a statement does with a cursor, by its words.

import Wire

/// A statement about a cursor (manual, "DECLARE", "FETCH", "MOVE", "CLOSE").
package enum PostgresCursorStatement: Sendable, Equatable {
    /// It makes one; `lasts` where that outlives its transaction. Its query is a read, unless `isRead` says otherwise.
    case declare(String, lasts: Bool, isRead: Bool)
    /// It takes rows from one, or passes over them: all that are left, or some.
    case fetch(String, isAll: Bool)
    /// It ends one; nil: all.
    case close(String?)

    /// Nil where `tokens` are anything else; a declaration's query comes with it.
    static func parse(_ tokens: [PostgresToken]) -> (PostgresCursorStatement, query: [PostgresToken])? {
        func isWord(_ token: PostgresToken, _ word: String) -> Bool { token == .word(word, isQuoted: false) }
        guard case .word(let command, false) = tokens.first, tokens.count > 1 else { return nil }
        guard case .word(let last, _) = tokens.last else {
            return command == "declare" ? declaration(tokens) : nil
        }
        switch command {
        case "declare": return declaration(tokens)
        case "fetch", "move":
            let isAll = tokens.contains { isWord($0, "all") } && !tokens.contains { isWord($0, "backward") }
            return (.fetch(last, isAll: isAll), [])
        case "close": return (.close(isWord(tokens[1], "all") ? nil : last), [])
        default: return nil
        }
    }

    private static func declaration(_ tokens: [PostgresToken]) -> (PostgresCursorStatement, query: [PostgresToken])? {
        // The name may be any word, the words behind it are those of the language.
        guard case .word(let name, _) = tokens[1],
            let start = tokens.dropFirst(2).firstIndex(of: .word("for", isQuoted: false))
        else { return nil }
        let options = tokens[2..<start]
        let lasts =
            options.contains(.word("hold", isQuoted: false)) && !options.contains(.word("without", isQuoted: false))
        return (.declare(name, lasts: lasts, isRead: true), Array(tokens[(start + 1)...]))
    }
}
