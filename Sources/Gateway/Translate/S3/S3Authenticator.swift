// Decides who a request comes from, by its signature.

import Digest
import S3Wire

/// What is known of a request's body once its signature was looked at.
struct S3Access: Sendable {
    /// How the body is signed; nil when nothing is said of it.
    var payload: S3PayloadSigning?
    /// Goes on to verify the body's chunks; nil when signatures are not checked.
    var signer: S3Signer?
}

/// Verifies signatures against the listener's access keys.
struct S3Authenticator {
    /// The two functions from OpenSSL.
    static let hash = S3HashFunctions(
        sha256: { HashAlgorithm.sha256.hash($0) }, hmac: { hmacSHA256(key: $0, $1) })

    /// Secrets by access key; when it is empty, signatures are not checked.
    let accessKeys: [String: String]
    /// The region that signatures have to be for; nil for any.
    var region: String?

    /// Throws unless `request` is signed by somebody who may ask.
    func access(_ request: S3Request, now: S3Date) throws(S3Refusal) -> S3Access {
        let authorization = accessKeys.isEmpty ? nil : try S3Authorization(request)
        var access = S3Access(payload: try Self.payload(request, authorization))
        guard !accessKeys.isEmpty else { return access }
        guard let authorization else { throw S3Refusal(.accessDenied, "Access Denied") }
        guard let secret = accessKeys[String(decoding: authorization.credential.accessKey, as: UTF8.self)] else {
            throw S3Refusal(
                .invalidAccessKeyID, "The AWS Access Key Id you provided does not exist in our records.",
                [S3Refusal.Detail("AWSAccessKeyId", authorization.credential.accessKey)])
        }
        try check(authorization)
        try authorization.check(now: now)
        let canonical = try S3CanonicalRequest(request, authorization)
        let signer = S3Signer(authorization, secret: Array(secret.utf8), Self.hash)
        guard equalInConstantTime(signer.signature(of: canonical), authorization.signature) else {
            throw S3Refusal(
                .signatureDoesNotMatch,
                "The request signature we calculated does not match the signature you provided. "
                    + "Check your key and signing method.",
                [
                    S3Refusal.Detail("AWSAccessKeyId", authorization.credential.accessKey),
                    S3Refusal.Detail("StringToSign", signer.stringToSign(canonical)),
                    S3Refusal.Detail("SignatureProvided", authorization.signature),
                    S3Refusal.Detail("CanonicalRequest", canonical.bytes),
                ])
        }
        access.signer = signer
        return access
    }

    /// Throws where another region is expected than the signature is for; clients go on with the one that the answer names.
    private func check(_ authorization: S3Authorization) throws(S3Refusal) {
        let given = String(decoding: authorization.credential.region, as: UTF8.self)
        guard let region, given != region else { return }
        let detail = [S3Refusal.Detail("Region", Array(region.utf8))]
        guard authorization.expires == nil else {
            throw S3Refusal(
                .authorizationQueryParametersError,
                "Error parsing the X-Amz-Credential parameter; the region '\(given)' is wrong; expecting '\(region)'",
                detail)
        }
        throw S3Refusal(
            .authorizationHeaderMalformed,
            "The authorization header is malformed; the region '\(given)' is wrong; expecting '\(region)'", detail)
    }

    private static func payload(
        _ request: S3Request, _ authorization: S3Authorization?
    ) throws(S3Refusal) -> S3PayloadSigning? {
        // A body that says it is aws-chunked and nothing of its hash comes from a client without a key.
        let encoding = request.field("content-encoding") ?? []
        let saysChunked = encoding.split(separator: 0x2C).contains { name in
            String(decoding: name.filter { $0 != 0x20 }, as: UTF8.self).lowercased() == "aws-chunked"
        }
        let text = authorization?.payloadText ?? request.field("x-amz-content-sha256")
        guard let text else { return saysChunked || request.hasField("x-amz-trailer") ? .unsignedChunks : nil }
        guard let payload = S3PayloadSigning(text) else {
            throw S3Refusal(
                .invalidArgument,
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                    + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-UNSIGNED-PAYLOAD-TRAILER "
                    + "or a valid sha256 value.",
                [
                    S3Refusal.Detail("ArgumentName", Array("x-amz-content-sha256".utf8)),
                    S3Refusal.Detail("ArgumentValue", text),
                ])
        }
        if saysChunked, !payload.isChunked {
            throw S3Refusal(
                .invalidRequest, "an aws-chunked body needs a STREAMING value in x-amz-content-sha256")
        }
        return payload
    }
}
