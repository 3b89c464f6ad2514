// The operations of S3 as compact numbers with names, for metric labels.

/// An S3 operation, named as the S3 API reference names it; what is none of them is `unknown`.
package enum S3Command: UInt8, Sendable, Equatable, CaseIterable {
    case unknown
    case listBuckets
    case createBucket, headBucket, deleteBucket, createSession
    case listObjects, listObjectsV2, listObjectVersions, listMultipartUploads, deleteObjects, postObject
    case getObject, headObject, putObject, copyObject, deleteObject, renameObject
    case createMultipartUpload, uploadPart, uploadPartCopy, completeMultipartUpload, abortMultipartUpload, listParts
    case getObjectAcl, putObjectAcl, getObjectTagging, putObjectTagging, deleteObjectTagging
    case getObjectRetention, putObjectRetention, getObjectLegalHold, putObjectLegalHold
    case getObjectTorrent, getObjectAttributes, restoreObject, selectObjectContent
    case getBucketAcl, putBucketAcl, getBucketTagging, putBucketTagging, deleteBucketTagging
    case getBucketPolicy, putBucketPolicy, deleteBucketPolicy, getBucketPolicyStatus
    case getBucketVersioning, putBucketVersioning, getBucketLocation
    case getBucketLifecycleConfiguration, putBucketLifecycleConfiguration, deleteBucketLifecycle
    case getBucketCors, putBucketCors, deleteBucketCors
    case getBucketWebsite, putBucketWebsite, deleteBucketWebsite
    case getBucketNotificationConfiguration, putBucketNotificationConfiguration
    case getBucketEncryption, putBucketEncryption, deleteBucketEncryption
    case getBucketLogging, putBucketLogging
    case getBucketReplication, putBucketReplication, deleteBucketReplication
    case getBucketRequestPayment, putBucketRequestPayment
    case getBucketAccelerateConfiguration, putBucketAccelerateConfiguration
    case getObjectLockConfiguration, putObjectLockConfiguration
    case getBucketOwnershipControls, putBucketOwnershipControls, deleteBucketOwnershipControls
    case getPublicAccessBlock, putPublicAccessBlock, deletePublicAccessBlock
    case getBucketInventoryConfiguration, putBucketInventoryConfiguration, deleteBucketInventoryConfiguration
    case getBucketMetricsConfiguration, putBucketMetricsConfiguration, deleteBucketMetricsConfiguration
    case getBucketAnalyticsConfiguration, putBucketAnalyticsConfiguration, deleteBucketAnalyticsConfiguration
    case getBucketIntelligentTieringConfiguration, putBucketIntelligentTieringConfiguration
    case deleteBucketIntelligentTieringConfiguration
    /// A browser asks whether it may (CORS, method OPTIONS).
    case preflight

    /// The name of the operation, such as `ListObjectsV2`; `unknown` alone is in lower case.
    package var name: String { S3Command.names[Int(rawValue)] }

    /// The size of a table with one entry for each operation.
    package static var count: Int { names.count }

    /// Whether a 200 may still carry an error in its body, by the API reference of these operations.
    ///
    /// The status is sent first, white space keeps the connection alive, and what happened comes last.
    package var mayFailInsideBody: Bool {
        switch self {
        case .completeMultipartUpload, .copyObject, .uploadPartCopy: true
        default: false
        }
    }

    private static let names: [String] = allCases.map { command in
        let label = String(describing: command)
        return command == .unknown ? label : label.prefix(1).uppercased() + label.dropFirst()
    }
}
