// What a step of an S3 case may ask for, read from its tree.

/// An action of the S3 wire.
struct S3Action {
    enum Kind {
        /// A request and its answer.
        case exchange(S3Request)
        /// Bytes that are sent as they are, with the method that their answer is read for.
        case raw([UInt8], method: String)
        /// Answers that are read without sending.
        case read
    }

    var kind: Kind
    /// The fields of a form whose file is the request's body.
    var form: S3Form?
    var rules = S3SigningRules()
    /// Whether the body goes out in HTTP's chunked coding.
    var isChunked = false
    /// Whether the body waits for `100 Continue`.
    var waits = false
    /// Bytes of the body that are sent before the step ends without reading; nil for an ordinary request.
    var sentOnly: Int?
    /// How many answers are read.
    var answers = 1
    /// Whether a document in an answer stays bytes.
    var wantsBytes = false

    private static let methods = ["get", "put", "head", "post", "delete", "options"]
    static let keys = Set(methods + ["raw", "read"])
    private static let options: Set<String> = [
        "bucket", "query", "headers", "body", "md5", "checksum", "sign", "target", "framing", "continue", "send-only",
        "answers", "as", "for", "form",
    ]
    /// What libcurl does in a way of its own.
    private static let rawOnly = ["raw", "read", "target", "framing", "continue", "send-only", "answers", "form"]
    private static let answersAtMost: Int64 = 1000

    /// Looks at an action whose variables are not filled in yet.
    static func check(_ tree: Tree, client: String) throws(SuiteProblem) {
        try tree.checkAction(keys, options)
        if client != "raw" {
            if let key = rawOnly.first(where: { tree[$0] != nil }) {
                throw SuiteProblem(tree, "\(key) needs client: raw; libcurl sends whole requests only")
            }
            if let sign = tree["sign"], !Variables.appear(in: sign) {
                let rules = try S3SigningRules(sign)
                guard sign.text == "none" || sign.text == "header" || rules.isPayloadOnly(sign) else {
                    throw SuiteProblem(sign, "libcurl signs by itself: sign takes none or payload: here")
                }
            }
        }
        if client != "raw" { try checkOrder(tree) }
        guard !Variables.appear(in: tree) else { return }
        _ = try S3Action(tree, bucket: "bucket", isChecked: true)
    }

    /// libcurl 7.88 sorts whole header lines, so a name that goes on with a hyphen or digit comes before the shorter one,
    /// and the signature is wrong.
    private static func checkOrder(_ tree: Tree) throws(SuiteProblem) {
        let names = (tree["headers"]?.entries ?? []).map { $0.key.lowercased() }
        for name in names {
            guard let longer = names.first(where: { $0 != name && $0.hasPrefix(name) }) else { continue }
            throw SuiteProblem(tree, "libcurl signs \(name) and \(longer) in a wrong order: this needs client: raw")
        }
    }

    /// Reads an action; `bucket` is where its objects are unless it says otherwise.
    ///
    /// When a file is loaded, bodies are only looked at: making them all would take seconds.
    init(_ tree: Tree, bucket: String, isChecked: Bool = false) throws(SuiteProblem) {
        rules = try S3SigningRules(tree["sign"])
        wantsBytes = tree["as"]?.text == "bytes"
        isChunked = tree["framing"]?.text == "chunked"
        waits = tree["continue"]?.text == "true"
        if let stated = tree["send-only"] {
            guard let count = stated.integer, count >= 0 else {
                throw SuiteProblem(stated, "send-only takes a number of bytes")
            }
            sentOnly = Int(clamping: count)
        }
        if let stated = tree["answers"] ?? tree["read"] {
            guard let count = stated.integer, (0...Self.answersAtMost).contains(count) else {
                throw SuiteProblem(stated, "a number up to \(Self.answersAtMost) is expected")
            }
            answers = Int(count)
        }
        if let fields = tree["form"] { form = S3Form(fields: try S3SigningRules.fields(fields)) }
        if let bytes = tree["raw"] {
            kind = .raw(try Payload.bytes(bytes), method: tree["for"]?.text ?? "GET")
        } else if tree["read"] != nil {
            kind = .read
        } else if let method = Self.methods.first(where: { tree[$0] != nil }), let key = tree[method] {
            var request = try Self.request(method.uppercased(), key, tree, bucket: bucket)
            if let body = tree["body"] {
                if isChecked { try Payload.check(body) } else { request.body = try Payload.bytes(body) }
            }
            try Self.addChecks(tree, to: &request)
            kind = .exchange(request)
        } else {
            throw SuiteProblem(tree, "there is no action here")
        }
    }

    private static func request(
        _ method: String, _ key: Tree, _ tree: Tree, bucket: String
    ) throws(SuiteProblem) -> S3Request {
        let place = try tree["bucket"].map { tree throws(SuiteProblem) in try Payload.bytes(tree) }
        var request = S3Request(
            method, S3Request.path(bucket: place ?? Array(bucket.utf8), key: try Payload.bytes(key)),
            query: try parameters(tree["query"]), fields: try S3SigningRules.fields(tree["headers"]))
        if let text = tree["target"]?.text {
            let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            request.path = String(halves[0])
            request.literalQuery = halves.count > 1 ? String(halves[1]) : ""
            request.query = halves.count > 1 ? S3Request.parameters(halves[1]) : []
        }
        return request
    }

    /// The hashes of the body that a step asks for.
    private static func addChecks(_ tree: Tree, to request: inout S3Request) throws(SuiteProblem) {
        if tree["md5"]?.text == "true" {
            request.fields.append(.init("Content-MD5", S3Signer.md5(request.body)))
        }
        if let name = tree["checksum"]?.text {
            guard let value = S3Checksum.value(name, of: request.body) else {
                throw SuiteProblem(tree, "checksum takes crc32, crc32c, crc64nvme, sha1 or sha256")
            }
            request.fields.append(.init(S3Checksum.header(name), value))
        }
    }

    /// Parameters of a mapping; those without a value are given as null, and have no equals sign.
    private static func parameters(_ tree: Tree?) throws(SuiteProblem) -> [S3Request.Parameter] {
        guard let tree else { return [] }
        if let name = tree.text { return [.init(name, nil)] }
        guard let entries = tree.entries else { throw SuiteProblem(tree, "query takes a name, or names with values") }
        var parameters: [S3Request.Parameter] = []
        for entry in entries {
            let value = entry.value.isNull ? nil : try Payload.bytes(entry.value)
            parameters.append(.init(Array(entry.key.utf8), value))
        }
        return parameters
    }
}

extension S3SigningRules {
    /// Whether `tree` says nothing but what stands for the body: the part that libcurl leaves to its caller.
    func isPayloadOnly(_ tree: Tree) -> Bool {
        guard let entries = tree.entries, entries.allSatisfy({ $0.key == "payload" }) else { return false }
        if case .chunks = payload { return false }
        return true
    }
}
