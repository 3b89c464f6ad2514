// The body of a request as an adapter pulls it: decoded, measured and verified on the way.

import Capabilities
import Digest
import S3Wire

/// What a request says of its body before it comes.
struct S3BodyFacts {
    /// The size of the content, without the lines of aws-chunked.
    var length: Int64?
    var access: S3Access
    /// The MD5 that the content has to have.
    var md5: [UInt8]?
    /// The check that the content has to have, or of which a trailer will tell.
    var checksum: (algorithm: ObjectChecksum.Algorithm, value: [UInt8]?)?
    /// The trailer's name for it, in lower case.
    var trailer: [UInt8]?
    /// A check to make when the client sends none.
    var wanted: ObjectChecksum.Algorithm?

    /// Reads them from the fields of `request`; without `hasChecksum`, a checksum among them is not the body's.
    init(_ request: S3Request, _ access: S3Access, hasChecksum: Bool = true) throws(S3Refusal) {
        self.access = access
        if access.payload?.isChunked == true {
            guard let decoded = request.head.decodedContentLength else {
                throw S3Refusal(
                    .missingContentLength,
                    "You must provide the Content-Length HTTP header: x-amz-decoded-content-length")
            }
            length = Int64(decoded)
        } else if let content = request.head.contentLength {
            length = Int64(content)
        } else if request.head.framing == .none {
            length = 0
        }
        if let text = request.field("content-md5") {
            guard let md5 = bytesOfBase64(text), md5.count == 16 else {
                throw S3Refusal(.invalidDigest, "The Content-MD5 you specified was invalid.")
            }
            self.md5 = md5
        }
        if hasChecksum { try readChecksum(request) }
    }

    private mutating func readChecksum(_ request: S3Request) throws(S3Refusal) {
        for algorithm in ObjectChecksum.Algorithm.allCases {
            guard let text = request.field(algorithm.fieldName) else { continue }
            guard checksum == nil else { throw Self.several }
            guard let value = bytesOfBase64(text), value.count == algorithm.byteCount else {
                throw S3Refusal(.invalidRequest, "Value for \(algorithm.fieldName) header is invalid.")
            }
            checksum = (algorithm, value)
        }
        if let name = request.field("x-amz-trailer") {
            let lowercased = name.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
            guard checksum == nil else { throw Self.several }
            guard let algorithm = ObjectChecksum.Algorithm(fieldName: lowercased) else {
                throw S3Refusal(.invalidRequest, "The value specified in the x-amz-trailer header is not supported")
            }
            guard access.payload?.isChunked == true else {
                throw S3Refusal(.invalidRequest, "x-amz-trailer needs an aws-chunked body")
            }
            checksum = (algorithm, nil)
            trailer = lowercased
        }
        guard let name = request.field("x-amz-sdk-checksum-algorithm") else { return }
        guard let algorithm = ObjectChecksum.Algorithm(rawValue: String(decoding: name, as: UTF8.self).uppercased())
        else { throw S3Refusal(.invalidRequest, "Value for x-amz-sdk-checksum-algorithm header is invalid.") }
        if let checksum {
            guard checksum.algorithm == algorithm else {
                throw S3Refusal(.invalidRequest, "Value for x-amz-sdk-checksum-algorithm header is invalid.")
            }
        } else if md5 == nil {
            throw S3Refusal(
                .invalidRequest,
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
                    + "headers were found.")
        }
    }

    private static let several = S3Refusal(
        .invalidRequest,
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
}

/// Gives the content of a body; throws ``ObjectFailure/bodyFailed`` when it is not what was announced or signed, and then
/// knows why.
final class S3BodySource: ObjectBody, @unchecked Sendable {
    private let stream: S3ClientStream
    private let facts: S3BodyFacts
    private var chunks: S3SignedChunks?
    private var signer: S3Signer?
    /// The hash of the whole body, or of the current chunk.
    private var sha256: HashFunction?
    private var md5: HashFunction?
    private var check: ContentCheck?
    private var chunkSignature: [UInt8]?
    private var trailerLines: [UInt8] = []
    private var trailerSignature: [UInt8]?
    private var trailerValue: [UInt8]?
    private var count: Int64 = 0
    private var isOver = false
    private(set) var checksums: [ObjectChecksum] = []
    /// Why it gave up.
    private(set) var refusal: S3Refusal?

    init(_ stream: S3ClientStream, _ facts: S3BodyFacts) {
        self.stream = stream
        self.facts = facts
        if facts.access.payload?.isChunked == true { chunks = S3SignedChunks() }
        if case .signedChunks = facts.access.payload { signer = facts.access.signer }
        if signer != nil { sha256 = HashFunction(.sha256) }
        if case .hash = facts.access.payload { sha256 = HashFunction(.sha256) }
        if facts.md5 != nil { md5 = HashFunction(.md5) }
        if let name = facts.checksum?.algorithm ?? facts.wanted { check = ContentCheck(name.rawValue) }
    }

    var length: Int64? { facts.length }

