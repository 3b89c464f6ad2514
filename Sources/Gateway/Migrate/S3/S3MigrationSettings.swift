// Has buckets of the other place set as they are here.

import Digest
import Migration
import S3Wire

extension S3MigrationCopier {
    /// Settles what is set for a bucket; what the other place does not keep is refused, unless it may stay behind.
    func settleSettings(_ bucket: [UInt8]) async throws(LinkProblem) -> MigrationOutcome {
        var outcome = MigrationOutcome()
        let leaving = habits.leaving()
        var found = try await copySettings(bucket)
        if !leaving.contains(.settings), let obstacle = try await staying(bucket) { found.append(obstacle) }
        for obstacle in found where !leaving.contains(obstacle.loss) {
            let type = obstacle.loss == .acls ? "ACLs of buckets" : "settings of buckets"
            outcome.refused.append(([], type, obstacle.text))
        }
        return outcome
    }

    /// Settings that are not copied, unless somebody has set them there as they are here.
    func staying(_ bucket: [UInt8]) async throws(LinkProblem) -> MigrationObstacle? {
        var left: [String] = []
        for setting in S3BucketSetting.staying {
            switch try await state(of: setting, bucket, from) {
            case .unknown, .nothing: continue
            case .denied: left.append("\(setting.parameter) (it may not be read)")
            case .document(let document):
                if case .document(let there) = try await state(of: setting, bucket, to),
                    setting.isSame(document, there)
                {
                    continue
                }
                left.append(setting.parameter)
            }
        }
        guard !left.isEmpty else { return nil }
        let name = String(decoding: bucket, as: UTF8.self)
        let text = "settings of bucket '\(name)' that name what is beside it: \(left.joined(separator: ", "))"
        return MigrationObstacle(loss: .settings, text: text)
    }

    /// Sets what differs, and gives what the other place does not keep.
    func copySettings(_ bucket: [UInt8]) async throws(LinkProblem) -> [MigrationObstacle] {
        var found: [MigrationObstacle] = []
        let name = String(decoding: bucket, as: UTF8.self)
        if habits.minds(.settings) {
            var left: [String] = []
            for setting in S3BucketSetting.moved {
                if let reason = try await copy(setting, of: bucket) { left.append(reason) }
            }
            if !left.isEmpty {
                let text =
                    "settings of bucket '\(name)' that '\(to.name)' does not keep: \(left.joined(separator: ", "))"
                found.append(MigrationObstacle(loss: .settings, text: text))
            }
        }
        if habits.minds(.acls), let reason = try await copyAccessList(of: bucket) {
            let text = "the ACL of bucket '\(name)', which '\(to.name)' does not keep: \(reason)"
            found.append(MigrationObstacle(loss: .acls, text: text))
        }
        habits.forget(bucket)
        return found
    }

    /// Copies one setting; what is to be said of it when the other place does not keep it.
    private func copy(_ setting: S3BucketSetting, of bucket: [UInt8]) async throws(LinkProblem) -> String? {
        let request = S3MigrationRequest(.put, bucket).with(setting.parameter)
        switch try await state(of: setting, bucket, from) {
        case .unknown: return nil
        case .denied: return "\(setting.parameter) (it may not be read)"
        case .nothing:
            guard setting.isRemovable, case .document = try await state(of: setting, bucket, to) else { return nil }
            var removal = request
            removal.method = .delete
            let reply = try await to.ask(removal)
            return reply.isSuccess || reply.status == 404 ? nil : "\(setting.parameter) (\(reply.summary))"
        case .document(let document):
            switch try await state(of: setting, bucket, to) {
            // Whoever does not know it may take the document for something else.
            case .unknown, .denied: return setting.parameter
            case .document(let known) where setting.isSame(document, known): return nil
            case .document, .nothing: break
            }
            var change = request
            change.document = document
            change.add("content-md5", base64(HashAlgorithm.md5.hash(document)))
            let reply = try await to.ask(change)
            guard reply.isSuccess else { return "\(setting.parameter) (\(reply.summary))" }
            guard case .document(let kept) = try await state(of: setting, bucket, to),
                setting.isKept(document, in: kept)
            else { return "\(setting.parameter) (it does not become the same there)" }
            return nil
        }
    }

    /// What a place tells of a setting.
    func state(
        of setting: S3BucketSetting, _ bucket: [UInt8], _ link: S3MigrationLink
    ) async throws(LinkProblem) -> S3BucketSetting.State {
        if strangers[link.name]?.contains(setting.parameter) == true { return .unknown }
        let reply = try await link.ask(S3MigrationRequest(.get, bucket).with(setting.parameter))
        if isList(reply, of: setting.parameter, link) { return .unknown }
        return setting.state(reply)
    }

    /// Whether a place has taken a parameter that it does not know for no parameter: it is not asked again.
    private func isList(_ reply: S3MigrationReply, of parameter: String, _ link: S3MigrationLink) -> Bool {
        guard reply.isSuccess, (try? S3ObjectList(reply.body)) != nil else { return false }
        strangers[link.name, default: []].insert(parameter)
        return true
    }

    /// The list of a bucket; nil where the place keeps none.
    private func accessList(of bucket: [UInt8], _ link: S3MigrationLink) async throws(LinkProblem) -> S3AccessList? {
        if strangers[link.name]?.contains("acl") == true { return nil }
        let reply = try await link.ask(S3MigrationRequest(.get, bucket).with("acl"))
        return isList(reply, of: "acl", link) ? nil : S3AccessList(reply)
    }

    /// Copies the access control list of a bucket; why it is not kept, where it is not.
    private func copyAccessList(of bucket: [UInt8]) async throws(LinkProblem) -> String? {
        guard let wanted = try await accessList(of: bucket, from) else { return nil }
        if wanted == .denied { return "it may not be read" }
        guard case .canned(let canned) = wanted else { return "it names users, or gives what no canned ACL stands for" }
        let there = try await accessList(of: bucket, to)
        let isTold = there != nil && there != .denied
        if there == wanted || !isTold && canned == .ownerAlone { return nil }
        guard isTold else { return canned.rawValue }
        var change = S3MigrationRequest(.put, bucket).with("acl")
        change.add("x-amz-acl", canned.rawValue)
        let reply = try await to.ask(change)
        guard reply.isSuccess else { return "\(canned.rawValue) (\(reply.summary))" }
        return try await accessList(of: bucket, to) == wanted ? nil : canned.rawValue
    }
}
