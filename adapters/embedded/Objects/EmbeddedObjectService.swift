// The object family of the embedded store.

import Capabilities
import Digest
import Synchronization

/// Objects as one worker uses them; everything that waits for the disk is a job of the store's threads.
final class EmbeddedObjectService: ObjectService {
    private let store: ObjectStore

    init(_ store: ObjectStore) { self.store = store }

    // MARK: Buckets

    func createBucket(_ bucket: [UInt8], _ context: CallContext) async throws(ObjectFailure) {
        let store = store
        try await store.threads.run { () throws(ObjectFailure) in try store.createBucket(bucket, now: context.now) }
    }

    func deleteBucket(_ bucket: [UInt8], _ context: CallContext) async throws(ObjectFailure) {
        let store = store
        try await store.threads.run { () throws(ObjectFailure) in try store.deleteBucket(bucket) }
    }

    func headBucket(_ bucket: [UInt8], _ context: CallContext) async throws(ObjectFailure) -> BucketInfo {
        let bucket = try store.bucket(bucket)
        return BucketInfo(bucket.name, created: bucket.created)
    }

    func listBuckets(_ context: CallContext) async throws(ObjectFailure) -> [BucketInfo] {
        store.buckets.withLock { buckets in
            buckets.values.map { BucketInfo($0.name, created: $0.created) }
                .sorted { ObjectIndex.precedes($0.name, $1.name) }
        }
    }

    // MARK: Objects

    private func check(_ name: ObjectName) throws(ObjectFailure) {
        guard name.key.count <= ObjectBounds.keyBytes, !name.key.isEmpty else { throw .keyTooLong }
    }

    func put(
        _ put: ObjectPut, _ body: any ObjectBody, _ context: CallContext
    ) async throws(ObjectFailure) -> ObjectInfo {
        try check(put.name)
        let store = store
        let bucket = try store.bucket(put.name.bucket)
        return try await store.write(body) { draft throws(ObjectFailure) in
            let facts = draft.facts()
            let info = ObjectInfo(
                size: facts.size, etag: facts.etag, modified: context.now, metadata: put.metadata,
                checksums: body.checksums)
            try store.publish(draft, ObjectRecord(key: put.name.key, info: info), put.conditions, in: bucket)
            return info
        }
    }

    func get(_ get: ObjectGet, _ context: CallContext) async throws(ObjectFailure) -> ObjectReading {
        let store = store
        let bucket = try store.bucket(get.name.bucket)
        return try await store.threads.run { () throws(ObjectFailure) in
            let object = try bucket.open(get.name.key)
            let info = object.record.info
            try get.conditions.check(etag: info.etag, modified: info.modified, for: .read)
            let range = try info.bytes(of: get.range)
            let source = ObjectFileSource(object, range, threads: store.threads)
            guard let first = try source.read() else { return ObjectReading(info, range: range, content: source) }
            let rest = range.lowerBound + Int64(first.count)..<range.upperBound
            return ObjectReading(
                info, range: range, content: ObjectFileSource(object, rest, first: first, threads: store.threads))
        }
    }

    func head(_ get: ObjectGet, _ context: CallContext) async throws(ObjectFailure) -> ObjectInfo {
        let store = store
        let bucket = try store.bucket(get.name.bucket)
        return try await store.threads.run { () throws(ObjectFailure) in
            let info = try bucket.open(get.name.key).record.info
            try get.conditions.check(etag: info.etag, modified: info.modified, for: .read)
            return info
        }
    }

    func delete(
        _ name: ObjectName, _ conditions: ObjectConditions, _ context: CallContext
    ) async throws(ObjectFailure) -> Bool {
        let store = store
        let bucket = try store.bucket(name.bucket)
        return try await store.threads.run { () throws(ObjectFailure) in
            let wasThere = try bucket.remove(name.key, conditions)
            if wasThere { try store.synchronize(folder: "\(bucket.path)/objects") }
            return wasThere
        }
    }

