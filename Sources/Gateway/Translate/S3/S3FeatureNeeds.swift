// What S3 features need of a backend with objects.

import Capabilities
import S3Wire

/// What operations, header fields and parameters need; S3Requests asks for the same.
enum S3FeatureNeeds {
    static func of(_ kind: String, _ name: String) -> FeatureNeed {
        switch kind {
        case "operation":
            let command = S3Command.allCases.first { $0.name == name } ?? .unknown
            return operations[command].map { .capabilities($0) } ?? .refused
        case "header": return header(name)
        case "query": return parameter(name)
        // Only values that are not taken are noted.
        case "value": return .refused
        case "signature": return ["v4", "v4-presigned"].contains(name) ? .nothing : .refused
        case "payload": return name.contains("ecdsa") ? .refused : .nothing
        case "protocol": return .nothing
        default: return .untold
        }
    }

    private static let multipart = CapabilitySet(.objectMultipart)
    private static let buckets = CapabilitySet(.objectBuckets)

    private static let operations: [S3Command: CapabilitySet] = [
        .listBuckets: buckets, .createBucket: buckets, .headBucket: buckets, .deleteBucket: buckets,
        .getBucketLocation: buckets, .getBucketVersioning: buckets,
        .listObjects: CapabilitySet(.objectList), .listObjectsV2: CapabilitySet(.objectList),
        .deleteObjects: CapabilitySet(.objectDelete), .deleteObject: CapabilitySet(.objectDelete),
        .putObject: CapabilitySet(.objectPut), .getObject: CapabilitySet(.objectGet),
        .headObject: CapabilitySet(.objectHead), .copyObject: CapabilitySet(.objectCopy),
        .createMultipartUpload: multipart, .uploadPart: multipart, .completeMultipartUpload: multipart,
        .abortMultipartUpload: multipart, .listParts: multipart, .listMultipartUploads: multipart,
        .uploadPartCopy: CapabilitySet(.objectMultipart, .objectCopy),
    ]

    /// The names of the operations that need `capability`.
    static func operations(needing capability: Capability) -> [(name: String, isAlone: Bool)] {
        operations.filter { $0.value.contains(capability) }.map { ("\($0.key.name)", $0.value.members.count == 1) }
    }

    private static func header(_ name: String) -> FeatureNeed {
        switch name {
        case "range", "x-amz-copy-source-range": return .capabilities(CapabilitySet(.objectRange))
        case "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "x-amz-copy-source-if-match",
            "x-amz-copy-source-if-none-match", "x-amz-copy-source-if-modified-since",
            "x-amz-copy-source-if-unmodified-since":
            return .capabilities(CapabilitySet(.objectConditional))
        case "x-amz-copy-source": return .capabilities(CapabilitySet(.objectCopy))
        case "content-encoding", "content-disposition", "content-language", "cache-control", "expires",
            "x-amz-metadata-directive", "x-amz-meta", "content-type":
            return .capabilities(CapabilitySet(.objectMetadata))
        default:
            if name == "unknown" { return .refused }
            guard name.hasPrefix("x-amz-") else { return .nothing }
            switch S3Refusals.isTaken(field: String(name.dropFirst(6))) {
            case .always, .someValues: return .nothing
            case .never: return .refused
            }
        }
    }

    private static func parameter(_ name: String) -> FeatureNeed {
        if name.hasPrefix("x-") { return name == "x-amz-security-token" ? .refused : .nothing }
        // Objects have no version but null; others are noted as a value.
        if name == "versionid" { return .nothing }
        return S3Refusals.isTaken(parameter: name) ? .nothing : .refused
    }
}
