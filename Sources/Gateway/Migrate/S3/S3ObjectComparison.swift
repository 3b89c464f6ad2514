// Whether an object is the same at both places, and what to do where it is not.

import Digest
import S3Wire

extension S3ObjectCopy {
    func compare(_ bucket: [UInt8], _ key: [UInt8]) async throws -> S3CopyResult {
        guard let wanted = try await facts(bucket, key, at: from) else { return try await delete(bucket, key) }
        guard let there = try await facts(bucket, key, at: to) else {
            return try await copyAndLook(bucket, key)
        }
        let access = try await wantedAccess(bucket, key)
        guard wanted.difference(from: there).isNothing(but: habits.own), hasClass(wanted, there),
            try await haveSameTags(bucket, key, wanted.tagCount), try await hasAccess(access, bucket, key),
            hasEncryption(wanted, there) || losesEncryption(wanted)
        else { return try await copyAndLook(bucket, key) }
        let hasSameTag = wanted.etag == there.etag
        // Some servers make ETags of something else than the bytes.
        if !hasSameTag, try await !haveSameBytes(bucket, key) { return try await copyAndLook(bucket, key) }
        if access?.isLost == true { return lostAccess(bucket, key, bytes: nil) }
        if !hasEncryption(wanted, there) { return lostEncryption(bucket, key, wanted, bytes: nil) }
        return hasSameTag ? .same : .retagged(bytes: nil)
    }

    /// Copies, and looks whether the other place now holds what it was given.
    private func copyAndLook(_ bucket: [UInt8], _ key: [UInt8]) async throws -> S3CopyResult {
        var noted: (facts: S3ObjectFacts, access: S3WantedAccess?)?
        let result = try await copy(bucket, key, differed: true) { noted = ($0, $1) }
        guard case .copied(let bytes, _) = result, let (given, access) = noted,
            let there = try await facts(bucket, key, at: to)
        else {
            return result
        }
        let left = given.difference(from: there)
        let name = S3MigrationName.text(bucket, key)
        habits.own.formUnion(left.added)
        guard left.lost.isEmpty else {
            let names = left.lost.map { String(decoding: $0, as: UTF8.self) }.sorted().joined(separator: ", ")
            return .refused(type: "objects with \(names)", reason: "\(name): it is not kept there", bytes: bytes)
        }
        if !hasClass(given, there) {
            guard habits.leaving().contains(.storageClasses) else {
                return .refused(type: "storage classes", reason: "\(name): it gets another one there", bytes: bytes)
            }
            if let kind = given.storageClass { habits.unheldClasses.insert(kind) }
        }
        if !hasEncryption(given, there) { return lostEncryption(bucket, key, given, bytes: bytes) }
        if try await !hasAccess(access, bucket, key) {
            // Clients may have changed it since.
            guard try await wantedAccess(bucket, key) == access else { return .again }
            guard habits.leaving().contains(.acls) else {
                return .refused(type: "ACLs of objects", reason: "\(name): it gets another one there", bytes: bytes)
            }
            if let word = access?.word { habits.unheldLists.insert(word) }
        }
        if !left.size, given.etag == there.etag { return result }
        if !left.size, try await haveSameBytes(bucket, key) { return .retagged(bytes: bytes) }
        // Clients may have changed it since, or one of the two servers does not do what it was asked.
        guard let now = try await facts(bucket, key, at: from), now.etag == given.etag, now.size == given.size else {
            return .again
        }
        return .refused(type: "objects", reason: "\(name): it does not become the same there", bytes: bytes)
    }

    /// What is known of an object; nil when there is none.
    func facts(_ bucket: [UInt8], _ key: [UInt8], at link: S3MigrationLink) async throws -> S3ObjectFacts? {
        let request = S3MigrationRequest(.head, bucket, key)
        let reply = try await link.ask(request)
        if reply.status == 404 { return nil }
        guard reply.isSuccess, let facts = S3ObjectFacts(reply) else {
            if (400..<500).contains(reply.status), link === from {
                throw Refused(type: "objects that cannot be read", reason: reply.summary)
            }
            throw link.unexpected(reply, to: request)
        }
        return facts
    }

    /// Whether the copy has the storage class that it should have.
    private func hasClass(_ wanted: S3ObjectFacts, _ there: S3ObjectFacts) -> Bool {
        guard let kind = wanted.storageClass else { return there.storageClass == nil || !habits.minds(.storageClasses) }
        return there.storageClass == kind || habits.unheldClasses.contains(kind)
    }

    private func haveSameBytes(_ bucket: [UInt8], _ key: [UInt8]) async throws -> Bool {
        guard let here = try await sum(bucket, key, from), let there = try await sum(bucket, key, to) else {
            return false
        }
        return here == there
    }

    /// A hash of the bytes; nil when they are not to be had.
    private func sum(_ bucket: [UInt8], _ key: [UInt8], _ link: S3MigrationLink) async throws -> [UInt8]? {
        try link.begin(S3MigrationRequest(.get, bucket, key))
        let reply = try await link.head(answering: .get)
        var hash = HashFunction(.sha256)
        while try await link.piece({ hash.update($0.bytes) }) {
            if habits.isStopped() {
                link.abandon()
                return nil
            }
        }
        return reply.isSuccess ? hash.finish() : nil
    }
}