    func delete(
        _ keys: [[UInt8]], of bucket: [UInt8], _ context: CallContext
    ) async throws(ObjectFailure) -> [ObjectFailure?] {
        let store = store
        let bucket = try store.bucket(bucket)
        return try await store.threads.run { () throws(ObjectFailure) in
            var results: [ObjectFailure?] = []
            for key in keys {
                do throws(ObjectFailure) {
                    _ = try bucket.remove(key, ObjectConditions())
                    results.append(nil)
                } catch {
                    results.append(error)
                }
            }
            try store.synchronize(folder: "\(bucket.path)/objects")
            return results
        }
    }

    func list(_ listing: ObjectListing, _ context: CallContext) async throws(ObjectFailure) -> ObjectPage {
        try store.bucket(listing.bucket).with { $0.index.page(listing) }
    }

    func copy(_ copy: ObjectCopy, _ context: CallContext) async throws(ObjectFailure) -> ObjectInfo {
        try check(copy.target)
        let store = store
        let source = try store.bucket(copy.source.name.bucket)
        let target = try store.bucket(copy.target.bucket)
        let object = try await open(copy.source, in: source)
        let old = object.record.info
        // A check of parts' checks means nothing for a copy in one piece: it is made anew, of the bytes.
        let algorithm = copy.checksum ?? old.checksums.first?.algorithm
        let hasCheck = algorithm == nil || old.checksums.contains { $0.algorithm == algorithm && $0.parts == nil }
        let keepsFacts = object.parts == nil && hasCheck && copy.source.range == .whole
        let draft = ObjectDraft(store, checksums: algorithm.map { [$0] } ?? [])
        if keepsFacts {
            try await append(object, to: draft)
        } else {
            try await transcribe(object, old.bytes(of: copy.source.range), to: draft)
        }
        return try await store.threads.run { () throws(ObjectFailure) in
            let facts = draft.facts()
            let info = ObjectInfo(
                size: facts.size, etag: keepsFacts ? old.etag : facts.etag, modified: context.now,
                metadata: copy.metadata ?? old.metadata, checksums: keepsFacts ? old.checksums : facts.checksums)
            try store.publish(draft, ObjectRecord(key: copy.target.key, info: info), copy.conditions, in: target)
            return info
        }
    }

    private func open(_ source: CopySource, in bucket: ObjectBucket) async throws(ObjectFailure) -> OpenedObject {
        try await store.threads.run { () throws(ObjectFailure) in
            let object = try bucket.open(source.name.key)
            let info = object.record.info
            try source.conditions.check(etag: info.etag, modified: info.modified, for: .copied)
            return object
        }
    }

    /// Copies all bytes within the kernel, a stretch a job, so that other jobs get their turn.
    private func append(_ object: OpenedObject, to draft: ObjectDraft) async throws(ObjectFailure) {
        let stretch: Int64 = 64 << 20
        var offset: Int64 = 0
        while offset < object.record.info.size {
            let start = offset
            let count = min(stretch, object.record.info.size - start)
            try await store.threads.run { () throws(ObjectFailure) in
                try draft.append(object.file, from: start, count: count)
            }
            offset += count
        }
    }

    /// Reads and writes the bytes of `range`, so that their checks are made.
    private func transcribe(
        _ object: OpenedObject, _ range: Range<Int64>, to draft: ObjectDraft
    ) async throws(ObjectFailure) {
        let source = ObjectFileSource(object, range, threads: store.threads)
        var hasMore = true
        while hasMore {
            hasMore = try await store.threads.run { () throws(ObjectFailure) in
                // A few pieces a job: there is nobody between to wait for.
                for _ in 0..<16 {
                    guard let piece = try source.read() else { return false }
                    try draft.write(piece)
                }
                return true
            }
        }
    }

    // MARK: Uploads

    func createUpload(
        _ creation: UploadCreation, _ context: CallContext
    ) async throws(ObjectFailure) -> [UInt8] {
        try check(creation.name)
        let store = store
        return try await store.threads.run { () throws(ObjectFailure) in
            try store.createUpload(creation, now: context.now)
        }
    }

