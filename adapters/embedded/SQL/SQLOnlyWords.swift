// ONLY before a table's name: without the tables that inherit from it, of which there are none here.

import Capabilities

enum SQLOnlyWords {
    /// Words behind which a table is named.
    private static let before: Set<String> = ["from", "join", "update", "table", "into"]

    /// The same statement with spaces in the place of each ONLY, so that everything else stays where it is.
    static func blanked(_ text: [UInt8]) throws(SQLFailure) -> [UInt8] {
        let isTruncation = text.contains(UInt8(ascii: "*")) && SQLOnlyWords.begins(text)
        guard isTruncation || mayHold(text) else { return text }
        let tokens = try SQLLexer.tokens(text)
        var result = text
        func isMark(_ index: Int, _ mark: String) -> Bool { index < tokens.count && tokens[index].isMark(mark) }
        func blank(_ index: Int) {
            for place in tokens[index].start..<tokens[index].end { result[place] = 0x20 }
        }
        if isTruncation {
            // With the tables that inherit from it.
            for index in stars(tokens) { blank(index) }
        }
        for index in tokens.indices where tokens[index].isWord("only") && index > 0 {
            let last = tokens[index - 1]
            guard last.kind == .word && before.contains(last.text) || last.isMark(",") || last.isMark("(") else {
                continue
            }
            var name = index + 1
            let isGroup = isMark(name, "(")
            if isGroup { name += 1 }
            guard name < tokens.count, tokens[name].isName else { continue }
            while isMark(name + 1, "."), name + 2 < tokens.count { name += 2 }
            if isGroup {
                guard isMark(name + 1, ")") else { continue }
                blank(index + 1)
                blank(name + 1)
            }
            blank(index)
        }
        return result
    }

    /// The stars behind the names of tables.
    private static func stars(_ tokens: [SQLToken]) -> [Int] {
        let all = tokens.indices.dropFirst().filter { tokens[$0].isOperator("*") && tokens[$0 - 1].isName }
        guard tokens[0].isWord("alter"), tokens.count > 1, tokens[1].isWord("table") else {
            return tokens[0].isWord("truncate") ? all : []
        }
        var name = 2
        while name < tokens.count, ["if", "exists", "only"].contains(where: { tokens[name].isWord($0) }) { name += 1 }
        while name + 2 < tokens.count, tokens[name + 1].isMark(".") { name += 2 }
        return all.filter { $0 == name + 1 }
    }

    /// Whether it is a statement about whole tables, in which a star behind a name can be nothing else.
    private static func begins(_ text: [UInt8]) -> Bool {
        let word = text.drop { $0 == 0x20 || $0 &- 9 < 5 }.prefix { ($0 | 0x20) &- 0x61 < 26 }.map { $0 | 0x20 }
        return word == Array("truncate".utf8) || word == Array("alter".utf8)
    }

    private static func mayHold(_ text: [UInt8]) -> Bool {
        guard text.count > 4 else { return false }
        for place in 0...(text.count - 4)
        where text[place] | 0x20 == UInt8(ascii: "o") && text[place + 3] | 0x20 == UInt8(ascii: "y") {
            if text[place + 1] | 0x20 == UInt8(ascii: "n"), text[place + 2] | 0x20 == UInt8(ascii: "l") { return true }
        }
        return false
    }
}
