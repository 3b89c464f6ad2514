// What a request may change, for whoever has to know which objects are no longer what they were.

/// The objects and buckets that an operation may change, as far as its head tells.
package enum S3Writes: Sendable, Equatable {
    /// Nothing that an object or the list of buckets shows: reads, and uploads before they are completed.
    case nothing
    /// The bucket of the request comes or goes.
    case bucket
    /// The object of the request.
    case object
    /// Objects that the body of the request lists.
    case listed
    /// Any object: a form that names its key in its body, and what is not known.
    case everything

    /// What `command`, sent with `method` for `resource`, may change.
    ///
    /// A setting counts as a change of what it is of: servers that do not know one take `PUT /b/k?acl` for `PUT /b/k`
    /// (`rclone serve s3` 1.75 does, with the document as the object).
    package static func of(_ command: S3Command, _ method: S3Method, _ resource: S3Resource) -> S3Writes {
        switch command {
        case .deleteObjects: .listed
        case .createMultipartUpload, .uploadPart, .uploadPartCopy: .nothing
        // A renamed object leaves a place behind that only a field of the head names.
        case .postObject, .renameObject: .everything
        case .unknown: method.isSafe ? .nothing : .everything
        default: method.isSafe ? .nothing : resource.key == nil ? .bucket : .object
        }
    }
}

extension S3Writes {
    /// The keys that a document of DeleteObjects lists; nil when it is none.
    package static func keys(listedIn document: [UInt8]) -> [[UInt8]]? {
        guard let root = try? S3XMLElement.parse(document), root.isNamed("Delete") else { return nil }
        var keys: [[UInt8]] = []
        for object in root.children where object.isNamed("Object") {
            guard let key = object.child("Key")?.text else { return nil }
            keys.append(key)
        }
        return keys
    }
}
