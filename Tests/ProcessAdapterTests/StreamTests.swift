// Objects, SQL and transactions of the schema of our own, against a process that has a little of each.

import Capabilities
import TestSupport
import Testing

@testable import ProcessAdapter

/// A body in pieces; it fails instead of ending when told so.
private final class Body: ObjectBody, @unchecked Sendable {
    private var pieces: [[UInt8]]
    private let fails: Bool
    let length: Int64?
    let checksums: [ObjectChecksum]

    init(_ pieces: [[UInt8]], checksums: [ObjectChecksum] = [], fails: Bool = false) {
        self.pieces = pieces
        self.fails = fails
        self.checksums = checksums
        length = Int64(pieces.reduce(0) { $0 + $1.count })
    }

    func next() async throws(ObjectFailure) -> [UInt8]? {
        if pieces.isEmpty, fails { throw .bodyFailed }
        return pieces.isEmpty ? nil : pieces.removeFirst()
    }
}

@Suite("Objects, SQL and transactions of a process", .serialized)
struct StreamTests {
    private let process: AdapterProcess
    private let context = CallContext(now: 1_000)

    init() async throws { process = try await AdapterProcess.start(AdapterProcess.adapter("vault.py")) }

    private func name(_ key: String) -> ObjectName { ObjectName(bucket: bytes("b"), key: bytes(key)) }

    private func objects(_ service: any Service) throws -> any ObjectService {
        guard let objects = service.object else { throw SupportError("no objects") }
        return objects
    }

