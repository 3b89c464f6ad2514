// Conditions on what is stored now, and how they are weighed.

/// What has to hold for a request to be done; `object.conditional` when any is given.
public struct ObjectConditions: Sendable, Equatable {
    /// Entity tags without their quotes, or any at all.
    public enum Tags: Sendable, Equatable {
        case any
        case oneOf([[UInt8]])

        func contains(_ etag: [UInt8]) -> Bool {
            switch self {
            case .any: true
            case .oneOf(let tags): tags.contains(etag)
            }
        }
    }

    public var ifMatch: Tags?
    public var ifNoneMatch: Tags?
    /// Milliseconds since 1970; whole seconds are compared, because that is all an HTTP date tells.
    public var ifModifiedSince: Int64?
    /// The same.
    public var ifUnmodifiedSince: Int64?

    public init(
        ifMatch: Tags? = nil, ifNoneMatch: Tags? = nil, ifModifiedSince: Int64? = nil, ifUnmodifiedSince: Int64? = nil
    ) {
        self.ifMatch = ifMatch
        self.ifNoneMatch = ifNoneMatch
        self.ifModifiedSince = ifModifiedSince
        self.ifUnmodifiedSince = ifUnmodifiedSince
    }

    public var isEmpty: Bool {
        ifMatch == nil && ifNoneMatch == nil && ifModifiedSince == nil && ifUnmodifiedSince == nil
    }

    /// What is asked of an object that is there.
    public enum Use: Sendable {
        /// It is read, and the reader may have it already.
        case read
        /// It is the source of a copy, which fails when a reader would have it already.
        case copied
        /// It is replaced or deleted.
        case changed
    }

    /// Throws when a condition does not hold of the object with this tag and time; RFC 9110, 13.2.2.
    public func check(etag: [UInt8], modified: Int64, for use: Use) throws(ObjectFailure) {
        if let ifMatch {
            guard ifMatch.contains(etag) else { throw .preconditionFailed("If-Match") }
        } else if let ifUnmodifiedSince {
            guard modified / 1000 <= ifUnmodifiedSince / 1000 else {
                throw .preconditionFailed("If-Unmodified-Since")
            }
        }
        if let ifNoneMatch {
            guard ifNoneMatch.contains(etag) else { return }
            throw use == .read ? .notModified : .preconditionFailed("If-None-Match")
        }
        if let ifModifiedSince, use != .changed, modified / 1000 <= ifModifiedSince / 1000 {
            throw use == .read ? .notModified : .preconditionFailed("If-Modified-Since")
        }
    }

    /// Throws when a condition does not hold where there is no object: it would have to match one.
    public func checkAbsent() throws(ObjectFailure) {
        if ifMatch != nil { throw .noSuchKey }
    }
}
