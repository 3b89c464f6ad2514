// What sessions with the embedded database keep from one another, and what they do not.

import Capabilities
import Reactor
import TestSupport
import Testing

@testable import EmbeddedAdapter

@Suite("Locks of the embedded SQL database")
struct LockTests {
    /// A session that gives up after `milliseconds` of waiting for others.
    private static func impatient(_ service: any SQLService, _ milliseconds: Int = 100) async throws -> any SQLSession {
        let session = try await service.session()
        var limits = SQLSessionLimits()
        limits.lockMilliseconds = milliseconds
        session.set(limits)
        return session
    }

    @Test("a temporary table that a block makes and fills keeps nobody from writing")
    func temporary() async throws {
        try await StoreUnderTest().run { service in
            let one = try await service.session()
            let other = try await Self.impatient(service)
            try await one.all("create table t (a int)")
            try await one.begin(SQLTransactionMode())
            try await one.all("create temporary table x (a int)")
            try await one.all("insert into x select 1")
            #expect(await other.state("insert into t values (1)") == "00000")
            // What others commit is seen, as READ COMMITTED has it.
            #expect(try await one.all("select count(*) from t") == [.integer(1)])
            try await one.all("insert into t values (2)")
            #expect(await other.state("insert into t values (3)") == "55P03")
            try await one.rollback()
            #expect(await other.state("insert into t values (3)") == "00000")
            #expect(await one.state("select * from x") == "42P01")
        }
    }

    @Test("an advisory lock is waited for, and given to one session only")
    func advisory() async throws {
        try await StoreUnderTest().run { service in
            let one = try await service.session()
            let other = try await Self.impatient(service)
            try await one.all("select pg_advisory_lock(1), pg_advisory_lock(1)")
            #expect(try await other.all("select pg_try_advisory_lock(1)") == [.integer(0)])
            #expect(await other.state("select pg_advisory_lock(1)") == "55P03")
            // It is another lock.
            #expect(try await other.all("select pg_try_advisory_lock(0, 1)") == [.integer(1)])
            #expect(try await one.all("select pg_advisory_unlock(1)") == [.integer(1)])
            #expect(try await other.all("select pg_try_advisory_lock(1)") == [.integer(0)])
            async let waiting = other.all("select pg_advisory_lock(1), 7")
            #expect(try await one.all("select pg_advisory_unlock(1)") == [.integer(1)])
            #expect(try await waiting.last == .integer(7))
            // Shared ones go side by side, and a session's end gives all back.
            try await one.all("select pg_advisory_lock_shared(2)")
            #expect(try await other.all("select pg_try_advisory_lock_shared(2)") == [.integer(1)])
            #expect(try await one.all("select pg_try_advisory_lock(2)") == [.integer(0)])
            await other.close()
            #expect(
                try await one.all("select pg_try_advisory_lock(2), pg_try_advisory_lock(1)") == [
                    .integer(1), .integer(1),
                ])
        }
    }

    @Test("an advisory lock of a transaction ends with it, or with the savepoint before it")
    func transactions() async throws {
        try await StoreUnderTest().run { service in
            let one = try await service.session()
            let other = try await service.session()
            func isFree(_ key: Int) async throws -> Bool {
                let got = try await other.all("select pg_try_advisory_lock(\(key))") == [.integer(1)]
                if got { try await other.all("select pg_advisory_unlock(\(key))") }
                return got
            }
            try await one.begin(SQLTransactionMode())
            try await one.all("select pg_advisory_xact_lock(1)")
            try await one.savepoint("s")
            try await one.all("select pg_advisory_xact_lock(2)")
            #expect(try await !isFree(1))
            #expect(try await !isFree(2))
            try await one.rollBack(to: "s")
            #expect(try await !isFree(1))
            #expect(try await isFree(2))
            try await one.commit()
            #expect(try await isFree(1))
            // A statement by itself is a transaction.
            try await one.all("select pg_advisory_xact_lock(3)")
            #expect(try await isFree(3))
        }
    }

    @Test("sessions that wait for one another are told so")
    func deadlock() async throws {
        try await StoreUnderTest().run { service in
            let one = try await service.session()
            let other = try await service.session()
            try await one.all("select pg_advisory_lock(1)")
            try await other.all("select pg_advisory_lock(2)")
            // Whoever finds it out first gives up; the other still waits for what that one keeps.
            var states: [String] = []
            let stopped = await withTaskGroup(of: String.self) { group in
                group.addTask { await one.state("select pg_advisory_lock(2)") }
                group.addTask { await other.state("select pg_advisory_lock(1)") }
                let state = await group.next() ?? ""
                one.cancel()
                other.cancel()
                for await state in group { states.append(state) }
                return state
            }
            #expect(stopped == "40P01")
            #expect(states.allSatisfy { $0 == "57014" || $0 == "40P01" })
        }
    }

    @Test("a writer that waits for a lock of who waits to write is told so", arguments: [true, false])
    func writerDeadlock(writerIsFirst: Bool) async throws {
        try await StoreUnderTest().run { service in
            let writer = try await service.session()
            let other = try await service.session()
            try await writer.all("create table t (a int)")
            try await other.all("select pg_advisory_lock(1)")
            try await writer.begin(SQLTransactionMode())
            try await writer.all("insert into t values (1)")
            // The first one to wait looks first.
            let states = await withTaskGroup(of: String.self) { group in
                group.addTask {
                    if !writerIsFirst { try? await Task.sleep(for: .milliseconds(300)) }
                    let state = await writer.state("select pg_advisory_lock(1)")
                    // The server would roll back.
                    if state != "00000" { try? await writer.rollback() }
                    return state
                }
                group.addTask {
                    if writerIsFirst { try? await Task.sleep(for: .milliseconds(300)) }
                    let state = await other.state("insert into t values (2)")
                    if state != "00000" { _ = try? await other.all("select pg_advisory_unlock(1)") }
                    return state
                }
                var states: [String] = []
                for await state in group { states.append(state) }
                return states
            }
            // Without a deadlock found the writer would wait for ever, and the other one 10 seconds.
            #expect(states.sorted() == ["00000", "40P01"])
        }
    }

    @Test("who waits for a writer in vain is told for how long, and what bounds it")
    func patience() async throws {
        try await StoreUnderTest().run { service in
            let one = try await service.session()
            let other = try await Self.impatient(service)
            try await one.all("create table t (a int)")
            try await one.begin(SQLTransactionMode())
            try await one.all("insert into t values (1)")
            let failure = await #expect(throws: SQLFailure.self) { try await other.all("insert into t values (2)") }
            #expect(failure?.state == "55P03" && failure?.hint == nil)
            var limits = SQLSessionLimits()
            limits.lockMilliseconds = 0
            #expect(SQLiteFailure.lockHint(limits)?.contains("10 seconds") == true)
        }
    }

    @Test("a request to cancel holds for all calls of a message, and for none after it")
    func requests() async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            session.beginRequest()
            let statement = try await session.prepare(Array("select 1".utf8), parameterTypes: [])
            // Between two calls nothing runs, and the client's statement does.
            session.cancel()
            let cursor = try session.open(statement, [])
            await #expect(throws: SQLFailure.cancelled) { _ = try await cursor.fetch(0) }
            session.endRequest()
            #expect(await session.state("select 1") == "00000")
            session.cancel()
            #expect(await session.state("select 1") == "00000")
        }
    }
}
