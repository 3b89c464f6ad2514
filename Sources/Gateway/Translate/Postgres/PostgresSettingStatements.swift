// SET and the names and values of settings, as words.

import Capabilities

extension PostgresStatementReader {
    func settingName(_ start: Int) throws(SQLFailure) -> (name: String, next: Int) {
        var text = try name(start)
        var index = start + 1
        while index + 1 < tokens.count, tokens[index].isMark(".") {
            text += "." + (try name(index + 1))
            index += 2
        }
        return (text, index)
    }

    func set() throws(SQLFailure) -> PostgresStatementKind {
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
        if word(next + 1) == "default" {
            guard next + 2 == tokens.count else { throw error(next + 2) }
            return .set(name: name, value: nil, isLocal: isLocal)
        }
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
        // Values and commas take turns; a sign stands before a number.
        var isDue = true
        for (index, token) in zip(start..., tokens[start...]) {
            guard token.isMark(",") != isDue else { throw error(index) }
            isDue = token.isMark(",") || token.isOperator("-")
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
        if isDue { throw error(tokens.count) }
        return value
    }
}
