// Which requests of an S3 listener go to its shadow's candidate.

import S3Wire
import Wire

/// Decides for each request, from the configuration and the request's head.
struct S3ShadowPlan {
    /// What is done about a request.
    enum Action {
        case nothing
        /// It goes to the candidate.
        case send(S3ShadowJob)
        /// Which objects it deletes shows at the end of its body.
        case sendDeletions
        /// It writes these objects at the primary alone.
        case follow([UInt64])
        /// It may write any object at the primary alone.
        case markAllStale
    }

    /// An action, and why the request is not compared.
    struct Verdict {
        let action: Action
        var drop: ShadowDrop?
    }

    private let shadow: Shadow
    /// Whether writes go to a bucket of the candidate's.
    let hasScratch: Bool
    private let domains: S3BaseDomains

    init(_ shadow: Shadow) {
        self.shadow = shadow
        domains = S3BaseDomains(shadow.settings.domains)
        hasScratch = if case .bucket = shadow.settings.scratch { true } else { false }
    }

    /// What becomes of the request whose head is `head`.
    func verdict(_ request: S3RequestHead, _ head: [UInt8]) -> Verdict {
        let bytes = head.span
        let resource = S3Resource(request, bytes, baseDomains: domains)
        let command = S3Command(request, bytes, for: resource)
        let name = Self.name(bytes, request.path, resource)
        let key = shadow.hash(name.span, [])
        if !request.method.isSafe {
            guard hasScratch, let whole = try? S3Request(head, request, baseDomains: domains) else {
                return Verdict(action: alone(command, resource, key), drop: .notOpted)
            }
            return verdict(change: whole, name, key, resource)
        }
        guard let isAboutAll = Self.isAboutAll(command), request.mayBeSentAgain else {
            return Verdict(action: .nothing, drop: .incomparable)
        }
        if let reason = reasonApart(request, head) { return Verdict(action: .nothing, drop: reason) }
        guard shadow.isSampled(key) else { return Verdict(action: .nothing, drop: .notSampled) }
        let job = S3ShadowJob(command, request.method, head, keys: isAboutAll ? [] : [key], isAboutAll: isAboutAll)
        job.isPartial = hasScratch && isAboutAll
        return Verdict(action: .send(job))
    }

    /// The bucket and the key as they are meant, however they are spelled.
    private static func name(_ bytes: Bytes, _ path: Range<Int>, _ resource: S3Resource) -> [UInt8] {
        let plain =
            S3Percent.decoded(bytes, min(path.lowerBound + 1, path.upperBound)..<path.upperBound) ?? bytes.array(path)
        guard resource.isInHost, let bucket = resource.bucket else { return plain }
        return bytes.array(bucket).map(\.asciiLowercased) + [UInt8(ascii: "/")] + plain
    }

    /// Operations whose answers are compared, and whether those depend on all keys.
    private static func isAboutAll(_ command: S3Command) -> Bool? {
        switch command {
        case .getObject, .headObject, .getObjectTagging: false
        case .headBucket, .getBucketLocation, .listBuckets, .listObjects, .listObjectsV2: true
        default: nil
        }
    }

    /// Why a read is not compared with a scratch bucket: it goes by a version or a time, or is about a bucket and not its keys.
    private func reasonApart(_ request: S3RequestHead, _ head: [UInt8]) -> ShadowDrop? {
        guard hasScratch else { return nil }
        guard let whole = try? S3Request(head, request, baseDomains: domains) else {
            return .incomparable
        }
        if whole.hasParameter("versionId") || whole.hasField("if-modified-since")
            || whole.hasField("if-unmodified-since")
        {
            return .version
        }
        switch whole.command {
        // Where a page goes on is told in a server's own words.
        case .listObjects: return nil
        case .listObjectsV2: return whole.hasParameter("continuation-token") ? .partialCopy : nil
        case .headBucket, .getBucketLocation, .listBuckets: return .partialCopy
        default: return nil
        }
    }

    /// What a write does that goes to the primary alone.
    private func alone(_ command: S3Command, _ resource: S3Resource, _ key: UInt64) -> Action {
        // Several objects in one request, or a form, do not tell in the head which.
        let isOne = resource.key?.isEmpty == false && command != .unknown && command != .renameObject
        return isOne ? .follow([key]) : .markAllStale
    }