    private func all(_ source: any ObjectSource) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await source.next() {
            #expect(!piece.isEmpty && piece.count <= ObjectBounds.piece)
            bytes += piece
        }
        return bytes
    }

    @Test("an object of several megabytes goes in and comes out, whole and in part")
    func roundTrip() async throws {
        let house = try await Harness(process.url)
        let piece = (0..<ObjectBounds.piece).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let body = Array(repeating: piece, count: 40)
        try await house.run { service in
            let objects = try objects(service)
            try await objects.createBucket(bytes("b"), context)
            await #expect(throws: ObjectFailure.bucketExists) { try await objects.createBucket(bytes("b"), context) }
            #expect(try await objects.listBuckets(context) == [BucketInfo(bytes("b"), created: 5)])
            let metadata = ObjectMetadata(
                fields: [Pair(bytes("content-type"), bytes("x/y"))], user: [Pair(bytes("a"), bytes("1"))])
            let sum = ObjectChecksum(.crc32, [1, 2, 3, 4])
            let info = try await objects.put(
                ObjectPut(name("large"), metadata: metadata), Body(body, checksums: [sum]), context)
            #expect(info.size == Int64(40 * ObjectBounds.piece))
            #expect(info.metadata == metadata && info.checksums == [sum])
            #expect(try await objects.head(ObjectGet(name("large")), context) == info)
            let reading = try await objects.get(ObjectGet(name("large")), context)
            #expect(reading.info == info && reading.range == 0..<info.size)
            #expect(try await all(reading.content) == body.flatMap(\.self))
            let part = try await objects.get(ObjectGet(name("large"), range: .from(5, through: 9)), context)
            #expect(part.range == 5..<10)
            #expect(try await all(part.content) == Array(piece[5..<10]))
            await #expect(throws: ObjectFailure.invalidRange(size: info.size)) {
                try await objects.get(ObjectGet(name("large"), range: .from(info.size, through: nil)), context)
            }
            await #expect(throws: ObjectFailure.noSuchKey) { try await objects.get(ObjectGet(name("none")), context) }
            // Given up half-way: the call ends with its source.
            _ = try await objects.get(ObjectGet(name("large")), context).content.next()
        }
        await house.stop()
    }

    @Test("a body that fails changes nothing, and an early answer ends the body")
    func failedBody() async throws {
        let house = try await Harness(process.url)
        try await house.run { service in
            let objects = try objects(service)
            let body = Array(repeating: [UInt8](repeating: 1, count: ObjectBounds.piece), count: 60)
            await #expect(throws: ObjectFailure.noSuchBucket) {
                try await objects.put(ObjectPut(name("x"), metadata: ObjectMetadata()), Body(body), context)
            }
            try await objects.createBucket(bytes("b"), context)
            await #expect(throws: ObjectFailure.bodyFailed) {
                try await objects.put(
                    ObjectPut(name("x"), metadata: ObjectMetadata()), Body([[1], [2]], fails: true), context)
            }
            await #expect(throws: ObjectFailure.noSuchKey) { try await objects.head(ObjectGet(name("x")), context) }
        }
        await house.stop()
    }

    @Test("lists, deletions, and what is not offered")
    func lists() async throws {
        let house = try await Harness(process.url)
        try await house.run { service in
            let objects = try objects(service)
            try await objects.createBucket(bytes("b"), context)
            for key in ["a", "b1", "b2", "b3"] {
                _ = try await objects.put(ObjectPut(name(key), metadata: ObjectMetadata()), Body([bytes(key)]), context)
            }
            var listing = ObjectListing(
                bucket: bytes("b"), prefix: bytes("b"), delimiter: [], after: [], limit: 2)
            let first = try await objects.list(listing, context)
            #expect(first.objects.map(\.key) == [bytes("b1"), bytes("b2")] && first.next == bytes("b2"))
            listing.after = bytes("b2")
            let second = try await objects.list(listing, context)
            #expect(second.objects.map(\.key) == [bytes("b3")] && second.next == nil)
            #expect(try await objects.delete(name("a"), ObjectConditions(), context))
            #expect(try await !objects.delete(name("a"), ObjectConditions(), context))
            let results = try await objects.delete([bytes("b1"), bytes("b2")], of: bytes("b"), context)
            #expect(results == [nil, .conflict])
            let refusal = Failure.refused(.objectMultipart, reason: "the adapter process does not offer it")
            await #expect(throws: ObjectFailure.general(refusal)) {
                try await objects.createUpload(UploadCreation(name("m"), metadata: ObjectMetadata()), context)
            }
            await #expect(throws: ObjectFailure.self) {
                try await objects.head(ObjectGet(name("b3"), conditions: ObjectConditions(ifMatch: .any)), context)
            }
            _ = try await objects.put(ObjectPut(name("short"), metadata: ObjectMetadata()), Body([[1, 2]]), context)
            let short = try await objects.get(ObjectGet(name("short")), context)
            await #expect(throws: ObjectFailure.self) { try await all(short.content) }
        }
        await house.stop()
    }

    private func rows(_ session: any SQLSession, _ text: String, _ values: [SQLValue] = []) async throws -> SQLBatch {
        let statement = try await session.prepare(bytes(text), parameterTypes: [])
        let cursor = try session.open(statement, values)
        let batch = try await cursor.fetch(0)
        await cursor.close()
        statement.close()
        return batch
    }

    @Test("a SQL session prepares, fetches in batches, copies, fails by SQLSTATE and rolls back")
    func sql() async throws {
        let house = try await Harness(process.url)
        try await house.run { service in
            guard let sql = service.sql else { throw SupportError("no SQL") }
            let session = try await sql.open(SQLSessionSettings(database: "one", user: "u"))
            session.set(SQLSessionLimits())
            session.setFact("version", .text("1"))
            _ = try await rows(session, "CREATE TABLE t (a, b)")
            let target = try await session.copy(into: SQLName("t"), columns: [])
            #expect(target.columns.map(\.name) == ["a", "b"])
            try await target.insert([.integer(1), .text("one"), .integer(2), .null])
            await target.close()
            let statement = try await session.prepare(
                bytes("SELECT a, b FROM t WHERE a >= $1"), parameterTypes: [.int64])
            #expect(statement.parameterTypes == [.int64] && statement.columns?.map(\.type) == [.unknown, .unknown])
            #expect(statement.command == SQLCommand("SELECT", countsRows: true, writes: false))
            let cursor = try session.open(statement, [.integer(1)])
            let first = try await cursor.fetch(1)
            #expect(first == SQLBatch(values: [.integer(1), .text("one")], rowCount: 1, isLast: false))
            #expect(cursor.columns?.map(\.type) == [.int64, .text])
            let second = try await cursor.fetch(5)
            #expect(second == SQLBatch(values: [.integer(2), .null], rowCount: 1, isLast: true))
            await cursor.close()
            try await session.begin(SQLTransactionMode())
            #expect(try await rows(session, "DELETE FROM t").affected == 2)
            try await session.rollback()
            #expect(try await rows(session, "SELECT count(*) FROM t").values == [.integer(2)])
            await #expect {
                try await rows(session, "SELEC 1")
            } throws: { error in
                (error as? SQLFailure)?.state == "42601" && (error as? SQLFailure)?.offset == 3
            }
            #expect(try await rows(session, "SELECT 7").values == [.integer(7)])
            await session.close()
        }
        await house.stop()
    }

    @Test("a statement that runs is cancelled from elsewhere, and a killed process ends the session")
    func sqlCancelled() async throws {
        let house = try await Harness(process.url)
        try await house.run { [process] service in
            guard let sql = service.sql else { throw SupportError("no SQL") }
            let session = try await sql.open(SQLSessionSettings(database: "two", user: "u"))
            let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
            _ = try await rows(session, "CREATE TABLE endless (n)")
            let statement = try await session.prepare(bytes("INSERT INTO endless \(endless)"), parameterTypes: [])
            let cursor = try session.open(statement, [])
            let canceller = Task.detached {
                // The statement may not have begun at the first try.
                while !Task.isCancelled {
                    session.cancel()
                    try? await Task.sleep(for: .milliseconds(50))
                }
            }
            await #expect { try await cursor.fetch(0) } throws: { ($0 as? SQLFailure)?.state == "57014" }
            canceller.cancel()
            process.server.kill()
            await #expect { try await session.commit() } throws: { ($0 as? SQLFailure)?.state == "08006" }
            await session.close()
        }
        await house.stop()
    }

    @Test("a transaction is performed as one, unless a watched key was touched")
    func transactions() async throws {
        let house = try await Harness(process.url)
        try await house.run { service in
            guard let transactions = service.transactions else { throw SupportError("no transactions") }
            let set = Operation.keyValue(.set(key: bytes("k"), value: bytes("1"), SetOptions()))
            let get = Operation.keyValue(.get(key: bytes("k")))
            let marks = try await transactions.marks(of: [bytes("k"), bytes("l")], context)
            #expect(marks.count == 2)
            let watched = [WatchedKey(bytes("k"), database: 0, mark: marks[0])]
            let steps = [set, get].map { TransactionStep($0, database: 0) }
            let answers = try await transactions.perform(steps, ifUnchanged: watched, context)
            #expect(answers == [.success(.done), .success(.bytes(bytes("1")))])
            #expect(try await transactions.perform(steps, ifUnchanged: watched, context) == nil)
            let needs = [TransactionStep(.keyValue(.delete(keys: [bytes("k")])), database: 0)]
            await #expect(throws: Failure.refused(.keyValueDelete, reason: "the adapter process does not offer it")) {
                try await transactions.perform(needs, ifUnchanged: [], context)
            }
        }
        await house.stop()
    }
}
