// What a process tells about objects, out of messages.

import Capabilities

extension ObjectInfo {
    init(_ message: ProtoObjectInfo) {
        self.init(
            size: max(0, message.size), etag: message.etag.array, modified: message.modified,
            metadata: ObjectMetadata(
                fields: message.metadata.fields.map { Pair($0.name.array, $0.value.array) },
                user: message.metadata.user.map { Pair($0.name.array, $0.value.array) }),
            checksums: message.checksums.compactMap(ObjectChecksum.init), partSizes: message.partSizes)
    }
}

extension ObjectChecksum.Algorithm {
    /// Nil for one that is not known here.
    init?(_ message: ProtoObjectChecksum.Algorithm) {
        switch message {
        case .crc32: self = .crc32
        case .crc32C: self = .crc32c
        case .crc64Nvme: self = .crc64NVME
        case .sha1: self = .sha1
        case .sha256: self = .sha256
        case .UNRECOGNIZED: return nil
        }
    }
}

extension ObjectChecksum {
    init?(_ message: ProtoObjectChecksum) {
        guard let algorithm = Algorithm(message.algorithm) else { return nil }
        self.init(algorithm, message.value.array, parts: message.hasParts ? Int(message.parts) : nil)
    }
}

extension ObjectPage {
    init(_ message: ProtoObjectReply.Page) {
        self.init(
            message.objects.map {
                ObjectSummary(key: $0.key.array, size: max(0, $0.size), etag: $0.etag.array, modified: $0.modified)
            },
            groups: message.groups.map(\.array), next: message.hasNext ? message.next.array : nil)
    }
}

extension PartInfo {
    init(_ message: ProtoObjectReply.Part) {
        self.init(
            number: Int(message.number), size: max(0, message.size), etag: message.etag.array,
            modified: message.modified, checksum: message.hasChecksum ? ObjectChecksum(message.checksum) : nil)
    }
}

extension PartPage {
    init(_ message: ProtoObjectReply.Parts) {
        self.init(
            message.parts.map(PartInfo.init), hasMore: message.hasMore_p,
            checksum: message.hasChecksum ? ObjectChecksum.Algorithm(message.checksum) : nil,
            checksumIsOfWhole: message.checksumIsOfWhole)
    }
}

extension UploadPage {
    init(_ message: ProtoObjectReply.Uploads) {
        self.init(
            message.uploads.map {
                UploadInfo(
                    key: $0.key.array, id: $0.id.array, begun: $0.begun,
                    checksum: $0.hasChecksum ? ObjectChecksum.Algorithm($0.checksum) : nil,
                    checksumIsOfWhole: $0.checksumIsOfWhole)
            },
            groups: message.groups.map(\.array), hasMore: message.hasMore_p)
    }
}

extension ObjectFailure {
    init(_ message: ProtoObjectFailure) {
        self =
            switch message.code {
            case .general: .general(Failure(message.general))
            case .noSuchBucket: .noSuchBucket
            case .bucketExists: .bucketExists
            case .bucketNotEmpty: .bucketNotEmpty
            case .invalidBucketName: .invalidBucketName
            case .noSuchObject: .noSuchKey
            case .keyTooLong: .keyTooLong
            case .noSuchUpload: .noSuchUpload
            case .invalidPart: .invalidPart(number: Int(message.number))
            case .invalidPartOrder: .invalidPartOrder
            case .partTooSmall: .partTooSmall(number: Int(message.number), size: message.size)
            case .noSuchPartNumber: .noSuchPartNumber(parts: Int(message.number))
            case .preconditionFailed: .preconditionFailed(message.text)
            case .conflict: .conflict
            case .notModified: .notModified
            case .invalidRange: .invalidRange(size: message.size)
            case .mismatch: .mismatch(message.text)
            case .UNRECOGNIZED(let code): .general(.backend(message.text.isEmpty ? "failure \(code)" : message.text))
            }
    }
}
