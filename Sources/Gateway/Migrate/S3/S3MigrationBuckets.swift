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

    // MARK: The other place

    func contents() async throws(LinkProblem) -> MigrationContents {
        let here = Set(try await buckets(from))
        for bucket in try await buckets(to) {
            let name = String(decoding: bucket, as: UTF8.self)
            guard let page = try await page(of: .bucket(bucket), at: .other, after: nil) else { return .unknown }
            // What a trial has left, whose gateway was killed.
            guard page.keys.allSatisfy({ $0 == Self.trialKey }) else {
                return .something("bucket '\(name)' holds objects")
            }
            if !here.contains(bucket) { return .something("bucket '\(name)' is not at the source") }
        }
        return .nothing
    }

    func clear() async throws(LinkProblem) {
        for bucket in try await buckets(to) { try await empty(bucket) }
    }

    func prepare(_ part: MigrationPart) async throws(LinkProblem) -> MigrationOutcome {
        try await settle(Self.bucket(part))
    }

    func removeIfGone(_ part: MigrationPart) async throws(LinkProblem) { _ = try await settle(Self.bucket(part)) }

    /// Has the bucket at the other place exactly if it is here, with the same settings.
    func settle(_ bucket: [UInt8]) async throws(LinkProblem) -> MigrationOutcome {
        let request = S3MigrationRequest(.head, bucket)
        let here = try await from.ask(request)
        guard here.isSuccess || here.status == 404 else { throw from.unexpected(here, to: request) }
        if here.isSuccess {
            if case .refused(let reason) = try await make(bucket) {
                let name = String(decoding: bucket, as: UTF8.self)
                var outcome = MigrationOutcome()
                outcome.refused.append(([], "buckets", "bucket '\(name)', with all its objects: \(reason)"))
                return outcome
            }
            return try await settleSettings(bucket)
        }
        let there = try await to.ask(request)
        if there.status == 404 { return MigrationOutcome() }
        guard there.isSuccess else { throw to.unexpected(there, to: request) }
        try await empty(bucket)
        let deletion = S3MigrationRequest(.delete, bucket)
        var reply = try await to.ask(deletion)
        if reply.status == 409 {
            try await emptyOfVersions(bucket)
            reply = try await to.ask(deletion)
        }
        guard reply.isSuccess || reply.status == 404 else { throw to.unexpected(reply, to: deletion) }
        return MigrationOutcome()
    }

    /// What became of a bucket that is to be at the other place.
    enum Making {
        case made, there
        /// Its name is not taken there, with the place's words.
        case refused(String)
    }

    /// Has the bucket at the other place.
    func make(_ bucket: [UInt8]) async throws(LinkProblem) -> Making {
        let making = try await ask(for: bucket)
        habits.note(bucket, isHeld: { if case .refused = making { false } else { true } }())
        return making
    }

    private func ask(for bucket: [UInt8]) async throws(LinkProblem) -> Making {
        let request = S3MigrationRequest(.head, bucket)
        let there = try await to.ask(request)
        if there.isSuccess { return .there }
        // Some answer so where no bucket can have such a name.
        guard there.status == 404 || there.status == 400 else { throw to.unexpected(there, to: request) }
        let creation = S3MigrationRequest(.put, bucket)
        let reply = try await to.ask(creation)
        if reply.isSuccess { return .made }
        if reply.status == 409 { return .there }
        guard reply.status == 400, reply.code == "InvalidBucketName" else { throw to.unexpected(reply, to: creation) }
        return .refused("'\(to.name)' answers \(creation.label) with \(reply.summary)")
    }

    /// Whether objects of `bucket` have a place to go to.
    func isHeld(_ bucket: [UInt8]) async throws(LinkProblem) -> Bool {
        if let known = habits.isHeld(bucket) { return known }
        // A client may have taken the bucket away; its objects go with it.
        guard try await from.ask(S3MigrationRequest(.head, bucket)).isSuccess else { return true }
        if case .refused = try await make(bucket) { return false }
        return true
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

    /// Takes what is left of deleted objects out of a bucket of the other place that keeps versions.
    private func emptyOfVersions(_ bucket: [UInt8]) async throws(LinkProblem) {
        let listing = S3MigrationRequest(.get, bucket).with("versions").with("encoding-type", "url")
        var before: S3VersionList?
        while true {
            let reply = try await to.ask(listing)
            guard reply.isSuccess, let list = try? S3VersionList(reply.body), !list.versions.isEmpty, list != before
            else { return }
            before = list
            for version in list.versions {
                let request = S3MigrationRequest(.delete, bucket, version.key).with("versionId", version.id)
                let reply = try await to.ask(request)
                guard reply.isSuccess || reply.status == 404 else { throw to.unexpected(reply, to: request) }
            }
        }
    }
}
