// Whose signature it is, and the day, region and service it is good for.

import Wire

/// The credential of a signature: an access key and the scope of the signing key.
package struct S3Credential: Sendable, Equatable {
    package let accessKey: [UInt8]
    /// Eight digits: year, month, day.
    package let day: [UInt8]
    package let region: [UInt8]
    package let service: [UInt8]

    /// Reads `AKIDEXAMPLE/20130524/us-east-1/s3/aws4_request`; nil when it is none.
    ///
    /// Access keys may hold slashes, so the scope is read from the end.
    package init?(_ text: [UInt8]) {
        let parts = text.split(separator: S3Byte.slash, omittingEmptySubsequences: false).map(Array.init)
        guard parts.count >= 5, S3Request.equals(parts[parts.count - 1], "aws4_request") else { return nil }
        let first = parts.count - 4
        accessKey = Array(parts[..<first].joined(separator: [S3Byte.slash]))
        day = parts[first]
        region = parts[first + 1]
        service = parts[first + 2]
        guard !accessKey.isEmpty, day.count == 8, day.allSatisfy(\.isASCIIDigit), !region.isEmpty else { return nil }
    }

    /// The scope, such as `20130524/us-east-1/s3/aws4_request`.
    package var scope: [UInt8] {
        Array([day, region, service, Array("aws4_request".utf8)].joined(separator: [S3Byte.slash]))
    }

    /// The key that signs within the scope; "Create a signed AWS API request", derive a signing key.
    package func signingKey(secret: [UInt8], _ hash: S3HashFunctions) -> [UInt8] {
        var key = Array("AWS4".utf8) + secret
        for part in [day, region, service, Array("aws4_request".utf8)] { key = hash.hmac(key, part) }
        return key
    }
}
