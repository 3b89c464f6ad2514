// Requests about objects as messages.

import Capabilities

extension ProtoObjectName {
    init(_ name: ObjectName) {
        self.init()
        bucket = name.bucket.data
        key = name.key.data
    }
}

extension ProtoObjectMetadata {
    init(_ metadata: ObjectMetadata) {
        self.init()
        fields = metadata.fields.map(ProtoPair.init)
        user = metadata.user.map(ProtoPair.init)
    }
}

extension ProtoObjectConditions {
    init(_ conditions: ObjectConditions) {
        self.init()
        if let tags = conditions.ifMatch { ifMatch = .init(tags) }
        if let tags = conditions.ifNoneMatch { ifNoneMatch = .init(tags) }
        if let time = conditions.ifModifiedSince { ifModifiedSince = time }
        if let time = conditions.ifUnmodifiedSince { ifUnmodifiedSince = time }
    }
}

extension ProtoObjectConditions.Tags {
    init(_ tags: ObjectConditions.Tags) {
        self.init()
        switch tags {
        case .any: any = true
        case .oneOf(let tags): self.tags = tags.data
        }
    }
}

extension ProtoObjectRange {
    init(_ range: ObjectRange) {
        self.init()
        switch range {
        case .whole: break
        case .from(let first, let last):
            bytes = .with {
                $0.first = first
                if let last { $0.last = last }
            }
        case .last(let count): last = count
        case .part(let number): part = Int32(clamping: number)
        }
    }
}

extension ProtoGetObjectRequest {
    init(_ get: ObjectGet) {
        self.init()
        name = .init(get.name)
        range = .init(get.range)
        conditions = .init(get.conditions)
    }
}

extension ProtoCopySource {
    init(_ source: CopySource) {
        self.init()
        name = .init(source.name)
        range = .init(source.range)
        conditions = .init(source.conditions)
    }
}

extension ProtoUpload {
    init(_ upload: UploadName) {
        self.init()
        name = .init(upload.name)
        id = upload.id.data
    }
}

extension ProtoObjectChecksum.Algorithm {
    init(_ algorithm: ObjectChecksum.Algorithm) {
        self =
            switch algorithm {
            case .crc32: .crc32
            case .crc32c: .crc32C
            case .crc64NVME: .crc64Nvme
            case .sha1: .sha1
            case .sha256: .sha256
            }
    }
}

extension ProtoObjectChecksum {
    init(_ checksum: ObjectChecksum) {
        self.init()
        algorithm = .init(checksum.algorithm)
        value = checksum.value.data
        if let parts = checksum.parts { self.parts = Int32(clamping: parts) }
    }
}

extension ProtoObjectRequest.OneOf_Kind {
    static func copying(_ copy: ObjectCopy) -> Self {
        .copy(
            .with {
                $0.source = .init(copy.source)
                $0.target = .init(copy.target)
                if let metadata = copy.metadata { $0.metadata = .init(metadata) }
                $0.conditions = .init(copy.conditions)
                if let checksum = copy.checksum { $0.checksum = .init(checksum) }
            })
    }

    static func creating(_ creation: UploadCreation) -> Self {
        .createUpload(
            .with {
                $0.name = .init(creation.name)
                $0.metadata = .init(creation.metadata)
                if let checksum = creation.checksum { $0.checksum = .init(checksum) }
                $0.checksumIsOfWhole = creation.checksumIsOfWhole
            })
    }

    static func completing(_ completion: UploadCompletion) -> Self {
        .completeUpload(
            .with {
                $0.upload = .init(completion.upload)
                $0.parts = completion.parts.map { part in
                    .with {
                        $0.number = Int32(clamping: part.number)
                        $0.etag = part.etag.data
                        if let checksum = part.checksum { $0.checksum = .init(checksum) }
                    }
                }
                $0.conditions = .init(completion.conditions)
                if let checksum = completion.checksum { $0.checksum = .init(checksum) }
                if let size = completion.size { $0.size = size }
            })
    }

    static func listing(_ listing: ObjectListing) -> Self {
        .list(
            .with {
                $0.bucket = listing.bucket.data
                $0.prefix = listing.prefix.data
                $0.delimiter = listing.delimiter.data
                $0.after = listing.after.data
                $0.limit = Int32(clamping: listing.limit)
            })
    }

    static func listing(_ listing: UploadListing) -> Self {
        .listUploads(
            .with {
                $0.bucket = listing.bucket.data
                $0.prefix = listing.prefix.data
                $0.delimiter = listing.delimiter.data
                $0.afterKey = listing.afterKey.data
                $0.afterID = listing.afterID.data
                $0.limit = Int32(clamping: listing.limit)
            })
    }
}
