// The runner's own Signature Version 4, every part of which a case can spoil.

import Digest

/// Signs requests ("Authenticating Requests (AWS Signature Version 4)", Amazon S3 API Reference).
struct S3Signer {
    /// A request as its bytes go out.
    struct Signed {
        var request: S3Request
        /// The body in the coding that is sent.
        var body: [UInt8]
    }

    let rules: S3SigningRules
    private let accessKey: String
    private let region: String
    private let time: String
    private let scope: String
    private let key: [UInt8]

    init(_ rules: S3SigningRules, for target: Target) {
        self.rules = rules
        accessKey = rules.accessKey ?? target.user ?? ""
        region = rules.region ?? target.s3Region
        let secret = rules.secret ?? target.password ?? ""
        time = rules.time ?? S3Time.basic(offset: rules.skew)
        let day = rules.day ?? String(time.prefix(8))
        scope = "\(day)/\(region)/\(rules.service)/\(rules.terminator)"
        var key = Array("AWS4\(secret)".utf8)
        for part in [day, region, rules.service, rules.terminator] { key = hmacSHA256(key: key, Array(part.utf8)) }
        self.key = key
    }

    /// `request` with all that its signature needs, and its body as it is sent.
    func sign(_ request: S3Request) -> Signed {
        var request = request
        frame(&request)
        var signature = ""
        switch rules.place {
        case .none, .form: break
        case .header: signature = signHeader(&request)
        case .query: signature = signQuery(&request)
        }
        var body = request.body
        if case .chunks(let isSigned, _) = rules.payload {
            body = S3Chunks(rules, seed: signature, isSigned: isSigned, sign: chunkSignature).body(of: request.body)
        } else if rules.spoilt.contains(.body), !body.isEmpty {
            body[0] ^= 0xFF
        }
        for name in rules.omitted { request.remove(name) }
        request.query.removeAll { rules.omitted.contains(String(decoding: $0.name, as: UTF8.self).lowercased()) }
        for field in rules.added {
            request.remove(field.name)
            request.fields.append(field)
        }
        return Signed(request: request, body: body)
    }

    /// The headers that an aws-chunked body has.
    private func frame(_ request: inout S3Request) {
        guard case .chunks = rules.payload else { return }
        if let coding = request.field("content-encoding") {
            request.remove("content-encoding")
            request.fields.append(.init("Content-Encoding", Array("aws-chunked,".utf8) + coding))
        } else {
            request.fields.append(.init("Content-Encoding", "aws-chunked"))
        }
        request.addIfAbsent("x-amz-decoded-content-length", "\(request.body.count)")
        if !rules.trailers.isEmpty {
            request.addIfAbsent("x-amz-trailer", rules.trailers.map { $0.name.lowercased() }.joined(separator: ","))
        }
    }

    // MARK: The request

    private func signHeader(_ request: inout S3Request) -> String {
        request.addIfAbsent("x-amz-date", time)
        request.addIfAbsent("x-amz-content-sha256", rules.payload.text ?? Self.hash(request.body))
        let names = signedNames(request)
        let payload = request.field("x-amz-content-sha256").map { String(decoding: $0, as: UTF8.self) } ?? ""
        let signature = seal(stringToSign(request, names, payload: payload))
        let text =
            "\(rules.algorithm) Credential=\(credential), SignedHeaders=\(names.joined(separator: ";")), "
            + "Signature=\(signature)"
        request.fields.append(.init("Authorization", rules.authorization ?? text))
        return signature
    }

