// What would not come along, found before anything is copied.

import Migration
import S3Wire

/// Objects that have something in common, as many as there are and the first of them.
struct S3SurveyCount: Sendable {
    private(set) var count: Int64 = 0
    private(set) var names: [String] = []
    /// The bucket of the first.
    private(set) var bucket: [UInt8] = []

    private static let nameLimit = 3

    mutating func add(_ bucket: [UInt8], _ key: [UInt8]) {
        if count == 0 { self.bucket = bucket }
        count += 1
        if names.count < Self.nameLimit { names.append(S3MigrationName.text(bucket, key)) }
    }

    /// `3 objects have WHAT: b/1, b/2, b/3`.
    func text(_ what: String) -> String {
        "\(count) \(count == 1 ? "object has" : "objects have") \(what): \(names.joined(separator: ", "))"
            + (count > names.count ? ", …" : "")
    }
}

/// What the objects of the place that serves have beside their bytes.
struct S3Survey: Sendable {
    /// Objects by storage class, but for the usual one.
    private(set) var classes: [[UInt8]: S3SurveyCount] = [:]
    /// Objects by access control list, but for the owner's alone.
    var lists: [S3AccessList: S3SurveyCount] = [:]

    /// Encryptions, each with the first object of it; of each page of a list one object is looked at, as buckets mostly
    /// encrypt all of theirs in one way.
    private(set) var encryptions: [S3ObjectEncryption: (bucket: [UInt8], key: [UInt8])] = [:]

    /// Classes that are told apart; Amazon S3 has ten.
    private static let classLimit = 64

    mutating func add(_ encryption: S3ObjectEncryption, _ bucket: [UInt8], _ key: [UInt8]) {
        guard encryptions[encryption] == nil, encryptions.count < Self.classLimit else { return }
        encryptions[encryption] = (bucket, key)
    }

    mutating func add(_ storageClass: [UInt8], _ bucket: [UInt8], _ key: [UInt8]) {
        guard classes[storageClass] != nil || classes.count < Self.classLimit else { return }
        classes[storageClass, default: S3SurveyCount()].add(bucket, key)
    }
}

extension S3MigrationCopier {
    /// The key that is tried; nobody else has such a one.
    static let trialKey = Array(".fairlead-migrate-trial".utf8)

    func obstacles() async throws(LinkProblem) -> [MigrationObstacle] {
        var found: [MigrationObstacle] = []
        survey = S3Survey()
        var counts: [[UInt8]: Int64] = [:]
        for bucket in try await buckets(from) {
            found += try await history(of: bucket)
            if let obstacle = try await staying(bucket) { found.append(obstacle) }
            counts[bucket] = try await look(through: bucket)
        }
        self.counts = counts
        found += try await archived()
        return found + (try await lastObstacles())
    }

    /// Versions and locks.
    private func history(of bucket: [UInt8]) async throws(LinkProblem) -> [MigrationObstacle] {
        let name = String(decoding: bucket, as: UTF8.self)
        var found: [MigrationObstacle] = []
        for (setting, loss, what) in [
            (S3BucketSetting.versioning, MigrationLoss.versions, "versions, of which only the newest would come along"),
            (.locks, .locks, "locks, which would not come along"),
        ] {
            switch try await state(of: setting, bucket, from) {
            case .unknown, .nothing: continue
            case .denied:
                let text = "bucket '\(name)' may have \(what): whether it has may not be read"
                found.append(MigrationObstacle(loss: loss, text: text))
            case .document: found.append(MigrationObstacle(loss: loss, text: "bucket '\(name)' has \(what)"))
            }
        }
        return found
    }

