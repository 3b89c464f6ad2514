// Sessions with the embedded database: transactions, errors, limits, and what survives.

import Capabilities
import Reactor
import TestSupport
import Testing

@testable import EmbeddedAdapter

/// A store in a folder of its own, and sessions with it.
final class StoreUnderTest: Sendable {
    let folder: TemporaryFolder
    let store: EmbeddedSQLStore
    let worker: Worker

    init(_ folder: TemporaryFolder? = nil) throws {
        self.folder = try folder ?? TemporaryFolder()
        store = EmbeddedSQLStore(path: self.folder.file("sql.db"), syncsEachCommit: false)
        worker = try Worker(index: 0)
        try worker.start()
    }

    deinit {
        store.close()
        worker.stop()
    }

    /// Runs `body` on the worker, as a session's task does.
    func run<T: Sendable>(_ body: @escaping @Sendable (any SQLService) async throws -> T) async throws -> T {
        let service = EmbeddedSQLService(store, worker: worker)
        return try await Task(executorPreference: worker) { try await body(service) }.value
    }
}

extension SQLService {
    func session() async throws -> any SQLSession {
        try await open(SQLSessionSettings(database: "d", user: "u"))
    }
}

extension SQLSession {
    /// All rows of a statement.
    @discardableResult
    func all(_ sql: String, _ values: [SQLValue] = []) async throws(SQLFailure) -> [SQLValue] {
        let statement = try await prepare(Array(sql.utf8), parameterTypes: [])
        let cursor = try open(statement, values)
        var rows: [SQLValue] = []
        while true {
            let batch = try await cursor.fetch(0)
            rows += batch.values
            if batch.isLast { break }
        }
        await cursor.close()
        statement.close()
        return rows
    }

    func state(_ sql: String) async -> String {
        do throws(SQLFailure) {
            try await all(sql)
            return "00000"
        } catch {
            return error.state
        }
    }
}

