// Names the operation of a request from its method, its bucket and key, and its query.

import Wire

extension S3Command {
    /// One subresource and the operations its methods stand for.
    private struct Row: Sendable {
        let subresource: S3Subresources
        let get, put, post, delete: S3Command

        init(
            _ subresource: S3Subresources, get: S3Command = .unknown, put: S3Command = .unknown,
            post: S3Command = .unknown, delete: S3Command = .unknown
        ) {
            self.subresource = subresource
            self.get = get
            self.put = put
            self.post = post
            self.delete = delete
        }

        func command(_ method: S3Method) -> S3Command {
            switch method {
            case .get: get
            case .put: put
            case .post: post
            case .delete: delete
            default: .unknown
            }
        }
    }

    /// The operation of `head`, which was parsed from `bytes` and is for `resource`.
    package init(_ head: S3RequestHead, _ bytes: Bytes, for resource: S3Resource) {
        if head.method == .options {
            self = .preflight
            return
        }
        let subresources = head.query.map { S3Subresources(bytes, query: $0) } ?? []
        guard let bucket = resource.bucket else {
            self = head.method == .get ? .listBuckets : .unknown
            return
        }
        guard !bucket.isEmpty else {
            self = .unknown
            return
        }
        if resource.key == nil {
            self = S3Command.onBucket(head.method, subresources)
        } else {
            self = S3Command.onObject(head.method, subresources, isCopy: head.hasCopySource)
        }
    }

    private static func onBucket(_ method: S3Method, _ subresources: S3Subresources) -> S3Command {
        if method == .head { return .headBucket }
        for row in bucketRows where !subresources.isDisjoint(with: row.subresource) { return row.command(method) }
        switch method {
        case .get: return subresources.contains(.listTypeTwo) ? .listObjectsV2 : .listObjects
        case .put: return .createBucket
        case .post: return .postObject
        case .delete: return .deleteBucket
        default: return .unknown
        }
    }

    private static func onObject(_ method: S3Method, _ subresources: S3Subresources, isCopy: Bool) -> S3Command {
        if method == .head { return .headObject }
        if !subresources.isEmpty {
            for row in objectRows where !subresources.isDisjoint(with: row.subresource) {
                let command = row.command(method)
                return command == .uploadPart && isCopy ? .uploadPartCopy : command
            }
        }
        switch method {
        case .get: return .getObject
        case .put: return isCopy ? .copyObject : .putObject
        case .delete: return .deleteObject
        default: return .unknown
        }
    }

    private static let bucketRows: [Row] = [
        Row(.delete, post: .deleteObjects),
        Row(.uploads, get: .listMultipartUploads),
        Row(.versions, get: .listObjectVersions),
        Row(.location, get: .getBucketLocation),
        Row(.session, get: .createSession),
        Row(.acl, get: .getBucketAcl, put: .putBucketAcl),
        Row(.tagging, get: .getBucketTagging, put: .putBucketTagging, delete: .deleteBucketTagging),
        Row(.policy, get: .getBucketPolicy, put: .putBucketPolicy, delete: .deleteBucketPolicy),
        Row(.policyStatus, get: .getBucketPolicyStatus),
        Row(.versioning, get: .getBucketVersioning, put: .putBucketVersioning),
        Row(
            .lifecycle, get: .getBucketLifecycleConfiguration, put: .putBucketLifecycleConfiguration,
            delete: .deleteBucketLifecycle),
        Row(.cors, get: .getBucketCors, put: .putBucketCors, delete: .deleteBucketCors),
        Row(.website, get: .getBucketWebsite, put: .putBucketWebsite, delete: .deleteBucketWebsite),
        Row(.notification, get: .getBucketNotificationConfiguration, put: .putBucketNotificationConfiguration),
        Row(.encryption, get: .getBucketEncryption, put: .putBucketEncryption, delete: .deleteBucketEncryption),
        Row(.logging, get: .getBucketLogging, put: .putBucketLogging),
        Row(.replication, get: .getBucketReplication, put: .putBucketReplication, delete: .deleteBucketReplication),
        Row(.requestPayment, get: .getBucketRequestPayment, put: .putBucketRequestPayment),
        Row(.accelerate, get: .getBucketAccelerateConfiguration, put: .putBucketAccelerateConfiguration),
        Row(.objectLock, get: .getObjectLockConfiguration, put: .putObjectLockConfiguration),
        Row(
            .ownershipControls, get: .getBucketOwnershipControls, put: .putBucketOwnershipControls,
            delete: .deleteBucketOwnershipControls),
        Row(
            .publicAccessBlock, get: .getPublicAccessBlock, put: .putPublicAccessBlock,
            delete: .deletePublicAccessBlock),
        Row(
            .inventory, get: .getBucketInventoryConfiguration, put: .putBucketInventoryConfiguration,
            delete: .deleteBucketInventoryConfiguration),
        Row(
            .metrics, get: .getBucketMetricsConfiguration, put: .putBucketMetricsConfiguration,
            delete: .deleteBucketMetricsConfiguration),
        Row(
            .analytics, get: .getBucketAnalyticsConfiguration, put: .putBucketAnalyticsConfiguration,
            delete: .deleteBucketAnalyticsConfiguration),
        Row(
            .intelligentTiering, get: .getBucketIntelligentTieringConfiguration,
            put: .putBucketIntelligentTieringConfiguration, delete: .deleteBucketIntelligentTieringConfiguration),
    ]

    private static let objectRows: [Row] = [
        Row(
            .uploadID, get: .listParts, put: .uploadPart, post: .completeMultipartUpload,
            delete: .abortMultipartUpload),
        Row(.uploads, post: .createMultipartUpload),
        Row(.acl, get: .getObjectAcl, put: .putObjectAcl),
        Row(.tagging, get: .getObjectTagging, put: .putObjectTagging, delete: .deleteObjectTagging),
        Row(.retention, get: .getObjectRetention, put: .putObjectRetention),
        Row(.legalHold, get: .getObjectLegalHold, put: .putObjectLegalHold),
        Row(.torrent, get: .getObjectTorrent),
        Row(.attributes, get: .getObjectAttributes),
        Row(.restore, post: .restoreObject),
        Row(.select, post: .selectObjectContent),
        Row(.renameObject, put: .renameObject),
    ]
}
