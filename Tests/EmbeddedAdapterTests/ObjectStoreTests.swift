// The object store on its folder: what it finds at the start, what others see meanwhile, and what is left over.

import Capabilities
import Glibc
import Synchronization
import Testing

@testable import EmbeddedAdapter

/// A body from memory, in pieces.
final class TestBody: ObjectBody {
    private let pieces: Mutex<[[UInt8]]>
    private let failsAtEnd: Bool
    let length: Int64? = nil
    let checksums: [ObjectChecksum] = []

    init(_ bytes: [UInt8], piece: Int = 1000, failsAtEnd: Bool = false) {
        let cut = stride(from: 0, to: bytes.count, by: piece).map { Array(bytes[$0..<min($0 + piece, bytes.count)]) }
        pieces = Mutex(cut.reversed())
        self.failsAtEnd = failsAtEnd
    }

    func next() async throws(ObjectFailure) -> [UInt8]? {
        let piece = pieces.withLock { $0.popLast() }
        if piece == nil, failsAtEnd { throw .bodyFailed }
        return piece
    }
}

@Suite("The object store")
struct ObjectStoreTests {
    static func makeFolder() throws -> String {
        var template = Array("/tmp/fairlead-objects-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { throw ObjectFailure.system("mkdtemp") }
        return String(cString: path)
    }

    /// Runs `body` with a service on a new folder that has a bucket.
    static func withService(
        _ body: (any ObjectService, String, ObjectStore) async throws -> Void
    ) async throws {
        let folder = try makeFolder()
        let store = ObjectStore(folder: folder, policy: .never)
        try store.start()
        let service = store.makeService()
        try await service.createBucket(bucket, context)
        do { try await body(service, folder, store) } catch {
            store.stop()
            ObjectFiles.remove(folder)
            throw error
        }
        store.stop()
        ObjectFiles.remove(folder)
    }

    static let bucket = Array("bucket".utf8)
    static let context = CallContext(now: 1_700_000_000_000)
    static func name(_ key: String) -> ObjectName { ObjectName(bucket: bucket, key: Array(key.utf8)) }

    static func put(
        _ service: any ObjectService, _ key: String, _ bytes: [UInt8],
        _ conditions: ObjectConditions = ObjectConditions()
    ) async throws {
        _ = try await service.put(
            ObjectPut(name(key), metadata: ObjectMetadata(), conditions: conditions), TestBody(bytes), context)
    }

    static func get(_ service: any ObjectService, _ key: String, _ range: ObjectRange = .whole) async throws -> [UInt8]
    {
        let reading = try await service.get(ObjectGet(name(key), range: range), context)
        var bytes: [UInt8] = []
        while let piece = try await reading.content.next() { bytes += piece }
        return bytes
    }

    @Test("of many that put where nothing may be, one succeeds")
    func conditions() async throws {
        try await Self.withService { service, _, _ in
            let only = ObjectConditions(ifNoneMatch: .any)
            let succeeded = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<24 {
                    group.addTask { (try? await Self.put(service, "key", [UInt8(number)], only)) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(succeeded == 1)
        }
    }

    @Test("a reader sees one version from its first byte to its last, whatever is put or deleted meanwhile")
    func oneVersion() async throws {
        try await Self.withService { service, _, _ in
            let size = 300_000
            try await Self.put(service, "key", [UInt8](repeating: 0, count: size))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for round in 1...15 {
                        try await Self.put(service, "key", [UInt8](repeating: UInt8(round), count: size))
                    }
                }
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<15 {
                            let bytes = try await Self.get(service, "key")
                            #expect(bytes.count == size)
                            #expect(bytes == [UInt8](repeating: bytes[0], count: size))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let reading = try await service.get(ObjectGet(Self.name("key")), Self.context)
            _ = try await service.delete(Self.name("key"), ObjectConditions(), Self.context)
            var count = 0
            while let piece = try await reading.content.next() { count += piece.count }
            #expect(count == size)
        }
    }

    @Test("the parts of a replaced object stay until its last reader is done, then they go")
    func parts() async throws {
        try await Self.withService { service, folder, _ in
            let upload = UploadName(
                Self.name("key"),
                id: try await service.createUpload(
                    UploadCreation(Self.name("key"), metadata: ObjectMetadata()), Self.context))
            let bytes = [UInt8](repeating: 1, count: 5 << 20)
            var parts: [CompletedPart] = []
            for number in [1, 2] {
                let info = try await service.putPart(
                    UploadPart(upload, number: number), TestBody(bytes, piece: 1 << 18), Self.context)
                parts.append(CompletedPart(number: number, etag: info.etag))
            }
            let info = try await service.completeUpload(UploadCompletion(upload, parts: parts), Self.context)
            #expect(info.size == 10 << 20)
            #expect(try await Self.get(service, "key", .from((5 << 20) - 1, through: 5 << 20)) == [1, 1])
            let uploads = "\(folder)/buckets/bucket/uploads"
            func read() async throws -> Int {
                let reading = try await service.get(ObjectGet(Self.name("key")), Self.context)
                try await Self.put(service, "key", [2])
                #expect(ObjectFiles.names(in: uploads).count == 1)
                var count = 0
                while let piece = try await reading.content.next() { count += piece.count }
                return count
            }
            #expect(try await read() == 10 << 20)
            #expect(try await Self.get(service, "key") == [2])
            var left = 1
            for _ in 0..<2000 where left > 0 {
                left = ObjectFiles.names(in: uploads).count
                if left > 0 { try await Task.sleep(for: .milliseconds(5)) }
            }
            #expect(left == 0)
        }
    }

    @Test("a body that gives up leaves no file and no object")
    func givenUp() async throws {
        try await Self.withService { service, folder, _ in
            let put = ObjectPut(Self.name("key"), metadata: ObjectMetadata())
            for size in [0, 500, 100_000] {
                await #expect(throws: ObjectFailure.bodyFailed) {
                    _ = try await service.put(
                        put, TestBody([UInt8](repeating: 1, count: size), failsAtEnd: true), Self.context)
                }
            }
            await #expect(throws: ObjectFailure.noSuchKey) { _ = try await Self.get(service, "key") }
            var left = 1
            for _ in 0..<2000 where left > 0 {
                left = ObjectFiles.names(in: "\(folder)/temporary").count
                if left > 0 { try await Task.sleep(for: .milliseconds(5)) }
            }
            #expect(left == 0)
        }
    }

    @Test("a start finds what is there, removes what nobody was told of, and puts damaged files aside")
    func recovery() async throws {
        let folder = try Self.makeFolder()
        defer { ObjectFiles.remove(folder) }
        let first = ObjectStore(folder: folder, policy: .always)
        try first.start()
        let before = first.makeService()
        try await before.createBucket(Self.bucket, Self.context)
        for key in ["a", "b", "c"] { try await Self.put(before, key, Array(key.utf8)) }
        #expect(throws: ObjectFailure.self) { try ObjectStore(folder: folder, policy: .always).start() }
        first.stop()

        let bucket = "\(folder)/buckets/bucket"
        try ObjectFile(creating: "\(folder)/temporary/half").write([1, 2, 3])
        try ObjectFiles.makeFolder("\(bucket)/uploads/orphan")
        try ObjectFile(creating: "\(bucket)/uploads/orphan/1").write([1, 2, 3])
        try ObjectFile(creating: "\(bucket)/objects/broken").write([1, 2, 3])
        let second = ObjectStore(folder: folder, policy: .always)
        try second.start()
        defer { second.stop() }
        let after = second.makeService()
        let listing = ObjectListing(bucket: Self.bucket, prefix: [], delimiter: [], after: [], limit: 10)
        #expect(try await after.list(listing, Self.context).objects.map(\.key) == [[0x61], [0x62], [0x63]])
        #expect(try await Self.get(after, "b") == [0x62])
        #expect(try await after.listBuckets(Self.context) == [BucketInfo(Self.bucket, created: Self.context.now)])
        #expect(ObjectFiles.names(in: "\(folder)/temporary") == [])
        #expect(ObjectFiles.names(in: "\(bucket)/uploads") == [])
        #expect(ObjectFiles.names(in: "\(folder)/damaged") == ["broken"])
    }

    @Test(
        "names that are no bucket's are refused, and none of them becomes a path",
        arguments: ["", "ab", "..", "a/b", "../x", "Upper", ".abc", "abc.", "a..b", "-abc", "a_b", "a\0b", "café"])
    func bucketNames(name: String) async throws {
        try await Self.withService { service, _, _ in
            await #expect(throws: ObjectFailure.invalidBucketName) {
                try await service.createBucket(Array(name.utf8), Self.context)
            }
        }
    }
}

@Suite("The threads of the object store")
struct ObjectThreadsTests {
    /// Submits a job when it goes, as a draft that was not published does.
    private final class LastBreath: Sendable {
        let threads: ObjectThreads
        let done: AsyncStream<Void>.Continuation

        init(_ threads: ObjectThreads, _ done: AsyncStream<Void>.Continuation) {
            self.threads = threads
            self.done = done
        }

        deinit {
            let done = done
            threads.submit { done.yield() }
        }
    }

    @Test("what a job held may submit another one when it goes")
    func lastBreath() async {
        let threads = ObjectThreads()
        threads.start()
        defer { threads.stop() }
        let (stream, done) = AsyncStream.makeStream(of: Void.self)
        for _ in 0..<1_000 {
            let held = LastBreath(threads, done)
            threads.submit { withExtendedLifetime(held) {} }
        }
        var count = 0
        for await _ in stream {
            count += 1
            if count == 1_000 { break }
        }
        #expect(count == 1_000)
    }
}
