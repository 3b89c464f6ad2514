// The folder of a store: which files there are, and that one process only has it.

import Capabilities
import Glibc

/// A folder with generations of files: `keys-N.snapshot` is the state with which `keys-N.log` begins.
final class LogFolder: Sendable {
    let path: String
    private let lock: Int32

    /// Makes the folder if need be and takes it for this process.
    init(_ path: String) throws(AdapterError) {
        self.path = path
        do throws(FileError) {
            try Self.makeFolder(path)
        } catch {
            throw AdapterError(key: "options.folder", "the folder of the store cannot be made: \(error)")
        }
        let lockPath = path + "/lock"
        lock = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw AdapterError(
                key: "options.folder", "the store's lock file cannot be opened: \(FileError("open", lockPath))")
        }
        guard FolderLock.take(lock) else {
            close(lock)
            throw AdapterError(
                key: "options.folder",
                "the folder \(path) is in use by another process; stop that one or choose another folder")
        }
    }

    deinit { close(lock) }

    private static func makeFolder(_ path: String) throws(FileError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            if mkdir(made, 0o700) != 0, errno != EEXIST { throw FileError("mkdir", made) }
        }
    }

    // MARK: Names

    func log(_ generation: UInt64) -> String { "\(path)/keys-\(generation).log" }
    func snapshot(_ generation: UInt64) -> String { "\(path)/keys-\(generation).snapshot" }
    func unfinished(_ generation: UInt64) -> String { snapshot(generation) + ".part" }

    /// The generations that have a file of this kind, lowest first.
    private func generations(_ suffix: String) throws(FileError) -> [UInt64] {
        guard let folder = opendir(path) else { throw FileError("opendir", path) }
        defer { closedir(folder) }
        var found: [UInt64] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix("keys-"), name.hasSuffix(suffix) else { continue }
            if let number = UInt64(name.dropFirst(5).dropLast(suffix.count)) { found.append(number) }
        }
        return found.sorted()
    }

    /// What has to be read, in order: the latest snapshot, if there is one, and the logs from it on.
    func contents() throws(FileError) -> (snapshot: UInt64?, logs: [UInt64]) {
        let snapshot = try generations(".snapshot").last
        return (snapshot, try generations(".log").filter { $0 >= snapshot ?? 0 })
    }

    /// Deletes what is older than the snapshot of `generation`, and snapshots that were never finished.
    func removeOutdated(before generation: UInt64) throws(FileError) {
        for old in try generations(".log") where old < generation { unlink(log(old)) }
        for old in try generations(".snapshot") where old < generation { unlink(snapshot(old)) }
        for old in try generations(".snapshot.part") { unlink(unfinished(old)) }
    }

    /// Gives a finished snapshot its name.
    func publish(_ generation: UInt64) throws(FileError) {
        guard rename(unfinished(generation), snapshot(generation)) == 0 else {
            throw FileError("rename", unfinished(generation))
        }
        try synchronize()
    }

    /// Waits until names that were given or taken are on the disk.
    func synchronize() throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError("fsync", path) }
    }
}