    private func signQuery(_ request: inout S3Request) -> String {
        let names = signedNames(request)
        for (name, value) in [
            ("X-Amz-Algorithm", rules.algorithm), ("X-Amz-Credential", credential), ("X-Amz-Date", time),
            ("X-Amz-Expires", rules.expires), ("X-Amz-SignedHeaders", names.joined(separator: ";")),
        ] { request.query.append(.init(name, value)) }
        let stated = request.field("x-amz-content-sha256").map { String(decoding: $0, as: UTF8.self) }
        let payload = rules.payload == .hash ? stated ?? "UNSIGNED-PAYLOAD" : rules.payload.text ?? ""
        let signature = seal(stringToSign(request, names, payload: payload))
        request.query.append(.init("X-Amz-Signature", signature))
        // What the step spelled out stands before what the signature adds.
        if let literal = request.literalQuery {
            let added = S3Request("GET", "/", query: Array(request.query.suffix(6))).queryText
            request.literalQuery = literal.isEmpty ? added : "\(literal)&\(added)"
        }
        return signature
    }

    /// Headers that say how a message travels, and not what it asks for.
    private static let unsigned: Set<String> = [
        "authorization", "connection", "content-length", "expect", "transfer-encoding", "user-agent",
    ]

    private func signedNames(_ request: S3Request) -> [String] {
        if let names = rules.signedHeaders { return names }
        let skipped = Self.unsigned.union(rules.unsignedHeaders)
        return Set(request.fields.map { $0.name.lowercased() }).subtracting(skipped).sorted()
    }

    private func stringToSign(_ request: S3Request, _ names: [String], payload: String) -> [UInt8] {
        var text = Array("\(request.method)\n\(request.canonicalPath)\n\(request.canonicalQuery)\n".utf8)
        for name in names {
            let values = request.fields.filter { $0.name.lowercased() == name }.map { Self.collapsed($0.value) }
            text += Array("\(name):".utf8) + Array(values.joined(separator: [0x2C])) + [0x0A]
        }
        text += Array("\n\(names.joined(separator: ";"))\n\(payload)".utf8)
        return Array("\(rules.algorithm)\n\(time)\n\(scope)\n\(Self.hash(text))".utf8)
    }

    /// A header's value without blanks around it, and with one space for every run of blanks in it.
    private static func collapsed(_ value: [UInt8]) -> [UInt8] {
        Array(value.split { $0 == 0x20 || $0 == 0x09 }.joined(separator: [0x20]))
    }

    /// What names the key in a signature, and the time that it states.
    var credential: String { "\(accessKey)/\(scope)" }
    var statedTime: String { time }

    /// When a form's policy ends to be good, in ISO 8601's extended form.
    var expiration: String {
        let text = S3Time.basic(offset: rules.skew + .seconds(Int(rules.expires) ?? 0))
        let digits = Array(text)
        func part(_ range: Range<Int>) -> String { String(digits[range]) }
        return "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z"
    }

    /// The signature of `text`, or what the case wants in its place.
    func seal(_ text: [UInt8]) -> String {
        if let signature = rules.signature { return signature }
        let signature = String(decoding: hexadecimal(hmacSHA256(key: key, text)), as: UTF8.self)
        return rules.spoilt.contains(.signature) ? Self.spoil(signature) : signature
    }

    // MARK: Chunks

    /// The signature over `lines` that follows the one of before.
    private func chunkSignature(_ kind: String, _ lines: [String]) -> String {
        let text = (["AWS4-HMAC-SHA256-\(kind)", time, scope] + lines).joined(separator: "\n")
        return String(decoding: hexadecimal(hmacSHA256(key: key, Array(text.utf8))), as: UTF8.self)
    }

    static func hash(_ bytes: [UInt8]) -> String {
        String(decoding: hexadecimal(HashAlgorithm.sha256.hash(bytes)), as: UTF8.self)
    }

    /// The same signature with another last digit.
    static func spoil(_ signature: String) -> String {
        String(signature.dropLast()) + (signature.hasSuffix("0") ? "1" : "0")
    }
}

extension Target {
    /// The region that signatures are for.
    var s3Region: String { options["region"] ?? "us-east-1" }
}

extension S3Signer {
    /// The value of Content-MD5 for `bytes`.
    static func md5(_ bytes: [UInt8]) -> [UInt8] { base64(HashAlgorithm.md5.hash(bytes)) }
}
