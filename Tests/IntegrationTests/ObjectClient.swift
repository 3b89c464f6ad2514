// A client of S3 that signs, over one connection, with what its requests are made of at hand.

import Foundation
import S3Wire
import TestSupport

@testable import Gateway

/// One connection to an S3 server or a gateway; requests are signed with the scratch credentials.
final class ObjectClient: @unchecked Sendable {
    static let signer = S3OwnSigner(
        accessKey: Array(S3Credentials().accessKey.utf8), secret: Array(S3Credentials().secretKey.utf8),
        region: Array("us-east-1".utf8))

    private(set) var connection: S3RawConnection
    private let port: Int
    private let addressing: BucketAddressing
    private var isOver = false

    init(_ port: Int, addressing: BucketAddressing = .path) throws {
        self.port = port
        self.addressing = addressing
        connection = try S3RawConnection(to: port)
    }

    func close() { connection.close() }

    /// The answer to `request`, with the body that it announces.
    func ask(_ request: S3MigrationRequest) throws -> S3MigrationReply {
        if isOver {
            connection.close()
            connection = try S3RawConnection(to: port)
            isOver = false
        }
        try connection.send(request.bytes(for: "localhost", Self.signer, addressing: addressing))
        return try receive(request.method)
    }

    func receive(_ method: S3Method) throws -> S3MigrationReply {
        let bytes = Array(try connection.receiveHead().utf8)
        let head = try S3ResponseHead(bytes.span, answering: method)
        var reply = S3MigrationReply(head, bytes)
        switch head.framing {
        case .none: break
        case .length(let length): reply.body = try connection.receive(length)
        case .chunked: reply.body = try chunks()
        case .untilClose: throw SupportError("an answer without an end")
        }
        isOver = !head.keepsAlive
        return reply
    }

    private func chunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            var line: [UInt8] = []
            while line.last != 0x0A { line += try connection.receive(1) }
            let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard let size = Int(text, radix: 16) else { throw SupportError("no chunk: \(text)") }
            body += try connection.receive(size)
            _ = try connection.receive(2)
            if size == 0 { return body }
        }
    }

    /// The same, and an error unless it succeeds.
    @discardableResult
    func check(_ request: S3MigrationRequest) throws -> S3MigrationReply {
        let reply = try ask(request)
        guard reply.isSuccess else { throw SupportError("\(request.label): \(reply.summary)") }
        return reply
    }

    // MARK: Objects

    @discardableResult
    func put(_ bucket: String, _ key: String, _ body: [UInt8], _ fields: [String: String] = [:]) throws
        -> S3MigrationReply
    {
        var request = Self.request(.put, bucket, key)
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { request.add(name, value) }
        request.document = body
        return try check(request)
    }

    static func request(_ method: S3Method, _ bucket: String, _ key: String = "") -> S3MigrationRequest {
        S3MigrationRequest(method, Array(bucket.utf8), Array(key.utf8))
    }

    /// Sends `parts` as an upload and completes it.
    func upload(_ bucket: String, _ key: String, _ parts: [[UInt8]], _ fields: [String: String] = [:]) throws {
        var creation = Self.request(.post, bucket, key).with("uploads")
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { creation.add(name, value) }
        let root = try S3XMLElement.parse(try check(creation).body)
        let id = root.text("UploadId") ?? []
        var xml = S3XMLWriter("CompleteMultipartUpload")
        for (place, part) in parts.enumerated() {
            var request = Self.request(.put, bucket, key).with("partNumber", "\(place + 1)").with("uploadId", id)
            request.document = part
            let tag = try check(request).field("etag") ?? []
            xml.open("Part")
            xml.element("PartNumber", place + 1)
            xml.element("ETag", tag)
            xml.close("Part")
        }
        xml.close("CompleteMultipartUpload")
        var completion = Self.request(.post, bucket, key).with("uploadId", id)
        completion.document = xml.bytes
        let reply = try check(completion)
        guard reply.code == nil else { throw SupportError("complete \(key): \(reply.summary)") }
    }

    /// The keys of a bucket, with their sizes.
    func list(_ bucket: String) throws -> [String: Int64] {
        var found: [String: Int64] = [:]
        var next: [UInt8]?
        repeat {
            var request = Self.request(.get, bucket).with("list-type", "2").with("encoding-type", "url")
            if let next { request = request.with("continuation-token", next) }
            let page = try S3ObjectList(try check(request).body)
            for entry in page.objects { found[String(decoding: entry.key, as: UTF8.self)] = entry.size }
            next = page.next
        } while next != nil
        return found
    }

    func buckets() throws -> [String] {
        try S3BucketList(try check(Self.request(.get, "")).body).names.map { String(decoding: $0, as: UTF8.self) }
    }

    /// An object as it is to be the same at two servers: its bytes and what is kept with it; nil where there is none.
    func object(_ bucket: String, _ key: String) throws -> StoredObject? {
        let reply = try ask(Self.request(.get, bucket, key))
        if reply.status == 404 { return nil }
        guard reply.isSuccess, let facts = S3ObjectFacts(reply) else { throw SupportError("\(key): \(reply.summary)") }
        var fields: [String: String] = [:]
        for (name, value) in facts.fields {
            fields[String(decoding: name, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        // rclone's own: when the object was stored.
        fields["x-amz-meta-mtime"] = nil
        return StoredObject(body: reply.body, fields: fields, etag: String(decoding: facts.etag, as: UTF8.self))
    }
}

/// What is kept of an object.
struct StoredObject: Equatable {
    let body: [UInt8]
    let fields: [String: String]
    let etag: String

    /// Whether it is the same but for its ETag.
    func isSame(as other: StoredObject?) -> Bool { body == other?.body && fields == other?.fields }
}

/// Bytes that a seed stands for.
func objectBytes(_ seed: UInt64, _ count: Int) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    var block = [UInt8](repeating: 0, count: 509)
    for index in block.indices {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        block[index] = UInt8(truncatingIfNeeded: state >> 56)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes += block.prefix(count - bytes.count) }
    return bytes
}
