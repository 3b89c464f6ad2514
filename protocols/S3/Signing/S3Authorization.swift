// What a request says about its signature, in its Authorization field or in its query.

import Wire

/// How the body of a signed request is signed: what `x-amz-content-sha256` holds.
package enum S3PayloadSigning: Sendable, Equatable {
    /// The hash of the whole body, in hexadecimal.
    case hash([UInt8])
    case unsigned
    /// aws-chunked, each chunk signed; with a signed trailer or without one.
    case signedChunks(trailer: Bool)
    /// aws-chunked, not signed, with a trailer.
    case unsignedChunks

    /// Whether the body is aws-chunked.
    package var isChunked: Bool {
        switch self {
        case .signedChunks, .unsignedChunks: true
        case .hash, .unsigned: false
        }
    }

    /// Reads the value of `x-amz-content-sha256`; "Signature calculations for the Authorization header".
    package init?(_ text: [UInt8]) {
        switch String(decoding: text, as: UTF8.self) {
        case "UNSIGNED-PAYLOAD": self = .unsigned
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": self = .signedChunks(trailer: false)
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": self = .signedChunks(trailer: true)
        case "STREAMING-UNSIGNED-PAYLOAD-TRAILER": self = .unsignedChunks
        default:
            guard text.count == 64, text.allSatisfy({ $0.isASCIIDigit || (0x61...0x66).contains($0.asciiLowercased) })
            else { return nil }
            self = .hash(text.map(\.asciiLowercased))
        }
    }
}