    // MARK: - Into a scratch bucket

    private func verdict(
        change request: S3Request, _ name: [UInt8], _ key: UInt64, _ resource: S3Resource
    ) -> Verdict {
        let command = request.command
        if command == .deleteObjects {
            let size = request.head.contentLength ?? .max
            let isShort = size <= Shadow.commandLimit
            return Verdict(action: isShort ? .sendDeletions : .markAllStale, drop: isShort ? nil : .notWhole)
        }
        let alone = alone(command, resource, key)
        guard shadow.isSampled(key) else { return Verdict(action: alone, drop: .notSampled) }
        guard shadow.isOpted(name.span) else { return Verdict(action: alone, drop: .notOpted) }
        guard let effect = Self.effect(of: command), !request.hasParameter("versionId") else {
            return Verdict(action: alone, drop: command == .uploadPartCopy ? .incomparable : .notOpted)
        }
        guard let size = request.head.framing == .none ? 0 : request.head.contentLength,
            size <= Shadow.objectLimit + Self.framingLimit
        else { return Verdict(action: effect == .upload ? .nothing : alone, drop: .notWhole) }
        let job = S3ShadowJob(
            command, request.head.method, request.bytes, bodySize: size, keys: effect == .upload ? [] : [key],
            isWrite: effect != .upload, isWhole: effect == .whole && !request.head.isConditional)
        job.isIndependent = job.isWhole
        if command == .copyObject {
            guard let source = request.field("x-amz-copy-source").flatMap(Self.source) else {
                return Verdict(action: alone, drop: .incomparable)
            }
            job.needs = [shadow.hash(source.span, [])]
        }
        return Verdict(action: .send(job))
    }

    /// Bytes that the lines of aws-chunked may add.
    private static let framingLimit = 64 * 1024

    private enum Effect { case whole, partial, upload }

    /// What an operation does to its object; nil for those that are not sent.
    private static func effect(of command: S3Command) -> Effect? {
        switch command {
        case .putObject, .copyObject, .deleteObject, .completeMultipartUpload: .whole
        case .putObjectTagging, .deleteObjectTagging: .partial
        case .createMultipartUpload, .uploadPart, .abortMultipartUpload: .upload
        default: nil
        }
    }

    /// The name of the object that `x-amz-copy-source` spells; nil for a version of one.
    static func source(_ text: [UInt8]) -> [UInt8]? {
        guard !text.contains(UInt8(ascii: "?")), let plain = S3Percent.decoded(text) else { return nil }
        return plain.first == UInt8(ascii: "/") ? Array(plain.dropFirst()) : plain
    }

    /// What becomes of a request that deletes the objects which `body` names, in the bucket that `head` is for.
    func deletions(_ head: [UInt8], _ body: [UInt8]) -> Verdict {
        guard let request = try? S3RequestHead(head.span),
            case let resource = S3Resource(request, head.span, baseDomains: domains), let bucket = resource.bucket,
            let spelled = S3Percent.decoded(head.span, bucket), let names = S3ShadowScratch.deletions(body),
            let size = request.contentLength
        else { return Verdict(action: .markAllStale, drop: .incomparable) }
        let plain = resource.isInHost ? spelled.map(\.asciiLowercased) : spelled
        var keys: [UInt64] = []
        var isOpted = true
        var sampled = 0
        for name in names {
            let whole = plain + [UInt8(ascii: "/")] + name
            let key = shadow.hash(whole.span, [])
            if !shadow.isOpted(whole.span) { isOpted = false }
            if shadow.isSampled(key) { sampled += 1 }
            keys.append(key)
        }
        guard isOpted else { return Verdict(action: .follow(keys), drop: .notOpted) }
        guard sampled == keys.count, !keys.isEmpty else { return Verdict(action: .follow(keys), drop: .notSampled) }
        let job = S3ShadowJob(
            .deleteObjects, request.method, head, bodySize: size, keys: keys, isWrite: true, isWhole: true)
        job.isIndependent = true
        job.body = body
        return Verdict(action: .send(job))
    }
}
