// What is asked about objects that come in parts, and what is answered.

/// An upload to begin.
public struct UploadCreation: Sendable, Equatable {
    public var name: ObjectName
    public var metadata: ObjectMetadata
    /// The check that every part has to have; nil for none.
    public var checksum: ObjectChecksum.Algorithm?
    /// Whether the object's check is that of all its bytes, and not that of the parts' checks.
    public var checksumIsOfWhole: Bool

    public init(
        _ name: ObjectName, metadata: ObjectMetadata, checksum: ObjectChecksum.Algorithm? = nil,
        checksumIsOfWhole: Bool = false
    ) {
        self.name = name
        self.metadata = metadata
        self.checksum = checksum
        self.checksumIsOfWhole = checksumIsOfWhole
    }
}

/// An upload that has begun; the key has to be the one it was begun with.
public struct UploadName: Sendable, Hashable {
    public var name: ObjectName
    public var id: [UInt8]

    public init(_ name: ObjectName, id: [UInt8]) {
        self.name = name
        self.id = id
    }
}

/// A part of an upload, by its number from 1 to ``ObjectBounds/parts``.
public struct UploadPart: Sendable, Hashable {
    public var upload: UploadName
    public var number: Int

    public init(_ upload: UploadName, number: Int) {
        self.upload = upload
        self.number = number
    }
}

/// A part as whoever completes an upload lists it.
public struct CompletedPart: Sendable, Equatable {
    public var number: Int
    public var etag: [UInt8]
    /// What the part's check has to be; nil when it was not given.
    public var checksum: ObjectChecksum?

    public init(number: Int, etag: [UInt8], checksum: ObjectChecksum? = nil) {
        self.number = number
        self.etag = etag
        self.checksum = checksum
    }
}

/// An upload to complete.
public struct UploadCompletion: Sendable, Equatable {
    public var upload: UploadName
    /// In rising order of their numbers.
    public var parts: [CompletedPart]
    public var conditions: ObjectConditions
    /// What the object's check has to be; nil when it was not given.
    public var checksum: ObjectChecksum?
    /// What the object's size has to be; nil when it was not given.
    public var size: Int64?

    public init(
        _ upload: UploadName, parts: [CompletedPart], conditions: ObjectConditions = ObjectConditions(),
        checksum: ObjectChecksum? = nil, size: Int64? = nil
    ) {
        self.upload = upload
        self.parts = parts
        self.conditions = conditions
        self.checksum = checksum
        self.size = size
    }
}

/// Which parts of an upload a page is to show.
public struct PartListing: Sendable, Equatable {
    public var upload: UploadName
    /// The page begins behind this number.
    public var after: Int
    public var limit: Int

    public init(_ upload: UploadName, after: Int, limit: Int) {
        self.upload = upload
        self.after = after
        self.limit = limit
    }
}

/// Which uploads of a bucket a page is to show.
public struct UploadListing: Sendable, Equatable {
    public var bucket: [UInt8]
    public var prefix: [UInt8]
    /// As ``ObjectListing/delimiter``.
    public var delimiter: [UInt8]
    /// The page begins behind this key and, among the uploads to it, behind ``afterID``; when that is empty, behind all.
    public var afterKey: [UInt8]
    public var afterID: [UInt8]
    public var limit: Int

    public init(
        bucket: [UInt8], prefix: [UInt8], delimiter: [UInt8], afterKey: [UInt8], afterID: [UInt8], limit: Int
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.delimiter = delimiter
        self.afterKey = afterKey
        self.afterID = afterID
        self.limit = limit
    }
}

/// A part that is stored.
public struct PartInfo: Sendable, Equatable {
    public var number: Int
    public var size: Int64
    public var etag: [UInt8]
    /// When it was stored, in milliseconds since 1970.
    public var modified: Int64
    public var checksum: ObjectChecksum?

    public init(number: Int, size: Int64, etag: [UInt8], modified: Int64, checksum: ObjectChecksum? = nil) {
        self.number = number
        self.size = size
        self.etag = etag
        self.modified = modified
        self.checksum = checksum
    }
}

/// One page of an upload's parts.
public struct PartPage: Sendable, Equatable {
    public var parts: [PartInfo]
    public var hasMore: Bool
    /// What the upload was begun with.
    public var checksum: ObjectChecksum.Algorithm?
    public var checksumIsOfWhole: Bool

    public init(
        _ parts: [PartInfo], hasMore: Bool, checksum: ObjectChecksum.Algorithm?, checksumIsOfWhole: Bool
    ) {
        self.parts = parts
        self.hasMore = hasMore
        self.checksum = checksum
        self.checksumIsOfWhole = checksumIsOfWhole
    }
}

/// An upload that is under way.
public struct UploadInfo: Sendable, Equatable {
    public var key: [UInt8]
    public var id: [UInt8]
    /// When it was begun, in milliseconds since 1970.
    public var begun: Int64
    public var checksum: ObjectChecksum.Algorithm?
    public var checksumIsOfWhole: Bool

    public init(
        key: [UInt8], id: [UInt8], begun: Int64, checksum: ObjectChecksum.Algorithm?, checksumIsOfWhole: Bool
    ) {
        self.key = key
        self.id = id
        self.begun = begun
        self.checksum = checksum
        self.checksumIsOfWhole = checksumIsOfWhole
    }
}

/// One page of a bucket's uploads, by key and then in the order in which they were begun.
public struct UploadPage: Sendable, Equatable {
    public var uploads: [UploadInfo]
    public var groups: [[UInt8]]
    public var hasMore: Bool

    public init(_ uploads: [UploadInfo], groups: [[UInt8]], hasMore: Bool) {
        self.uploads = uploads
        self.groups = groups
        self.hasMore = hasMore
    }
}
