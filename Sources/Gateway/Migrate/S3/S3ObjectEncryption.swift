// How a server encrypts an object that it keeps, and whether another one does the same.

import Migration
import S3Wire

/// Encryption by the server, "Protecting data with server-side encryption".
struct S3ObjectEncryption: Hashable, Sendable {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    let algorithm: [UInt8]
    /// The key's name, where the server of keys has several.
    let key: [UInt8]?

    static let algorithmField = "x-amz-server-side-encryption"
    static let keyField = "x-amz-server-side-encryption-aws-kms-key-id"

    init(algorithm: [UInt8], key: [UInt8]?) {
        self.algorithm = algorithm
        self.key = key
    }

    /// What `reply` tells of an object; nil for one that is not encrypted, as far as the server says.
    init?(_ reply: S3MigrationReply) {
        guard let algorithm = reply.field("x-amz-server-side-encryption"), !algorithm.isEmpty else { return nil }
        let key = reply.field("x-amz-server-side-encryption-aws-kms-key-id")
        self.init(algorithm: algorithm, key: key?.isEmpty == true ? nil : key)
    }

    /// What asks for it.
    var fields: [(name: [UInt8], value: [UInt8])] {
        var fields = [(name: Array(Self.algorithmField.utf8), value: algorithm)]
        if let key { fields.append((name: Array(Self.keyField.utf8), value: key)) }
        return fields
    }

    /// In words for the operator.
    var text: String {
        let name = String(decoding: algorithm, as: UTF8.self)
        return key.map { "\(name) with the key \(String(decoding: $0, as: UTF8.self))" } ?? name
    }

    /// What to ask for, best first: another server may not have the key, and still one of its own.
    var forms: [S3ObjectEncryption] {
        key == nil ? [self] : [self, S3ObjectEncryption(algorithm: algorithm, key: nil)]
    }
}

extension S3MigrationLink {
    /// Which form of `wanted` the place takes for objects in `bucket`, found by trying; nil for none.
    ///
    /// Of a key only the same one counts as kept; without its name, any.
    func held(
        _ wanted: S3ObjectEncryption, in bucket: [UInt8], _ key: [UInt8]
    ) async throws(LinkProblem) -> S3ObjectEncryption? {
        for form in wanted.forms {
            var request = S3MigrationRequest(.put, bucket, key)
            request.fields = form.fields
            let reply = try await ask(request)
            if reply.isTransient { throw unexpected(reply, to: request) }
            guard reply.isSuccess else { continue }
            let head = try await ask(S3MigrationRequest(.head, bucket, key))
            let there = S3ObjectEncryption(head)
            var removal = S3MigrationRequest(.delete, bucket, key)
            if let version = reply.field("x-amz-version-id") { removal = removal.with("versionId", version) }
            let removed = try await ask(removal)
            guard removed.isSuccess || removed.status == 404 else { throw unexpected(removed, to: removal) }
            if there?.algorithm == form.algorithm, form.key == nil || there?.key == form.key { return form }
        }
        return nil
    }
}

extension S3ObjectCopy {
    /// What is asked for with the copy of an object in `bucket` that is encrypted so at the place that serves.
    ///
    /// On the way back nothing is: the source encrypts by its own rules, and its target's are no wish of clients'.
    func asked(
        for wanted: S3ObjectEncryption?, in bucket: [UInt8]
    ) async throws(LinkProblem) -> S3ObjectEncryption? {
        guard habits.isForward, let wanted else { return nil }
        if let known = habits.encryption(for: wanted) { return known.form }
        // The bucket is made first.
        guard try await to.ask(S3MigrationRequest(.head, bucket)).isSuccess else { return wanted }
        let form = try await to.held(wanted, in: bucket, habits.trialKey())
        habits.note(form, for: wanted)
        return form
    }

    /// Whether the copy is encrypted as it should be, or may be otherwise.
    func hasEncryption(_ wanted: S3ObjectFacts, _ there: S3ObjectFacts) -> Bool {
        guard habits.isForward, let encryption = wanted.encryption, there.encryption != encryption else { return true }
        return habits.leaving().contains(.encryption)
    }

    /// Whether it is known that copies cannot be encrypted so.
    func losesEncryption(_ wanted: S3ObjectFacts) -> Bool {
        guard habits.isForward, let encryption = wanted.encryption, !habits.leaving().contains(.encryption),
            let known = habits.encryption(for: encryption)
        else { return false }
        return known.form != encryption
    }

    func lostEncryption(
        _ bucket: [UInt8], _ key: [UInt8], _ facts: S3ObjectFacts, bytes: Int64?
    ) -> S3CopyResult {
        let name = S3MigrationName.text(bucket, key)
        let what = facts.encryption?.text ?? "it"
        return .refused(type: "encryption of objects", reason: "\(name): \(what) is not kept there", bytes: bytes)
    }
}

extension S3MigrationCopier {
    /// Encryption that the other place does not keep, of those objects that were looked at.
    func unheldEncryption() async throws(LinkProblem) -> [MigrationObstacle] {
        var found: [MigrationObstacle] = []
        for (wanted, object) in survey.encryptions {
            guard try await isHeld(object.bucket) else { continue }
            let form = try await to.held(wanted, in: object.bucket, habits.trialKey())
            habits.note(form, for: wanted)
            guard form != wanted else { continue }
            let text = """
                objects have the encryption \(wanted.text), which '\(to.name)' does not keep, such as \
                \(S3MigrationName.text(object.bucket, object.key))
                """
            found.append(MigrationObstacle(loss: .encryption, text: text))
        }
        return found
    }
}
