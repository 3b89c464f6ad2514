// One S3 request that goes to the candidate, with the answer that the client got.

import S3Wire

/// A request on its way to the candidate; all of them are heads without a body.
final class S3ShadowJob: ShadowSerialJob, @unchecked Sendable {
    let command: S3Command
    let method: S3Method
    /// What the client got.
    var reply = S3ComparableReply()

    init(_ command: S3Command, _ method: S3Method, _ bytes: [UInt8], keys: [UInt64], isAboutAll: Bool) {
        self.command = command
        self.method = method
        super.init(bytes, keys: keys, isAboutAll: isAboutAll)
    }

    override var replySize: Int { reply.head.count + reply.body.count }
    override var name: String { command.name }

    /// Operations whose answers are compared, and whether those depend on all keys.
    static func isAboutAll(_ command: S3Command) -> Bool? {
        switch command {
        case .getObject, .headObject, .getObjectTagging: false
        case .headBucket, .getBucketLocation, .listBuckets, .listObjects, .listObjectsV2: true
        default: nil
        }
    }

    override var redacted: String {
        let key = isAboutAll ? "" : " <key>"
        return "\(command.name)\(key), a head of \(bytes.count) bytes"
    }
}
