// Questions that the gateway answers where a backend takes none of its relations.

import Capabilities
import Testing

@testable import Gateway

@Suite("Questions about the session and the gateway")
struct PostgresOwnAnswersTests {
    private let relation = SQLRelation(
        SQLName("capabilities", schema: "fairlead"),
        columns: [SQLColumn("capability", .text), SQLColumn("support", .text)],
        values: [.text("kv.get"), .text("native"), .text("kv.set"), .text("refused")])

    private func ask(_ text: String) async throws -> [SQLValue]? {
        var settings = SQLSessionSettings(database: "shop", user: "ann", relations: [relation])
        settings.facts = ["version": .text("15.0"), "setting.timezone": .text("UTC")]
        let session = PostgresOwnAnswers(NoSession(), settings)
        let statement = try await session.prepare(Array(text.utf8), parameterTypes: [])
        if statement is NoStatement { return nil }
        return try await session.open(statement, []).fetch(0).values
    }

    @Test("what a backend can do is told in the plain forms")
    func relations() async throws {
        #expect(try await ask("TABLE fairlead.capabilities;") == relation.values)
        #expect(try await ask("select * from fairlead.capabilities") == relation.values)
        #expect(
            try await ask("select support from fairlead.capabilities where capability = 'kv.set'") == [.text("refused")]
        )
        await #expect(throws: SQLFailure.self) { try await ask("select count(*) from fairlead.capabilities") }
        #expect(try await ask("table fairlead.other") == nil)
    }

    @Test("what drivers ask at start is told, and what is the database's is not taken from it")
    func session() async throws {
        #expect(try await ask("SELECT version()") == [.text("15.0")])
        #expect(
            try await ask("select pg_catalog.version() as v, current_user, current_database(), current_schema;")
                == [.text("15.0"), .text("ann"), .text("shop"), .text("public")])
        #expect(try await ask("select current_setting('TimeZone')") == [.text("UTC")])
        #expect(try await ask("select current_setting('x.y', true)") == [.null])
        await #expect(throws: SQLFailure.self) { try await ask("select current_setting('x.y')") }
        for text in [
            "select 1", "select version() from t", "select version() || 'x'", "select user_id", "update t set a = 1",
            "",
        ] {
            #expect(try await ask(text) == nil)
        }
    }
}

private final class NoStatement: SQLStatement {
    let parameterTypes: [SQLType] = []
    let columns: [SQLColumn]? = nil
    let command = SQLCommand("SELECT")
    func close() {}
}

/// A backend that is asked whatever the gateway does not answer.
private final class NoSession: SQLSession {
    func begin(_ mode: SQLTransactionMode) async throws(SQLFailure) {}
    func commit() async throws(SQLFailure) {}
    func rollback() async throws(SQLFailure) {}
    func savepoint(_ name: String) async throws(SQLFailure) {}
    func release(_ name: String) async throws(SQLFailure) {}
    func rollBack(to name: String) async throws(SQLFailure) {}
    func prepare(_ text: [UInt8], parameterTypes: [SQLType]) async throws(SQLFailure) -> any SQLStatement {
        NoStatement()
    }
    func open(_ statement: any SQLStatement, _ values: [SQLValue]) throws(SQLFailure) -> any SQLCursor {
        throw .refused(.sqlQuery, "nothing")
    }
    func copy(into table: SQLName, columns: [String]) async throws(SQLFailure) -> any SQLCopyTarget {
        throw .refused(.sqlCopy, "nothing")
    }
    func set(_ limits: SQLSessionLimits) {}
    func setFact(_ name: String, _ value: SQLValue) {}
    func cancel() {}
    func close() async {}
}
