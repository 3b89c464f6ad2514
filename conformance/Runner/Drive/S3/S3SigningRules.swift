// How a step wants its request signed, and what it wants spoilt.

/// The mapping `sign:` of a step.
struct S3SigningRules {
    enum Place: String, CaseIterable {
        case header
        case query
        /// The policy of a form.
        case form
        case none
    }

    /// What stands for the body in the signature.
    enum BodyForm: Equatable {
        case hash
        /// The value of `x-amz-content-sha256`, with a body that is sent as it is.
        case literal(String)
        /// aws-chunked: its chunks signed or not, with trailers or without.
        case chunks(isSigned: Bool, hasTrailer: Bool)

        var text: String? {
            switch self {
            case .hash: nil
            case .literal(let text): text
            case .chunks(true, false): "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
            case .chunks(true, true): "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
            case .chunks(false, _): "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
            }
        }
    }

    /// What is made wrong after it has been signed.
    enum Spoilt: String, CaseIterable {
        /// The request's signature, in its last digit.
        case signature
        /// The first byte of the body.
        case body
        /// The signature of the first chunk, of the last one, or of the trailer.
        case chunk
        case lastChunk = "last-chunk"
        case trailer
        /// The first byte of the first chunk.
        case chunkData = "chunk-data"
    }

    var place = Place.header
    var payload = BodyForm.hash
    /// Bytes of each chunk but the last.
    var chunkSize = 64 << 10
    /// Trailers by name; the value `auto` is the checksum that the name asks for.
    var trailers: [S3Request.Field] = []
    var accessKey: String?
    var secret: String?
    var region: String?
    var service = "s3"
    var algorithm = "AWS4-HMAC-SHA256"
    var terminator = "aws4_request"
    /// How far the stated time is from now.
    var skew = Duration.zero
    /// The stated time and the scope's day, where they are given as text.
    var time: String?
    var day: String?
    /// The only headers that are signed; those of the request where there is nil.
    var signedHeaders: [String]?
    /// Headers that are sent and not signed.
    var unsignedHeaders: Set<String> = []
    /// Seconds for which a query is good, as text.
    var expires = "300"
    /// The policy of a form, as JSON; one that allows the form where there is nil.
    var policy: String?
    /// Literal values in place of what is computed.
    var signature: String?
    var authorization: String?
    var spoilt: Set<Spoilt> = []
    /// Headers and parameters that are taken away after signing.
    var omitted: Set<String> = []
    /// Headers that are put there after signing.
    var added: [S3Request.Field] = []

    init() {}

    private static let payloads: [String: BodyForm] = [
        "hash": .hash, "unsigned": .literal("UNSIGNED-PAYLOAD"), "chunks": .chunks(isSigned: true, hasTrailer: false),
        "chunks-trailer": .chunks(isSigned: true, hasTrailer: true),
        "unsigned-trailer": .chunks(isSigned: false, hasTrailer: true),
    ]

    init(_ tree: Tree?) throws(SuiteProblem) {
        guard let tree else { return }
        if let text = tree.text {
            place = try Self.word(text, tree)
            return
        }
        var keys = try KeyedTree(tree, "sign")
        if let by = try keys.text("by") { place = try Self.word(by, tree) }
        if let text = try keys.text("payload") { payload = Self.payloads[text] ?? .literal(text) }
        if let size = try keys.integer("chunk") {
            guard (1...(1 << 30)).contains(size) else { throw SuiteProblem(tree, "chunk takes a number of bytes") }
            chunkSize = Int(size)
        }
        trailers = try Self.fields(keys.take("trailer"))
        accessKey = try keys.text("key")
        secret = try keys.text("secret")
        region = try keys.text("region")
        service = try keys.text("service") ?? service
        algorithm = try keys.text("algorithm") ?? algorithm
        terminator = try keys.text("terminator") ?? terminator
        if let text = try keys.text("skew") { skew = try Self.skew(text, tree) }
        time = try keys.text("time")
        day = try keys.text("day")
        let signed = try keys.texts("headers")
        if !signed.isEmpty { signedHeaders = signed }
        unsignedHeaders = Set(try keys.texts("unsigned-headers"))
        expires = try keys.text("expires") ?? expires
        policy = try keys.text("policy")
        signature = try keys.text("signature")
        authorization = try keys.text("authorization")
        for text in try keys.texts("spoil") { spoilt.insert(try Self.word(text, tree)) }
        omitted = Set(try keys.texts("omit").map { $0.lowercased() })
        added = try Self.fields(keys.take("after"))
        try keys.finish()
    }

    private static func word<Word: RawRepresentable & CaseIterable>(
        _ text: String, _ tree: Tree
    ) throws(SuiteProblem) -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: text) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw SuiteProblem(tree, "\"\(text)\" is none of \(known)")
        }
        return word
    }

    private static func skew(_ text: String, _ tree: Tree) throws(SuiteProblem) -> Duration {
        let digits = text.hasPrefix("-") ? String(text.dropFirst()) : text
        guard let duration = Duration(suiteText: digits) else {
            throw SuiteProblem(tree, "skew takes a duration, such as 20m or -20m")
        }
        return text.hasPrefix("-") ? .zero - duration : duration
    }

    /// Header fields of a mapping, or of a list of mappings where a name comes twice.
    static func fields(_ tree: Tree?) throws(SuiteProblem) -> [S3Request.Field] {
        guard let tree else { return [] }
        var fields: [S3Request.Field] = []
        for part in tree.list ?? [tree] {
            guard let entries = part.entries else { throw SuiteProblem(part, "names with values are expected") }
            for entry in entries { fields.append(.init(entry.key, try Payload.bytes(entry.value))) }
        }
        return fields
    }
}
