// Buckets: which there are, what of them would not come along, and how they come and go.

import S3Wire

extension S3MigrationCopier {
    /// The names of the buckets of `link`.
    func buckets(_ link: S3MigrationLink) async throws(LinkProblem) -> [[UInt8]] {
        var names: [[UInt8]] = []
        var token: [UInt8]?
        repeat {
            var request = S3MigrationRequest(.get)
            if let token { request = request.with("continuation-token", token) }
            let reply = try await link.ask(request)
            guard reply.isSuccess else { throw link.unexpected(reply, to: request) }
            do throws(S3ListProblem) {
                let list = try S3BucketList(reply.body)
                names += list.names
                guard list.next == nil || list.next != token else {
                    throw S3ListProblem(text: "a list that goes on with itself")
                }
                token = list.next
            } catch {
                throw LinkProblem(description: "'\(link.name)' answers \(request.label) with \(error.text)")
            }
        } while token != nil
        return names
    }

    // MARK: What would not come along

    /// Settings of buckets that are looked for, with the element that stands for them.
    private static let settings: [(parameter: String, element: StaticString)] = [
        ("lifecycle", "LifecycleConfiguration"), ("cors", "CORSConfiguration"), ("website", "WebsiteConfiguration"),
        ("tagging", "Tagging"), ("replication", "ReplicationConfiguration"),
    ]

    func obstacles() async throws(LinkProblem) -> [MigrationObstacle] {
        var found: [MigrationObstacle] = []
        for bucket in try await buckets(from) {
            let name = String(decoding: bucket, as: UTF8.self)
            // Not every server calls this document as S3 does.
            if let state = try await setting("versioning", of: bucket)?.text("Status"), !state.isEmpty {
                found.append(
                    MigrationObstacle(text: "bucket '\(name)' has versions, of which only the newest would come along"))
            }
            if let root = try await setting("object-lock", of: bucket), root.isNamed("ObjectLockConfiguration") {
                found.append(MigrationObstacle(text: "bucket '\(name)' has locks, which would not come along"))
            }
            var left: [String] = []
            for (parameter, element) in Self.settings {
                if try await setting(parameter, of: bucket)?.isNamed(element) == true { left.append(parameter) }
            }
            let policy = try await from.ask(S3MigrationRequest(.get, bucket).with("policy"))
            if policy.isSuccess, policy.body.first == UInt8(ascii: "{") { left.append("policy") }
            if !left.isEmpty {
                found.append(
                    MigrationObstacle(
                        text: "settings of bucket '\(name)' stay behind: \(left.joined(separator: ", "))",
                        isFatal: false))
            }
        }
        found += try await lastObstacles().map { MigrationObstacle(text: $0, isFatal: false) }
        return found
    }

    /// Uploads in progress: their ids are the server's own, so no other can take their next part.
    func lastObstacles() async throws(LinkProblem) -> [String] {
        var found: [String] = []
        for bucket in try await buckets(from) {
            guard let list = try await uploads(from, bucket), let first = list.uploads.first else { continue }
            let count = "\(list.isTruncated ? "more than " : "")\(list.uploads.count)"
            found.append(
                "uploads in progress in bucket '\(String(decoding: bucket, as: UTF8.self))' would be lost at a cut-over: "
                    + "\(count), such as \(S3MigrationName.text(bucket, first.key))")
        }
        return found
    }

    /// The document of a setting; nil where there is none, or none that is known.
    private func setting(_ name: String, of bucket: [UInt8]) async throws(LinkProblem) -> S3XMLElement? {
        let reply = try await from.ask(S3MigrationRequest(.get, bucket).with(name))
        return reply.isSuccess ? try? S3XMLElement.parse(reply.body) : nil
    }

    /// Uploads in progress; nil where the server does not tell.
    private func uploads(_ link: S3MigrationLink, _ bucket: [UInt8]) async throws(LinkProblem) -> S3UploadList? {
        let request = S3MigrationRequest(.get, bucket).with("uploads").with("encoding-type", "url")
        let reply = try await link.ask(request)
        return reply.isSuccess ? try? S3UploadList(reply.body) : nil
    }

    func tidy() async throws(LinkProblem) {
        // Nobody but an earlier try has written there.
        for bucket in try await buckets(to) {
            while let list = try await uploads(to, bucket), !list.uploads.isEmpty {
                for upload in list.uploads {
                    let request = S3MigrationRequest(.delete, bucket, upload.key).with("uploadId", upload.id)
                    let reply = try await to.ask(request)
                    guard reply.isSuccess || reply.status == 404 else { throw to.unexpected(reply, to: request) }
                }
                if !list.isTruncated { break }
            }
        }
    }

    // MARK: The other place

    func contents() async throws(LinkProblem) -> MigrationContents {
        let here = Set(try await buckets(from))
        for bucket in try await buckets(to) {
            let name = String(decoding: bucket, as: UTF8.self)
            guard let page = try await page(of: .bucket(bucket), at: .other, after: nil) else { return .unknown }
            guard page.keys.isEmpty else { return .something("bucket '\(name)' holds objects") }
            if !here.contains(bucket) { return .something("bucket '\(name)' is not at the source") }
        }
        return .nothing
    }

    func clear() async throws(LinkProblem) {
        for bucket in try await buckets(to) { try await empty(bucket) }
    }

    func prepare(_ part: MigrationPart) async throws(LinkProblem) { try await settle(Self.bucket(part)) }

    func removeIfGone(_ part: MigrationPart) async throws(LinkProblem) { try await settle(Self.bucket(part)) }

    /// Has the bucket at the other place exactly if it is here.
    func settle(_ bucket: [UInt8]) async throws(LinkProblem) {
        let request = S3MigrationRequest(.head, bucket)
        let here = try await from.ask(request)
        guard here.isSuccess || here.status == 404 else { throw from.unexpected(here, to: request) }
        let there = try await to.ask(request)
        guard there.isSuccess || there.status == 404 else { throw to.unexpected(there, to: request) }
        guard here.isSuccess != there.isSuccess else { return }
        let change = S3MigrationRequest(here.isSuccess ? .put : .delete, bucket)
        if !here.isSuccess { try await empty(bucket) }
        let reply = try await to.ask(change)
        guard reply.isSuccess || reply.status == (here.isSuccess ? 409 : 404) else {
            throw to.unexpected(reply, to: change)
        }
    }

    /// Takes every object out of a bucket of the other place.
    private func empty(_ bucket: [UInt8]) async throws(LinkProblem) {
        while let page = try await page(of: .bucket(bucket), at: .other, after: nil), !page.keys.isEmpty {
            for key in page.keys {
                let request = S3MigrationRequest(.delete, bucket, key)
                let reply = try await to.ask(request)
                guard reply.isSuccess || reply.status == 404 else { throw to.unexpected(reply, to: request) }
            }
        }
    }
}
