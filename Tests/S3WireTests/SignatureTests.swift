// Signatures of version 4 against the examples that Amazon S3's API reference publishes.

import Digest
import S3Wire
import Testing
import Wire

/// What the examples have in common; "Authenticating Requests (AWS Signature Version 4)" and the pages below it.
enum SignatureExample {
    static let secret = Array("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".utf8)
    static let hash = S3HashFunctions(
        sha256: { HashAlgorithm.sha256.hash($0) }, hmac: { hmacSHA256(key: $0, $1) })
    static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    static func request(_ lines: [String]) throws -> S3Request {
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        return try S3Request(bytes, try S3RequestHead(bytes.span), baseDomains: S3BaseDomains())
    }

    /// The signature that belongs to `lines` and the one that they carry.
    static func signatures(_ lines: [String]) throws -> (made: String, given: String) {
        let request = try request(lines)
        let authorization = try #require(try S3Authorization(request))
        let signer = S3Signer(authorization, secret: secret, hash)
        let made = signer.signature(of: try S3CanonicalRequest(request, authorization))
        return (String(decoding: made, as: UTF8.self), String(decoding: authorization.signature, as: UTF8.self))
    }

    static func authorization(_ headers: String, _ signature: String) -> String {
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            + "SignedHeaders=\(headers),Signature=\(signature)"
    }
}

