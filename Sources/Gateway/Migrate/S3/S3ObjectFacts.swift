// What a server keeps with an object, and whether two servers keep the same.

import S3Wire

/// An object without its bytes, as HEAD or GET tell it.
struct S3ObjectFacts: Sendable, Equatable {
    /// Bytes.
    let size: Int64
    /// Without its quotes.
    let etag: [UInt8]
    /// What a client has said of the object, by names in lower case: its type and the like, and its metadata.
    let fields: [[UInt8]: [UInt8]]
    let tagCount: Int
    /// Nil for `STANDARD`.
    let storageClass: [UInt8]?
    /// How the server encrypts it; nil where it does not say that it does.
    let encryption: S3ObjectEncryption?
    /// A check of the whole object that the server keeps, by the name of its field.
    let checksum: (name: [UInt8], value: [UInt8])?

    /// Fields that belong to an object, "PutObject".
    private static let names: Set<String> = [
        "content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires",
        "x-amz-website-redirect-location",
    ]
    private static let metadata = Array("x-amz-meta-".utf8)
    private static let check = Array("x-amz-checksum-".utf8)

    /// What `reply` tells; nil when it has no length.
    init?(_ reply: S3MigrationReply) {
        guard let size = reply.length else { return nil }
        self.size = size
        etag = reply.etag ?? []
        tagCount = reply.field("x-amz-tagging-count")?.decimal ?? 0
        storageClass = reply.field("x-amz-storage-class").flatMap {
            $0.isEmpty || S3Request.equals($0, "STANDARD") ? nil : $0
        }
        encryption = S3ObjectEncryption(reply)
        var fields: [[UInt8]: [UInt8]] = [:]
        var checks: [(name: [UInt8], value: [UInt8])] = []
        for (name, value) in reply.fields {
            if name.starts(with: Self.check) {
                if !S3Request.equals(name, "x-amz-checksum-type") { checks.append((name, value)) }
                continue
            }
            guard name.starts(with: Self.metadata) || Self.names.contains(String(decoding: name, as: UTF8.self)) else {
                continue
            }
            let value = S3Request.equals(name, "content-encoding") ? Self.withoutChunked(value) : value
            if let before = fields[name] {
                fields[name] = before + [0x2C] + value
            } else if !value.isEmpty || name.starts(with: Self.metadata) {
                fields[name] = value
            }
        }
        self.fields = fields
        // A check of checks (COMPOSITE) says nothing of an object that is sent in one piece, and servers that do not know
        // what they keep may give back one that came with something else.
        let isOfWhole = reply.field("x-amz-checksum-type").map { S3Request.equals($0, "FULL_OBJECT") } ?? false
        checksum = isOfWhole && checks.count == 1 ? checks[0] : nil
    }

    /// How the body once came is no property of the object.
    private static func withoutChunked(_ value: [UInt8]) -> [UInt8] {
        let names = value.split(separator: UInt8(ascii: ",")).map { $0.filter { $0 != 0x20 } }
        return Array(names.filter { !S3Request.equals($0, "aws-chunked") }.joined(separator: [UInt8(ascii: ",")]))
    }

    /// Whether it came in parts, of which its ETag depends: an MD5 of MD5s, a dash, and the number of parts.
    var cameInParts: Bool { etag.contains(UInt8(ascii: "-")) }

    /// In what `copy`, at another server, is not what this is, apart from bytes that only reading tells apart.
    func difference(from copy: S3ObjectFacts) -> Difference {
        var difference = Difference(size: size != copy.size, tags: tagCount != copy.tagCount)
        for (name, value) in fields where copy.fields[name] != value { difference.lost.insert(name) }
        for name in copy.fields.keys where fields[name] == nil { difference.added.insert(name) }
        return difference
    }

    struct Difference: Equatable {
        var size = false
        var tags = false
        /// Fields that the copy has not, or has otherwise.
        var lost: Set<[UInt8]> = []
        /// Fields that the copy alone has.
        var added: Set<[UInt8]> = []

        /// Whether nothing differs but for fields that the server of the copy adds by itself.
        func isNothing(but own: Set<[UInt8]>) -> Bool { !size && !tags && lost.isEmpty && added.isSubset(of: own) }
    }

    static func == (one: S3ObjectFacts, other: S3ObjectFacts) -> Bool {
        one.etag == other.etag && one.difference(from: other).isNothing(but: [])
    }
}
