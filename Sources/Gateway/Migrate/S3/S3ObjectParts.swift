// Objects that came in parts, copied in the same parts, so that they keep their ETags.

import S3Wire

/// How a copy in parts ended.
enum S3PartsResult {
    case done
    /// The object is another one now, or there are other orders.
    case changed
    /// Nobody tells its parts, and it fits into one request.
    case unknownParts
}

extension S3ObjectCopy {
    /// The largest parts of an object that is too large for one request, where its own are not known.
    private static let partSize: Int64 = 1 << 30
    /// The most parts of an object, "Amazon S3 multipart upload limits".
    private static let partLimit = 10_000

    /// Copies the object that `facts` are about.
    func copyInParts(
        _ bucket: [UInt8], _ key: [UInt8], _ facts: S3ObjectFacts, _ access: S3WantedAccess?
    ) async throws -> S3PartsResult {
        guard let slices = try await slices(bucket, key, facts) else { return .unknownParts }
        var creation = S3MigrationRequest(.post, bucket, key).with("uploads")
        creation.fields = try await fields(facts, access, in: bucket)
        let created = try await to.ask(creation)
        if created.status == 404 {
            try await create(bucket)
            throw to.unexpected(created, to: creation)
        }
        guard created.isSuccess, let root = try? S3XMLElement.parse(created.body), let id = root.text("UploadId") else {
            if facts.size <= habits.wholeLimit { return .unknownParts }
            throw Refused(type: "objects", reason: "no upload in parts: \(created.summary)")
        }
        let upload = S3MigrationRequest(.put, bucket, key).with("uploadId", id)
        do {
            var tags: [[UInt8]] = []
            for (place, slice) in slices.enumerated() {
                guard let tag = try await copy(slice, place + 1, facts.etag, upload) else {
                    await abort(upload)
                    return .changed
                }
                tags.append(tag)
            }
            try await complete(upload, tags)
            return .done
        } catch {
            await abort(upload)
            throw error
        }
    }

    /// The ranges of the object's parts; nil when they are not told and one request can carry it.
    private func slices(
        _ bucket: [UInt8], _ key: [UInt8], _ facts: S3ObjectFacts
    ) async throws -> [ClosedRange<Int64>]? {
        if facts.cameInParts, let sizes = try await partSizes(bucket, key, facts.size) {
            var start: Int64 = 0
            return sizes.map { size in
                defer { start += size }
                return start...(start + size - 1)
            }
        }
        guard facts.size > habits.wholeLimit else { return nil }
        let size = max(min(Self.partSize, habits.wholeLimit), facts.size / Int64(Self.partLimit) + 1)
        return stride(from: 0, to: facts.size, by: Int(size)).map { $0...($0 + (min(size, facts.size - $0) - 1)) }
    }

    /// The sizes of the parts that an object of `size` bytes came in; nil when they are not told.
    private func partSizes(_ bucket: [UInt8], _ key: [UInt8], _ size: Int64) async throws -> [Int64]? {
        var sizes: [Int64] = []
        var count = 1
        var rest = size
        while sizes.count < count {
            let reply = try await from.ask(
                S3MigrationRequest(.head, bucket, key).with("partNumber", "\(sizes.count + 1)"))
            guard reply.isSuccess, let parts = reply.field("x-amz-mp-parts-count")?.decimal,
                (1...Self.partLimit).contains(parts), let length = reply.length, length > 0, length <= rest
            else { return nil }
            count = parts
            rest -= length
            sizes.append(length)
        }
        return rest == 0 ? sizes : nil
    }

    /// Copies one part and gives its ETag; nil when the object is another one now, or there are other orders.
    private func copy(
        _ range: ClosedRange<Int64>, _ number: Int, _ etag: [UInt8], _ upload: S3MigrationRequest
    ) async throws -> [UInt8]? {
        var source = S3MigrationRequest(.get, upload.bucket, upload.key)
        source.add("if-match", [0x22] + etag + [0x22])
        source.add("range", "bytes=\(range.lowerBound)-\(range.upperBound)")
        try from.begin(source)
        let reply = try await from.head(answering: .get)
        let length = Int64(range.count)
        guard reply.holds(range), reply.length == length, reply.etag.map({ $0 == etag }) ?? true else {
            from.abandon()
            if reply.isTransient { throw from.unexpected(reply, to: source) }
            guard try await facts(upload.bucket, upload.key, at: from)?.etag == etag else { return nil }
            throw Refused(type: "objects that cannot be read", reason: "part \(number): \(reply.status)")
        }
        var part = upload.with("partNumber", "\(number)")
        part.streamed = length
        try to.begin(part)
        guard let stored = try await pass(to: .put) else { return nil }
        if stored.isTransient || stored.status == 404 { throw to.unexpected(stored, to: part) }
        guard stored.isSuccess, let tag = stored.field("etag") else {
            throw Refused(type: "objects", reason: "a part of \(length) bytes: \(stored.summary)")
        }
        return tag
    }

    private func complete(_ upload: S3MigrationRequest, _ tags: [[UInt8]]) async throws {
        var xml = S3XMLWriter("CompleteMultipartUpload")
        for (place, tag) in tags.enumerated() {
            xml.open("Part")
            xml.element("PartNumber", place + 1)
            xml.element("ETag", tag)
            xml.close("Part")
        }
        xml.close("CompleteMultipartUpload")
        var request = upload
        request.method = .post
        request.document = xml.bytes
        // Not asked twice: what is complete is no upload any more, and the whole is begun anew.
        let reply = try await to.askOnce(request)
        // A failure may come behind a 200, "CompleteMultipartUpload".
        if reply.isTransient || reply.isSuccess && reply.code != nil { throw to.unexpected(reply, to: request) }
        guard reply.isSuccess else { throw Refused(type: "objects", reason: reply.summary) }
    }

    /// Takes away what is there of an upload, as far as the server answers.
    private func abort(_ upload: S3MigrationRequest) async {
        to.abandon()
        var request = upload
        request.method = .delete
        _ = try? await to.askOnce(request)
    }
}
