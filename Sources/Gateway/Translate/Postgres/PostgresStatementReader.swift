// Reads what a statement is to the session from its words.

import Capabilities

/// Reads the words of a statement.
struct PostgresStatementReader {
    let tokens: [SQLToken]
    let bytes: [UInt8]

    private init(_ tokens: [SQLToken], _ bytes: [UInt8]) {
        self.tokens = tokens
        self.bytes = bytes
    }

    static func kind(_ tokens: [SQLToken], _ bytes: [UInt8]) throws(SQLFailure) -> PostgresStatementKind {
        try PostgresStatementReader(tokens, bytes).kind()
    }

    func word(_ index: Int) -> String {
        index < tokens.count && tokens[index].kind == .word ? tokens[index].text : ""
    }

    func error(_ index: Int) -> SQLFailure {
        guard index < tokens.count else {
            return SQLFailure("42601", "syntax error at end of input", offset: tokens.last?.end)
        }
        let text = String(decoding: bytes[tokens[index].start..<tokens[index].end], as: UTF8.self)
        return SQLFailure("42601", "syntax error at or near \"\(text)\"", offset: tokens[index].start)
    }

    func name(_ index: Int) throws(SQLFailure) -> String {
        guard index < tokens.count, tokens[index].isName else { throw error(index) }
        return tokens[index].text
    }

    func end(_ index: Int) throws(SQLFailure) {
        guard index >= tokens.count else { throw error(index) }
    }

    /// How statements begin that PREPARE takes.
    static let prepared: Set<String> = [
        "select", "insert", "update", "delete", "values", "with", "table", "merge",
    ]

    /// How statements begin (PostgreSQL documentation, "SQL Commands").
    private static let commands: Set<String> = prepared.union([
        "abort", "alter", "analyze", "analyse", "begin", "call", "checkpoint", "close", "cluster", "comment", "commit",
        "copy", "create", "deallocate", "declare", "discard", "do", "drop", "end", "execute", "explain", "fetch",
        "grant",
        "import", "listen", "load", "lock", "move", "notify", "prepare", "reassign", "refresh", "reindex", "release",
        "reset", "revoke", "rollback", "savepoint", "security", "set", "show", "start", "truncate", "unlisten",
        "vacuum",
    ])

    /// Fails where no statement begins so: a text is read as a whole before anything of it is done.
    static func checkStart(_ tokens: [SQLToken], _ bytes: [UInt8]) throws(SQLFailure) {
        let reader = PostgresStatementReader(tokens, bytes)
        guard let first = tokens.first, !first.isMark("("), !commands.contains(reader.word(0)) else { return }
        throw reader.error(0)
    }

    private func kind() throws(SQLFailure) -> PostgresStatementKind {
        switch word(0) {
        case "begin", "start": return try begin()
        case "commit", "end", "rollback", "abort": return try ending()
        case "savepoint":
            try end(2)
            return .savepoint(try name(1))
        case "release":
            let place = word(1) == "savepoint" ? 2 : 1
            try end(place + 1)
            return .release(try name(place))
        case "set": return try set()
        case "show":
            if word(1) == "transaction", word(2) == "isolation" { return .show("transaction_isolation") }
            if word(1) == "time", word(2) == "zone" { return .show("timezone") }
            let (setting, next) = try settingName(1)
            guard next == tokens.count else { throw error(next) }
            return .show(setting)
        case "reset":
            if word(1) == "all" { return .reset(nil) }
            if word(1) == "session" { return .nothing(tag: "RESET") }
            return .reset(word(1) == "time" ? "timezone" : try settingName(1).name)
        case "discard": return .discard(word(1))
        case "prepare":
            if word(1) == "transaction" { return .refused(.sqlTransaction, "there are no prepared transactions here") }
            return try prepare()
        case "execute": return try execute()
        case "deallocate":
            let place = word(1) == "prepare" ? 2 : 1
            return .deallocate(word(place) == "all" ? nil : try name(place))
        case "declare": return try declare()
        case "fetch", "move": return try fetch()
        case "close":
            try end(2)
            return .close(word(1) == "all" ? nil : try name(1))
        case "copy": return .copy(try PostgresCopyCommand.read(tokens, bytes))
        case "listen":
            try end(2)
            return .listen(try name(1))
        case "unlisten":
            try end(2)
            return .unlisten(tokens.count > 1 && tokens[1].isOperator("*") ? nil : try name(1))
        case "notify":
            let channel = try name(1)
            guard tokens.count > 2 else { return .notify(channel, payload: []) }
            guard tokens[2].isMark(","), tokens.count > 3, let payload = try tokens[3].stringValue(in: bytes) else {
                throw error(tokens[2].isMark(",") ? 3 : 2)
            }
            try end(4)
            return .notify(channel, payload: payload)
        default: return .query
        }
    }
}
