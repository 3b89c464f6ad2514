// One object at a time: copied, compared, or deleted where it is gone.

import S3Wire

/// What became of one object.
enum S3CopyResult: Sendable {
    case same
    /// The same but for its ETag; with the bytes that were copied for it.
    case retagged(bytes: Int64?)
    case copied(bytes: Int64, differed: Bool)
    /// It was deleted at the other place, or was not there either.
    case gone(differed: Bool)
    case refused(type: String, reason: String, bytes: Int64?)
    /// It changed meanwhile, or there are other orders.
    case again
}

/// Two connections, one to each place, and the work that is done over them; it belongs to one task.
final class S3ObjectCopy: @unchecked Sendable {
    let from: S3MigrationLink
    let to: S3MigrationLink
    let habits: S3CopyHabits

    /// Times that an object is begun anew when one of the places breaks off.
    private static let tries = 4
    init(from: S3MigrationLink, to: S3MigrationLink, _ habits: S3CopyHabits) {
        self.from = from
        self.to = to
        self.habits = habits
    }

    /// An answer that says why an object cannot be had or held.
    struct Refused: Error {
        let type: String
        let reason: String
    }

    /// Leaves the object at the other place as it is here; with `comparing`, only where it differs.
    func settle(_ bucket: [UInt8], _ key: [UInt8], comparing: Bool) async throws(LinkProblem) -> S3CopyResult {
        var problem = LinkProblem(description: "")
        var hasBeenSilent = false
        for attempt in 0..<Self.tries {
            if attempt > 0 { await from.rest(UInt64(attempt) * 500_000_000) }
            do {
                return try await settleOnce(bucket, key, comparing: comparing)
            } catch let error as LinkProblem {
                // What is half read or half sent is of no use to a second try.
                from.abandon()
                to.abandon()
                if from.isUrged || to.isUrged || error.isSilence && hasBeenSilent { throw error }
                if error.isSilence { hasBeenSilent = true }
                problem = error
            } catch {
                problem = LinkProblem(description: "\(error)")
            }
        }
        throw problem
    }

    private func settleOnce(_ bucket: [UInt8], _ key: [UInt8], comparing: Bool) async throws -> S3CopyResult {
        do {
            return try await comparing ? compare(bucket, key) : copy(bucket, key, differed: false)
        } catch let refused as Refused {
            // At the target an older form of it would pass for what clients have written.
            if habits.isForward { try await remove(bucket, key) }
            let name = S3MigrationName.text(bucket, key)
            return .refused(type: refused.type, reason: "\(name): \(refused.reason)", bytes: nil)
        }
    }

    // MARK: Copying

    /// Copies the object; `note` hears what is known of it.
    func copy(
        _ bucket: [UInt8], _ key: [UInt8], differed: Bool,
        _ note: (S3ObjectFacts, S3WantedAccess?) -> Void = { _, _ in }
    ) async throws -> S3CopyResult {
        // Before the object itself: who is given another list meanwhile is noted.
        let access = try await wantedAccess(bucket, key)
        var request = S3MigrationRequest(.get, bucket, key)
        request.add("x-amz-checksum-mode", "ENABLED")
        try from.begin(request)
        var reply = try await from.head(answering: .get)
        guard reply.isSuccess else {
            reply.body = try await rest(of: from)
            if reply.status == 404 { return try await delete(bucket, key) }
            if reply.isTransient { throw from.unexpected(reply, to: request) }
            throw Refused(type: "objects that cannot be read", reason: reply.summary)
        }
        guard let facts = S3ObjectFacts(reply) else { throw from.unexpected(reply, to: request) }
        note(facts, access)
        if facts.size > 0, facts.cameInParts || facts.size > habits.wholeLimit {
            from.abandon()
            switch try await copyInParts(bucket, key, facts, access) {
            case .done: return try await finish(bucket, key, facts, access, differed)
            case .changed: return .again
            case .unknownParts: return try await copyWhole(bucket, key, access, differed)
            }
        }
        guard try await put(bucket, key, facts, access) else { return .again }
        return try await finish(bucket, key, facts, access, differed)
    }

    /// What goes with a copy beside its bytes.
    func fields(
        _ facts: S3ObjectFacts, _ access: S3WantedAccess?, in bucket: [UInt8]
    ) async throws(LinkProblem) -> [(name: [UInt8], value: [UInt8])] {
        var fields = facts.fields.map { (name: $0.key, value: $0.value) }
        if let kind = facts.storageClass, !habits.unheldClasses.contains(kind) {
            fields.append((Array("x-amz-storage-class".utf8), kind))
        }
        if let encryption = try await asked(for: facts.encryption, in: bucket) { fields += encryption.fields }
        if let word = access?.word { fields.append((Array("x-amz-acl".utf8), Array(word.utf8))) }
        return fields
    }

