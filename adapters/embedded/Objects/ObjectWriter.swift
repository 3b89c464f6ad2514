// Writes the bytes of an object or a part, with their MD5, and gives the file its name when they are all there.

import Capabilities
import Digest
import Synchronization

/// A file that is being written; removed unless it is published.
final class ObjectDraft: Sendable {
    /// What grows with the bytes; one job at a time touches it.
    private struct Progress: ~Copyable, Sendable {
        var file: ObjectFile?
        var md5 = HashFunction(.md5)
        var checks: [(algorithm: ObjectChecksum.Algorithm, check: ContentCheck)] = []
        var size: Int64 = 0
        var isPublished = false
    }

    let path: String
    private let store: ObjectStore
    private let progress = Mutex(Progress())

    init(_ store: ObjectStore, checksums: [ObjectChecksum.Algorithm] = []) {
        self.store = store
        path = store.temporaryPath()
        progress.withLock { progress in
            progress.checks = checksums.compactMap { algorithm in
                ContentCheck(algorithm.rawValue).map { (algorithm, $0) }
            }
        }
    }

    deinit {
        guard progress.withLock({ $0.file != nil && !$0.isPublished }) else { return }
        let path = path
        store.threads.submit { ObjectFiles.remove(path) }
    }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws(ObjectFailure) {
        try progress.withLock { progress throws(ObjectFailure) in
            try Self.open(&progress, path).write(bytes)
            progress.md5.update(bytes)
            for (_, check) in progress.checks { check.update(bytes) }
            progress.size += Int64(bytes.count)
        }
    }

    /// Appends bytes of a file within the kernel; their MD5 has to be known from elsewhere.
    func append(_ source: ObjectFile, from offset: Int64, count: Int64) throws(ObjectFailure) {
        try progress.withLock { progress throws(ObjectFailure) in
            try Self.open(&progress, path).append(source, from: offset, count: count)
            progress.size += count
        }
    }

    private static func open(_ progress: inout Progress, _ path: String) throws(ObjectFailure) -> ObjectFile {
        if let file = progress.file { return file }
        let file = try ObjectFile(creating: path)
        progress.file = file
        return file
    }

    /// Size, MD5 in hexadecimal and checksums of what was written.
    func facts() -> (size: Int64, etag: [UInt8], checksums: [ObjectChecksum]) {
        progress.withLock { progress in
            (
                progress.size, hexadecimal(progress.md5.finish()),
                progress.checks.map { ObjectChecksum($0.algorithm, $0.check.finish()) }
            )
        }
    }

    /// Appends the record, has everything put on disk, and lets `publish` give the file its name.
    func finish(_ record: ObjectRecord, _ publish: () throws(ObjectFailure) -> Void) throws(ObjectFailure) {
        let file = try progress.withLock { progress throws(ObjectFailure) in
            let file = try Self.open(&progress, path)
            try file.write(record.bytes)
            return file
        }
        try store.synchronize(file)
        try publish()
        progress.withLock { $0.isPublished = true }
    }
}

extension ObjectStore {
    /// Writes what `body` gives to a draft and lets `finish` complete it, on one of the threads.
    ///
    /// A body of one piece takes one job; of a longer one, the next piece is received while the last one is written.
    func write<R: Sendable>(
        _ body: any ObjectBody, _ finish: @escaping @Sendable (ObjectDraft) throws(ObjectFailure) -> R
    ) async throws(ObjectFailure) -> R {
        let draft = ObjectDraft(self)
        var piece = try await body.next()
        var following = piece == nil ? nil : try await body.next()
        while let bytes = piece, following != nil {
            let writing = ObjectJob(threads) { () throws(ObjectFailure) in try draft.write(bytes) }
            var after: [UInt8]?
            do throws(ObjectFailure) {
                after = try await body.next()
            } catch {
                // Nobody may remove the file while it is written.
                _ = try? await writing.value()
                throw error
            }
            try await writing.value()
            piece = following
            following = after
        }
        let last = piece
        return try await threads.run { () throws(ObjectFailure) in
            if let last { try draft.write(last) }
            return try finish(draft)
        }
    }
}

/// A job that runs while its asker does something else; waited for once.
final class ObjectJob: Sendable {
    private enum State {
        case running
        case awaited(UnsafeContinuation<Void, Never>)
        case done(Result<Void, ObjectFailure>)
    }

    private let state = Mutex(State.running)

    init(_ threads: ObjectThreads, _ work: @escaping @Sendable () throws(ObjectFailure) -> Void) {
        threads.submit { [self] in
            let result: Result<Void, ObjectFailure>
            do throws(ObjectFailure) {
                result = .success(try work())
            } catch {
                result = .failure(error)
            }
            let waiting: UnsafeContinuation<Void, Never>? = state.withLock { state in
                defer { state = .done(result) }
                if case .awaited(let continuation) = state { return continuation }
                return nil
            }
            waiting?.resume()
        }
    }

    /// What came of it.
    func value() async throws(ObjectFailure) {
        await withUnsafeContinuation { continuation in
            let isDone = state.withLock { state in
                if case .done = state { return true }
                state = .awaited(continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
        let result: Result<Void, ObjectFailure> = state.withLock { state in
            if case .done(let result) = state { return result }
            return .success(())
        }
        try result.get()
    }
}
