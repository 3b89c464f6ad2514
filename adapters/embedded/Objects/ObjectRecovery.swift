// Finds at the start what the folder holds.

import Capabilities
import Glibc
import Synchronization

extension ObjectStore {
    /// Reads the records of all objects and uploads, and removes what nobody was told of.
    func recover() throws(ObjectFailure) {
        for name in ObjectFiles.names(in: "\(root)/temporary") { ObjectFiles.remove("\(root)/temporary/\(name)") }
        for name in ObjectFiles.names(in: "\(root)/buckets") {
            let bytes = Array(name.utf8)
            guard BucketName.isValid(bytes) else { continue }
            let path = path(of: bytes)
            let created = try ObjectFile(reading: "\(path)/created").read(32, at: 0)
            let bucket = ObjectBucket(
                bytes, created: Int64(String(decoding: created, as: UTF8.self)) ?? 0, path: path,
                state: try recover(bucket: path))
            buckets.withLock { $0[bytes] = bucket }
        }
    }

    private func recover(bucket path: String) throws(ObjectFailure) -> ObjectBucket.State {
        var objects: [StoredObject] = []
        // The parts that each object is made of, by the ids of their uploads.
        var used: [String: Set<Int>] = [:]
        for name in ObjectFiles.names(in: "\(path)/objects") {
            let file = "\(path)/objects/\(name)"
            guard let record = try? ObjectRecord(try ObjectFile(reading: file)) else {
                try ObjectFiles.rename(file, to: "\(root)/damaged/\(name)")
                continue
            }
            var parts: ObjectParts?
            if !record.uploadID.isEmpty {
                let id = String(decoding: record.uploadID, as: UTF8.self)
                used[id] = Set(record.partNumbers)
                parts = ObjectParts(id: record.uploadID, folder: "\(path)/uploads/\(id)", threads: threads)
            }
            objects.append(StoredObject(record, parts: parts))
        }
        var state = ObjectBucket.State(index: ObjectIndex(objects))
        for id in ObjectFiles.names(in: "\(path)/uploads") {
            let folder = "\(path)/uploads/\(id)"
            if let numbers = used[id] {
                // Completed, but perhaps not cleared up.
                for name in ObjectFiles.names(in: folder) where Int(name).map(numbers.contains) != true {
                    ObjectFiles.remove("\(folder)/\(name)")
                }
            } else if let record = try? ObjectRecord(try ObjectFile(reading: "\(folder)/upload")) {
                state.uploads[Array(id.utf8)] = Self.upload(Array(id.utf8), record, folder)
            } else {
                // The parts of an object that was replaced or deleted.
                ObjectFiles.remove(folder)
            }
        }
        return state
    }

    private static func upload(_ id: [UInt8], _ record: ObjectRecord, _ folder: String) -> ObjectUpload {
        var upload = ObjectUpload(id: id, record: record)
        for name in ObjectFiles.names(in: folder) {
            guard let number = Int(name), let file = try? ObjectFile(reading: "\(folder)/\(name)"),
                let part = try? ObjectRecord(file)
            else { continue }
            upload.parts[number] = PartInfo(
                number: number, size: part.info.size, etag: part.info.etag, modified: part.info.modified,
                checksum: part.info.checksums.first)
        }
        return upload
    }
}
