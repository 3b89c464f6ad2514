// Reads the bytes of an object, wherever they lie.

import Capabilities
import Glibc
import Synchronization

/// An object that was opened: its record, and the files that hold its bytes, all of one version.
struct OpenedObject: Sendable {
    var record: ObjectRecord
    /// The object's own file.
    var file: ObjectFile
    /// The folder of its parts; nil when its own file holds its bytes.
    var parts: ObjectParts?

    /// The stretches of files that make up `range`, in order.
    func stretches(of range: Range<Int64>) -> [ObjectStretch] {
        guard let parts else { return [ObjectStretch(path: nil, offset: range.lowerBound, count: Int64(range.count))] }
        var stretches: [ObjectStretch] = []
        var start: Int64 = 0
        for (number, size) in zip(record.partNumbers, record.info.partSizes) {
            let own = range.clamped(to: start..<start + size)
            if !own.isEmpty {
                stretches.append(
                    ObjectStretch(path: parts.path(number), offset: own.lowerBound - start, count: Int64(own.count)))
            }
            start += size
        }
        return stretches
    }
}

/// Consecutive bytes of one file.
struct ObjectStretch: Sendable {
    /// The file of a part; nil for the object's own.
    var path: String?
    var offset: Int64
    var count: Int64
}

extension ObjectBucket {
    /// Opens the object at `key`; on a thread that may wait for the disk.
    func open(_ key: [UInt8]) throws(ObjectFailure) -> OpenedObject {
        let path = path(of: key)
        // Somebody may be between the rename of the file and the note of it: a look or two later it is there.
        for _ in 0..<1000 {
            guard let stored = try with({ $0.index[key] }) else { throw .noSuchKey }
            let file = try ObjectFile(reading: path)
            let record = try ObjectRecord(file)
            // The file may be a later version than the one that was looked up; its parts are then others.
            if record.uploadID.isEmpty { return OpenedObject(record: record, file: file, parts: nil) }
            if let parts = stored.parts, parts.id == record.uploadID {
                return OpenedObject(record: record, file: file, parts: parts)
            }
            sched_yield()
        }
        throw .general(.backend("the file of an object is of another version than the index says"))
    }
}

/// Gives the bytes of an object piece by piece.
final class ObjectFileSource: ObjectSource {
    private struct Position: Sendable {
        var stretches: ArraySlice<ObjectStretch>
        var file: ObjectFile?
        /// A piece that was read with the opening.
        var first: [UInt8]?
    }

    private let object: OpenedObject
    private let threads: ObjectThreads
    private let position: Mutex<Position>

    init(_ object: OpenedObject, _ range: Range<Int64>, first: [UInt8]? = nil, threads: ObjectThreads) {
        self.object = object
        self.threads = threads
        position = Mutex(Position(stretches: object.stretches(of: range)[...], file: nil, first: first))
    }

    func next() async throws(ObjectFailure) -> [UInt8]? {
        let first = position.withLock { position in
            defer { position.first = nil }
            return position.first
        }
        if let first { return first }
        guard position.withLock({ !$0.stretches.isEmpty }) else { return nil }
        return try await threads.run { () throws(ObjectFailure) in try self.read() }
    }

    /// The next piece; on a thread that may wait for the disk.
    func read() throws(ObjectFailure) -> [UInt8]? {
        try position.withLock { position throws(ObjectFailure) in
            while let stretch = position.stretches.first {
                if stretch.count == 0 {
                    position.stretches.removeFirst()
                    position.file = nil
                    continue
                }
                let file: ObjectFile
                if let open = position.file {
                    file = open
                } else if let path = stretch.path {
                    file = try ObjectFile(reading: path)
                } else {
                    file = object.file
                }
                position.file = file
                let bytes = try file.read(Int(min(stretch.count, Int64(ObjectBounds.piece))), at: stretch.offset)
                guard !bytes.isEmpty else {
                    throw .general(.backend("a file of the object store is shorter than its record says"))
                }
                position.stretches[position.stretches.startIndex].offset += Int64(bytes.count)
                position.stretches[position.stretches.startIndex].count -= Int64(bytes.count)
                return bytes
            }
            return nil
        }
    }
}
