// The file that says, from one start of the gateway to the next, how far a migration is.

import FoundationEssentials
import Glibc

/// What is in the file.
package struct MigrationRecord: Codable, Equatable, Sendable {
    package static let schema = "fairlead-migration/1"

    package private(set) var schema = MigrationRecord.schema
    package var listener: String
    /// The names of the two backends.
    package var source: String
    package var target: String
    package var phase: MigrationPhase
    /// What stays behind because the operator has said so; nil for nothing.
    package var leaving: [MigrationLoss]?
    /// Whether the target was made to serve without all that the source holds, which therefore keeps what the target has not;
    /// nil for no.
    package var isPartial: Bool?
    /// What that is; nil where not all of it is known by name.
    package var kept: [KeptKey]?
    /// Whether the operator has stopped the copying back; nil for no.
    package var isStopped: Bool?

    package init(
        listener: String, source: String, target: String, phase: MigrationPhase, leaving: [MigrationLoss]? = nil,
        isPartial: Bool? = nil, kept: [KeptKey]? = nil, isStopped: Bool? = nil
    ) {
        self.listener = listener
        self.source = source
        self.target = target
        self.phase = phase
        self.leaving = leaving
        self.isPartial = isPartial
        self.kept = kept
        self.isStopped = isStopped
    }
}

/// A key that the source alone holds.
package struct KeptKey: Codable, Hashable, Sendable {
    /// The database that it is in, or the bucket.
    package var database: UInt32?
    package var bucket: Data?
    package var name: Data

    package init(database: UInt32? = nil, bucket: [UInt8]? = nil, name: [UInt8]) {
        self.database = database
        self.bucket = bucket.map { Data($0) }
        self.name = Data(name)
    }
}

/// Why there is no record, in words for the operator.
package struct MigrationFileError: Error, Equatable, CustomStringConvertible {
    package let description: String
}

/// A record on disk, replaced as a whole or not at all.
package struct MigrationFile: Sendable {
    /// Bytes; there is room for as many keys as ``RefusedKeys`` keeps, of 1 KiB each.
    private static let sizeLimit = 2 << 20

    package let path: String

    package init(path: String) { self.path = path }

    /// What is in the file; nil when there is none.
    ///
    /// A file that cannot be read, or is none of this schema, is an error and never "no migration": after a cut-over that
    /// would lead clients back to data that is out of date.
    package func read() throws(MigrationFileError) -> MigrationRecord? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw failure("cannot read \(path)")
        }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= Self.sizeLimit,
            let data = FileManager.default.contents(atPath: path)
        else { throw MigrationFileError(description: "\(path) cannot be read as the state of a migration") }
        guard let record = try? JSONDecoder().decode(MigrationRecord.self, from: data),
            record.schema == MigrationRecord.schema
        else {
            throw MigrationFileError(
                description:
                    "\(path) is not the state of a migration (\(MigrationRecord.schema)): restore it, or remove "
                    + "it if the listener's own backend is the one that has all data")
        }
        return record
    }

    /// Replaces the file; when it returns, the record outlives a crash of the machine.
    ///
    /// It is written beside the file, flushed, renamed over it, and the folder is flushed. On an error before the renaming the
    /// file is as it was; if the folder cannot be flushed, the old record is put back.
    package func write(_ record: MigrationRecord) throws(MigrationFileError) {
        let before = try read()
        try replace(record)
        do {
            try flushFolder()
        } catch {
            if let before { try replace(before) } else { unlink(path) }
            throw error
        }
    }

    /// Why no record could be written, as far as the folder tells; nil when it can.
    package var folderProblem: String? {
        var status = stat()
        let isFolder = stat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        guard isFolder else { return "\(folder) is no folder: create it, or name a file elsewhere" }
        guard access(folder, W_OK | X_OK) == 0 else {
            return "no file can be written in \(folder): \(String(cString: strerror(errno)))"
        }
        return nil
    }

    private var folder: String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "." }

    private func replace(_ record: MigrationRecord) throws(MigrationFileError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(record) else { throw failure("cannot encode \(path)") }
        let draft = "\(path).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot write \(draft)") }
        var bytes = (Array(data) + [0x0A])[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            bytes = bytes.dropFirst(count)
        }
        guard bytes.isEmpty, fsync(descriptor) == 0 else {
            let error = failure("cannot write \(draft)")
            close(descriptor)
            unlink(draft)
            throw error
        }
        close(descriptor)
        guard rename(draft, path) == 0 else {
            let error = failure("cannot replace \(path)")
            unlink(draft)
            throw error
        }
    }

    private func flushFolder() throws(MigrationFileError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot flush \(folder)") }
        let isFlushed = fsync(descriptor) == 0
        let error = failure("cannot flush \(folder)")
        close(descriptor)
        guard isFlushed else { throw error }
    }

    private func failure(_ what: String) -> MigrationFileError {
        MigrationFileError(description: "\(what): \(String(cString: strerror(errno)))")
    }
}
