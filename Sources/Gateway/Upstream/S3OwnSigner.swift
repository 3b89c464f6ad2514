// Signs requests to S3 servers in the gateway's own name.

import Glibc
import S3Wire

/// The key with which the gateway signs; "Create a signed AWS API request".
struct S3OwnSigner: Sendable {
    typealias Fields = [(name: [UInt8], value: [UInt8])]

    let accessKey: [UInt8]
    let secret: [UInt8]
    let region: [UInt8]

    /// The head that `write` makes of `fields` and those that sign them; `contentSum` is the body's SHA-256 or a word in its
    /// place.
    func head(
        _ fields: Fields, contentSum: [UInt8], at date: S3Date = .now, _ write: (Fields) -> [UInt8]
    ) -> [UInt8] {
        let time = Array(date.basic.utf8)
        let own = fields + [(Array("x-amz-content-sha256".utf8), contentSum), (Array("x-amz-date".utf8), time)]
        // Written first with no signature, and read as a server reads it, so that both sign the same.
        let draft = write(own + [authorization(Array(repeating: UInt8(ascii: "0"), count: 64), own, time)])
        guard let parsed = try? S3RequestHead(draft.span),
            let request = try? S3Request(draft, parsed, baseDomains: S3BaseDomains()),
            let claim = try? S3Authorization(request),
            let canonical = try? S3CanonicalRequest(request, claim)
        else { return draft }
        let signature = S3Signer(claim, secret: secret, S3Authenticator.hash).signature(of: canonical)
        return write(own + [authorization(signature, own, time)])
    }

    /// The field that says who signs what.
    private func authorization(_ signature: [UInt8], _ fields: Fields, _ time: [UInt8]) -> Fields.Element {
        let signed = Set(fields.map(\.name).filter { $0.starts(with: Array("x-amz-".utf8)) } + [Array("host".utf8)])
        let names = signed.sorted { $0.lexicographicallyPrecedes($1) }.joined(separator: [UInt8(ascii: ";")])
        var value = Array("AWS4-HMAC-SHA256 Credential=".utf8) + accessKey + [UInt8(ascii: "/")] + time.prefix(8)
        value += [UInt8(ascii: "/")] + region + Array("/s3/aws4_request, SignedHeaders=".utf8) + Array(names)
        return (Array("authorization".utf8), value + Array(", Signature=".utf8) + signature)
    }
}

extension S3Date {
    static var now: S3Date {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return S3Date(seconds: Int64(time.tv_sec))
    }
}
