// What a statement is to the session: its own business, or the backend's.

import Capabilities

/// A statement that the session itself acts on, or a query for the backend.
enum PostgresStatementKind: Sendable {
    case begin(isolation: SQLIsolation?, readOnly: Bool?)
    case commit(chains: Bool)
    case rollback(chains: Bool)
    case savepoint(String)
    case release(String)
    case rollBackTo(String)
    case set(name: String, value: String?, isLocal: Bool)
    case setTransaction(isolation: SQLIsolation?, readOnly: Bool?, isSession: Bool)
    case show(String)
    case reset(String?)
    case discard(String)
    case prepare(name: String, types: [SQLType], text: Range<Int>)
    case execute(name: String, arguments: Range<Int>)
    case deallocate(String?)
    case declare(name: String, options: PostgresCursorOptions, text: Range<Int>)
    case fetch(name: String, step: PostgresCursorStep, moves: Bool)
    case close(String?)
    case copy(PostgresCopyCommand)
    case listen(String)
    /// nil for all channels.
    case unlisten(String?)
    case notify(String, payload: [UInt8])
    /// Understood by nobody here; the text says what.
    case refused(Capability, String)
    /// Nothing to do: what it undoes can never have been done.
    case nothing(tag: String)
    case query

    /// Whether it is allowed in a failed block.
    var endsBlock: Bool {
        switch self {
        case .commit, .rollback, .rollBackTo: true
        default: false
        }
    }

    /// Whether it leaves the transaction alone and needs none.
    var isSessionsOwn: Bool {
        switch self {
        case .query, .copy, .execute, .fetch, .declare: false
        default: true
        }
    }
}

/// Reads the words of a statement.
struct PostgresStatementReader {
    private let tokens: [SQLToken]
    private let bytes: [UInt8]

    private init(_ tokens: [SQLToken], _ bytes: [UInt8]) {
        self.tokens = tokens
        self.bytes = bytes
    }

    static func kind(_ tokens: [SQLToken], _ bytes: [UInt8]) throws(SQLFailure) -> PostgresStatementKind {
        try PostgresStatementReader(tokens, bytes).kind()
    }

    private func word(_ index: Int) -> String {
        index < tokens.count && tokens[index].kind == .word ? tokens[index].text : ""
    }

    private func error(_ index: Int) -> SQLFailure {
        guard index < tokens.count else {
            return SQLFailure("42601", "syntax error at end of input", offset: tokens.last?.end)
        }
        let text = String(decoding: bytes[tokens[index].start..<tokens[index].end], as: UTF8.self)
        return SQLFailure("42601", "syntax error at or near \"\(text)\"", offset: tokens[index].start)
    }

    private func name(_ index: Int) throws(SQLFailure) -> String {
        guard index < tokens.count, tokens[index].isName else { throw error(index) }
        return tokens[index].text
    }

    private func end(_ index: Int) throws(SQLFailure) {
        guard index >= tokens.count else { throw error(index) }
    }

