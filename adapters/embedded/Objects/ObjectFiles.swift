// The calls to the file system, with errors as failures.

import CLinux
import Capabilities
import Glibc

/// An open file; closed when nobody holds it any more.
final class ObjectFile: Sendable {
    let descriptor: Int32

    /// Opens `path`; throws ``ObjectFailure/noSuchKey`` when it is not there.
    init(reading path: String) throws(ObjectFailure) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw .noSuchKey }
            throw .system("open")
        }
    }

    /// Makes `path`, which must not be there.
    init(creating path: String) throws(ObjectFailure) {
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open") }
    }

    deinit { close(descriptor) }

    func size() throws(ObjectFailure) -> Int64 {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw .system("fstat") }
        return Int64(facts.st_size)
    }

    /// The bytes at `offset`, as many as there are up to `count`.
    func read(_ count: Int, at offset: Int64) throws(ObjectFailure) -> [UInt8] {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                guard let base = buffer.baseAddress else { return }
                let got = pread(descriptor, base + filled, count - filled, off_t(offset) + off_t(filled))
                if got < 0, errno == EINTR { continue }
                failed = got < 0
                guard got > 0 else { return }
                filled += got
            }
        }
        if failed { throw .system("read") }
        return bytes
    }

    /// Appends `bytes`.
    func write(_ bytes: [UInt8]) throws(ObjectFailure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("write") }
            written += count
        }
    }

    /// Appends `count` bytes of `source` from `offset` on, within the kernel.
    func append(_ source: ObjectFile, from offset: Int64, count: Int64) throws(ObjectFailure) {
        var position = offset
        var left = count
        while left > 0 {
            let copied = fl_copy_file_range(source.descriptor, &position, descriptor, Int(min(left, 1 << 30)))
            if copied < 0, errno == EINTR { continue }
            guard copied > 0 else { throw .system("copy_file_range") }
            left -= Int64(copied)
        }
    }

    /// Returns when the disk has the file's bytes.
    func synchronize() throws(ObjectFailure) {
        guard fdatasync(descriptor) == 0 else { throw .system("fdatasync") }
    }
}

/// Folders and names.
enum ObjectFiles {
    static func makeFolder(_ path: String) throws(ObjectFailure) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system("mkdir") }
    }

    static func rename(_ path: String, to target: String) throws(ObjectFailure) {
        guard Glibc.rename(path, target) == 0 else { throw .system("rename") }
    }

    /// Takes a file's name away.
    static func unlink(_ path: String) throws(ObjectFailure) {
        guard Glibc.unlink(path) == 0 || errno == ENOENT else { throw .system("unlink") }
    }

    /// Returns when the disk has the folder's names.
    static func synchronize(folder path: String) throws(ObjectFailure) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("fsync") }
    }

    /// The names in the folder, in no order; none when it is not there.
    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a file, or a folder with everything in it; it is no error when it is not there.
    static func remove(_ path: String) {
        if Glibc.unlink(path) == 0 || errno == ENOENT { return }
        for name in names(in: path) { remove("\(path)/\(name)") }
        _ = rmdir(path)
    }
}

extension ObjectFailure {
    /// What the last system call of this thread failed with.
    static func system(_ call: String) -> ObjectFailure {
        .general(.backend("\(call) failed: \(String(cString: strerror(errno)))"))
    }
}
