// The tags of objects, where both places have them.

import Digest
import S3Wire

extension S3ObjectCopy {
    /// Gives the copy the tags of the object that `facts` are about.
    func copyTags(
        _ bucket: [UInt8], _ key: [UInt8], _ facts: S3ObjectFacts, _ differed: Bool
    ) async throws -> S3CopyResult {
        let copied = S3CopyResult.copied(bytes: facts.size, differed: differed)
        guard facts.tagCount > 0 else { return copied }
        let name = S3MigrationName.text(bucket, key)
        guard let document = try await tagging(bucket, key, from), Self.tags(document) != nil else {
            // Those of an object that is gone by now are noted.
            return .refused(type: "tags of objects", reason: "\(name): they cannot be read", bytes: facts.size)
        }
        // A server that does not know tags may take them for the object itself.
        guard let there = try await tagging(bucket, key, to), Self.tags(there) != nil else {
            return .refused(type: "tags of objects", reason: "\(name): it has none there", bytes: facts.size)
        }
        var request = S3MigrationRequest(.put, bucket, key).with("tagging")
        request.document = document
        request.add("content-md5", base64(HashAlgorithm.md5.hash(document)))
        let reply = try await to.ask(request)
        if reply.isSuccess { return copied }
        return .refused(type: "tags of objects", reason: "\(name): \(reply.summary)", bytes: facts.size)
    }

    /// Whether both places have the same `count` tags; they are asked only where there are any.
    func haveSameTags(_ bucket: [UInt8], _ key: [UInt8], _ count: Int) async throws -> Bool {
        guard count > 0 else { return true }
        guard let here = try await tagging(bucket, key, from), let there = try await tagging(bucket, key, to) else {
            return false
        }
        return Self.tags(here) == Self.tags(there)
    }

    /// The document that holds the tags; nil when it is not to be had.
    private func tagging(_ bucket: [UInt8], _ key: [UInt8], _ link: S3MigrationLink) async throws -> [UInt8]? {
        let reply = try await link.ask(S3MigrationRequest(.get, bucket, key).with("tagging"))
        return reply.isSuccess ? reply.body : nil
    }

    /// Values by names.
    static func tags(_ document: [UInt8]) -> [[UInt8]: [UInt8]]? {
        guard let root = try? S3XMLElement.parse(document), root.isNamed("Tagging") else { return nil }
        var tags: [[UInt8]: [UInt8]] = [:]
        for tag in root.child("TagSet")?.children ?? [] where tag.isNamed("Tag") {
            tags[tag.child("Key")?.text ?? []] = tag.child("Value")?.text ?? []
        }
        return tags
    }
}