    func next() async throws(ObjectFailure) -> [UInt8]? {
        guard !isOver else { return nil }
        do throws(S3Refusal) {
            while true {
                let raw: [UInt8]?
                do throws(S3StreamEnd) {
                    raw = try await stream.nextPiece()
                } catch {
                    throw S3Refusal(.incompleteBody, Self.text(error))
                }
                guard let raw else {
                    try finish()
                    isOver = true
                    return nil
                }
                let content = try decode(raw)
                guard !content.isEmpty else { continue }
                count += Int64(content.count)
                if let length = facts.length, count > length { throw wrongLength }
                md5?.update(content)
                check?.update(content)
                if chunks == nil { sha256?.update(content) }
                return content
            }
        } catch {
            refusal = error
            throw .bodyFailed
        }
    }

    private static func text(_ end: S3StreamEnd) -> String {
        switch end {
        case .gone: "the client went away within the body"
        case .timedOut: "the client was silent for the idle-timeout within the body"
        case .stopped: "the gateway is shutting down"
        case .broken(let error): "\(error.detail) (\(error.code))"
        }
    }

    private var wrongLength: S3Refusal {
        S3Refusal(
            .incompleteBody, "You did not provide the number of bytes specified by the Content-Length HTTP header")
    }

    private func decode(_ raw: [UInt8]) throws(S3Refusal) -> [UInt8] {
        guard chunks != nil else { return raw }
        var content: [UInt8] = []
        content.reserveCapacity(raw.count)
        var offset = 0
        while let event = try chunks?.next(raw.span, at: &offset) {
            switch event {
            case .chunkStarted(_, let signature):
                if signer != nil, signature?.count != 64 { throw Self.chunkMismatch }
                chunkSignature = signature
            case .data(let range):
                let bytes = raw[range]
                if signer != nil { sha256?.update(bytes) }
                content += bytes
            case .chunkEnded: try verifyChunk()
            case .trailer(let name, let value): try take(trailer: name, value)
            }
        }
        return content
    }

    private static let chunkMismatch = S3Refusal(
        .signatureDoesNotMatch,
        "The request signature we calculated does not match the signature you provided: the signature of a chunk.")

    private func verifyChunk() throws(S3Refusal) {
        guard signer != nil, let hash = sha256?.finish(), let expected = signer?.nextChunk(sha256: hash) else { return }
        guard let chunkSignature, equalInConstantTime(expected, chunkSignature) else { throw Self.chunkMismatch }
    }

    private func take(trailer name: [UInt8], _ value: [UInt8]) throws(S3Refusal) {
        if S3Request.equals(name, "x-amz-trailer-signature") {
            trailerSignature = value
            return
        }
        guard name == facts.trailer, trailerValue == nil else {
            throw S3Refusal(.malformedTrailer, "The request contained trailing data that was not announced.")
        }
        trailerValue = value
        trailerLines += name + [0x3A] + value + [0x0A]
    }

    /// Verifies what only the end of the body can show.
    private func finish() throws(S3Refusal) {
        if let chunks {
            guard chunks.isAtEnd else {
                throw S3Refusal(.incompleteBody, "The request body terminated unexpectedly")
            }
            if case .signedChunks(trailer: true) = facts.access.payload, signer != nil {
                guard let expected = signer?.trailer(trailerLines), let given = trailerSignature,
                    equalInConstantTime(expected, given)
                else { throw Self.chunkMismatch }
            }
        }
        if let length = facts.length, count != length { throw wrongLength }
        if case .hash(let expected) = facts.access.payload, let hash = sha256?.finish() {
            guard equalInConstantTime(hexadecimal(hash), expected) else {
                throw S3Refusal(
                    .contentSHA256Mismatch,
                    "The provided 'x-amz-content-sha256' header does not match what was computed.",
                    [
                        S3Refusal.Detail("ClientComputedContentSHA256", expected),
                        S3Refusal.Detail("S3ComputedContentSHA256", hexadecimal(hash)),
                    ])
            }
        }
        if let expected = facts.md5, let made = md5?.finish(), made != expected {
            throw S3Refusal(
                .badDigest, "The Content-MD5 you specified did not match what we received.",
                [
                    S3Refusal.Detail("ExpectedDigest", base64(expected)),
                    S3Refusal.Detail("CalculatedDigest", base64(made)),
                ])
        }
        try verifyChecksum()
    }

    private func verifyChecksum() throws(S3Refusal) {
        guard let algorithm = facts.checksum?.algorithm ?? facts.wanted, let made = check?.finish() else { return }
        if let checksum = facts.checksum {
            var expected = checksum.value
            if facts.trailer != nil {
                guard let trailerValue, let value = bytesOfBase64(trailerValue), value.count == algorithm.byteCount
                else {
                    throw S3Refusal(
                        .malformedTrailer, "The request contained trailing data that was not well-formed.")
                }
                expected = value
            }
            guard expected == made else {
                throw S3Refusal(
                    .badDigest, "The \(algorithm.rawValue) you specified did not match the calculated checksum.")
            }
        }
        checksums = [ObjectChecksum(algorithm, made)]
    }
}
