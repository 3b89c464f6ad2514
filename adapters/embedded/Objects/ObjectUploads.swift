// Uploads: objects that come in parts.

import Capabilities
import Digest
import Synchronization

/// An upload that is under way.
struct ObjectUpload: Sendable {
    var id: [UInt8]
    /// Key, metadata, time and the kind of its checks.
    var record: ObjectRecord
    var parts: [Int: PartInfo] = [:]
    /// Somebody is completing it: no part changes any more.
    var isCompleting = false

    var info: UploadInfo {
        UploadInfo(
            key: record.key, id: id, begun: record.info.modified, checksum: record.checksum,
            checksumIsOfWhole: record.checksumIsOfWhole)
    }
}

extension ObjectStore {
    /// Begins an upload; its id begins with the time, so that ids are in the order in which uploads were begun.
    func createUpload(_ creation: UploadCreation, now: Int64) throws(ObjectFailure) -> [UInt8] {
        let bucket = try bucket(creation.name.bucket)
        let time = (0..<6).map { UInt8(truncatingIfNeeded: now >> Int64(8 * (5 - $0))) }
        let id = hexadecimal(time + randomBytes(14))
        var record = ObjectRecord(
            key: creation.name.key,
            info: ObjectInfo(size: 0, etag: [], modified: now, metadata: creation.metadata))
        record.checksum = creation.checksum
        record.checksumIsOfWhole = creation.checksumIsOfWhole
        let temporary = temporaryPath()
        try ObjectFiles.makeFolder(temporary)
        let file = try ObjectFile(creating: "\(temporary)/upload")
        try file.write(record.bytes)
        try synchronize(file)
        try synchronize(folder: temporary)
        try bucket.commit { () throws(ObjectFailure) in
            try bucket.with { _ in }
            try ObjectFiles.rename(temporary, to: bucket.path(ofUpload: id))
            try bucket.with { $0.uploads[id] = ObjectUpload(id: id, record: record) }
        }
        try synchronize(folder: "\(bucket.path)/uploads")
        return id
    }

    /// Makes a part of `draft`.
    func publish(
        _ draft: ObjectDraft, _ part: UploadPart, _ checksums: [ObjectChecksum], now: Int64
    ) throws(ObjectFailure) -> PartInfo {
        let bucket = try bucket(part.upload.name.bucket)
        let facts = draft.facts()
        let info = PartInfo(
            number: part.number, size: facts.size, etag: facts.etag, modified: now,
            checksum: checksums.first ?? facts.checksums.first)
        let record = ObjectRecord(
            key: part.upload.name.key,
            info: ObjectInfo(
                size: facts.size, etag: facts.etag, modified: now, checksums: info.checksum.map { [$0] } ?? []))
        let folder = bucket.path(ofUpload: part.upload.id)
        try draft.finish(record) { () throws(ObjectFailure) in
            try bucket.commit { () throws(ObjectFailure) in
                _ = try bucket.upload(part.upload)
                try ObjectFiles.rename(draft.path, to: "\(folder)/\(part.number)")
                try bucket.with { $0.uploads[part.upload.id]?.parts[part.number] = info }
            }
        }
        try synchronize(folder: folder)
        return info
    }

    /// Makes an object of the parts that `completion` lists, without touching their bytes.
    func complete(_ completion: UploadCompletion, now: Int64) throws(ObjectFailure) -> ObjectInfo {
        let bucket = try bucket(completion.upload.name.bucket)
        let id = completion.upload.id
        let upload: ObjectUpload
        do throws(ObjectFailure) {
            upload = try bucket.commit { () throws(ObjectFailure) in
                let upload = try bucket.upload(completion.upload)
                try bucket.with { $0.uploads[id]?.isCompleting = true }
                return upload
            }
        } catch .noSuchUpload {
            // The answer to the first completion may have been lost.
            let present = try? bucket.open(completion.upload.name.key)
            guard let present, present.record.uploadID == id else { throw .noSuchUpload }
            return present.record.info
        }
        do throws(ObjectFailure) {
            return try complete(completion, upload, in: bucket, now: now)
        } catch {
            try? bucket.with { $0.uploads[id]?.isCompleting = false }
            throw error
        }
    }

