// The object store of one folder, shared by all workers.

import CLinux
import Capabilities
import Digest
import Glibc
import Synchronization

/// Buckets and objects as files below one folder.
///
///     lock                          held while the store is open
///     temporary/                    what is being written; emptied at the start
///     damaged/                      files that were found broken at the start
///     buckets/BUCKET/created        milliseconds since 1970
///     buckets/BUCKET/objects/HASH   an object: its bytes and its record; the SHA-256 of the key
///     buckets/BUCKET/uploads/ID/    an upload, or the parts of the object that came of it
///         upload                    the record of the upload, until it is completed
///         NUMBER                    a part: its bytes and its record
///
/// A key never becomes a path, so it may hold any bytes. An object appears, changes and goes by one rename or unlink.
package final class ObjectStore: Sendable {
    package let root: String
    /// When what was stored is on disk; what was answered survives `kill -9` with each policy.
    package let policy: SynchronizePolicy
    let threads = ObjectThreads()
    let buckets = Mutex<[[UInt8]: ObjectBucket]>([:])
    private let descriptors = Mutex<[Int32]>([])
    private let isDirty = Atomic(false)
    private let isOpen = Atomic(false)

    package init(folder: String, policy: SynchronizePolicy) {
        root = folder
        self.policy = policy
    }

    /// Opens the folder, which is made when it is not there, and finds what is in it.
    package func start() throws(ObjectFailure) {
        for folder in ["", "/temporary", "/damaged", "/buckets"] { try ObjectFiles.makeFolder(root + folder) }
        let lock = open("\(root)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw .system("open") }
        descriptors.withLock { $0.append(lock) }
        guard FolderLock.take(lock) else {
            stop()
            throw .general(.unavailable("another process has the objects in \(root) open"))
        }
        threads.start()
        try recover()
        isOpen.store(true, ordering: .releasing)
        if policy == .everySecond { synchronizeEverySecond() }
    }

    /// Lets go of the folder.
    package func stop() {
        isOpen.store(false, ordering: .releasing)
        threads.stop()
        synchronizeAll()
        descriptors.withLock { descriptors in
            for descriptor in descriptors { close(descriptor) }
            descriptors = []
        }
    }

    /// One worker's way in.
    package func makeService() -> any ObjectService { EmbeddedObjectService(self) }

    // MARK: Paths

    func path(of bucket: [UInt8]) -> String { "\(root)/buckets/\(String(decoding: bucket, as: UTF8.self))" }

    func temporaryPath() -> String {
        "\(root)/temporary/\(String(decoding: hexadecimal(randomBytes(12)), as: UTF8.self))"
    }

    // MARK: Durability

    /// What has to be on disk before an answer is put there.
    func synchronize(_ file: ObjectFile) throws(ObjectFailure) {
        switch policy {
        case .always: try file.synchronize()
        case .everySecond: isDirty.store(true, ordering: .relaxed)
        case .never: break
        }
    }

    /// The same for the names in a folder.
    func synchronize(folder path: String) throws(ObjectFailure) {
        switch policy {
        case .always: try ObjectFiles.synchronize(folder: path)
        case .everySecond: isDirty.store(true, ordering: .relaxed)
        case .never: break
        }
    }

    /// Puts on disk what is not there yet.
    private func synchronizeAll() {
        guard isDirty.exchange(false, ordering: .relaxed) else { return }
        let folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        defer { close(folder) }
        _ = fl_sync_file_system(folder)
    }

    private func synchronizeEverySecond() {
        let unmanaged = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let store = Unmanaged<ObjectStore>.fromOpaque(argument).takeRetainedValue()
                while store.isOpen.load(ordering: .acquiring) {
                    sleep(1)
                    store.synchronizeAll()
                }
                return nil
            }, unmanaged.toOpaque())
        if code == 0 { pthread_detach(thread) } else { unmanaged.release() }
    }

    // MARK: Buckets

    func bucket(_ name: [UInt8]) throws(ObjectFailure) -> ObjectBucket {
        guard let bucket = buckets.withLock({ $0[name] }) else { throw .noSuchBucket }
        return bucket
    }

    func createBucket(_ name: [UInt8], now: Int64) throws(ObjectFailure) {
        guard BucketName.isValid(name) else { throw .invalidBucketName }
        guard buckets.withLock({ $0[name] == nil }) else { throw .bucketExists }
        let temporary = temporaryPath()
        for folder in ["", "/objects", "/uploads"] { try ObjectFiles.makeFolder(temporary + folder) }
        let created = try ObjectFile(creating: "\(temporary)/created")
        try created.write(Array(String(now).utf8))
        try synchronize(created)
        try synchronize(folder: temporary)
        // A folder with something in it is not replaced: of two that make one bucket, one fails here.
        guard rename(temporary, path(of: name)) == 0 else {
            let isThere = errno == ENOTEMPTY || errno == EEXIST
            let failure: ObjectFailure = isThere ? .bucketExists : .system("rename")
            ObjectFiles.remove(temporary)
            throw failure
        }
        let bucket = ObjectBucket(name, created: now, path: path(of: name))
        buckets.withLock { $0[name] = bucket }
        try synchronize(folder: "\(root)/buckets")
    }

    func deleteBucket(_ name: [UInt8]) throws(ObjectFailure) {
        let bucket = try bucket(name)
        let temporary = temporaryPath()
        try bucket.commit { () throws(ObjectFailure) in
            guard try bucket.with({ $0.index.count }) == 0 else { throw .bucketNotEmpty }
            try ObjectFiles.rename(bucket.path, to: temporary)
            try bucket.with { $0.isDeleted = true }
            _ = buckets.withLock { $0.removeValue(forKey: name) }
        }
        try synchronize(folder: "\(root)/buckets")
        ObjectFiles.remove(temporary)
    }
}
