// The text that a signature covers, made from the head as it came.

import Wire

/// The canonical request of a head, and what is signed of it.
///
/// "Create a signed AWS API request", with S3's exceptions: the path is encoded once and not normalised.
package struct S3CanonicalRequest: Sendable {
    package let bytes: [UInt8]

    /// The canonical form of `request` for the signature that `authorization` describes.
    ///
    /// Throws when a header that has to be signed is not.
    package init(_ request: S3Request, _ authorization: S3Authorization) throws(S3Refusal) {
        var text = request.bytes.span.array(request.head.methodRange)
        text.append(S3Byte.lineFeed)
        if request.path.isEmpty { text.append(S3Byte.slash) }
        S3Percent.append(request.path, keepsSlash: true, to: &text)
        text.append(S3Byte.lineFeed)
        Self.append(query: request, to: &text)
        text.append(S3Byte.lineFeed)
        try Self.append(headers: request, authorization, to: &text)
        text.append(S3Byte.lineFeed)
        text += Array(authorization.signedHeaders.joined(separator: [S3Byte.semicolon]))
        text.append(S3Byte.lineFeed)
        text += authorization.payloadText
        bytes = text
    }

    private static func append(query request: S3Request, to text: inout [UInt8]) {
        var pairs: [(name: [UInt8], value: [UInt8])] = []
        for parameter in request.parameters where !S3Request.equals(parameter.name, "X-Amz-Signature") {
            var name: [UInt8] = []
            var value: [UInt8] = []
            S3Percent.append(parameter.name, to: &name)
            S3Percent.append(parameter.value, to: &value)
            pairs.append((name, value))
        }
        pairs.sort { one, other in
            one.name == other.name
                ? one.value.lexicographicallyPrecedes(other.value) : one.name.lexicographicallyPrecedes(other.name)
        }
        for (index, pair) in pairs.enumerated() {
            if index > 0 { text.append(UInt8(ascii: "&")) }
            text += pair.name
            text.append(UInt8(ascii: "="))
            text += pair.value
        }
    }

    private static func append(
        headers request: S3Request, _ authorization: S3Authorization, to text: inout [UInt8]
    ) throws(S3Refusal) {
        let signed = authorization.signedHeaders
        guard S3Limits.signedHeaders.allows(signed.count) else {
            throw S3Refusal(.authorizationHeaderMalformed, "The authorization header is malformed; too many names.")
        }
        var values: [[UInt8]: [UInt8]] = [:]
        var unsigned: [[UInt8]] = []
        let names = Set(signed)
        for field in request.fields {
            let name = request.name(of: field)
            guard names.contains(name) else {
                // What changes the meaning of a request has to be signed.
                if name.starts(with: Array("x-amz-".utf8)) { unsigned.append(name) }
                continue
            }
            let value = collapsed(request.value(of: field))
            if let before = values[name] {
                values[name] = before + [S3Byte.comma] + value
            } else {
                values[name] = value
            }
        }
        guard names.contains(Array("host".utf8)) else {
            throw S3Refusal(
                .accessDenied, "There were headers present in the request which were not signed",
                [
                    S3Refusal.Detail("HeadersNotSigned", Array("host".utf8))
                ])
        }
        guard unsigned.isEmpty else {
            throw S3Refusal(
                .accessDenied, "There were headers present in the request which were not signed",
                [
                    S3Refusal.Detail("HeadersNotSigned", Array(unsigned.joined(separator: Array(", ".utf8))))
                ])
        }
        for name in signed {
            text += name
            text.append(S3Byte.colon)
            text += values[name] ?? []
            text.append(S3Byte.lineFeed)
        }
    }

    /// `value` with every run of blanks as one space.
    private static func collapsed(_ value: [UInt8]) -> [UInt8] {
        var collapsed: [UInt8] = []
        for byte in value {
            if S3Byte.isBlank(byte) {
                if collapsed.last != S3Byte.space { collapsed.append(S3Byte.space) }
            } else {
                collapsed.append(byte)
            }
        }
        return collapsed
    }
}

/// A signing key at work within one request: the request's own signature, then those of its chunks.
package struct S3Signer: Sendable {
    private let key: [UInt8]
    private let timeText: [UInt8]
    private let scope: [UInt8]
    private let hash: S3HashFunctions
    /// The signature before the next one; chunks are chained.
    package private(set) var previous: [UInt8]

    package init(_ authorization: S3Authorization, secret: [UInt8], _ hash: S3HashFunctions) {
        key = authorization.credential.signingKey(secret: secret, hash)
        timeText = authorization.timeText
        scope = authorization.credential.scope
        previous = authorization.signature
        self.hash = hash
    }

    private func text(_ lines: [[UInt8]]) -> [UInt8] { Array(lines.joined(separator: [S3Byte.lineFeed])) }

    /// What the signature of `request` is made of.
    package func stringToSign(_ request: S3CanonicalRequest) -> [UInt8] {
        text([Array("AWS4-HMAC-SHA256".utf8), timeText, scope, hash.sha256Text(request.bytes)])
    }

    /// The signature of `request`, in hexadecimal.
    package func signature(of request: S3CanonicalRequest) -> [UInt8] {
        S3HashFunctions.text(hash.hmac(key, stringToSign(request)))
    }

    /// The signature of the next chunk, whose bytes have this SHA-256; "Signature calculations: transferring payload in
    /// multiple chunks".
    package mutating func nextChunk(sha256: [UInt8]) -> [UInt8] {
        let empty = hash.sha256Text([])
        let signed = text([
            Array("AWS4-HMAC-SHA256-PAYLOAD".utf8), timeText, scope, previous, empty, S3HashFunctions.text(sha256),
        ])
        previous = S3HashFunctions.text(hash.hmac(key, signed))
        return previous
    }

    /// The signature of the trailer, whose lines are `name:value` and a line feed each.
    package mutating func trailer(_ lines: [UInt8]) -> [UInt8] {
        let signed = text([
            Array("AWS4-HMAC-SHA256-TRAILER".utf8), timeText, scope, previous, hash.sha256Text(lines),
        ])
        previous = S3HashFunctions.text(hash.hmac(key, signed))
        return previous
    }
}
