// Reads the lists that servers answer with: objects, buckets, and uploads in progress.

/// An answer that is no list of the kind that was asked for.
package struct S3ListProblem: Error, Equatable {
    package let text: String

    package init(text: String) { self.text = text }
}

/// One page of ListObjectsV2.
package struct S3ObjectList: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var key: [UInt8]
        /// Bytes; 0 where the server does not tell.
        package var size: Int64
        /// Nil for `STANDARD`, and where the server does not tell.
        package var storageClass: [UInt8]?
    }

    package var objects: [Entry] = []
    /// What leads to the next page; nil on the last one.
    package var next: [UInt8]?

    /// A page without objects, the last one.
    package init() {}

    package init(_ document: [UInt8]) throws(S3ListProblem) {
        let root = try S3ListReading.root(document, "ListBucketResult")
        let isEncoded = S3ListReading.isEncoded(root)
        for element in root.children where element.isNamed("Contents") {
            let key = try S3ListReading.key(element, isEncoded)
            let kind = element.text("StorageClass").flatMap {
                $0.isEmpty || S3Request.equals($0, "STANDARD") ? nil : $0
            }
            objects.append(
                Entry(key: key, size: Int64(element.text("Size")?.decimal ?? 0), storageClass: kind))
        }
        guard let flag = root.text("IsTruncated"), S3Request.equals(flag, "true") else { return }
        guard let token = root.text("NextContinuationToken"), !token.isEmpty else {
            throw S3ListProblem(text: "a list that goes on, without what leads to its next page")
        }
        next = token
    }
}

/// One page of ListBuckets.
package struct S3BucketList: Sendable, Equatable {
    package var names: [[UInt8]] = []
    package var next: [UInt8]?

    package init(_ document: [UInt8]) throws(S3ListProblem) {
        let root = try S3ListReading.root(document, "ListAllMyBucketsResult")
        for element in root.child("Buckets")?.children ?? [] where element.isNamed("Bucket") {
            guard let name = element.text("Name"), !name.isEmpty else {
                throw S3ListProblem(text: "a bucket without a name")
            }
            names.append(name)
        }
        if let token = root.text("ContinuationToken"), !token.isEmpty { next = token }
    }
}

/// One page of ListMultipartUploads.
package struct S3UploadList: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var key: [UInt8]
        package var id: [UInt8]
        /// When it was begun; nil where the server does not tell.
        package var begun: S3Date?
    }

    package var uploads: [Entry] = []
    package var isTruncated = false
    /// What leads to the next page: the parameters `key-marker` and `upload-id-marker`; nil on the last one.
    package var next: (key: [UInt8], id: [UInt8])? { isTruncated ? uploads.last.map { ($0.key, $0.id) } : nil }

    package init(_ document: [UInt8]) throws(S3ListProblem) {
        let root = try S3ListReading.root(document, "ListMultipartUploadsResult")
        let isEncoded = S3ListReading.isEncoded(root)
        for element in root.children where element.isNamed("Upload") {
            guard let id = element.text("UploadId"), !id.isEmpty else {
                throw S3ListProblem(text: "an upload without an id")
            }
            let begun = element.text("Initiated").flatMap { S3Date(iso: $0) }
            uploads.append(Entry(key: try S3ListReading.key(element, isEncoded), id: id, begun: begun))
        }
        isTruncated = root.text("IsTruncated").map { S3Request.equals($0, "true") } ?? false
    }
}

/// The first page of ListObjectVersions: versions, and markers of deletions.
package struct S3VersionList: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var key: [UInt8]
        package var id: [UInt8]
    }

    package var versions: [Entry] = []

    package init(_ document: [UInt8]) throws(S3ListProblem) {
        let root = try S3ListReading.root(document, "ListVersionsResult")
        let isEncoded = S3ListReading.isEncoded(root)
        for element in root.children where element.isNamed("Version") || element.isNamed("DeleteMarker") {
            guard let id = element.text("VersionId"), !id.isEmpty else {
                throw S3ListProblem(text: "a version without an id")
            }
            versions.append(Entry(key: try S3ListReading.key(element, isEncoded), id: id))
        }
    }
}

/// What the lists have in common.
private enum S3ListReading {
    static func root(_ document: [UInt8], _ name: StaticString) throws(S3ListProblem) -> S3XMLElement {
        guard let root = try? S3XMLElement.parse(document), root.isNamed(name) else {
            throw S3ListProblem(text: "expected a \(name)")
        }
        return root
    }

    /// Whether the server has encoded the keys, as it was asked to; some take no notice.
    static func isEncoded(_ root: S3XMLElement) -> Bool {
        root.text("EncodingType").map { S3Request.equals($0, "url") } ?? false
    }

    static func key(_ element: S3XMLElement, _ isEncoded: Bool) throws(S3ListProblem) -> [UInt8] {
        // Spaces at a key's ends belong to it.
        guard let text = element.child("Key")?.text, !text.isEmpty else {
            throw S3ListProblem(text: "an entry without a key")
        }
        guard isEncoded else { return text }
        // Amazon S3 writes a space as +, and a plus sign as %2B.
        guard let key = S3Percent.decoded(text.span, 0..<text.count, plusIsSpace: true) else {
            throw S3ListProblem(text: "a key that is not encoded well")
        }
        return key
    }
}
