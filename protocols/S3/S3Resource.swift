// Finds the bucket and the key a request is for, in the path or in the host.

import Wire

/// The domains under which a bucket is named by the host (`BUCKET.DOMAIN`); none means path style only.
package struct S3BaseDomains: Sendable, Equatable {
    /// Each domain in lower case with a leading dot.
    private let suffixes: [[UInt8]]

    /// Takes domains such as `s3.example.com`, without a port.
    package init(_ domains: [String] = []) {
        suffixes = domains.filter { !$0.isEmpty }.map { Array(".\($0.lowercased())".utf8) }
    }

    /// The part of `host` that names a bucket, or nil when the host is no domain of ours below which one is.
    func bucket(_ bytes: Bytes, in host: Range<Int>) -> Range<Int>? {
        guard !suffixes.isEmpty else { return nil }
        var end = host.lowerBound
        while end < host.upperBound, bytes[end] != S3Byte.colon { end &+= 1 }
        var longest: Range<Int>?
        var longestSuffix = 0
        for suffix in suffixes where suffix.count > longestSuffix {
            let start = end &- suffix.count
            guard start > host.lowerBound else { continue }
            var matches = true
            for index in 0..<suffix.count where bytes[start &+ index].asciiLowercased != suffix[index] {
                matches = false
                break
            }
            if matches {
                longest = host.lowerBound..<start
                longestSuffix = suffix.count
            }
        }
        return longest
    }
}

/// What a request is for; ranges are offsets into the head, and the bytes there are as they came, still encoded.
package struct S3Resource: Sendable, Equatable {
    package let bucket: Range<Int>?
    /// The key, without the slash before it; nil when the request is for the bucket or the service.
    package let key: Range<Int>?
    /// Whether the bucket was found in the host (virtual-host style).
    package let isInHost: Bool

    /// Reads path and host of `head`, which was parsed from `bytes`.
    package init(_ head: S3RequestHead, _ bytes: Bytes, baseDomains: S3BaseDomains) {
        let end = head.path.upperBound
        // The path begins with a slash or is empty.
        let start = min(head.path.lowerBound &+ 1, end)
        if let host = head.host, let bucket = baseDomains.bucket(bytes, in: host) {
            self.bucket = bucket
            key = start < end ? start..<end : nil
            isInHost = true
            return
        }
        isInHost = false
        guard start < end else {
            bucket = nil
            key = nil
            return
        }
        var slash = start
        while slash < end, bytes[slash] != S3Byte.slash { slash &+= 1 }
        bucket = start..<slash
        key = slash &+ 1 < end ? slash &+ 1..<end : nil
    }
}
