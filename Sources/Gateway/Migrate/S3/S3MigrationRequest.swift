// A request of the migration's own, as bytes that a server takes: signed where it has a login.

import Digest
import Glibc
import S3Wire

/// A request for a bucket, an object, or the service.
struct S3MigrationRequest: Sendable {
    var method: S3Method
    var bucket: [UInt8] = []
    var key: [UInt8] = []
    /// Names and values, not encoded; without a value the name alone is spelled.
    var query: [(name: String, value: [UInt8]?)] = []
    /// Names in lower case.
    var fields: [(name: [UInt8], value: [UInt8])] = []
    /// The body, when it is at hand.
    var document: [UInt8] = []
    /// Bytes of the body that are sent afterwards.
    var streamed: Int64?

    init(_ method: S3Method, _ bucket: [UInt8] = [], _ key: [UInt8] = []) {
        self.method = method
        self.bucket = bucket
        self.key = key
    }

    mutating func add(_ name: String, _ value: [UInt8]) { fields.append((Array(name.utf8), value)) }
    mutating func add(_ name: String, _ value: String) { add(name, Array(value.utf8)) }

    /// The same with a parameter.
    func with(_ name: String, _ value: [UInt8]? = nil) -> S3MigrationRequest {
        var request = self
        request.query.append((name, value))
        return request
    }

    func with(_ name: String, _ value: String) -> S3MigrationRequest { with(name, Array(value.utf8)) }

    /// How problems name it: `GET bucket/key`.
    var label: String {
        let parameters = query.isEmpty ? "" : "?\(query.map(\.name).joined(separator: "&"))"
        let name = bucket.isEmpty ? "/" : key.isEmpty ? String(decoding: bucket, as: UTF8.self) : nil
        return "\(verb) \(name ?? S3MigrationName.text(bucket, key))\(parameters)"
    }

    private var verb: String {
        switch method {
        case .get: "GET"
        case .head: "HEAD"
        case .put: "PUT"
        case .post: "POST"
        case .delete: "DELETE"
        case .options, .patch, .trace, .other: "OPTIONS"
        }
    }

    // MARK: Bytes

    /// The head, signed by `signer`, with the document behind it.
    func bytes(for host: String, _ signer: S3MigrationSigner?) -> [UInt8] {
        var fields = fields
        if let signer {
            let sum = streamed == nil ? S3Authenticator.hash.sha256Text(document) : Array("UNSIGNED-PAYLOAD".utf8)
            fields.append((Array("x-amz-content-sha256".utf8), sum))
            fields.append((Array("x-amz-date".utf8), Array(Self.now.basic.utf8)))
            let unsigned = head(host, fields + [signer.field(signature: [], covering: fields)])
            if let signature = signer.signature(of: unsigned) {
                fields.append(signer.field(signature: signature, covering: fields))
            }
        }
        return head(host, fields) + document
    }

    private static var now: S3Date {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return S3Date(seconds: Int64(time.tv_sec))
    }

    private func head(_ host: String, _ fields: [(name: [UInt8], value: [UInt8])]) -> [UInt8] {
        var text = Array("\(verb) /".utf8)
        S3Percent.append(bucket, to: &text)
        if !key.isEmpty {
            text.append(UInt8(ascii: "/"))
            S3Percent.append(key, keepsSlash: true, to: &text)
        }
        for (place, parameter) in query.enumerated() {
            text.append(UInt8(ascii: place == 0 ? "?" : "&"))
            S3Percent.append(Array(parameter.name.utf8), to: &text)
            guard let value = parameter.value else { continue }
            text.append(UInt8(ascii: "="))
            S3Percent.append(value, to: &text)
        }
        text += Array(" HTTP/1.1\r\nhost: \(host)\r\n".utf8)
        for field in fields { text += field.name + [0x3A, 0x20] + field.value + [0x0D, 0x0A] }
        let length = streamed ?? Int64(document.count)
        if length > 0 || method == .put || method == .post { text += Array("content-length: \(length)\r\n".utf8) }
        return text + [0x0D, 0x0A]
    }
}

/// Signs in the gateway's own name, "Create a signed AWS API request".
struct S3MigrationSigner: Sendable {
    let accessKey: String
    let secret: [UInt8]
    let region: String

    /// The field that says who signs what, with `signature`.
    func field(
        signature: [UInt8], covering fields: [(name: [UInt8], value: [UInt8])]
    ) -> (name: [UInt8], value: [UInt8]) {
        let day = fields.first { S3Request.equals($0.name, "x-amz-date") }?.value.prefix(8) ?? []
        let own = Set(fields.map(\.name).filter { $0.starts(with: Array("x-amz-".utf8)) } + [Array("host".utf8)])
        let names = own.sorted { $0.lexicographicallyPrecedes($1) }.joined(separator: [UInt8(ascii: ";")])
        let credential = "\(accessKey)/\(String(decoding: day, as: UTF8.self))/\(region)/s3/aws4_request"
        var value = Array("AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=".utf8)
        value += Array(names) + Array(", Signature=".utf8) + signature
        return (Array("authorization".utf8), value)
    }

    /// The signature of `head`, which says already whose it will be; nil for a head that is none.
    func signature(of head: [UInt8]) -> [UInt8]? {
        guard let parsed = try? S3RequestHead(head.span),
            let request = try? S3Request(head, parsed, baseDomains: S3BaseDomains()),
            let authorization = try? S3Authorization(request),
            let canonical = try? S3CanonicalRequest(request, authorization)
        else { return nil }
        return S3Signer(authorization, secret: secret, S3Authenticator.hash).signature(of: canonical)
    }
}
