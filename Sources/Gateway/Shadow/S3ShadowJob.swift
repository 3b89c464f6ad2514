// One S3 request that goes to the candidate, with the answer that the client got.

import S3Wire

/// A request on its way to the candidate.
final class S3ShadowJob: ShadowSerialJob, @unchecked Sendable {
    let command: S3Command
    let method: S3Method
    /// Bytes of the body that belong to it.
    let bodySize: Int
    /// The body without its framing, as far as it has come.
    var body: [UInt8] = []
    /// What the client got.
    var reply = S3ComparableReply()

    init(
        _ command: S3Command, _ method: S3Method, _ bytes: [UInt8], bodySize: Int = 0, keys: [UInt64],
        isWrite: Bool = false, isWhole: Bool = false, isAboutAll: Bool = false, isSent: Bool = true
    ) {
        self.command = command
        self.method = method
        self.bodySize = bodySize
        super.init(bytes, keys: keys, isWrite: isWrite, isWhole: isWhole, isAboutAll: isAboutAll, isSent: isSent)
    }

    override var size: Int { bytes.count + bodySize }
    override var replySize: Int { reply.head.count + reply.body.count }
    override var name: String { command.name }

    /// Whether it changes something, if only an upload that is under way.
    var isChange: Bool { !method.isSafe }
    /// Whether the whole body is here.
    var isComplete: Bool { body.count == bodySize }

    override var mayBeAskedAgain: Bool { !isChange }

    override var redacted: String {
        let key = isAboutAll ? "" : " <key>"
        let content = bodySize == 0 ? "" : ", \(bodySize) bytes of content"
        return "\(command.name)\(key), a head of \(bytes.count) bytes\(content)"
    }
}
