// What is told about objects and buckets, and why a request about them fails.

/// A bucket.
public struct BucketInfo: Sendable, Equatable {
    public var name: [UInt8]
    /// Milliseconds since 1970.
    public var created: Int64

    public init(_ name: [UInt8], created: Int64) {
        self.name = name
        self.created = created
    }
}

/// What is known of an object.
public struct ObjectInfo: Sendable, Equatable {
    public var size: Int64
    /// Without quotes: the MD5 of the bytes in hexadecimal or, of an object that came in parts, the MD5 of the parts' MD5s,
    /// a dash and their number; a backend may have tags of its own.
    public var etag: [UInt8]
    /// Milliseconds since 1970.
    public var modified: Int64
    public var metadata: ObjectMetadata
    public var checksums: [ObjectChecksum]
    /// The sizes of its parts, in order; empty when it did not come in parts.
    public var partSizes: [Int64]

    public init(
        size: Int64, etag: [UInt8], modified: Int64, metadata: ObjectMetadata = ObjectMetadata(),
        checksums: [ObjectChecksum] = [], partSizes: [Int64] = []
    ) {
        self.size = size
        self.etag = etag
        self.modified = modified
        self.metadata = metadata
        self.checksums = checksums
        self.partSizes = partSizes
    }

    /// The bytes that `range` asks of it; throws when there are none.
    public func bytes(of range: ObjectRange) throws(ObjectFailure) -> Range<Int64> {
        switch range {
        case .whole: return 0..<size
        case .from(let first, let last):
            guard first >= 0, first < size else { throw .invalidRange(size: size) }
            guard let last else { return first..<size }
            guard last >= first else { throw .invalidRange(size: size) }
            return first..<min(last, size - 1) + 1
        case .last(let count):
            guard count > 0, size > 0 else { throw .invalidRange(size: size) }
            return size - min(count, size)..<size
        case .part(let number):
            if partSizes.isEmpty, number == 1 { return 0..<size }
            guard number >= 1, number <= partSizes.count else { throw .noSuchPartNumber(parts: partSizes.count) }
            let start = partSizes[..<(number - 1)].reduce(0, +)
            return start..<start + partSizes[number - 1]
        }
    }
}

/// An object that is being read.
public struct ObjectReading: Sendable {
    public var info: ObjectInfo
    /// The bytes that ``content`` gives.
    public var range: Range<Int64>
    public var content: any ObjectSource

    public init(_ info: ObjectInfo, range: Range<Int64>, content: any ObjectSource) {
        self.info = info
        self.range = range
        self.content = content
    }
}

/// An object in a list.
public struct ObjectSummary: Sendable, Equatable {
    public var key: [UInt8]
    public var size: Int64
    public var etag: [UInt8]
    public var modified: Int64

    public init(key: [UInt8], size: Int64, etag: [UInt8], modified: Int64) {
        self.key = key
        self.size = size
        self.etag = etag
        self.modified = modified
    }
}

/// One page of a bucket's objects, in the order of their keys' bytes.
public struct ObjectPage: Sendable, Equatable {
    public var objects: [ObjectSummary]
    /// What the keys of each group begin with, the delimiter included.
    public var groups: [[UInt8]]
    /// The last key or group of this page, behind which the next one begins; nil on the last page.
    public var next: [UInt8]?

    public init(_ objects: [ObjectSummary], groups: [[UInt8]] = [], next: [UInt8]? = nil) {
        self.objects = objects
        self.groups = groups
        self.next = next
    }
}

/// A request about objects that failed; nothing was changed, but where ``Failure`` says that it may have been.
public enum ObjectFailure: Error, Sendable, Equatable {
    case noSuchBucket
    case bucketExists
    case bucketNotEmpty
    /// The name breaks the backend's rules for buckets.
    case invalidBucketName
    case noSuchKey
    case keyTooLong
    case noSuchUpload
    /// A part that is not there, or with another tag or checksum.
    case invalidPart(number: Int)
    case invalidPartOrder
    /// A part but the last is too small.
    case partTooSmall(number: Int, size: Int64)
    case noSuchPartNumber(parts: Int)
    /// The condition of this name does not hold.
    case preconditionFailed(String)
    /// Another request has changed the object in between.
    case conflict
    /// A condition says that the reader has it already.
    case notModified
    /// No byte of the object is in the range.
    case invalidRange(size: Int64)
    /// The checksum or size of the whole is not what was announced; the text says which.
    case mismatch(String)
    /// The body's source gave up; it knows why.
    case bodyFailed
    /// What every family can fail with.
    case general(Failure)
}
