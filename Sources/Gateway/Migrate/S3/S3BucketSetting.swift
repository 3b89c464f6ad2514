// Settings of buckets: which there are, and when two documents say the same.

import S3Wire

/// A document that is kept with a bucket, by the parameter that asks for it.
struct S3BucketSetting: Sendable {
    let parameter: String
    /// The name of the document's root; nil for one in JSON.
    let root: StaticString?
    /// Whether a client may take it away again; where not, a server has one of its own instead.
    var isRemovable = false

    static let versioning = S3BucketSetting(parameter: "versioning", root: "VersioningConfiguration")
    static let locks = S3BucketSetting(parameter: "object-lock", root: "ObjectLockConfiguration")

    /// Those that mean the same at another server, in the order in which they are set.
    static let moved = [
        S3BucketSetting(parameter: "ownershipControls", root: "OwnershipControls"),
        S3BucketSetting(parameter: "cors", root: "CORSConfiguration", isRemovable: true),
        S3BucketSetting(parameter: "lifecycle", root: "LifecycleConfiguration", isRemovable: true),
        S3BucketSetting(parameter: "encryption", root: "ServerSideEncryptionConfiguration"),
        S3BucketSetting(parameter: "tagging", root: "Tagging", isRemovable: true),
        S3BucketSetting(parameter: "website", root: "WebsiteConfiguration", isRemovable: true),
        versioning,
        S3BucketSetting(parameter: "policy", root: nil, isRemovable: true),
        S3BucketSetting(parameter: "publicAccessBlock", root: "PublicAccessBlockConfiguration"),
        S3BucketSetting(parameter: "requestPayment", root: "RequestPaymentConfiguration"),
    ]

    /// Those that name roles, queues, buckets or a network beside the server.
    static let staying = [
        S3BucketSetting(parameter: "replication", root: "ReplicationConfiguration"),
        S3BucketSetting(parameter: "notification", root: "NotificationConfiguration"),
        S3BucketSetting(parameter: "logging", root: "BucketLoggingStatus"),
        S3BucketSetting(parameter: "accelerate", root: "AccelerateConfiguration"),
    ]

    /// What a server tells of it.
    enum State: Sendable, Equatable {
        /// It does not know such a setting.
        case unknown
        /// It does not tell this login.
        case denied
        case nothing
        case document([UInt8])
    }

    /// What `reply` to a GET says.
    func state(_ reply: S3MigrationReply) -> State {
        if reply.status == 404 {
            // `NoSuchCORSConfiguration` and the like; whoever knows no such setting has another answer.
            guard let code = reply.code, code != "NoSuchBucket", code != "NoSuchKey" else { return .unknown }
            return .nothing
        }
        if reply.status == 403 { return .denied }
        guard reply.isSuccess, let words = words(of: reply.body) else { return .unknown }
        return isNothing(words) ? .nothing : .document(reply.body)
    }

    /// Whether the setting leaves everything as it is anyway.
    private func isNothing(_ words: [[UInt8]]) -> Bool {
        switch parameter {
        // No lists: a server without them has it by nature.
        case "ownershipControls": words.contains(Array("ObjectOwnership=BucketOwnerEnforced".utf8))
        case "requestPayment": words.contains(Array("Payer=BucketOwner".utf8))
        case "accelerate": !words.contains(Array("Status=Enabled".utf8))
        case "publicAccessBlock": !words.contains { $0.ends(with: Array("=true".utf8)) }
        default: words.isEmpty
        }
    }

    /// What a document says, in a fixed order, whatever its layout; nil when it is none of this setting.
    func words(of document: [UInt8]) -> [[UInt8]]? {
        var words: [[UInt8]] = []
        if let root {
            guard let element = try? S3XMLElement.parse(document) else { return nil }
            // Not every server calls this document as S3 does (moto 5).
            let isVersioning = parameter == "versioning" && !element.isNamed("ListBucketResult")
            guard element.isNamed(root) || isVersioning else { return nil }
            Self.collect(element, into: &words)
            // It says all by being there.
            if element.child("EventBridgeConfiguration") != nil { words.append(Array("EventBridge".utf8)) }
        } else {
            guard let found = Self.json(document) else { return nil }
            words = found
        }
        return words.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Whether two documents say the same.
    func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool { words(of: one) == words(of: other) }

    /// Whether `kept` says all that `given` says; servers add names and defaults of their own.
    func isKept(_ given: [UInt8], in kept: [UInt8]) -> Bool {
        guard let wanted = words(of: given), let there = words(of: kept) else { return false }
        var counts: [[UInt8]: Int] = [:]
        for word in there { counts[word, default: 0] += 1 }
        for word in wanted {
            guard let count = counts[word], count > 0 else { return false }
            counts[word] = count - 1
        }
        return true
    }

    private static func collect(_ element: S3XMLElement, into words: inout [[UInt8]]) {
        let text = element.trimmed
        if element.children.isEmpty, !text.isEmpty { words.append(element.name + [0x3D] + text) }
        for child in element.children { collect(child, into: &words) }
    }

    /// The texts and plain words of a document in JSON; what holds them together may be written in several ways.
    private static func json(_ document: [UInt8]) -> [[UInt8]]? {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
        guard document.first(where: { !isSpace($0) }) == UInt8(ascii: "{") else { return nil }
        var words: [[UInt8]] = []
        var index = 0
        while index < document.count {
            let start = index
            let byte = document[index]
            index += 1
            if byte == 0x22 {
                while index < document.count, document[index] != 0x22 {
                    index += document[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                guard index < document.count else { return nil }
                index += 1
            } else if isSpace(byte) || Self.marks.contains(byte) {
                continue
            } else {
                while index < document.count, !isSpace(document[index]), !Self.marks.contains(document[index]) {
                    index += 1
                }
            }
            words.append(Array(document[start..<index]))
        }
        return words
    }

    private static let marks = Set("{}[]:,".utf8)
}

extension [UInt8] {
    fileprivate func ends(with other: [UInt8]) -> Bool { suffix(other.count).elementsEqual(other) }
}