    func putPart(
        _ part: UploadPart, _ body: any ObjectBody, _ context: CallContext
    ) async throws(ObjectFailure) -> PartInfo {
        let store = store
        _ = try store.bucket(part.upload.name.bucket).upload(part.upload)
        return try await store.write(body) { draft throws(ObjectFailure) in
            try store.publish(draft, part, body.checksums, now: context.now)
        }
    }

    func copyPart(
        _ part: UploadPart, from source: CopySource, _ context: CallContext
    ) async throws(ObjectFailure) -> PartInfo {
        let store = store
        let upload = try store.bucket(part.upload.name.bucket).upload(part.upload)
        let object = try await open(source, in: try store.bucket(source.name.bucket))
        let draft = ObjectDraft(store, checksums: upload.record.checksum.map { [$0] } ?? [])
        let range = try object.record.info.bytes(of: source.range)
        // Reading gives what there is of a range; a part that is shorter than was asked for would be a wrong object.
        if case .from(_, let last?) = source.range, last >= range.upperBound {
            throw .invalidRange(size: object.record.info.size)
        }
        try await transcribe(object, range, to: draft)
        return try await store.threads.run { () throws(ObjectFailure) in
            try store.publish(draft, part, [], now: context.now)
        }
    }

    func completeUpload(
        _ completion: UploadCompletion, _ context: CallContext
    ) async throws(ObjectFailure) -> ObjectInfo {
        let store = store
        return try await store.threads.run { () throws(ObjectFailure) in
            try store.complete(completion, now: context.now)
        }
    }

    func abortUpload(_ upload: UploadName, _ context: CallContext) async throws(ObjectFailure) {
        let store = store
        try await store.threads.run { () throws(ObjectFailure) in try store.abort(upload) }
    }

    func listParts(_ listing: PartListing, _ context: CallContext) async throws(ObjectFailure) -> PartPage {
        let upload = try store.bucket(listing.upload.name.bucket).upload(listing.upload)
        let parts = upload.parts.values.filter { $0.number > listing.after }.sorted { $0.number < $1.number }
        return PartPage(
            Array(parts.prefix(listing.limit)), hasMore: parts.count > listing.limit,
            checksum: upload.record.checksum, checksumIsOfWhole: upload.record.checksumIsOfWhole)
    }

    func listUploads(_ listing: UploadListing, _ context: CallContext) async throws(ObjectFailure) -> UploadPage {
        let all = try store.bucket(listing.bucket).with { $0.uploads.values.map(\.info) }
        let sorted = all.filter { $0.key.starts(with: listing.prefix) && listing.isBehind($0) }.sorted {
            $0.key == $1.key ? ObjectIndex.precedes($0.id, $1.id) : ObjectIndex.precedes($0.key, $1.key)
        }
        var page = UploadPage([], groups: [], hasMore: false)
        for upload in sorted {
            let group = ObjectIndex.group(of: upload.key, listing.prefix.count, listing.delimiter)
            if let group, group == page.groups.last || group == listing.afterKey { continue }
            guard page.uploads.count + page.groups.count < listing.limit else {
                page.hasMore = listing.limit > 0
                return page
            }
            if let group { page.groups.append(group) } else { page.uploads.append(upload) }
        }
        return page
    }
}

extension UploadListing {
    fileprivate func isBehind(_ upload: UploadInfo) -> Bool {
        if upload.key == afterKey { return !afterID.isEmpty && ObjectIndex.precedes(afterID, upload.id) }
        return ObjectIndex.precedes(afterKey, upload.key)
    }
}

extension ObjectStore {
    /// Makes an object of `draft`, in place of what was there.
    func publish(
        _ draft: ObjectDraft, _ record: ObjectRecord, _ conditions: ObjectConditions, in bucket: ObjectBucket
    ) throws(ObjectFailure) {
        try draft.finish(record) { () throws(ObjectFailure) in
            try bucket.publish(draft.path, record, parts: nil, conditions)
        }
        try synchronize(folder: "\(bucket.path)/objects")
    }
}
