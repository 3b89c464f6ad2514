// A request of the shadow's own, made of a client's: other place, other signature, the same meaning.

import S3Wire
import Wire

/// The key with which requests are signed; "Create a signed AWS API request".
struct S3ShadowSignature {
    let accessKey: [UInt8]
    let secret: [UInt8]
}

/// A request that is changed before it is written.
struct S3ShadowDraft {
    /// Decoded.
    var path: [UInt8]
    private(set) var body: [UInt8]
    private let method: [UInt8]
    private let host: [UInt8]
    private let region: [UInt8]
    private let sendsLength: Bool
    private var parameters: [S3Parameter]
    private var fields: [(name: [UInt8], value: [UInt8])] = []

    /// Fields that are about the client's connection, its signature, or the framing of its body.
    private static let left: Set<String> = [
        "authorization", "host", "connection", "keep-alive", "te", "trailer", "upgrade", "expect", "date",
        "content-length", "transfer-encoding", "content-encoding", "x-amz-date", "x-amz-content-sha256",
        "x-amz-security-token", "x-amz-decoded-content-length", "x-amz-trailer", "x-amz-copy-source",
    ]

    /// `content` is the body of `request` without HTTP's framing.
    init(_ request: S3Request, content: [UInt8], host: [UInt8]) {
        path = request.path
        self.host = host
        method = request.bytes.span.array(request.head.methodRange)
        sendsLength = !request.head.method.isSafe
        region = (try? S3Authorization(request))?.credential.region ?? Array("us-east-1".utf8)
        parameters = request.parameters.filter { parameter in
            !String(decoding: parameter.name, as: UTF8.self).lowercased().hasPrefix("x-amz-")
        }
        let encodings = request.values(of: "content-encoding").flatMap { $0.split(separator: UInt8(ascii: ",")) }.map {
            $0.filter { $0 != 0x20 }
        }
        let rest = encodings.filter { !S3Request.equals($0, "aws-chunked") }
        let hash = request.field("x-amz-content-sha256").flatMap { S3PayloadSigning($0) }
        let isChunked = hash?.isChunked == true || rest.count < encodings.count
        for field in request.fields {
            let name = request.name(of: field)
            guard !Self.left.contains(String(decoding: name, as: UTF8.self)) else { continue }
            fields.append((name, request.value(of: field)))
        }
        if !rest.isEmpty { fields.append((Array("content-encoding".utf8), Array(rest.joined(separator: [0x2C])))) }
        body = content
        if isChunked { unchunk(content) }
    }

    /// Takes the lines of aws-chunked away; what stands behind the last chunk becomes part of the head.
    private mutating func unchunk(_ content: [UInt8]) {
        var chunks = S3SignedChunks()
        var offset = 0
        body = []
        // What the primary has taken is well formed; of anything else this leaves what came before.
        while let event = try? chunks.next(content.span, at: &offset) {
            switch event {
            case .data(let range): body += content[range]
            case .trailer(let name, let value) where name.starts(with: Array("x-amz-checksum-".utf8)):
                fields.append((name, value))
            case .trailer, .chunkStarted, .chunkEnded: break
            }
        }
    }

    mutating func set(_ parameter: StaticString, _ value: [UInt8]) {
        parameters = parameters.map {
            S3Request.equals($0.name, parameter) ? S3Parameter(name: $0.name, value: value) : $0
        }
    }

    /// The same, also where there is none.
    mutating func put(_ parameter: StaticString, _ value: [UInt8]) {
        guard parameters.contains(where: { S3Request.equals($0.name, parameter) }) else {
            return parameters.append(S3Parameter(name: Array("\(parameter)".utf8), value: value))
        }
        set(parameter, value)
    }

    mutating func add(_ field: StaticString, _ value: [UInt8]) {
        fields.append((Array("\(field)".utf8), value))
    }

    /// Has `new` in place of the body, and no digest of the old one.
    mutating func replace(body new: [UInt8]) {
        guard new != body else { return }
        body = new
        fields.removeAll { field in
            let name = String(decoding: field.name, as: UTF8.self)
            return name == "content-md5" || name.hasPrefix("x-amz-checksum-") || name == "x-amz-sdk-checksum-algorithm"
        }
    }

    // MARK: - Writing

    /// The whole request, signed where there is something to sign with.
    func bytes(_ signature: S3ShadowSignature?, now: S3Date) -> [UInt8] {
        guard let signature else { return written(with: fields) + body }
        let signer = S3OwnSigner(accessKey: signature.accessKey, secret: signature.secret, region: region)
        let sum = S3Authenticator.hash.sha256Text(body)
        return signer.head(fields, contentSum: sum, at: now) { written(with: $0) } + body
    }

    private func written(with fields: S3OwnSigner.Fields) -> [UInt8] {
        var text = method + [0x20]
        S3Percent.append(path, keepsSlash: true, to: &text)
        for (index, parameter) in parameters.enumerated() {
            text.append(UInt8(ascii: index == 0 ? "?" : "&"))
            S3Percent.append(parameter.name, to: &text)
            text.append(UInt8(ascii: "="))
            S3Percent.append(parameter.value, to: &text)
        }
        text += Array(" HTTP/1.1\r\nhost: ".utf8) + host + Array("\r\n".utf8)
        for field in fields { Self.append(field.name, field.value, to: &text) }
        if sendsLength { text += Array("content-length: \(body.count)\r\n".utf8) }
        return text + Array("\r\n".utf8)
    }

    private static func append(_ name: [UInt8], _ value: [UInt8], to text: inout [UInt8]) {
        text += name
        text += Array(": ".utf8)
        text += value
        text += Array("\r\n".utf8)
    }
}
