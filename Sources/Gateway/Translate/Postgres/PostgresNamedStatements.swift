// DEALLOCATE and EXECUTE of statements that SQL itself has prepared.

import Capabilities
import PostgresWire

extension PostgresTranslatedSession {
    func deallocate(_ name: String?) throws(SQLFailure) {
        if let name {
            guard let prepared = statements.removeValue(forKey: Array(name.utf8)) else {
                throw SQLFailure("26000", "prepared statement \"\(name)\" does not exist")
            }
            prepared.statement?.close()
            return out.commandComplete("DEALLOCATE")
        }
        for prepared in statements.values { prepared.statement?.close() }
        statements = [:]
        out.commandComplete("DEALLOCATE ALL")
    }

    func executeNamed(
        _ portal: PostgresPortal, _ name: String, _ arguments: Range<Int>, limit: Int
    ) async throws(SQLFailure) {
        guard let inner = statements[Array(name.utf8)] else {
            throw SQLFailure("26000", "prepared statement \"\(name)\" does not exist")
        }
        let values = try await values(of: Array(portal.prepared.text[arguments]), for: name, inner.parameterTypes)
        let run = PostgresPortal(inner, values, portal.formats)
        do throws(SQLFailure) {
            if case .query = inner.kind {
                try await runQuery(run, limit: 0, tag: nil)
            } else {
                try await execute(run, limit: 0)
            }
        } catch {
            await run.cursor?.close()
            throw error
        }
        await run.cursor?.close()
    }

    /// What the expressions of an EXECUTE give, assigned to parameters of these types (prepare.c, EvaluateParams).
    private func values(
        of text: [UInt8], for name: String, _ types: [SQLType]
    ) async throws(SQLFailure) -> [SQLValue] {
        let arguments = Self.expressions(try SQLLexer.tokens(text))
        guard arguments.count == types.count else {
            throw SQLFailure(
                "42601", "wrong number of parameters for prepared statement \"\(name)\"",
                detail: "Expected \(types.count) parameters but got \(arguments.count).")
        }
        guard !types.isEmpty else { return [] }
        guard !arguments.joined().contains(where: { $0.isWord("select") }) else {
            throw SQLFailure("0A000", "cannot use subquery in EXECUTE parameter")
        }
        // The backend tells their types, and works them out.
        let plain = try await sql.prepare(Array("SELECT ".utf8) + text, parameterTypes: [])
        defer { plain.close() }
        var casts: [String] = []
        for (place, words) in arguments.enumerated() {
            let own = plain.columns.flatMap { place < $0.count ? $0[place].type : nil } ?? .unknown
            let takesAny = words.count == 1 && words.allSatisfy { $0.isString || $0.isWord("null") }
            let type = types[place]
            guard takesAny || own == .unknown || type == .unknown || own.isAssignable(to: type) else {
                throw SQLFailure(
                    "42804",
                    "parameter $\(place + 1) of type \(own.displayName) cannot be coerced to the expected type \(type.displayName)",
                    hint: "You will need to rewrite or cast the expression.")
            }
            let words = String(decoding: text[(words.first?.start ?? 0)..<(words.last?.end ?? 0)], as: UTF8.self)
            // Without a length `character` would be one of one.
            let target = type == .fixedText ? type.catalogName : type.displayName
            casts.append(type == .unknown ? words : "CAST((\(words)) AS \(target))")
        }
        let statement = try await sql.prepare(Array("SELECT \(casts.joined(separator: ", "))".utf8), parameterTypes: [])
        defer { statement.close() }
        let cursor = try sql.open(statement, [])
        var values = try await cursor.fetch(1).values
        await cursor.close()
        for (place, column) in (cursor.columns ?? []).enumerated()
        where types[place] == .numeric && values[place] != .null {
            // Its text has all digits that it shows.
            var digits: [UInt8] = []
            PostgresValueWriter.appendText(values[place], column, to: &digits)
            values[place] = try PostgresValueReader.value(digits, .numeric, binary: false, number: place + 1)
        }
        return values
    }

    /// The words of each expression between commas; none where there are no words.
    private static func expressions(_ tokens: [SQLToken]) -> [ArraySlice<SQLToken>] {
        guard !tokens.isEmpty else { return [] }
        var pieces: [ArraySlice<SQLToken>] = []
        var (depth, start) = (0, 0)
        for (index, token) in tokens.enumerated() where token.kind == .mark {
            if token.text == "(" || token.text == "[" { depth += 1 }
            if token.text == ")" || token.text == "]" { depth -= 1 }
            guard token.text == ",", depth == 0 else { continue }
            pieces.append(tokens[start..<index])
            start = index + 1
        }
        return pieces + [tokens[start...]]
    }
}