/// A signature and what it covers.
package struct S3Authorization: Sendable, Equatable {
    package let credential: S3Credential
    /// In lower case and in the order of the signature.
    package let signedHeaders: [[UInt8]]
    /// In hexadecimal.
    package let signature: [UInt8]
    /// When it was signed, as it was written.
    package let timeText: [UInt8]
    package let time: S3Date
    /// For how many seconds it is good, when it is in the query.
    package let expires: Int64?
    /// What the canonical request has for the body's hash.
    package let payloadText: [UInt8]

    /// Whether the request is signed by its URL.
    package var isPresigned: Bool { expires != nil }

    /// What `request` says of its signature; nil when it says nothing.
    package init?(_ request: S3Request) throws(S3Refusal) {
        if let text = request.field("authorization") {
            guard !request.hasParameter("X-Amz-Signature") else {
                throw S3Refusal(.invalidArgument, "Only one auth mechanism allowed; X-Amz-Signature and Authorization")
            }
            try self.init(header: text, request)
        } else if request.hasParameter("X-Amz-Signature") || request.hasParameter("X-Amz-Algorithm")
            || request.hasParameter("X-Amz-Credential")
        {
            try self.init(query: request)
        } else if request.hasParameter("Signature"), request.hasParameter("AWSAccessKeyId") {
            throw Self.otherMechanism
        } else {
            return nil
        }
    }

    private static let otherMechanism = S3Refusal(
        .invalidRequest,
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")

    private init(header text: [UInt8], _ request: S3Request) throws(S3Refusal) {
        let algorithm = Array("AWS4-HMAC-SHA256".utf8)
        guard text.starts(with: algorithm), text.count > algorithm.count, S3Byte.isBlank(text[algorithm.count]) else {
            throw Self.otherMechanism
        }
        func malformed(_ what: String) -> S3Refusal {
            S3Refusal(.authorizationHeaderMalformed, "The authorization header is malformed; \(what).")
        }
        var credentialText: [UInt8]?
        var headersText: [UInt8]?
        var signatureText: [UInt8]?
        for part in text.dropFirst(algorithm.count + 1).split(separator: S3Byte.comma) {
            let part = Array(part.drop(while: S3Byte.isBlank).reversed().drop(while: S3Byte.isBlank).reversed())
            guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else { throw malformed("expected NAME=VALUE") }
            let value = Array(part[(equals + 1)...])
            switch String(decoding: part[..<equals], as: UTF8.self) {
            case "Credential": credentialText = value
            case "SignedHeaders": headersText = value
            case "Signature": signatureText = value
            default: throw malformed("it holds something else than Credential, SignedHeaders and Signature")
            }
        }
        guard let credentialText else { throw malformed("Credential is missing") }
        guard let credential = S3Credential(credentialText) else {
            throw malformed("the Credential is not KEY/DATE/REGION/s3/aws4_request")
        }
        guard let headersText, !headersText.isEmpty else { throw malformed("SignedHeaders is missing") }
        guard let signatureText else { throw malformed("Signature is missing") }
        if let dateText = request.field("x-amz-date") {
            guard let time = S3Date(basic: dateText) else { throw Self.noDate }
            timeText = dateText
            self.time = time
        } else {
            guard let time = request.field("date").flatMap({ S3Date(basic: $0) ?? S3Date(http: $0) }) else {
                throw Self.noDate
            }
            timeText = Array(time.basic.utf8)
            self.time = time
        }
        guard timeText.prefix(8) == credential.day[...] else {
            throw malformed("the Credential is for another day than the request")
        }
        guard S3Request.equals(credential.service, "s3") else { throw malformed("the Credential is not for s3") }
        guard let payloadText = request.field("x-amz-content-sha256") else {
            throw S3Refusal(.invalidRequest, "Missing required header for this request: x-amz-content-sha256")
        }
        self.credential = credential
        signedHeaders = headersText.split(separator: S3Byte.semicolon).map(Array.init)
        signature = signatureText
        expires = nil
        self.payloadText = payloadText
    }

    private static let noDate = S3Refusal(
        .accessDenied, "AWS authentication requires a valid Date or x-amz-date header")

    private init(query request: S3Request) throws(S3Refusal) {
        func malformed(_ what: String) -> S3Refusal { S3Refusal(.authorizationQueryParametersError, what) }
        guard let algorithm = request.parameter("X-Amz-Algorithm"),
            let credentialText = request.parameter("X-Amz-Credential"),
            let dateText = request.parameter("X-Amz-Date"), let expiresText = request.parameter("X-Amz-Expires"),
            let headersText = request.parameter("X-Amz-SignedHeaders"),
            let signatureText = request.parameter("X-Amz-Signature")
        else {
            throw malformed(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                    + "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
        }
        guard S3Request.equals(algorithm, "AWS4-HMAC-SHA256") else {
            throw malformed("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"")
        }
        guard let credential = S3Credential(credentialText), S3Request.equals(credential.service, "s3") else {
            throw malformed("Error parsing the X-Amz-Credential parameter; expected KEY/DATE/REGION/s3/aws4_request")
        }
        guard let time = S3Date(basic: dateText) else {
            throw malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        }
        guard dateText.prefix(8) == credential.day[...] else {
            throw malformed("The X-Amz-Credential is for another day than X-Amz-Date")
        }
        guard let expires = expiresText.decimal else {
            throw malformed("X-Amz-Expires should be a number")
        }
        guard S3Limits.presignedSeconds.allows(expires) else {
            throw malformed(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
                    + "\(S3Limits.presignedSeconds.maximum) seconds")
        }
        self.credential = credential
        self.time = time
        timeText = dateText
        signedHeaders = headersText.split(separator: S3Byte.semicolon).map(Array.init)
        signature = signatureText
        self.expires = Int64(expires)
        payloadText =
            request.parameter("X-Amz-Content-Sha256") ?? request.field("x-amz-content-sha256")
            ?? Array("UNSIGNED-PAYLOAD".utf8)
    }

    /// Throws when the signature is too old or from the future, at `now`; "Authenticating Requests".
    package func check(now: S3Date) throws(S3Refusal) {
        let skew = Int64(S3Limits.clockSkew.maximum)
        guard let expires else {
            guard abs(now.seconds - time.seconds) <= skew else {
                throw S3Refusal(
                    .requestTimeTooSkewed,
                    "The difference between the request time and the current time is too large.",
                    [
                        S3Refusal.Detail("RequestTime", timeText),
                        S3Refusal.Detail("ServerTime", Array(S3Date.iso(milliseconds: now.seconds * 1000).utf8)),
                        S3Refusal.Detail("MaxAllowedSkewMilliseconds", Array("900000".utf8)),
                    ])
            }
            return
        }
        guard time.seconds <= now.seconds + skew else { throw S3Refusal(.accessDenied, "Request is not yet valid") }
        guard now.seconds <= time.seconds + expires else { throw S3Refusal(.accessDenied, "Request has expired") }
    }
}
