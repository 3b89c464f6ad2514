// Bodies in aws-chunked form, their chunks signed or not, with trailers or without.

import Digest

/// Writes a body in chunks ("Signature calculations for the Authorization header: transferring payload in multiple chunks").
struct S3Chunks {
    private let rules: S3SigningRules
    private let isSigned: Bool
    private let sign: (String, [String]) -> String
    /// Chunks are chained: each signature covers the one before.
    private let seed: String

    init(_ rules: S3SigningRules, seed: String, isSigned: Bool, sign: @escaping (String, [String]) -> String) {
        self.rules = rules
        self.seed = seed
        self.isSigned = isSigned
        self.sign = sign
    }

    /// `content` as it is sent.
    func body(of content: [UInt8]) -> [UInt8] {
        var previous = seed
        var body: [UInt8] = []
        var start = 0
        repeat {
            let chunk = Array(content[start..<min(start + rules.chunkSize, content.count)])
            if !chunk.isEmpty { append(chunk, after: &previous, isSpoilt: start == 0 && spoils(.chunk), to: &body) }
            start += chunk.count
        } while start < content.count
        append([], after: &previous, isSpoilt: spoils(.lastChunk), to: &body)
        if case .chunks(_, true) = rules.payload { appendTrailers(of: content, after: previous, to: &body) }
        body += [0x0D, 0x0A]
        if spoils(.chunkData), let place = body.firstIndex(of: 0x0A), place + 1 < body.count { body[place + 1] ^= 0xFF }
        return body
    }

    private func spoils(_ what: S3SigningRules.Spoilt) -> Bool { rules.spoilt.contains(what) }

    private func append(_ chunk: [UInt8], after previous: inout String, isSpoilt: Bool, to body: inout [UInt8]) {
        var line = String(chunk.count, radix: 16)
        if isSigned {
            let signature = sign("PAYLOAD", [previous, S3Signer.hash([]), S3Signer.hash(chunk)])
            line += ";chunk-signature=" + (isSpoilt ? S3Signer.spoil(signature) : signature)
            previous = signature
        }
        body += Array("\(line)\r\n".utf8)
        // The last chunk has no line end of its own: what follows is the trailer, or the empty line.
        if !chunk.isEmpty { body += chunk + [0x0D, 0x0A] }
    }

    private func appendTrailers(of content: [UInt8], after previous: String, to body: inout [UInt8]) {
        var lines: [UInt8] = []
        for trailer in rules.trailers {
            let name = trailer.name.lowercased()
            var value = trailer.value
            if value == Array("auto".utf8) { value = S3Checksum.value(forHeader: name, of: content) ?? value }
            body += Array("\(name):".utf8) + value + [0x0D, 0x0A]
            lines += Array("\(name):".utf8) + value + [0x0A]
        }
        guard isSigned else { return }
        let signature = sign("TRAILER", [previous, S3Signer.hash(lines)])
        let text = spoils(.trailer) ? S3Signer.spoil(signature) : signature
        body += Array("x-amz-trailer-signature:\(text)\r\n".utf8)
    }
}

/// The checksums that S3 has headers for.
enum S3Checksum {
    private static let prefix = "x-amz-checksum-"

    /// The header of the algorithm called `name`, such as `crc32c`.
    static func header(_ name: String) -> String { prefix + name.lowercased() }

    /// The value of the header called `name` for `content`; nil where the name stands for no checksum.
    static func value(forHeader name: String, of content: [UInt8]) -> [UInt8]? {
        guard name.hasPrefix(prefix) else { return nil }
        return value(String(name.dropFirst(prefix.count)), of: content)
    }

    /// The checksum of `content` in Base64; nil for an algorithm that is not known.
    static func value(_ algorithm: String, of content: [UInt8]) -> [UInt8]? {
        guard let check = ContentCheck(algorithm.uppercased()) else { return nil }
        check.update(content)
        return base64(check.finish())
    }
}
