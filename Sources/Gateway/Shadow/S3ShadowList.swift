// A page of a list of keys, as far as the primary and a scratch bucket have to say the same.

import S3Wire

/// The entries of one answer to ListObjects or ListObjectsV2, by the names that clients know.
///
/// A scratch bucket holds what was written since the shadow began, so of what is listed only those keys are compared which
/// are known to be the same at both, and of a page only what is listed of either. Names that stand for several keys
/// (`delimiter`) are not: one may be there for the sake of a key that is not known.
struct S3ShadowList {
    struct Entry {
        /// Bucket and key, as the shadow knows keys.
        let name: [UInt8]
        let size: [UInt8]
        let tag: [UInt8]
    }

    let entries: [Entry]
    /// The last name of a page behind which there are more; nil where there are none.
    let end: [UInt8]?

    /// Nil for an answer that is no such list, or of which it does not show whose it is.
    ///
    /// - Parameters:
    ///   - origin: the client's bucket.
    ///   - prefix: what the client has asked for.
    init?(_ reply: S3ComparableReply, origin: [UInt8], prefix: [UInt8]) {
        guard reply.status == 200, reply.isWhole, let root = try? S3XMLElement.parse(reply.body),
            root.isNamed("ListBucketResult")
        else { return nil }
        let isEncoded = root.text("EncodingType") == Array("url".utf8)
        func plain(_ text: [UInt8]?) -> [UInt8]? {
            isEncoded ? text.flatMap { S3Percent.decoded($0) } : text
        }
        let opening = origin + [UInt8(ascii: "/")]
        let listed = plain(root.text("Prefix") ?? [])
        let isCopy = listed == opening + prefix
        guard isCopy || listed == prefix else { return nil }
        func name(_ text: [UInt8]?) -> [UInt8]? {
            guard let key = plain(text) else { return nil }
            if !isCopy { return opening + key }
            return key.starts(with: opening) ? key : nil
        }
        var entries: [Entry] = []
        var last: [UInt8]?
        for child in root.children {
            let isKey = child.isNamed("Contents")
            guard isKey || child.isNamed("CommonPrefixes") else { continue }
            // The text as it stands: a key may begin or end with blanks.
            guard let name = name((isKey ? child.child("Key") : child.child("Prefix"))?.text) else {
                return nil
            }
            if isKey {
                entries.append(
                    Entry(
                        name: name, size: child.text("Size") ?? [],
                        tag: (child.text("ETag") ?? []).filter { $0 != 0x22 }))
            }
            if last.map({ $0.lexicographicallyPrecedes(name) }) ?? true { last = name }
        }
        self.entries = entries
        let isTruncated = root.text("IsTruncated") == Array("true".utf8)
        guard !isTruncated || last != nil else { return nil }
        end = isTruncated ? last : nil
    }

    /// What differs between two lists of which `isKnown` tells, for names, whether they are to be the same at both.
    static func difference(
        _ primary: S3ShadowList, _ candidate: S3ShadowList, masksTags: Bool,
        _ isKnown: ([[UInt8]]) -> [Bool]
    ) -> ShadowFinding? {
        let ends = [primary.end, candidate.end].compactMap(\.self)
        let end = ends.min { $0.lexicographicallyPrecedes($1) }
        func within(_ list: S3ShadowList) -> [Entry] {
            list.entries.filter { entry in end.map { !$0.lexicographicallyPrecedes(entry.name) } ?? true }
        }
        let (left, right) = (within(primary), within(candidate))
        // Once for both: what is written meanwhile is known of neither.
        let names = Array(Set((left + right).map(\.name)))
        let known = Set(zip(names, isKnown(names)).filter(\.1).map(\.0))
        let (ours, theirs) = (left.filter { known.contains($0.name) }, right.filter { known.contains($0.name) })
        func finding(_ place: String, _ one: String, _ other: String) -> ShadowFinding {
            ShadowFinding(
                kind: S3DifferenceKind.document.rawValue, place: "ListBucketResult.Contents\(place)",
                primary: one,
                candidate: other)
        }
        guard ours.count == theirs.count else {
            return finding("", "\(ours.count) of the keys written since", "\(theirs.count) of them")
        }
        for (one, other) in zip(ours, theirs) {
            if one.name != other.name { return finding(".Key", "a key", "another one") }
            if one.size != other.size {
                return finding(".Size", "\(one.size.count) bytes", "\(other.size.count) bytes")
            }
            if !masksTags, one.tag != other.tag {
                return finding(".ETag", "\(one.tag.count) bytes", "\(other.tag.count) bytes")
            }
        }
        return nil
    }
}
