// Finds the parameters of a query that make a request another operation.

import Wire

/// The query parameters that select an operation, as a set; other parameters leave no trace.
///
/// Names are compared as S3 spells them. A percent-encoded spelling is not recognised: the request still passes,
/// and its metric is that of the plain operation.
struct S3Subresources: OptionSet, Sendable {
    let rawValue: UInt64

    static let acl = S3Subresources(rawValue: 1 << 0)
    static let tagging = S3Subresources(rawValue: 1 << 1)
    static let policy = S3Subresources(rawValue: 1 << 2)
    static let policyStatus = S3Subresources(rawValue: 1 << 3)
    static let versioning = S3Subresources(rawValue: 1 << 4)
    static let versions = S3Subresources(rawValue: 1 << 5)
    static let location = S3Subresources(rawValue: 1 << 6)
    static let lifecycle = S3Subresources(rawValue: 1 << 7)
    static let cors = S3Subresources(rawValue: 1 << 8)
    static let website = S3Subresources(rawValue: 1 << 9)
    static let notification = S3Subresources(rawValue: 1 << 10)
    static let encryption = S3Subresources(rawValue: 1 << 11)
    static let logging = S3Subresources(rawValue: 1 << 12)
    static let replication = S3Subresources(rawValue: 1 << 13)
    static let requestPayment = S3Subresources(rawValue: 1 << 14)
    static let accelerate = S3Subresources(rawValue: 1 << 15)
    static let objectLock = S3Subresources(rawValue: 1 << 16)
    static let ownershipControls = S3Subresources(rawValue: 1 << 17)
    static let publicAccessBlock = S3Subresources(rawValue: 1 << 18)
    static let inventory = S3Subresources(rawValue: 1 << 19)
    static let metrics = S3Subresources(rawValue: 1 << 20)
    static let analytics = S3Subresources(rawValue: 1 << 21)
    static let intelligentTiering = S3Subresources(rawValue: 1 << 22)
    static let session = S3Subresources(rawValue: 1 << 23)
    static let uploads = S3Subresources(rawValue: 1 << 24)
    static let delete = S3Subresources(rawValue: 1 << 25)
    static let listTypeTwo = S3Subresources(rawValue: 1 << 26)
    static let uploadID = S3Subresources(rawValue: 1 << 27)
    static let retention = S3Subresources(rawValue: 1 << 28)
    static let legalHold = S3Subresources(rawValue: 1 << 29)
    static let torrent = S3Subresources(rawValue: 1 << 30)
    static let attributes = S3Subresources(rawValue: 1 << 31)
    static let restore = S3Subresources(rawValue: 1 << 32)
    static let select = S3Subresources(rawValue: 1 << 33)
    static let renameObject = S3Subresources(rawValue: 1 << 34)

    init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Reads the query at `range`.
    init(_ bytes: Bytes, query range: Range<Int>) {
        var found: S3Subresources = []
        var start = range.lowerBound
        while start < range.upperBound {
            var nameEnd = start
            while nameEnd < range.upperBound, bytes[nameEnd] != UInt8(ascii: "="), bytes[nameEnd] != UInt8(ascii: "&") {
                nameEnd &+= 1
            }
            var end = nameEnd
            while end < range.upperBound, bytes[end] != UInt8(ascii: "&") { end &+= 1 }
            let name = start..<nameEnd
            if bytes.equals("list-type", in: name) {
                if bytes.equals("2", in: min(nameEnd &+ 1, end)..<end) { found.insert(.listTypeTwo) }
            } else {
                found.formUnion(S3Subresources.named(bytes, name))
            }
            start = end &+ 1
        }
        self = found
    }

    private static func named(_ bytes: Bytes, _ name: Range<Int>) -> S3Subresources {
        func pick(_ text: StaticString, _ subresource: S3Subresources) -> S3Subresources {
            bytes.equals(text, in: name) ? subresource : []
        }
        switch name.count {
        case 3: return pick("acl", .acl)
        case 4: return pick("cors", .cors)
        case 6:
            return pick("policy", .policy).union(pick("delete", .delete)).union(pick("select", .select))
        case 7:
            return pick("tagging", .tagging).union(pick("website", .website)).union(pick("logging", .logging))
                .union(pick("uploads", .uploads)).union(pick("metrics", .metrics)).union(pick("session", .session))
                .union(pick("torrent", .torrent)).union(pick("restore", .restore))
        case 8:
            return pick("versions", .versions).union(pick("location", .location)).union(pick("uploadId", .uploadID))
        case 9:
            return pick("lifecycle", .lifecycle).union(pick("inventory", .inventory))
                .union(pick("analytics", .analytics)).union(pick("retention", .retention))
        case 10:
            return pick("versioning", .versioning).union(pick("encryption", .encryption))
                .union(pick("accelerate", .accelerate)).union(pick("legal-hold", .legalHold))
                .union(pick("attributes", .attributes))
        case 11: return pick("replication", .replication).union(pick("object-lock", .objectLock))
        case 12:
            return pick("notification", .notification).union(pick("policyStatus", .policyStatus))
                .union(pick("renameObject", .renameObject))
        case 14: return pick("requestPayment", .requestPayment)
        case 17:
            return pick("ownershipControls", .ownershipControls).union(pick("publicAccessBlock", .publicAccessBlock))
        case 19: return pick("intelligent-tiering", .intelligentTiering)
        default: return []
        }
    }
}
