// Who may do what with an object or a bucket, as it is kept with it.

import S3Wire

/// An access control list: one that a word stands for, "Canned ACL", or any other.
enum S3AccessList: Hashable, Sendable {
    case canned(Canned)
    /// It names users, whom another server does not know, or gives what no word stands for.
    case own
    /// The login may not read it.
    case denied

    enum Canned: String, Sendable {
        case ownerAlone = "private"
        case publicRead = "public-read"
        case publicReadWrite = "public-read-write"
        case authenticatedRead = "authenticated-read"
    }

    /// What the answer to `?acl` says; nil when it is no list.
    init?(_ document: [UInt8]) {
        guard let root = try? S3XMLElement.parse(document), root.isNamed("AccessControlPolicy"),
            let list = root.child("AccessControlList")
        else { return nil }
        let owner = root.child("Owner")?.text("ID") ?? []
        var everybody: Set<[UInt8]> = []
        var members: Set<[UInt8]> = []
        for grant in list.children where grant.isNamed("Grant") {
            guard let grantee = grant.child("Grantee"), let permission = grant.text("Permission") else { continue }
            if let group = grantee.text("URI"), !group.isEmpty {
                switch group.split(separator: 0x2F).last.map({ String(decoding: $0, as: UTF8.self) }) {
                case "AllUsers": everybody.insert(permission)
                case "AuthenticatedUsers": members.insert(permission)
                default:
                    self = .own
                    return
                }
            } else if (grantee.text("ID") ?? []) != owner {
                self = .own
                return
            }
        }
        let (read, write) = (Array("READ".utf8), Array("WRITE".utf8))
        switch (everybody, members) {
        case ([], []): self = .canned(.ownerAlone)
        case ([read], []): self = .canned(.publicRead)
        case ([read, write], []): self = .canned(.publicReadWrite)
        case ([], [read]): self = .canned(.authenticatedRead)
        default: self = .own
        }
    }

    /// What `reply` to `?acl` says; nil where there is no list.
    init?(_ reply: S3MigrationReply) {
        if reply.status == 403 {
            self = .denied
        } else if reply.isSuccess {
            self.init(reply.body)
        } else {
            return nil
        }
    }

    /// The word for it; nil where nothing has to be said, or nothing can be.
    var word: String? {
        if case .canned(let canned) = self, canned != .ownerAlone { canned.rawValue } else { nil }
    }

    var isCanned: Bool {
        if case .canned = self { true } else { false }
    }
}

/// What is asked for with a copy of an object.
struct S3WantedAccess: Equatable {
    /// For the field `x-amz-acl`; nil for the owner alone.
    var word: String?
    /// Whether that is not what the object has, and nobody has said that it may be so.
    var isLost = false

    /// What the copy should then have.
    var list: S3AccessList { .canned(word.flatMap { S3AccessList.Canned(rawValue: $0) } ?? .ownerAlone) }
}

extension S3ObjectCopy {
    /// What is to be asked for with a copy; nil where nothing is kept here, or what there is stays as it is.
    func wantedAccess(_ bucket: [UInt8], _ key: [UInt8]) async throws(LinkProblem) -> S3WantedAccess? {
        guard habits.minds(.acls), try await habits.keepsLists(bucket, from),
            let list = try await from.accessList(bucket, key)
        else { return nil }
        let word = list.word
        if list.isCanned, word.map({ !habits.unheldLists.contains($0) }) ?? true { return S3WantedAccess(word: word) }
        return S3WantedAccess(isLost: !habits.leaving().contains(.acls))
    }

    /// An object whose list the other place cannot keep.
    func lostAccess(_ bucket: [UInt8], _ key: [UInt8], bytes: Int64?) -> S3CopyResult {
        let name = S3MigrationName.text(bucket, key)
        return .refused(type: "ACLs of objects", reason: "\(name): it cannot be kept there", bytes: bytes)
    }

    /// Whether the copy has what it should have.
    func hasAccess(_ wanted: S3WantedAccess?, _ bucket: [UInt8], _ key: [UInt8]) async throws(LinkProblem) -> Bool {
        guard let wanted else { return true }
        guard try await habits.keepsLists(bucket, to) else { return wanted.word == nil }
        let there = try await to.accessList(bucket, key)
        return there == .denied ? wanted.word == nil : there == wanted.list
    }
}

extension S3MigrationLink {
    /// That of an object, or of a bucket; nil where there is none.
    func accessList(_ bucket: [UInt8], _ key: [UInt8] = []) async throws(LinkProblem) -> S3AccessList? {
        S3AccessList(try await ask(S3MigrationRequest(.get, bucket, key).with("acl")))
    }
}
