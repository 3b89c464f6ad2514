// What is asked about objects and buckets.

/// Where an object is.
public struct ObjectName: Sendable, Hashable {
    public var bucket: [UInt8]
    public var key: [UInt8]

    public init(bucket: [UInt8], key: [UInt8]) {
        self.bucket = bucket
        self.key = key
    }
}

/// What is stored with an object besides its bytes.
public struct ObjectMetadata: Sendable, Equatable {
    /// Fields of HTTP that describe the content, by their names in lower case: `content-type`, `cache-control`, ….
    public var fields: [Pair]
    /// The user's own, by their names in lower case without a prefix.
    public var user: [Pair]

    public init(fields: [Pair] = [], user: [Pair] = []) {
        self.fields = fields
        self.user = user
    }

    public var isEmpty: Bool { fields.isEmpty && user.isEmpty }
}

/// A check of an object's bytes that its uploader chose.
public struct ObjectChecksum: Sendable, Equatable {
    /// By the names that S3 has for them.
    public enum Algorithm: String, Sendable, CaseIterable {
        case crc32 = "CRC32"
        case crc32c = "CRC32C"
        case crc64NVME = "CRC64NVME"
        case sha1 = "SHA1"
        case sha256 = "SHA256"
    }

    public var algorithm: Algorithm
    /// Its bytes, most significant first.
    public var value: [UInt8]
    /// The number of parts when it is the check of the parts' checks instead of the object's bytes, else nil.
    public var parts: Int?

    public init(_ algorithm: Algorithm, _ value: [UInt8], parts: Int? = nil) {
        self.algorithm = algorithm
        self.value = value
        self.parts = parts
    }
}

/// An object to store.
public struct ObjectPut: Sendable, Equatable {
    public var name: ObjectName
    public var metadata: ObjectMetadata
    public var conditions: ObjectConditions

    public init(_ name: ObjectName, metadata: ObjectMetadata, conditions: ObjectConditions = ObjectConditions()) {
        self.name = name
        self.metadata = metadata
        self.conditions = conditions
    }
}

/// Which of an object's bytes are asked for.
public enum ObjectRange: Sendable, Equatable {
    case whole
    /// From an offset to another one, which is part of it, or to the end; `object.range`.
    case from(Int64, through: Int64?)
    /// The last so many bytes; `object.range`.
    case last(Int64)
    /// The bytes of one part, from 1; an object that did not come in parts has one.
    case part(Int)
}

/// An object to read.
public struct ObjectGet: Sendable, Equatable {
    public var name: ObjectName
    public var range: ObjectRange
    public var conditions: ObjectConditions

    public init(
        _ name: ObjectName, range: ObjectRange = .whole, conditions: ObjectConditions = ObjectConditions()
    ) {
        self.name = name
        self.range = range
        self.conditions = conditions
    }
}

/// Which objects of a bucket a page is to show.
public struct ObjectListing: Sendable, Equatable {
    public var bucket: [UInt8]
    /// What the keys begin with.
    public var prefix: [UInt8]
    /// What ends a group of keys behind the prefix: such keys are shown as one; empty for no groups.
    public var delimiter: [UInt8]
    /// The page begins behind this key or group; empty for the beginning.
    public var after: [UInt8]
    /// The most keys and groups together, up to ``ObjectBounds/page``.
    public var limit: Int

    public init(bucket: [UInt8], prefix: [UInt8], delimiter: [UInt8], after: [UInt8], limit: Int) {
        self.bucket = bucket
        self.prefix = prefix
        self.delimiter = delimiter
        self.after = after
        self.limit = limit
    }
}

/// The bytes that a copy is made of.
public struct CopySource: Sendable, Equatable {
    public var name: ObjectName
    public var range: ObjectRange
    public var conditions: ObjectConditions

    public init(
        _ name: ObjectName, range: ObjectRange = .whole, conditions: ObjectConditions = ObjectConditions()
    ) {
        self.name = name
        self.range = range
        self.conditions = conditions
    }
}

/// An object to copy within the backend.
public struct ObjectCopy: Sendable, Equatable {
    public var source: CopySource
    public var target: ObjectName
    /// What the copy has instead of the source's metadata; nil keeps that.
    public var metadata: ObjectMetadata?
    public var conditions: ObjectConditions
    /// A checksum to make for the copy; nil keeps the source's.
    public var checksum: ObjectChecksum.Algorithm?

    public init(
        from source: CopySource, to target: ObjectName, metadata: ObjectMetadata? = nil,
        conditions: ObjectConditions = ObjectConditions(), checksum: ObjectChecksum.Algorithm? = nil
    ) {
        self.source = source
        self.target = target
        self.metadata = metadata
        self.conditions = conditions
        self.checksum = checksum
    }
}
