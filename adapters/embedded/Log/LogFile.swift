// One file of the log, open for writing.

import Glibc

/// A system call on a file of the store that failed.
struct FileError: Error, CustomStringConvertible {
    let path: String
    let call: StaticString
    let code: Int32

    init(_ call: StaticString, _ path: String) {
        self.path = path
        self.call = call
        code = errno
    }

    var description: String { "\(call) of \(path) failed: \(String(cString: strerror(code)))" }
}

/// A file that grows; writes go to places that the caller names, so that a write which broke off is written over.
final class LogFile: Sendable {
    /// What every file of the log begins with: a name and the version of the format.
    static let heading = Array("fairlead keys 1\n".utf8)

    let path: String
    private let descriptor: Int32

    init(_ path: String) throws(FileError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError("open", path) }
    }

    deinit { close(descriptor) }

    /// Writes all of `bytes` from `offset` on.
    func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
        let failure = bytes.withUnsafeBytes { bytes -> FileError? in
            var done = 0
            while done < bytes.count, let base = bytes.baseAddress {
                let count = pwrite(descriptor, base + done, bytes.count - done, off_t(offset + done))
                if count < 0, errno == EINTR { continue }
                if count <= 0 {
                    if count == 0 { errno = ENOSPC }
                    return FileError("write", path)
                }
                done += count
            }
            return nil
        }
        if let failure { throw failure }
    }

    /// Cuts what a write left behind `size`.
    func truncate(to size: Int) throws(FileError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw FileError("ftruncate", path) }
    }

    /// Waits until what was written is on the disk.
    func synchronize() throws(FileError) {
        guard fdatasync(descriptor) == 0 else { throw FileError("fdatasync", path) }
    }

    /// Shows what is in the file.
    static func read<R, E: Error>(
        _ path: String, _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> Result<R, FileError> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(FileError("open", path)) }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0 else { return .failure(FileError("lseek", path)) }
        guard size > 0 else { return .success(try body(UnsafeRawBufferPointer(start: nil, count: 0))) }
        guard let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED else {
            return .failure(FileError("mmap", path))
        }
        defer { munmap(memory, size) }
        madvise(memory, size, MADV_SEQUENTIAL)
        return .success(try body(UnsafeRawBufferPointer(start: memory, count: size)))
    }
}
