// Compares what two S3 servers have answered to one request.

import Wire

/// Differences that somebody has declared to be none.
package enum S3ReplyMask: String, Equatable, Hashable, Sendable, CaseIterable {
    /// When an object was changed last: copies are younger than what they were made of.
    case lastModified = "last-modified"
    /// Entity tags, which servers make of the content as they like.
    case etag
    /// The media type.
    case contentType = "content-type"
    /// The checksums that a server keeps with an object.
    case checksum
    /// Whether a part of an object is called one (206 or 200), and a part of an empty one is none (RFC 9110, 14.2 and 15.5.17).
    case rangeStatus = "range-status"
}

/// What differs between two answers.
package enum S3DifferenceKind: String, Equatable, Hashable, Sendable, CaseIterable {
    case status
    /// The code in an error's document.
    case errorCode = "error-code"
    /// A field of the head, named by the place.
    case header
    /// The number of bytes of the content.
    case length
    /// The bytes of an object.
    case body
    /// An element of a document, such as a list, named by the place.
    case document
    /// No answer at all: bytes that are none.
    case broken
}

/// One difference between two answers, without a byte of their values.
package struct S3ReplyDifference: Equatable, Sendable {
    package var kind: S3DifferenceKind
    package var place: String
    package var primary: String
    package var candidate: String

    package init(_ kind: S3DifferenceKind, at place: String = "", _ primary: String, _ candidate: String) {
        self.kind = kind
        self.place = place
        self.primary = primary
        self.candidate = candidate
    }
}

