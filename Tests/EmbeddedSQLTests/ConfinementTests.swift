// What a session can do to the database and to the process: what its SQL says, and no more.

import Capabilities
import Foundation
import TestSupport
import Testing

@testable import EmbeddedAdapter

@Suite("What a session of the embedded database is confined to")
struct ConfinementTests {
    private static func spelled(_ text: String, in quote: UInt8) -> String {
        String(decoding: [quote] + text.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote], as: UTF8.self)
    }

    /// To Swift each of these makes one character with a quote beside it.
    private static let joiners = ["\u{0600}", "\u{200D}", "\u{0301}"]

    @Test("a name or a text ends at its own quote, whatever stands beside the quotes in it", arguments: joiners)
    func quotes(joiner: String) async throws {
        try await StoreUnderTest().run { service in
            let session = try await service.session()
            try await session.all("create table victim (a int)")
            try await session.all("insert into victim values (1)")
            for name in ["x\(joiner)\"", "\"\(joiner)x", "x\(joiner)\"; DELETE FROM victim; --"] {
                try await session.begin(SQLTransactionMode())
                try await session.savepoint(name)
                try await session.all("insert into victim values (2)")
                try await session.rollBack(to: name)
                try await session.commit()
                #expect(try await session.all("select count(*) from victim") == [.integer(1)])
                let spelled = Self.spelled(name, in: 0x22)
                try await session.all("create table \(spelled) (\(spelled) int)")
                try await session.all("drop table \(spelled)")
            }
            let literal = "a\(joiner)' or 1=1 --'\(joiner)"
            let quoted = Self.spelled(literal, in: 0x27)
            #expect(try await session.all("select \(quoted)") == [.text(literal)])
            #expect(try await session.all("select quote_literal(\(quoted))") == [.text(quoted)])
            await session.close()
        }
    }

    @Test("no statement attaches or writes a file")
    func files() async throws {
        let store = try StoreUnderTest()
        let file = store.folder.file("other.db")
        let connection = try SQLiteConnection(
            path: store.folder.file("sql.db"), syncsEachCommit: false, SQLSessionSettings(database: "d", user: "u"))
        // As one that has got past everything before it.
        for sql in ["ATTACH '\(file)' AS p", "VACUUM INTO '\(file)'", "ATTACH '\(file)' || '' AS p"] {
            #expect(throws: SQLFailure.self) { try connection.execute(sql) }
        }
        #expect(!FileManager.default.fileExists(atPath: file))
        try connection.execute("VACUUM")
        connection.close()
    }

    @Test("a session leaves no descriptor behind, whatever it still held")
    func descriptors() async throws {
        let store = try StoreUnderTest()
        let folder = store.folder.path
        func count() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { number in
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)"))?
                    .hasPrefix(folder) == true
            }
        }
        try await store.run { service in
            let session = try await service.session()
            try await session.all("create table t (a int)")
            try await session.all("insert into t select * from generate_series(1, 1000)")
            await session.close()
        }
        let before = try count()
        try await store.run { service in
            for _ in 0..<20 {
                let session = try await service.session()
                try await session.all("select a from t where a < 3")
                let statement = try await session.prepare(Array("select a from t".utf8), parameterTypes: [])
                let cursor = try session.open(statement, [])
                _ = try await cursor.fetch(10)
                await session.close()
            }
        }
        #expect(try count() <= before + 4)
    }
}
