// What is kept with an object, as one word that a header or a field of any protocol can carry.

import Capabilities
import Digest

/// Metadata and checksums as the text of {metadata}: names and values, percent-encoded, with = and & between them.
///
/// The user's own names begin with `x-amz-meta-`, checksums with `x-amz-checksum-`; the text is `-` where there is nothing.
struct StoredMetadata {
    static let contentTypeName = Array("content-type".utf8)
    private static let user = Array("x-amz-meta-".utf8)
    private static let checksum = Array("x-amz-checksum-".utf8)
    /// The longest text that is read; S3 bounds metadata at 2 KiB, and fields of HTTP are a few more.
    private static let longest = 64 << 10

    private(set) var metadata = ObjectMetadata()
    private(set) var checksums: [ObjectChecksum] = []

    init(_ metadata: ObjectMetadata, _ checksums: [ObjectChecksum]) {
        self.metadata = metadata
        self.checksums = checksums
    }

    /// What an answer tells: the text, or a content type alone.
    init(_ outputs: Outputs) {
        if let text = outputs.bytes(.metadata) {
            read(text)
        } else if let type = outputs.bytes(.contentType), !type.isEmpty {
            metadata.fields = [Pair(Self.contentTypeName, type)]
        }
    }

    var contentType: [UInt8] {
        metadata.fields.first { $0.name == Self.contentTypeName }?.value ?? Array("binary/octet-stream".utf8)
    }

    var text: [UInt8] {
        var pairs = metadata.fields
        pairs += metadata.user.map { Pair(Self.user + $0.name, $0.value) }
        pairs += checksums.filter { $0.parts == nil }.map {
            Pair(Self.checksum + Array($0.algorithm.rawValue.lowercased().utf8), hexadecimal($0.value))
        }
        guard !pairs.isEmpty else { return [0x2D] }
        return Array(
            pairs.map { Codes.percent($0.name.span) + [0x3D] + Codes.percent($0.value.span) }
                .joined(separator: [0x26]))
    }

    /// Takes what is written as above, and passes over anything else.
    private mutating func read(_ text: [UInt8]) {
        guard text.count <= Self.longest else { return }
        for part in text.split(separator: 0x26) {
            let sides = part.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let name = Codes.percentDecoded(Array(sides[0])),
                let value = Codes.percentDecoded(Array(sides[1])), Self.canStand(name), Self.canStand(value)
            else { continue }
            if name.starts(with: Self.user) {
                metadata.user.append(Pair(Array(name.dropFirst(Self.user.count)), value))
            } else if name.starts(with: Self.checksum) {
                let word = String(decoding: name.dropFirst(Self.checksum.count), as: UTF8.self)
                guard
                    let algorithm = ObjectChecksum.Algorithm.allCases.first(where: { $0.rawValue.lowercased() == word }
                    ),
                    let bytes = Codes.hexDecoded(value.span)
                else { continue }
                checksums.append(ObjectChecksum(algorithm, bytes))
            } else if !name.isEmpty {
                metadata.fields.append(Pair(name, value))
            }
        }
    }

    /// Whether it can stand in the head of an answer.
    private static func canStand(_ bytes: [UInt8]) -> Bool { !bytes.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F } }
}
