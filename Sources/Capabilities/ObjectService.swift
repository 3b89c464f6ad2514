// Objects: named bytes of any size, with metadata, in buckets.

/// Buckets and the objects in them, as one worker uses them.
///
/// Bodies are pulled, piece by piece, by whoever consumes them, so nobody holds more than a piece or two. What a request
/// changes is seen by others as a whole or not at all.
public protocol ObjectService: AnyObject, Sendable {
    // Buckets; `object.buckets`.

    func createBucket(_ bucket: [UInt8], _ context: CallContext) async throws(ObjectFailure)
    /// Throws ``ObjectFailure/bucketNotEmpty`` while an object is in it; uploads that nobody completed go with it.
    func deleteBucket(_ bucket: [UInt8], _ context: CallContext) async throws(ObjectFailure)
    func headBucket(_ bucket: [UInt8], _ context: CallContext) async throws(ObjectFailure) -> BucketInfo
    /// All of them, in the order of their names' bytes.
    func listBuckets(_ context: CallContext) async throws(ObjectFailure) -> [BucketInfo]

    // Objects.

    /// Stores what `body` gives, in place of what was there; `object.put`.
    ///
    /// When `body` throws, its failure is passed on and nothing has changed.
    func put(
        _ put: ObjectPut, _ body: any ObjectBody, _ context: CallContext
    ) async throws(ObjectFailure) -> ObjectInfo
    /// An object and a source of its bytes, all of one version; `object.get`.
    func get(_ get: ObjectGet, _ context: CallContext) async throws(ObjectFailure) -> ObjectReading
    /// `object.head`.
    func head(_ get: ObjectGet, _ context: CallContext) async throws(ObjectFailure) -> ObjectInfo
    /// Whether it was there; `object.delete`.
    @discardableResult
    func delete(
        _ name: ObjectName, _ conditions: ObjectConditions, _ context: CallContext
    ) async throws(ObjectFailure) -> Bool
    /// One result for each key, in order: nil where the object is gone now; `object.delete`.
    func delete(
        _ keys: [[UInt8]], of bucket: [UInt8], _ context: CallContext
    ) async throws(ObjectFailure) -> [ObjectFailure?]
    /// One page; `object.list`.
    func list(_ listing: ObjectListing, _ context: CallContext) async throws(ObjectFailure) -> ObjectPage
    /// `object.copy`.
    func copy(_ copy: ObjectCopy, _ context: CallContext) async throws(ObjectFailure) -> ObjectInfo

    // Objects that come in parts; `object.multipart`.

    /// Begins an upload and gives its id.
    func createUpload(_ creation: UploadCreation, _ context: CallContext) async throws(ObjectFailure) -> [UInt8]
    /// Stores a part in place of what its number held.
    func putPart(
        _ part: UploadPart, _ body: any ObjectBody, _ context: CallContext
    ) async throws(ObjectFailure) -> PartInfo
    /// Stores bytes of an object as a part.
    func copyPart(
        _ part: UploadPart, from source: CopySource, _ context: CallContext
    ) async throws(ObjectFailure) -> PartInfo
    /// Makes an object of the parts that are listed; the others are dropped.
    func completeUpload(
        _ completion: UploadCompletion, _ context: CallContext
    ) async throws(ObjectFailure) -> ObjectInfo
    func abortUpload(_ upload: UploadName, _ context: CallContext) async throws(ObjectFailure)
    func listParts(_ listing: PartListing, _ context: CallContext) async throws(ObjectFailure) -> PartPage
    func listUploads(_ listing: UploadListing, _ context: CallContext) async throws(ObjectFailure) -> UploadPage
}

/// Bytes that are pulled, by one puller.
public protocol ObjectSource: AnyObject, Sendable {
    /// The next bytes, one at least and ``ObjectBounds/piece`` at most; nil at the end, and from then on.
    func next() async throws(ObjectFailure) -> [UInt8]?
}

/// The body of an object that is being stored.
public protocol ObjectBody: ObjectSource {
    /// How many bytes will come, when that is known.
    var length: Int64? { get }
    /// What is to be stored with the object; known once ``ObjectSource/next()`` has given nil.
    var checksums: [ObjectChecksum] { get }
}

/// What a request about objects may hold, whatever the backend.
public enum ObjectBounds {
    /// The most bytes of one piece of a body.
    public static let piece = 256 * 1024
    /// The longest key: "1,024 bytes" (Amazon S3 user guide, "Naming Amazon S3 objects").
    public static let keyBytes = 1024
    /// The largest part number, and so the most parts of an upload (Amazon S3 user guide, "multipart upload limits").
    public static let parts = 10_000
    /// The smallest part but for the last one, from the same table.
    public static let smallestPart: Int64 = 5 << 20
    /// The most items of one page, and of one request that deletes several (Amazon S3 API reference).
    public static let page = 1000
}
