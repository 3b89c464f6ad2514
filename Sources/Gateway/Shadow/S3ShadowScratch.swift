// What stands for a client's request at a candidate's scratch bucket, and for the answers to it.

import Digest
import Glibc
import S3Wire
import Wire

/// Makes requests for one bucket of the candidate's of those that clients have sent, signed with the gateway's own login.
final class S3ShadowScratch {
    private let bucket: [UInt8]
    private let host: [UInt8]
    private let signature: S3ShadowSignature?
    private let masks: Set<S3ReplyMask>
    private let domains: S3BaseDomains
    private var uploads = S3ShadowUploads()

    /// Nil where there is none in `settings`; `backend` is the candidate, where it is a trusted one.
    init?(_ settings: ShadowConfiguration, _ backend: Backend?) {
        guard case .bucket(let name) = settings.scratch else { return nil }
        bucket = Array(name.utf8)
        masks = settings.objectMasks
        domains = S3BaseDomains(settings.domains)
        host =
            switch backend?.configuration.endpoint {
            case .host(let host, let port): Array("\(Endpoint.host(host, port: port))".utf8)
            case .unix, nil: Array("localhost".utf8)
            }
        signature = backend?.login.map { S3ShadowSignature(accessKey: $0.user ?? [], secret: $0.password) }
    }

    /// Whether `name` may be a bucket's.
    static func isName(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count)
            && name.utf8.allSatisfy { $0.isASCIIDigit || $0 &- 0x61 < 26 || $0 == 0x2D || $0 == 0x2E }
    }

    // MARK: - Requests

    /// The request that stands for `job`.
    func request(_ job: S3ShadowJob) throws(ShadowFailure) -> [UInt8] {
        guard let request = job.request(domains), let origin = request.bucket else { throw .missing }
        var draft = S3ShadowDraft(request, content: job.body, host: host)
        // What is about the client's bucket itself is about the keys that begin with its name.
        let slash = [UInt8(ascii: "/")]
        draft.path = slash + bucket + (request.key.map { slash + Self.name(origin, request) + slash + $0 } ?? [])
        switch request.command {
        case .listObjects, .listObjectsV2:
            let opening = Self.name(origin, request) + slash
            draft.put("prefix", opening + (request.parameter("prefix") ?? []))
            for name: StaticString in ["marker", "start-after"] {
                if let start = request.parameter(name), !start.isEmpty { draft.put(name, opening + start) }
            }
        case .uploadPart, .abortMultipartUpload, .completeMultipartUpload:
            guard let id = request.parameter("uploadId"), let upload = uploads[id] else { throw .missing }
            draft.set("uploadId", upload.id)
            if request.command == .completeMultipartUpload {
                guard let body = upload.completion(of: draft.body) else { throw .missing }
                draft.replace(body: body)
            }
        case .deleteObjects:
            guard let body = within(Self.name(origin, request), draft.body) else { throw .missing }
            draft.replace(body: body)
            draft.add("content-md5", base64(HashAlgorithm.md5.hash(body)))
        case .copyObject:
            guard let source = request.field("x-amz-copy-source").flatMap(S3ShadowPlan.source) else { throw .missing }
            var text: [UInt8] = []
            S3Percent.append([UInt8(ascii: "/")] + bucket + [UInt8(ascii: "/")] + source, keepsSlash: true, to: &text)
            draft.add("x-amz-copy-source", text)
        default: break
        }
        return draft.bytes(signature, now: S3Date(seconds: Int64(time(nil))))
    }

    /// A bucket's name, which a host may spell in capitals.
    private static func name(_ bucket: [UInt8], _ request: S3Request) -> [UInt8] {
        request.path.starts(with: [UInt8(ascii: "/")] + bucket) ? bucket : bucket.map(\.asciiLowercased)
    }

    /// The keys that a request to delete several objects names; nil where it is none, or names versions.
    static func deletions(_ body: [UInt8]) -> [[UInt8]]? {
        guard let root = try? S3XMLElement.parse(body), root.isNamed("Delete") else { return nil }
        var keys: [[UInt8]] = []
        for object in root.children where object.isNamed("Object") {
            guard let key = object.child("Key")?.text, object.child("VersionId") == nil else { return nil }
            keys.append(key)
        }
        return keys
    }

    private func within(_ origin: [UInt8], _ body: [UInt8]) -> [UInt8]? {
        guard let keys = Self.deletions(body), let root = try? S3XMLElement.parse(body) else { return nil }
        var writer = S3XMLWriter("Delete")
        if let quiet = root.text("Quiet") { writer.element("Quiet", quiet) }
        for key in keys {
            writer.open("Object")
            writer.element("Key", origin + [UInt8(ascii: "/")] + key)
            writer.close("Object")
        }
        writer.close("Delete")
        return writer.bytes
    }

    // MARK: - Lists

    /// The list that `reply` is, to a request for one; nil for any other answer.
    func list(_ reply: S3ComparableReply, _ job: S3ShadowJob) -> S3ShadowList? {
        guard let request = job.request(domains), let origin = request.bucket else { return nil }
        return S3ShadowList(
            reply, origin: Self.name(origin, request), prefix: request.parameter("prefix") ?? [])
    }

    // MARK: - Answers

    /// The candidate has answered what stands for `job`.
    func answered(_ job: S3ShadowJob, _ reply: S3ComparableReply) {
        guard job.isChange, let request = job.request(domains) else { return }
        uploads.answered(request, job.reply, reply)
    }

    /// What of an answer to `job` is compared: of one to a change, what it says of the object.
    func comparable(_ reply: S3ComparableReply, _ job: S3ShadowJob, isCandidate: Bool) -> S3ComparableReply {
        guard job.isChange, reply.status < 400, !reply.body.isEmpty, let root = try? S3XMLElement.parse(reply.body)
        else {
            return reply
        }
        var result = reply
        result.isWhole = true
        if root.isNamed("Error") {
            result.status = 400
            return result
        }
        var words: [[UInt8]] = []
        if job.command == .deleteObjects {
            let origin = isCandidate ? (job.request(domains)?.bucket?.count ?? -1) + 1 : 0
            for entry in root.children {
                let key = entry.text("Key") ?? []
                words.append(entry.name + [0x20] + key.dropFirst(origin) + [0x20] + (entry.text("Code") ?? []))
            }
            words.sort { $0.lexicographicallyPrecedes($1) }
        } else if !masks.contains(.etag), let tag = root.text("ETag") {
            words = [tag.filter { $0 != 0x22 }]
        }
        result.body = Array(words.joined(separator: [0x0A]))
        result.length = result.body.count
        return result
    }
}

extension S3ShadowJob {
    /// What the client has sent, taken apart.
    fileprivate func request(_ domains: S3BaseDomains) -> S3Request? {
        let bytes = bytes
        guard let head = try? S3RequestHead(bytes.span) else { return nil }
        return try? S3Request(bytes, head, baseDomains: domains)
    }
}