    /// Gives a copy what cannot go with it.
    private func finish(
        _ bucket: [UInt8], _ key: [UInt8], _ facts: S3ObjectFacts, _ access: S3WantedAccess?, _ differed: Bool
    ) async throws -> S3CopyResult {
        let result = try await copyTags(bucket, key, facts, differed)
        guard case .copied = result else { return result }
        if access?.isLost == true { return lostAccess(bucket, key, bytes: facts.size) }
        return losesEncryption(facts) ? lostEncryption(bucket, key, facts, bytes: facts.size) : result
    }

    /// The same in one piece, for an object whose parts nobody knows.
    private func copyWhole(
        _ bucket: [UInt8], _ key: [UInt8], _ access: S3WantedAccess?, _ differed: Bool
    ) async throws -> S3CopyResult {
        let request = S3MigrationRequest(.get, bucket, key)
        try from.begin(request)
        let reply = try await from.head(answering: .get)
        guard reply.isSuccess, let facts = S3ObjectFacts(reply) else {
            _ = try await rest(of: from)
            if reply.status == 404 { return .again }
            throw from.unexpected(reply, to: request)
        }
        guard try await put(bucket, key, facts, access) else { return .again }
        return try await finish(bucket, key, facts, access, differed)
    }

    /// Sends the object whose body comes from the one place to the other; false when there are other orders.
    private func put(
        _ bucket: [UInt8], _ key: [UInt8], _ facts: S3ObjectFacts, _ access: S3WantedAccess?
    ) async throws -> Bool {
        var request = S3MigrationRequest(.put, bucket, key)
        request.fields = try await fields(facts, access, in: bucket)
        if let checksum = facts.checksum { request.fields.append(checksum) }
        request.streamed = facts.size
        try to.begin(request)
        guard let reply = try await pass(to: .put) else { return false }
        if reply.status == 404 {
            // The bucket was made a moment ago, and is noted, but this came first.
            try await create(bucket)
            throw to.unexpected(reply, to: request)
        }
        if reply.isTransient { throw to.unexpected(reply, to: request) }
        guard reply.isSuccess else { throw Refused(type: "objects", reason: reply.summary) }
        return true
    }

    /// Passes the body under way from the one place to the other, and gives what that answers; nil when there are other
    /// orders.
    func pass(to method: S3Method) async throws -> S3MigrationReply? {
        let to = to
        var isWanted = true
        while isWanted, try await from.piece({ to.send($0) }) {
            isWanted = try await to.untilTaking()
            if habits.isStopped() {
                from.abandon()
                to.abandon()
                return nil
            }
        }
        if !isWanted { from.abandon() }
        let reply = try await to.answer(to: method)
        // What was refused before it came to its end leaves a connection that nobody can use.
        if !isWanted { to.abandon() }
        return reply
    }

    func rest(of link: S3MigrationLink) async throws -> [UInt8] {
        var body: [UInt8] = []
        while try await link.piece({ bytes in bytes.withUnsafeBufferPointer { body.append(contentsOf: $0) } }) {
            guard S3Limits.document.allows(body.count) else {
                link.abandon()
                break
            }
        }
        return body
    }

    // MARK: Deleting, and buckets

    /// Deletes the object at the other place.
    func delete(_ bucket: [UInt8], _ key: [UInt8]) async throws -> S3CopyResult {
        guard try await facts(bucket, key, at: to) != nil else { return .gone(differed: false) }
        try await remove(bucket, key)
        return .gone(differed: true)
    }

    private func remove(_ bucket: [UInt8], _ key: [UInt8]) async throws(LinkProblem) {
        let request = S3MigrationRequest(.delete, bucket, key)
        let reply = try await to.ask(request)
        guard reply.isSuccess || reply.status == 404 else { throw to.unexpected(reply, to: request) }
    }

    /// Deletes the object at the other place when it is not here.
    func deleteExtra(_ bucket: [UInt8], _ key: [UInt8]) async throws(LinkProblem) -> Bool {
        guard try await lacks(bucket, key, at: .serving) else { return false }
        try await remove(bucket, key)
        return true
    }

    /// Whether the object is not there.
    func lacks(_ bucket: [UInt8], _ key: [UInt8], at side: MigrationSide) async throws(LinkProblem) -> Bool {
        let link = side == .serving ? from : to
        return try await link.ask(S3MigrationRequest(.head, bucket, key)).status == 404
    }

    /// Has the bucket at the other place.
    func create(_ bucket: [UInt8]) async throws(LinkProblem) {
        let there = try await to.ask(S3MigrationRequest(.head, bucket))
        if there.isSuccess { return }
        let request = S3MigrationRequest(.put, bucket)
        let reply = try await to.ask(request)
        guard reply.isSuccess || reply.status == 409 else { throw to.unexpected(reply, to: request) }
    }
}
