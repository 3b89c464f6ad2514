// The COPY statement: what is copied, which way, and in which format.

import Capabilities
import PostgresWire

/// A COPY between a client and a table or query.
struct PostgresCopyCommand: Sendable {
    enum Source: Sendable {
        case table(SQLName, columns: [String])
        case query(Range<Int>)
    }

    var source: Source
    var isIn: Bool
    var format: PostgresCopyFormat

    static func read(_ tokens: [SQLToken], _ bytes: [UInt8]) throws(SQLFailure) -> PostgresCopyCommand {
        var reader = Reader(tokens: tokens, bytes: bytes)
        return try reader.command()
    }

    private struct Reader {
        let tokens: [SQLToken]
        let bytes: [UInt8]
        var index = 1

        func word() -> String { index < tokens.count && tokens[index].kind == .word ? tokens[index].text : "" }

        func error() -> SQLFailure {
            guard index < tokens.count else {
                return SQLFailure("42601", "syntax error at end of input", offset: tokens.last?.end)
            }
            let text = String(decoding: bytes[tokens[index].start..<tokens[index].end], as: UTF8.self)
            return SQLFailure("42601", "syntax error at or near \"\(text)\"", offset: tokens[index].start)
        }

        mutating func take(_ mark: String) -> Bool {
            guard index < tokens.count, tokens[index].isMark(mark) else { return false }
            index += 1
            return true
        }

        mutating func take(word: String) -> Bool {
            guard self.word() == word else { return false }
            index += 1
            return true
        }

        mutating func name() throws(SQLFailure) -> String {
            guard index < tokens.count, tokens[index].isName else { throw error() }
            index += 1
            return tokens[index - 1].text
        }

        mutating func command() throws(SQLFailure) -> PostgresCopyCommand {
            let source: Source
            if index < tokens.count, tokens[index].isMark("(") {
                let start = index + 1
                var depth = 0
                repeat {
                    guard index < tokens.count else { throw error() }
                    if tokens[index].isMark("(") { depth += 1 }
                    if tokens[index].isMark(")") { depth -= 1 }
                    index += 1
                } while depth > 0
                guard index - 1 > start else { throw error() }
                source = .query(tokens[start].start..<tokens[index - 2].end)
            } else {
                var name = SQLName(try name())
                if take(".") { name = SQLName(try self.name(), schema: name.name) }
                var columns: [String] = []
                if take("(") {
                    repeat { columns.append(try self.name()) } while take(",")
                    guard take(")") else { throw error() }
                }
                source = .table(name, columns: columns)
            }
            let isIn = word() == "from"
            guard isIn || word() == "to" else { throw error() }
            index += 1
            guard take(word: isIn ? "stdin" : "stdout") else {
                throw .refused(.sqlCopy, "COPY goes from STDIN and to STDOUT only", offset: tokens.last?.start)
            }
            var format = PostgresCopyFormat()
            try options(&format)
            if isIn, case .query = source { throw error() }
            return PostgresCopyCommand(source: source, isIn: isIn, format: format)
        }

        private mutating func options(_ format: inout PostgresCopyFormat) throws(SQLFailure) {
            _ = take(word: "with")
            if take("(") {
                repeat {
                    let name = try name()
                    try option(name, &format)
                } while take(",")
                guard take(")") else { throw error() }
            } else {
                while index < tokens.count, !word().isEmpty, word() != "where" {
                    let name = try name()
                    _ = take(word: "as")
                    switch name {
                    case "csv": format.becomeCSV()
                    case "binary": throw .refused(.sqlCopy, "the binary format of COPY is not known here")
                    default: try option(name, &format)
                    }
                }
            }
            if word() == "where" {
                throw .refused(.sqlCopy, "COPY with WHERE is not known here", offset: tokens[index].start)
            }
            guard index >= tokens.count else { throw error() }
        }

        private mutating func text() throws(SQLFailure) -> [UInt8] {
            guard index < tokens.count, let text = try tokens[index].stringValue(in: bytes) else { throw error() }
            index += 1
            return text
        }

        private mutating func byte(_ name: String) throws(SQLFailure) -> UInt8 {
            let value = try text()
            guard value.count == 1, let byte = value.first, byte != 0x0A, byte != 0x0D else {
                throw SQLFailure("22023", "COPY \(name) must be a single one-byte character")
            }
            return byte
        }

        private mutating func option(_ name: String, _ format: inout PostgresCopyFormat) throws(SQLFailure) {
            switch name {
            case "format":
                switch try self.name() {
                case "csv": format.becomeCSV()
                case "text": break
                case "binary": throw .refused(.sqlCopy, "the binary format of COPY is not known here")
                case let other: throw SQLFailure("22023", "COPY format \"\(other)\" not recognized")
                }
            case "delimiter", "delimiters": format.delimiter = try byte("delimiter")
            case "null": format.null = try text()
            case "quote": format.quote = try byte("quote")
            case "escape": format.escape = try byte("escape")
            case "header":
                format.hasHeader = true
                if take(word: "false") || take(word: "off") { format.hasHeader = false }
                _ = take(word: "true") || take(word: "on")
            case "encoding":
                let encoding = String(decoding: try text(), as: UTF8.self).lowercased()
                guard encoding == "utf8" || encoding == "utf-8" else {
                    throw .refused(.sqlCopy, "only the encoding UTF8 is known here")
                }
            case "freeze": _ = take(word: "true") || take(word: "on")
            default: throw .refused(.sqlCopy, "COPY with \(name.uppercased()) is not known here")
            }
        }
    }
}
