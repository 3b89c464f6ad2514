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
        var values: [SQLValue] = []
        if !arguments.isEmpty {
            // The backend works the expressions out.
            let text = Array("SELECT ".utf8) + portal.prepared.text[arguments]
            let statement = try await sql.prepare(text, parameterTypes: [])
            let cursor = try sql.open(statement, [])
            values = try await cursor.fetch(1).values
            await cursor.close()
            statement.close()
        }
        guard values.count == inner.parameterTypes.count else {
            throw SQLFailure(
                "42601", "wrong number of parameters for prepared statement \"\(name)\"",
                detail: "Expected \(inner.parameterTypes.count) parameters but got \(values.count).")
        }
        for (index, type) in inner.parameterTypes.enumerated() {
            if case .text(let text) = values[index] { values[index] = try type.value(text) }
        }
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
}