/// The comparison of a candidate's answer with a primary's.
package enum S3ReplyComparison {
    /// The first difference of what two answers say; nil when there is none.
    package static func difference(
        _ primary: S3ComparableReply, _ candidate: S3ComparableReply, isHead: Bool, masks: Set<S3ReplyMask>
    ) -> S3ReplyDifference? {
        if masks.contains(.rangeStatus), primary.status != candidate.status {
            if isEmpty(primary, candidate) || isEmpty(candidate, primary) { return nil }
            if let one = whole(primary), let other = whole(candidate) {
                return difference(one, other, isHead: isHead, masks: masks)
            }
        }
        guard primary.status == candidate.status else {
            return S3ReplyDifference(.status, "\(primary.status)", "\(candidate.status)")
        }
        if primary.status >= 400 { return isHead ? nil : errors(primary, candidate) }
        if let difference = heads(primary, candidate, isHead: isHead, masks) { return difference }
        guard primary.isWhole, candidate.isWhole else {
            return primary.length == candidate.length
                ? nil : S3ReplyDifference(.length, "\(primary.length) bytes", "\(candidate.length) bytes")
        }
        if primary.body == candidate.body { return nil }
        if let left = try? S3XMLElement.parse(primary.body), left.isReport,
            let right = try? S3XMLElement.parse(candidate.body)
        {
            return documents(left, right, at: "", masks)
        }
        guard primary.length == candidate.length else {
            return S3ReplyDifference(.length, "\(primary.length) bytes", "\(candidate.length) bytes")
        }
        let place = zip(primary.body, candidate.body).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
        return S3ReplyDifference(.body, at: "byte \(place)", "\(primary.length) bytes", "\(candidate.length) bytes")
    }

    /// The answer as if a part were called the whole: without its range where it has all of the object; nil for a failure.
    private static func whole(_ reply: S3ComparableReply) -> S3ComparableReply? {
        guard reply.status == 200 || reply.status == 206 else { return nil }
        var whole = reply
        whole.status = 200
        let parts = String(decoding: reply.field("content-range") ?? [], as: UTF8.self).split(separator: "/")
        guard parts.count == 2, let size = Int(parts[1]), size > 0, parts[0] == "bytes 0-\(size - 1)" else {
            return reply.status == 206 && parts.isEmpty ? nil : whole
        }
        let lines = String(decoding: reply.head, as: UTF8.self).split(
            separator: "\r\n", omittingEmptySubsequences: false)
        let rest = lines.filter { !$0.lowercased().hasPrefix("content-range:") }
        whole.head = Array(rest.joined(separator: "\r\n").utf8)
        return whole
    }

    /// Whether one says that an empty object has no such range, and the other gives it.
    private static func isEmpty(_ one: S3ComparableReply, _ other: S3ComparableReply) -> Bool {
        one.status == 416 && other.status == 200 && other.isWhole && other.length == 0
    }

    /// The code of an error's document; empty where there is none.
    package static func errorCode(_ reply: S3ComparableReply) -> String {
        guard let root = try? S3XMLElement.parse(reply.body), let code = root.text("Code"), code.count <= 64 else {
            return ""
        }
        return String(decoding: code.filter { $0 &- 0x21 < 0x5E }, as: UTF8.self)
    }

    private static func errors(_ primary: S3ComparableReply, _ candidate: S3ComparableReply) -> S3ReplyDifference? {
        let (left, right) = (errorCode(primary), errorCode(candidate))
        return left == right ? nil : S3ReplyDifference(.errorCode, left, right)
    }

    // MARK: - Heads

    /// Fields that say something of the object or the bucket; all others are the connection's or the server's own.
    private static let compared: Set<String> = [
        "content-type", "content-range", "content-encoding", "content-language", "content-disposition", "cache-control",
        "expires", "etag", "last-modified", "location", "x-amz-mp-parts-count", "x-amz-tagging-count",
        "x-amz-website-redirect-location", "x-amz-missing-meta",
    ]

    private static func heads(
        _ primary: S3ComparableReply, _ candidate: S3ComparableReply, isHead: Bool, _ masks: Set<S3ReplyMask>
    ) -> S3ReplyDifference? {
        let left = fields(primary, isHead: isHead, masks)
        let right = fields(candidate, isHead: isHead, masks)
        for name in Set(left.keys).union(right.keys).sorted() where left[name] != right[name] {
            let describe = { (value: [UInt8]?) in value.map { "\($0.count) bytes" } ?? "none" }
            // A name of somebody's own is not told.
            let place = name.hasPrefix("x-amz-meta-") ? "x-amz-meta-…" : name
            return S3ReplyDifference(.header, at: place, describe(left[name]), describe(right[name]))
        }
        return nil
    }

    private static func fields(
        _ reply: S3ComparableReply, isHead: Bool, _ masks: Set<S3ReplyMask>
    ) -> [String: [UInt8]] {
        let bytes = reply.head.span
        guard let line = bytes.firstLineFeed(from: 0) else { return [:] }
        var cursor = S3FieldCursor(at: line + 1, side: .server)
        var fields: [String: [UInt8]] = [:]
        while let field = try? cursor.next(bytes) {
            let name = bytes.text(field.name).lowercased()
            guard isCompared(name, isHead: isHead, masks) else { continue }
            fields[name, default: []] += bytes.array(field.value)
        }
        return fields
    }

    private static func isCompared(_ name: String, isHead: Bool, _ masks: Set<S3ReplyMask>) -> Bool {
        switch name {
        case "etag": return !masks.contains(.etag)
        // The second is rclone's, which makes it up of the time of storing where the client has given none.
        case "last-modified", "x-amz-meta-mtime": return !masks.contains(.lastModified)
        case "content-type": return !masks.contains(.contentType)
        // Of an answer with content it is the framing, and the content is counted.
        case "content-length": return isHead
        default: break
        }
        if name.hasPrefix("x-amz-checksum-") { return !masks.contains(.checksum) }
        return name.hasPrefix("x-amz-meta-") || compared.contains(name)
    }

    // MARK: - Documents

    /// Elements that name the answer, the server's accounts, or what a page of a list is continued with.
    private static let unsaid: Set<String> = [
        "RequestId", "HostId", "Owner", "Initiator", "NextContinuationToken", "ContinuationToken", "NextMarker",
        "CreationDate",
    ]

    private static func documents(
        _ left: S3XMLElement, _ right: S3XMLElement, at path: String, _ masks: Set<S3ReplyMask>
    ) -> S3ReplyDifference? {
        let name = left.label
        let place = path.isEmpty ? name : "\(path).\(name)"
        guard left.name == right.name else { return S3ReplyDifference(.document, at: place, "this", "another element") }
        let ours = left.children.filter { isSaid($0, masks) }
        let theirs = right.children.filter { isSaid($0, masks) }
        guard ours.count == theirs.count else {
            return S3ReplyDifference(.document, at: place, "\(ours.count) elements", "\(theirs.count) elements")
        }
        if ours.isEmpty, left.trimmed.unquoted != right.trimmed.unquoted {
            return S3ReplyDifference(
                .document, at: place, "\(left.trimmed.count) bytes", "\(right.trimmed.count) bytes")
        }
        // Elements of different names have no order among them; those of one name have.
        let sorted = { (elements: [S3XMLElement]) in
            elements.enumerated().sorted { ($0.element.label, $0.offset) < ($1.element.label, $1.offset) }.map(
                \.element)
        }
        for (a, b) in zip(sorted(ours), sorted(theirs)) {
            if let difference = documents(a, b, at: place, masks) { return difference }
        }
        return nil
    }

    private static func isSaid(_ element: S3XMLElement, _ masks: Set<S3ReplyMask>) -> Bool {
        let name = element.label
        if name == "LastModified" { return !masks.contains(.lastModified) }
        if name == "ETag" { return !masks.contains(.etag) }
        if name.hasPrefix("Checksum") { return !masks.contains(.checksum) }
        return !unsaid.contains(name)
    }
}

extension S3XMLElement {
    fileprivate var label: String { String(decoding: name.prefix(64), as: UTF8.self) }

    /// Whether it is an answer of the server's own, and no object that happens to be a document.
    fileprivate var isReport: Bool {
        let label = label
        return label.hasPrefix("List") || label == "LocationConstraint" || label == "Tagging"
            || label.hasSuffix("Configuration")
    }
}

extension [UInt8] {
    /// An entity tag with or without its quotes is the same.
    fileprivate var unquoted: ArraySlice<UInt8> {
        count >= 2 && first == 0x22 && last == 0x22 ? self[1..<(count - 1)] : self[...]
    }
}
