// What the primary and the candidate call the uploads in parts that are under way, and their parts.

import S3Wire
import Wire

/// The candidate's names of uploads, by the primary's.
struct S3ShadowUploads {
    /// One upload at the candidate.
    struct Upload {
        let id: [UInt8]
        /// By the parts' numbers, the entity tags that the two servers gave, without quotes.
        fileprivate(set) var parts: [Int: (primary: [UInt8], candidate: [UInt8])] = [:]

        /// The list of parts in `body` with the candidate's tags; nil where the candidate has not got each of them.
        func completion(of body: [UInt8]) -> [UInt8]? {
            guard let root = try? S3XMLElement.parse(body) else { return nil }
            var isSame = true
            var writer = S3XMLWriter("CompleteMultipartUpload")
            for part in root.children where part.isNamed("Part") {
                guard let number = part.text("PartNumber")?.decimal, let known = parts[number],
                    part.text("ETag")?.filter({ $0 != 0x22 }) == known.primary
                else { return nil }
                if known.primary != known.candidate { isSame = false }
                writer.open("Part")
                writer.element("PartNumber", number)
                writer.tag(known.candidate)
                writer.close("Part")
            }
            writer.close("CompleteMultipartUpload")
            // With its checksums, where it can be.
            return isSame ? body : writer.bytes
        }
    }

    private var uploads: [[UInt8]: Upload] = [:]
    private var partCount = 0

    /// Uploads that are known, and parts of all of them.
    private static let limit = 1024
    private static let partLimit = 65_536
    /// Bytes of a name or a tag.
    private static let nameLimit = 1024

    subscript(id: [UInt8]) -> Upload? { uploads[id] }

    /// Both servers have answered `request`.
    mutating func answered(_ request: S3Request, _ primary: S3ComparableReply, _ candidate: S3ComparableReply) {
        guard primary.status < 300, candidate.status < 300 else { return }
        switch request.command {
        case .createMultipartUpload:
            guard uploads.count < Self.limit, let ours = Self.id(primary), let theirs = Self.id(candidate) else {
                return
            }
            uploads[ours] = Upload(id: theirs)
        case .uploadPart:
            guard let id = request.parameter("uploadId"), let number = request.parameter("partNumber")?.decimal,
                let ours = Self.tag(primary), let theirs = Self.tag(candidate), partCount < Self.partLimit
            else { return }
            if uploads[id]?.parts.updateValue((ours, theirs), forKey: number) == nil { partCount += 1 }
        case .completeMultipartUpload, .abortMultipartUpload:
            guard let id = request.parameter("uploadId"), let old = uploads.removeValue(forKey: id) else { return }
            partCount -= old.parts.count
        default: break
        }
    }

    private static func id(_ reply: S3ComparableReply) -> [UInt8]? {
        guard let id = (try? S3XMLElement.parse(reply.body))?.text("UploadId"), id.count <= nameLimit else {
            return nil
        }
        return id
    }

    private static func tag(_ reply: S3ComparableReply) -> [UInt8]? {
        let tag = reply.field("etag")?.filter { $0 != 0x22 }
        return tag.flatMap { $0.count <= nameLimit ? $0 : nil }
    }
}