@Suite("The embedded SQL database")
struct SessionTests {
    @Test("errors have the codes that PostgreSQL's have")
    func states() async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            try await session.all("create table p(id int primary key)")
            try await session.all(
                "create table t(id serial primary key, a int not null, b varchar(3) unique, p int references p(id), c bool, check (a > 0))"
            )
            try await session.all("insert into t(a, b) values (1, 'x')")
            let cases = [
                ("insert into t(a, b) values (1, 'x')", "23505"), ("insert into t(a) values (null)", "23502"),
                ("insert into t(a, p) values (1, 9)", "23503"), ("insert into t(a) values (-1)", "23514"),
                ("insert into t(a, b) values (1, 'long')", "22001"), ("insert into t(a) values (3000000000)", "22003"),
                ("insert into t(a) values ('x')", "22P02"), ("select * from nope", "42P01"),
                ("select nope from t", "42703"),
                ("select 1 +", "42601"), ("selec 1", "42601"), ("select 1 / 0", "22012"), ("select nope(1)", "42883"),
                ("create table t(a int)", "42P07"), ("select 'x'::int", "22P02"),
                ("insert into t(nope) values (1)", "42703"),
                ("insert into p values (null)", "23502"), ("select a from t, t as u", "42702"),
            ]
            for (sql, state) in cases { #expect(await session.state(sql) == state, "\(sql)") }
            await session.close()
        }
    }

    @Test("the place of an error is a place in the client's own text")
    func places() async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            for (sql, place) in [("select 1::int, nope", 15), ("select * from nope", 14)] {
                do throws(SQLFailure) {
                    try await session.all(sql)
                    Issue.record("no error: \(sql)")
                } catch {
                    #expect(error.offset == place, "\(sql)")
                }
            }
            await session.close()
        }
    }

    @Test("a transaction that has read what another one changed may still write at read committed")
    func readCommitted() async throws {
        try await StoreUnderTest().run { service in
            let one = try await service.session()
            let two = try await service.session()
            try await one.all("create table t(a int)")
            try await one.all("insert into t values (1)")
            try await one.begin(SQLTransactionMode())
            #expect(try await one.all("select a from t") == [.integer(1)])
            try await two.all("update t set a = 2")
            #expect(try await one.all("select a from t") == [.integer(2)])
            try await one.all("update t set a = a + 1")
            try await one.commit()
            #expect(try await two.all("select a from t") == [.integer(3)])
            await one.close()
            await two.close()
        }
    }

    @Test("a serializable transaction that has read what another one changed fails with 40001")
    func serializable() async throws {
        try await StoreUnderTest().run { service in
            let one = try await service.session()
            let two = try await service.session()
            try await one.all("create table t(a int)")
            try await one.all("insert into t values (1)")
            try await one.begin(SQLTransactionMode(.serializable))
            try await one.all("select a from t")
            try await two.all("update t set a = 2")
            #expect(try await one.all("select a from t") == [.integer(1)])
            #expect(await one.state("update t set a = 5") == "40001")
            try await one.rollback()
            await one.close()
            await two.close()
        }
    }

    @Test("a write that waits longer than lock_timeout for another session fails with 55P03")
    func lockTimeout() async throws {
        try await StoreUnderTest().run { service in
            let one = try await service.session()
            let two = try await service.session()
            try await one.all("create table t(a int)")
            try await one.begin(SQLTransactionMode())
            try await one.all("insert into t values (1)")
            var limits = SQLSessionLimits()
            limits.lockMilliseconds = 50
            two.set(limits)
            #expect(await two.state("insert into t values (2)") == "55P03")
            // Readers are not held up.
            #expect(try await two.all("select count(*) from t") == [.integer(0)])
            try await one.commit()
            #expect(await two.state("insert into t values (2)") == "00000")
            await one.close()
            await two.close()
        }
    }

    @Test("savepoints work before and after the first write, and what is rolled back is gone")
    func savepoints() async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            try await session.all("create table t(a int)")
            try await session.begin(SQLTransactionMode())
            try await session.savepoint("early")
            try await session.all("insert into t values (1)")
            try await session.savepoint("late")
            try await session.all("insert into t values (2)")
            try await session.rollBack(to: "late")
            try await session.all("insert into t values (3)")
            try await session.release("late")
            #expect(try await session.all("select a from t order by a") == [.integer(1), .integer(3)])
            try await session.rollBack(to: "early")
            #expect(try await session.all("select a from t") == [])
            await #expect(throws: SQLFailure.self) { try await session.rollBack(to: "late") }
            try await session.commit()
            await session.close()
        }
    }

    @Test("a read-only transaction refuses to write")
    func readOnly() async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            try await session.all("create table t(a int)")
            try await session.begin(SQLTransactionMode(isReadOnly: true))
            #expect(await session.state("insert into t values (1)") == "25006")
            try await session.rollback()
            await session.close()
        }
    }

    @Test("a statement that runs is cancelled, a later one is not")
    func cancelling() async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            session.cancel()
            #expect(try await session.all("select 1") == [.integer(1)])
            let endless = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"
            // Ten thousand steps for each of a million characters.
            let pattern = "select repeat('a', 1000000) ~ '^((a{0,100}){0,50})*b$'"
            for sql in [endless, "select pg_sleep(600)", pattern] {
                let canceller = Task.detached {
                    while !Task.isCancelled {
                        session.cancel()
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                }
                #expect(await session.state(sql) == "57014")
                canceller.cancel()
                await canceller.value
            }
            #expect(try await session.all("select 2") == [.integer(2)])
            await session.close()
        }
    }

    @Test("a statement beyond statement_timeout ends with 57014")
    func statementTimeout() async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            var limits = SQLSessionLimits()
            limits.statementMilliseconds = 30
            session.set(limits)
            #expect(await session.state("select pg_sleep(600)") == "57014")
            session.set(SQLSessionLimits())
            #expect(await session.state("select 1") == "00000")
            await session.close()
        }
    }

    @Test("a cursor gives rows piece by piece, and other statements run between")
    func cursors() async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            try await session.begin(SQLTransactionMode())
            let sql = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 10) select x from n"
            let statement = try await session.prepare(Array(sql.utf8), parameterTypes: [])
            let cursor = try session.open(statement, [])
            let first = try await cursor.fetch(4)
            #expect(first.rowCount == 4 && !first.isLast)
            #expect(try await session.all("select 7") == [.integer(7)])
            let rest = try await cursor.fetch(0)
            #expect(rest.values == (5...10).map { .integer($0) })
            #expect(rest.isLast)
            await cursor.close()
            try await session.commit()
            await session.close()
        }
    }

    @Test("no step of a session runs away from its worker")
    func staysHome() async throws {
        let under = try StoreUnderTest()
        try await under.run { service in
            let session = try await service.session()
            let before = under.worker.foreignEnqueueCount
            for _ in 0..<50 {
                try await session.all("select 1")
                #expect(under.worker.isCurrent)
            }
            #expect(under.worker.foreignEnqueueCount == before)
            await session.close()
        }
    }

    @Test("sessions that wait for each other all get a thread")
    func manySessions() async throws {
        try await StoreUnderTest().run { service in
            let first = try await service.session()
            try await first.all("create table t(a int)")
            try await first.begin(SQLTransactionMode())
            try await first.all("insert into t values (0)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...20 {
                    group.addTask {
                        let session = try await service.session()
                        try await session.all("insert into t values ($1)", [.integer(Int64(number))])
                        await session.close()
                    }
                }
                // Its end has to find a thread although twenty wait for it.
                try await first.commit()
                try await group.waitForAll()
            }
            #expect(try await first.all("select count(*) from t") == [.integer(21)])
            await first.close()
        }
    }

    @Test("a session that ends inside a transaction gives its lock back, though its statements are still held")
    func endInsideTransaction() async throws {
        try await StoreUnderTest().run { service in
            let (one, two) = (try await service.session(), try await service.session())
            try await one.all("create table t(a int)")
            try await one.begin(SQLTransactionMode())
            let held = try await one.prepare(Array("select a from t".utf8), parameterTypes: [])
            try await one.all("insert into t values (1)")
            await one.close()
            var limits = SQLSessionLimits()
            limits.lockMilliseconds = 50
            two.set(limits)
            try await two.all("insert into t values (2)")
            #expect(try await two.all("select a from t") == [.integer(2)])
            held.close()
        }
    }

    @Test("a prepared star does not give rows of another shape after the table has changed")
    func changedShape() async throws {
        try await StoreUnderTest().run { service in
            let one = try await service.session()
            let two = try await service.session()
            try await one.all("create table t(a int)")
            try await one.all("insert into t values (1)")
            let statement = try await one.prepare(Array("select * from t".utf8), parameterTypes: [])
            #expect(try await one.all("select * from t") == [.integer(1)])
            try await two.all("alter table t add column b int")
            let cursor = try one.open(statement, [])
            await #expect(throws: SQLFailure("0A000", "cached plan must not change result type")) {
                _ = try await cursor.fetch(0)
            }
            #expect(try await one.all("select * from t") == [.integer(1), .null])
            await one.close()
            await two.close()
        }
    }

    @Test("parameters have the types of the columns they stand for")
    func parameterTypes() async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            try await session.all("create table t(a int, b text, c timestamptz, d bigint)")
            let cases: [(String, [SQLType])] = [
                ("insert into t(a, c) values ($1, $2)", [.int32, .timestampWithZone]),
                ("insert into t values ($1, $2, $3, $4)", [.int32, .text, .timestampWithZone, .int64]),
                ("select * from t where d = $1 and b like $2 limit $3", [.int64, .text, .int64]),
                ("update t set a = $1 where c < $2", [.int32, .timestampWithZone]),
                ("select * from t where a in ($1, $2)", [.int32, .int32]), ("select $1::bool", [.boolean]),
                ("select $1", [.text]),
            ]
            for (sql, types) in cases {
                let statement = try await session.prepare(Array(sql.utf8), parameterTypes: [])
                #expect(statement.parameterTypes == types, "\(sql)")
            }
            await session.close()
        }
    }
}