@Suite("Signatures")
struct SignatureTests {
    static let examples: [[String]] = [
        // "Examples: Signature Calculations": GET Object.
        [
            "GET /test.txt HTTP/1.1", "Host: examplebucket.s3.amazonaws.com", "Range: bytes=0-9",
            "x-amz-content-sha256: \(SignatureExample.emptyHash)", "x-amz-date: 20130524T000000Z",
            SignatureExample.authorization(
                "host;range;x-amz-content-sha256;x-amz-date",
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ],
        // PUT Object, whose key holds a character that is encoded.
        [
            "PUT /test$file.text HTTP/1.1", "Host: examplebucket.s3.amazonaws.com",
            "Date: Fri, 24 May 2013 00:00:00 GMT", "x-amz-date: 20130524T000000Z",
            "x-amz-storage-class: REDUCED_REDUNDANCY",
            "x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            SignatureExample.authorization(
                "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        ],
        // GET Bucket Lifecycle: a parameter without a value.
        [
            "GET /?lifecycle HTTP/1.1", "Host: examplebucket.s3.amazonaws.com", "x-amz-date: 20130524T000000Z",
            "x-amz-content-sha256: \(SignatureExample.emptyHash)",
            SignatureExample.authorization(
                "host;x-amz-content-sha256;x-amz-date",
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ],
        // Get Bucket (List Objects).
        [
            "GET /?max-keys=2&prefix=J HTTP/1.1", "Host: examplebucket.s3.amazonaws.com",
            "x-amz-date: 20130524T000000Z", "x-amz-content-sha256: \(SignatureExample.emptyHash)",
            SignatureExample.authorization(
                "host;x-amz-content-sha256;x-amz-date",
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        ],
        // "Authenticating Requests: Using Query Parameters".
        [
            "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404 HTTP/1.1",
            "Host: examplebucket.s3.amazonaws.com",
        ],
    ]

    @Test("the published examples are signed as they are published", arguments: examples)
    func published(lines: [String]) throws {
        let signatures = try SignatureExample.signatures(lines)
        #expect(signatures.made == signatures.given)
    }

    @Test("any change of what is signed changes the signature", arguments: examples)
    func tampered(lines: [String]) throws {
        let good = try SignatureExample.signatures(lines).made
        for (index, line) in lines.enumerated() where index < lines.count - 1 || lines.count == 2 {
            var changed = lines
            changed[index] =
                index == 0
                ? line.replacingFirst("/", with: "/x")
                : line.hasPrefix("x-amz-date") || line.hasPrefix("Date")
                    ? line.replacingFirst("00:00:00", with: "00:00:01").replacingFirst("T000000Z", with: "T000001Z")
                    : line + "1"
            #expect(try SignatureExample.signatures(changed).made != good, "\(line)")
        }
    }

    @Test("names in any case, runs of blanks and repeated fields have one canonical form")
    func canonical() throws {
        let one = try SignatureExample.request([
            "GET /a%2fb%20c/+?b=2&a=%7e&b=1&empty HTTP/1.1", "HOST:  example ", "X-Amz-Meta-A: one   two",
            "x-amz-date: 20130524T000000Z", "x-amz-meta-a:three", "x-amz-content-sha256: UNSIGNED-PAYLOAD",
            SignatureExample.authorization("host;x-amz-content-sha256;x-amz-date;x-amz-meta-a", "0"),
        ])
        let authorization = try #require(try S3Authorization(one))
        let text = String(decoding: try S3CanonicalRequest(one, authorization).bytes, as: UTF8.self)
        #expect(
            text == """
                GET
                /a/b%20c/%2B
                a=~&b=1&b=2&empty=
                host:example
                x-amz-content-sha256:UNSIGNED-PAYLOAD
                x-amz-date:20130524T000000Z
                x-amz-meta-a:one two,three

                host;x-amz-content-sha256;x-amz-date;x-amz-meta-a
                UNSIGNED-PAYLOAD
                """)
    }

    @Test("a header of S3's that is not signed is refused, and so is a signature without Host")
    func unsignedHeaders() throws {
        for lines in [
            [
                "GET / HTTP/1.1", "Host: a", "x-amz-acl: public-read", "x-amz-date: 20130524T000000Z",
                "x-amz-content-sha256: UNSIGNED-PAYLOAD",
                SignatureExample.authorization("host;x-amz-content-sha256;x-amz-date", "0"),
            ],
            [
                "GET / HTTP/1.1", "Host: a", "x-amz-date: 20130524T000000Z", "x-amz-content-sha256: UNSIGNED-PAYLOAD",
                SignatureExample.authorization("x-amz-content-sha256;x-amz-date", "0"),
            ],
        ] {
            let request = try SignatureExample.request(lines)
            let authorization = try #require(try S3Authorization(request))
            let refusal = #expect(throws: S3Refusal.self) { try S3CanonicalRequest(request, authorization) }
            #expect(refusal?.code == .accessDenied)
        }
    }

    @Test("a signature is good for fifteen minutes either way, a presigned one until it expires")
    func clocks() throws {
        let header = try #require(try S3Authorization(try SignatureExample.request(Self.examples[0])))
        let presigned = try #require(try S3Authorization(try SignatureExample.request(Self.examples[4])))
        let signed: Int64 = 1_369_353_600
        func refusal(_ authorization: S3Authorization, _ offset: Int64) -> S3Refusal? {
            do throws(S3Refusal) {
                try authorization.check(now: S3Date(seconds: signed + offset))
                return nil
            } catch {
                return error
            }
        }
        #expect(header.time.seconds == signed)
        #expect(refusal(header, 900) == nil)
        #expect(refusal(header, -900) == nil)
        #expect(refusal(header, 901)?.code == .requestTimeTooSkewed)
        #expect(refusal(header, -901)?.code == .requestTimeTooSkewed)
        #expect(refusal(presigned, 86400) == nil)
        #expect(refusal(presigned, 86401)?.message == "Request has expired")
        #expect(refusal(presigned, -901)?.message == "Request is not yet valid")
    }

    @Test(
        "what is no authorization is refused with its own error",
        arguments: [
            ("AWS AKIA:c2ln", S3ErrorCode.invalidRequest), ("Bearer abc", .invalidRequest),
            ("AWS4-HMAC-SHA256 Credential=A/20130524/us-east-1/s3/aws4_request", .authorizationHeaderMalformed),
            (
                "AWS4-HMAC-SHA256 Credential=A/20130524/us-east-1/aws4_request,SignedHeaders=host,Signature=0",
                .authorizationHeaderMalformed
            ),
            (
                "AWS4-HMAC-SHA256 Credential=A/20130524/us-east-1/ec2/aws4_request,SignedHeaders=host,Signature=0",
                .authorizationHeaderMalformed
            ),
            (
                "AWS4-HMAC-SHA256 Credential=A/20130525/us-east-1/s3/aws4_request,SignedHeaders=host,Signature=0",
                .authorizationHeaderMalformed
            ),
            ("AWS4-HMAC-SHA256 Credential", .authorizationHeaderMalformed),
        ])
    func malformed(text: String, code: S3ErrorCode) throws {
        let request = try SignatureExample.request([
            "GET / HTTP/1.1", "Host: a", "x-amz-date: 20130524T000000Z", "x-amz-content-sha256: UNSIGNED-PAYLOAD",
            "Authorization: \(text)",
        ])
        let refusal = #expect(throws: S3Refusal.self) { try S3Authorization(request) }
        #expect(refusal?.code == code)
    }
}

extension String {
    fileprivate func replacingFirst(_ text: String, with other: String) -> String {
        guard let range = firstRange(of: text) else { return self }
        return replacingCharacters(range, other)
    }

    private func replacingCharacters(_ range: Range<Index>, _ other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }

    private func firstRange(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
