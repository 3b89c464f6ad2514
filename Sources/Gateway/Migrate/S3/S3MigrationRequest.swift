// A request of the migration's own, as bytes that a server takes: signed where it has a login.

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
    func bytes(
        for host: String, _ signer: S3OwnSigner?, addressing: BucketAddressing = .path
    ) -> [UInt8] {
        let isInHost = addressing == .virtualHosted && hasNameOfHost
        let host = isInHost ? "\(String(decoding: bucket, as: UTF8.self)).\(host)" : host
        guard let signer else { return head(host, isInHost, fields) + document }
        let sum = streamed == nil ? S3Authenticator.hash.sha256Text(document) : Array("UNSIGNED-PAYLOAD".utf8)
        return signer.head(fields, contentSum: sum) { head(host, isInHost, $0) } + document
    }

    /// Whether the bucket's name may stand in a host's; other names, which some servers take, stay in the path.
    private var hasNameOfHost: Bool {
        !bucket.isEmpty
            && bucket.allSatisfy { byte in
                byte == 0x2D || byte == 0x2E || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
            }
    }

    private func head(
        _ host: String, _ isInHost: Bool, _ fields: S3OwnSigner.Fields
    ) -> [UInt8] {
        var text = Array("\(verb) /".utf8)
        if !isInHost { S3Percent.append(bucket, to: &text) }
        if !key.isEmpty {
            if !isInHost { text.append(UInt8(ascii: "/")) }
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