    /// How statements begin that PREPARE takes.
    private static let prepared: Set<String> = [
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
            return .show(try settingName(1).name)
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

    // MARK: Transactions

    private func begin() throws(SQLFailure) -> PostgresStatementKind {
        var index = 1
        if word(0) == "start" {
            guard word(1) == "transaction" else { throw error(1) }
            index = 2
        } else if word(1) == "transaction" || word(1) == "work" {
            index = 2
        }
        let (isolation, readOnly) = try modes(index)
        return .begin(isolation: isolation, readOnly: readOnly)
    }

    private func modes(_ start: Int) throws(SQLFailure) -> (SQLIsolation?, Bool?) {
        var index = start
        var isolation: SQLIsolation?
        var readOnly: Bool?
        while index < tokens.count {
            switch word(index) {
            case "isolation":
                guard word(index + 1) == "level" else { throw error(index + 1) }
                index += 2
                let two = "\(word(index)) \(word(index + 1))"
                if let level = SQLIsolation(rawValue: two) {
                    isolation = level
                    index += 2
                } else if word(index) == "serializable" {
                    isolation = .serializable
                    index += 1
                } else {
                    throw error(index)
                }
            case "read":
                guard word(index + 1) == "only" || word(index + 1) == "write" else { throw error(index + 1) }
                readOnly = word(index + 1) == "only"
                index += 2
            case "not" where word(index + 1) == "deferrable": index += 2
            case "deferrable": index += 1
            default:
                guard tokens[index].isMark(","), index > start else { throw error(index) }
                index += 1
            }
        }
        return (isolation, readOnly)
    }

    private func ending() throws(SQLFailure) -> PostgresStatementKind {
        let isCommit = word(0) == "commit" || word(0) == "end"
        if word(1) == "prepared" { return .refused(.sqlTransaction, "there are no prepared transactions here") }
        var index = word(1) == "work" || word(1) == "transaction" ? 2 : 1
        if !isCommit, word(index) == "to" {
            index += word(index + 1) == "savepoint" ? 2 : 1
            try end(index + 1)
            return .rollBackTo(try name(index))
        }
        var chains = false
        if word(index) == "and" {
            let isNegated = word(index + 1) == "no"
            chains = !isNegated
            index += isNegated ? 3 : 2
            guard word(index - 1) == "chain" else { throw error(index - 1) }
        }
        try end(index)
        return isCommit ? .commit(chains: chains) : .rollback(chains: chains)
    }

    // MARK: Settings

    private func settingName(_ start: Int) throws(SQLFailure) -> (name: String, next: Int) {
        var text = try name(start)
        var index = start + 1
        while index + 1 < tokens.count, tokens[index].isMark(".") {
            text += "." + (try name(index + 1))
            index += 2
        }
        return (text, index)
    }

    private func set() throws(SQLFailure) -> PostgresStatementKind {
        var index = 1
        let isLocal = word(1) == "local"
        let isSession = word(1) == "session" && word(2) != "authorization"
        if isLocal || isSession { index = 2 }
        if isSession, word(2) == "characteristics" {
            let (isolation, readOnly) = try modes(5)
            return .setTransaction(isolation: isolation, readOnly: readOnly, isSession: true)
        }
        if word(index) == "transaction" {
            let (isolation, readOnly) = try modes(index + 1)
            return .setTransaction(isolation: isolation, readOnly: readOnly, isSession: false)
        }
        if word(index) == "role" || word(index) == "session" || word(index) == "constraints" {
            return .refused(.sqlQuery, "SET \(word(index).uppercased()) is not known here")
        }
        if word(index) == "time", word(index + 1) == "zone" {
            return .set(name: "timezone", value: try settingValue(index + 2), isLocal: isLocal)
        }
        if word(index) == "names" {
            return .set(name: "client_encoding", value: try settingValue(index + 1), isLocal: isLocal)
        }
        let (name, next) = try settingName(index)
        guard next < tokens.count, tokens[next].isOperator("=") || word(next) == "to" else { throw error(next) }
        if word(next + 1) == "default" { return .set(name: name, value: nil, isLocal: isLocal) }
        if name == "transaction_isolation", let level = SQLIsolation(rawValue: try settingValue(next + 1).lowercased())
        {
            return .setTransaction(isolation: level, readOnly: nil, isSession: false)
        }
        let value = name == "search_path" ? try nameList(next + 1) : try settingValue(next + 1)
        return .set(name: name, value: value, isLocal: isLocal)
    }

    /// Names with commas: each text and each word is one name.
    private func nameList(_ start: Int) throws(SQLFailure) -> String {
        var names: [String] = []
        var index = start
        while true {
            guard index < tokens.count else { throw error(index) }
            if let text = try tokens[index].stringValue(in: bytes) {
                names.append(String(decoding: text, as: UTF8.self))
            } else {
                names.append(try name(index))
            }
            index += 1
            guard index < tokens.count else { break }
            guard tokens[index].isMark(",") else { throw error(index) }
            index += 1
        }
        return names.map(SQLIdentifierList.quoted).joined(separator: ", ")
    }

    /// One value or several with commas: texts without their quotes, anything else as it stands.
    private func settingValue(_ start: Int) throws(SQLFailure) -> String {
        guard start < tokens.count else { throw error(start) }
        var value = ""
        for token in tokens[start...] {
            if let text = try token.stringValue(in: bytes) {
                value += String(decoding: text, as: UTF8.self)
            } else if token.isMark(",") {
                value += ", "
            } else if token.isName || token.kind == .integer || token.kind == .decimal || token.isOperator("-") {
                value +=
                    token.kind == .word
                    ? String(decoding: bytes[token.start..<token.end], as: UTF8.self)
                    : token.kind == .quotedName
                        ? token.text : String(decoding: bytes[token.start..<token.end], as: UTF8.self)
            } else {
                throw SQLFailure("42601", "syntax error in the value of a setting", offset: token.start)
            }
        }
        return value
    }

    // MARK: Prepared statements and cursors

    private func closing(_ open: Int) throws(SQLFailure) -> Int {
        var depth = 0
        for index in open..<tokens.count {
            if tokens[index].isMark("(") { depth += 1 }
            if tokens[index].isMark(")") { depth -= 1 }
            if depth == 0 { return index }
        }
        throw error(tokens.count)
    }

    private func rest(_ start: Int) throws(SQLFailure) -> Range<Int> {
        guard start < tokens.count, let last = tokens.last else { throw error(start) }
        return tokens[start].start..<last.end
    }

    private func prepare() throws(SQLFailure) -> PostgresStatementKind {
        let name = try name(1)
        var index = 2
        var types: [SQLType] = []
        if index < tokens.count, tokens[index].isMark("(") {
            let close = try closing(index)
            var start = index + 1
            while start < close {
                var stop = start
                while stop < close, !tokens[stop].isMark(",") { stop += 1 }
                let words = tokens[start..<stop].map(\.text).joined(separator: " ")
                guard
                    let type = SQLType.allCases.first(where: { $0.catalogName == words || $0.displayName == words })
                        ?? (words == "int" ? .int32 : nil)
                else {
                    throw SQLFailure("42704", "type \"\(words)\" does not exist", offset: tokens[start].start)
                }
                types.append(type)
                start = stop + 1
            }
            index = close + 1
        }
        guard word(index) == "as" else { throw error(index) }
        let isQuery =
            index + 1 < tokens.count && tokens[index + 1].isMark("(") || Self.prepared.contains(word(index + 1))
        guard isQuery else { throw error(index + 1) }
        return .prepare(name: name, types: types, text: try rest(index + 1))
    }

    private func execute() throws(SQLFailure) -> PostgresStatementKind {
        let name = try name(1)
        guard tokens.count > 2 else { return .execute(name: name, arguments: 0..<0) }
        guard tokens[2].isMark("(") else { throw error(2) }
        let close = try closing(2)
        try end(close + 1)
        return .execute(name: name, arguments: close > 3 ? tokens[3].start..<tokens[close - 1].end : 0..<0)
    }

    private func declare() throws(SQLFailure) -> PostgresStatementKind {
        let name = try name(1)
        var options = PostgresCursorOptions()
        var index = 2
        while index < tokens.count, word(index) != "cursor" {
            switch word(index) {
            case "binary": options.isBinary = true
            case "no" where word(index + 1) == "scroll":
                options.isForwardOnly = true
                index += 1
            case "scroll": options.isScrollable = true
            case "insensitive", "asensitive": break
            default: throw error(index)
            }
            index += 1
        }
        if options.isScrollable, options.isForwardOnly {
            throw SQLFailure("42P11", "cannot specify both SCROLL and NO SCROLL")
        }
        index += 1
        if word(index) == "with", word(index + 1) == "hold" {
            options.isHoldable = true
            index += 2
        } else if word(index) == "without", word(index + 1) == "hold" {
            index += 2
        }
        guard word(index) == "for" else { throw error(index) }
        return .declare(name: name, options: options, text: try rest(index + 1))
    }

    private func fetch() throws(SQLFailure) -> PostgresStatementKind {
        let moves = word(0) == "move"
        var index = 1
        var step = PostgresCursorStep.forward(1)
        switch word(index) {
        case "next": index += 1
        case "prior":
            step = .backward(1)
            index += 1
        case "first":
            step = .absolute(1)
            index += 1
        case "last":
            step = .absolute(-1)
            index += 1
        case "all":
            step = .forward(nil)
            index += 1
        case "absolute", "relative":
            let isAbsolute = word(index) == "absolute"
            index += 1
            guard let number = signed(&index) else { throw error(index) }
            step = isAbsolute ? .absolute(number) : .relative(number)
        case "forward", "backward":
            let isForward = word(index) == "forward"
            index += 1
            var count: Int? = 1
            if word(index) == "all" {
                count = nil
                index += 1
            } else if let number = signed(&index) {
                count = number
            }
            step = isForward ? .forward(count) : .backward(count)
        default: if let number = signed(&index) { step = .forward(number) }
        }
        if word(index) == "from" || word(index) == "in" { index += 1 }
        try end(index + 1)
        return .fetch(name: try name(index), step: step, moves: moves)
    }

    /// A whole number with its sign; leaves the index behind it.
    private func signed(_ index: inout Int) -> Int? {
        var place = index
        let isNegative = place < tokens.count && tokens[place].isOperator("-")
        if isNegative || place < tokens.count && tokens[place].isOperator("+") { place += 1 }
        guard place < tokens.count, tokens[place].kind == .integer else { return nil }
        index = place + 1
        return isNegative ? -tokens[place].number : tokens[place].number
    }
}
