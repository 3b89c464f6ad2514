// The documents that the driver itself sends.

/// Bodies of requests that make buckets and settle them.
enum S3Documents {
    private static let namespace = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

    /// The body of PutBucketVersioning: `Enabled` or `Suspended`.
    static func versioning(_ status: String) -> [UInt8] {
        let root = "VersioningConfiguration"
        return Array("<\(root) \(namespace)><Status>\(status)</Status></\(root)>".utf8)
    }

    /// The body of CreateBucket outside of us-east-1, which takes none.
    static func creation(in region: String) -> [UInt8] {
        let root = "CreateBucketConfiguration"
        let place = "<LocationConstraint>\(region)</LocationConstraint>"
        return Array("<\(root) \(namespace)>\(place)</\(root)>".utf8)
    }
}