    private func complete(
        _ completion: UploadCompletion, _ upload: ObjectUpload, in bucket: ObjectBucket, now: Int64
    ) throws(ObjectFailure) -> ObjectInfo {
        let parts = try upload.parts(completion)
        let size = parts.reduce(0) { $0 + $1.size }
        if let expected = completion.size, expected != size {
            throw .mismatch("the parts have \(size) bytes, not \(expected)")
        }
        var info = ObjectInfo(
            size: size, etag: ObjectUpload.etag(parts), modified: now, metadata: upload.record.info.metadata,
            partSizes: parts.map(\.size))
        if let algorithm = upload.record.checksum {
            let checksum = ObjectUpload.checksum(algorithm, ofWhole: upload.record.checksumIsOfWhole, parts)
            if let checksum { info.checksums = [checksum] }
            if let expected = completion.checksum, expected.algorithm == algorithm, expected != checksum {
                throw .mismatch("the checksum of the whole is another one")
            }
        }
        var record = ObjectRecord(key: completion.upload.name.key, info: info)
        record.uploadID = upload.id
        record.partNumbers = parts.map(\.number)
        let folder = bucket.path(ofUpload: upload.id)
        let blobs = ObjectParts(id: upload.id, folder: folder, threads: threads)
        let draft = ObjectDraft(self)
        try draft.finish(record) { () throws(ObjectFailure) in
            try bucket.publish(draft.path, record, parts: blobs, completion.conditions)
        }
        try bucket.with { _ = $0.uploads.removeValue(forKey: upload.id) }
        try synchronize(folder: "\(bucket.path)/objects")
        ObjectFiles.remove("\(folder)/upload")
        let used = Set(record.partNumbers)
        for number in upload.parts.keys where !used.contains(number) { ObjectFiles.remove("\(folder)/\(number)") }
        return info
    }

    func abort(_ upload: UploadName) throws(ObjectFailure) {
        let bucket = try bucket(upload.name.bucket)
        let temporary = temporaryPath()
        try bucket.commit { () throws(ObjectFailure) in
            _ = try bucket.upload(upload)
            try ObjectFiles.rename(bucket.path(ofUpload: upload.id), to: temporary)
            try bucket.with { _ = $0.uploads.removeValue(forKey: upload.id) }
        }
        try synchronize(folder: "\(bucket.path)/uploads")
        ObjectFiles.remove(temporary)
    }
}

extension ObjectBucket {
    /// The upload of this name, if it still takes parts.
    func upload(_ name: UploadName) throws(ObjectFailure) -> ObjectUpload {
        guard let upload = try with({ $0.uploads[name.id] }), upload.record.key == name.name.key else {
            throw .noSuchUpload
        }
        guard !upload.isCompleting else { throw .conflict }
        return upload
    }
}

extension ObjectUpload {
    /// The parts that are listed, checked against those that are there.
    func parts(_ completion: UploadCompletion) throws(ObjectFailure) -> [PartInfo] {
        var chosen: [PartInfo] = []
        for listed in completion.parts {
            if let last = chosen.last, listed.number <= last.number { throw .invalidPartOrder }
            guard let part = parts[listed.number], part.etag == listed.etag,
                listed.checksum == nil || listed.checksum == part.checksum
            else { throw .invalidPart(number: listed.number) }
            chosen.append(part)
        }
        guard !chosen.isEmpty else { throw .invalidPart(number: 0) }
        for part in chosen.dropLast() where part.size < ObjectBounds.smallestPart {
            throw .partTooSmall(number: part.number, size: part.size)
        }
        return chosen
    }

    /// The MD5 of the parts' MD5s, a dash and their number.
    static func etag(_ parts: [PartInfo]) -> [UInt8] {
        let sums = parts.flatMap { bytesOfHexadecimal($0.etag) ?? [] }
        return hexadecimal(HashAlgorithm.md5.hash(sums)) + Array("-\(parts.count)".utf8)
    }

    /// The object's check; nil when a part has none.
    ///
    /// "Checking object integrity": of the whole, it is joined from the parts' cyclic checks; else it is the check of the
    /// parts' checks, one behind the other.
    static func checksum(
        _ algorithm: ObjectChecksum.Algorithm, ofWhole: Bool, _ parts: [PartInfo]
    ) -> ObjectChecksum? {
        let values = parts.compactMap { $0.checksum?.algorithm == algorithm ? $0.checksum?.value : nil }
        guard values.count == parts.count else { return nil }
        guard ofWhole, let cyclic = CRCAlgorithm(algorithm.rawValue) else {
            guard let check = ContentCheck(algorithm.rawValue) else { return nil }
            for value in values { check.update(value) }
            return ObjectChecksum(algorithm, check.finish(), parts: parts.count)
        }
        var joined: UInt64 = 0
        for (value, part) in zip(values, parts) {
            let next = value.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            joined = cyclic.joined(joined, next, byteCount: UInt64(part.size))
        }
        return ObjectChecksum(algorithm, cyclic.bytes(of: joined))
    }
}