    /// Counts the objects of a bucket, and what they have that another server may not keep.
    private func look(through bucket: [UInt8]) async throws(LinkProblem) -> Int64 {
        var asksLists = false
        if habits.isForward { asksLists = try await habits.keepsLists(bucket, from) }
        var count: Int64 = 0
        var cursor: [UInt8]?
        repeat {
            guard let list = try await list(bucket, at: .serving, after: cursor) else { break }
            for entry in list.objects {
                if let kind = entry.storageClass { survey.add(kind, bucket, entry.key) }
            }
            if habits.isForward, let first = list.objects.first {
                let reply = try await from.ask(S3MigrationRequest(.head, bucket, first.key))
                if reply.isSuccess, let kind = S3ObjectEncryption(reply) { survey.add(kind, bucket, first.key) }
            }
            if asksLists {
                try await each(of: list.objects.map(\.key)) { lane, key throws(LinkProblem) in
                    try await lane.from.accessList(bucket, key)
                } _: { key, list in
                    if let list, list != .canned(.ownerAlone) {
                        survey.lists[list, default: S3SurveyCount()].add(bucket, key)
                    }
                }
            }
            count += Int64(list.objects.count)
            cursor = list.next
        } while cursor != nil && !habits.isStopped()
        return count
    }

    /// Objects of classes that cannot be read before somebody restores them, "Restoring an archived object".
    private func archived() async throws(LinkProblem) -> [MigrationObstacle] {
        var found: [MigrationObstacle] = []
        for (kind, objects) in survey.classes {
            let name = String(decoding: kind, as: UTF8.self)
            guard name == "GLACIER" || name == "DEEP_ARCHIVE" else { continue }
            let text = objects.text("the storage class \(name) and may have to be restored before they can be read")
            found.append(MigrationObstacle(loss: .storageClasses, text: text))
        }
        return found
    }

    // MARK: Trying

    func trial(leaving: Set<MigrationLoss>) async throws(LinkProblem) -> [MigrationObstacle] {
        var made: [[UInt8]] = []
        var found: [MigrationObstacle] = []
        // Objects first: a bucket that keeps versions would keep those that are tried.
        for bucket in try await buckets(from) {
            if case .made = try await make(bucket) { made.append(bucket) }
        }
        for (kind, objects) in survey.classes {
            guard try await isHeld(objects.bucket) else { continue }
            let name = String(decoding: kind, as: UTF8.self)
            if try await keeps("x-amz-storage-class", name, in: objects.bucket) { continue }
            habits.unheldClasses.insert(kind)
            let text = objects.text("the storage class \(name), which '\(to.name)' does not keep")
            found.append(MigrationObstacle(loss: .storageClasses, text: text))
        }
        for (list, objects) in survey.lists {
            guard try await isHeld(objects.bucket) else { continue }
            var what = list == .denied ? "an ACL that may not be read" : "an ACL that no word stands for"
            if let word = list.word {
                if try await keeps("x-amz-acl", word, in: objects.bucket) { continue }
                habits.unheldLists.insert(word)
                what = "the ACL \(word), which '\(to.name)' does not keep"
            }
            found.append(MigrationObstacle(loss: .acls, text: objects.text(what)))
        }
        found += try await unheldEncryption()
        for bucket in try await buckets(from) where try await isHeld(bucket) { found += try await copySettings(bucket) }
        if found.contains(where: { !leaving.contains($0.loss) }) {
            for bucket in made { _ = try await to.ask(S3MigrationRequest(.delete, bucket)) }
        }
        return found
    }

    /// Whether the other place keeps `value` of a field with an object.
    private func keeps(_ field: String, _ value: String, in bucket: [UInt8]) async throws(LinkProblem) -> Bool {
        var request = S3MigrationRequest(.put, bucket, Self.trialKey)
        request.add(field, value)
        let reply = try await to.ask(request)
        guard reply.isSuccess else { return false }
        let isKept: Bool
        if field == "x-amz-acl" {
            isKept = try await to.accessList(bucket, Self.trialKey)?.word == value
        } else {
            let head = try await to.ask(S3MigrationRequest(.head, bucket, Self.trialKey))
            isKept = head.fields.contains { $0.name == Array(field.utf8) && $0.value == Array(value.utf8) }
        }
        var removal = S3MigrationRequest(.delete, bucket, Self.trialKey)
        if let version = reply.field("x-amz-version-id") { removal = removal.with("versionId", version) }
        let removed = try await to.ask(removal)
        guard removed.isSuccess || removed.status == 404 else { throw to.unexpected(removed, to: removal) }
        return isKept
    }
}
