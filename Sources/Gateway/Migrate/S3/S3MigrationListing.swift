// The body of a DeleteObjects request as it passes: the keys that it lists.

import S3Wire

/// Keeps a document of bounded size, without the lines of chunked bodies.
struct S3MigrationListing {
    let bucket: [UInt8]
    private var payload: S3Payload
    private var chunks: S3SignedChunks?
    private var document: [UInt8] = []
    private var isLost = false

    /// Nil when the head cannot be read.
    init?(_ head: [UInt8], _ parsed: S3RequestHead, bucket: [UInt8]) {
        guard let request = try? S3Request(head, parsed, baseDomains: S3BaseDomains()) else { return nil }
        self.bucket = bucket
        payload = S3Payload(parsed.framing)
        let signing = request.field("x-amz-content-sha256").flatMap { S3PayloadSigning($0) }
        let encoding = String(decoding: request.field("content-encoding") ?? [], as: UTF8.self).lowercased()
        if signing?.isChunked == true || encoding.contains("aws-chunked") { chunks = S3SignedChunks() }
    }

    mutating func take(_ bytes: Span<UInt8>) {
        guard !isLost else { return }
        var offset = 0
        do {
            while let range = try payload.next(bytes, at: &offset) {
                let piece = bytes.extracting(range)
                guard chunks != nil else {
                    keep(piece)
                    continue
                }
                var inner = 0
                while let event = try chunks?.next(piece, at: &inner) {
                    if case .data(let range) = event { keep(piece.extracting(range)) }
                }
            }
        } catch {
            isLost = true
        }
    }

    private mutating func keep(_ bytes: Span<UInt8>) {
        guard !isLost, S3Limits.document.allows(document.count + bytes.count) else {
            isLost = true
            document = []
            return
        }
        bytes.withUnsafeBufferPointer { document.append(contentsOf: $0) }
    }

    /// What was listed; nil when it could not be read.
    var keys: [[UInt8]]? { isLost ? nil : S3Writes.keys(listedIn: document) }
}
