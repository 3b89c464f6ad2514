// aws-chunked bodies against the examples that Amazon S3's API reference publishes, and cut in every way.

import Digest
import S3Wire
import Testing
import Wire

@Suite("aws-chunked bodies")
struct SignedChunksTests {
    /// What a body came to: its content, its trailers, and whether each signature was the one that was due.
    struct Reading: Equatable {
        var content: [UInt8] = []
        var trailers: [String] = []
        var areSignaturesGood = true
        var isWhole = false
    }

    static func read(_ body: [UInt8], _ signer: S3Signer? = nil, piece: Int = .max) throws -> Reading {
        var chunks = S3SignedChunks()
        var signer = signer
        var hash = HashFunction(.sha256)
        var reading = Reading()
        var expected: [UInt8]?
        var trailerLines: [UInt8] = []
        var start = 0
        while start < body.count {
            let bytes = Array(body[start..<(piece < body.count - start ? start + piece : body.count)])
            start += bytes.count
            var offset = 0
            while let event = try chunks.next(bytes.span, at: &offset) {
                switch event {
                case .chunkStarted(_, let signature): expected = signature
                case .data(let range):
                    reading.content += bytes[range]
                    hash.update(bytes[range])
                case .chunkEnded:
                    if signer?.nextChunk(sha256: hash.finish()) != expected { reading.areSignaturesGood = false }
                case .trailer(let name, let value):
                    reading.trailers.append(String(decoding: name + [0x3A] + value, as: UTF8.self))
                    if String(decoding: name, as: UTF8.self) == "x-amz-trailer-signature" {
                        if signer?.trailer(trailerLines) != value { reading.areSignaturesGood = false }
                    } else {
                        trailerLines += name + [0x3A] + value + [0x0A]
                    }
                }
            }
        }
        reading.isWhole = chunks.isAtEnd
        return reading
    }

    private static let head = [
        "PUT /examplebucket/chunkObject.txt HTTP/1.1", "Host: s3.amazonaws.com", "x-amz-date: 20130524T000000Z",
        "x-amz-storage-class: REDUCED_REDUNDANCY", "Content-Encoding: aws-chunked",
        "x-amz-decoded-content-length: 66560",
    ]
    private static let content = [UInt8](repeating: 0x61, count: 66560)

    private static func body(_ signatures: [String], _ trailer: String) -> [UInt8] {
        let first = [UInt8](repeating: 0x61, count: 65536)
        let second = [UInt8](repeating: 0x61, count: 1024)
        return Array("10000;chunk-signature=\(signatures[0])\r\n".utf8) + first
            + Array("\r\n400;chunk-signature=\(signatures[1])\r\n".utf8) + second
            + Array("\r\n0;chunk-signature=\(signatures[2])\r\n\(trailer)".utf8)
    }

    private static func signer(_ lines: [String]) throws -> S3Signer {
        let signatures = try SignatureExample.signatures(lines)
        #expect(signatures.made == signatures.given)
        let authorization = try #require(try S3Authorization(try SignatureExample.request(lines)))
        return S3Signer(authorization, secret: SignatureExample.secret, SignatureExample.hash)
    }

    /// "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks".
    @Test("the published example of signed chunks verifies", arguments: [1, 7, 1000, 70_000])
    func signedChunks(piece: Int) throws {
        let signer = try Self.signer(
            Self.head + [
                "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "Content-Length: 66824",
                SignatureExample.authorization(
                    "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
                        + "x-amz-decoded-content-length;x-amz-storage-class",
                    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
            ])
        let body = Self.body(
            [
                "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
                "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
                "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
            ], "\r\n")
        #expect(body.count == 66824)
        let reading = try Self.read(body, signer, piece: piece)
        #expect(reading == Reading(content: Self.content, isWhole: true))
        var tampered = body
        tampered[100] = 0x62
        #expect(try !Self.read(tampered, signer, piece: piece).areSignaturesGood)
    }

    /// "Signature calculations for trailing headers".
    @Test(
        "the published example of a signed trailer verifies, with either line end", arguments: ["\n", "\n\r\n", "\r\n"])
    func signedTrailer(end: String) throws {
        let signer = try Self.signer(
            Self.head + [
                "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
                "x-amz-trailer: x-amz-checksum-crc32c",
                SignatureExample.authorization(
                    "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
                        + "x-amz-storage-class;x-amz-trailer",
                    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"),
            ])
        let signature = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
        let body = Self.body(
            [
                "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
            ],
            "x-amz-checksum-crc32c:sOO8/Q==\(end)x-amz-trailer-signature:\(signature)\r\n\r\n")
        let trailers = ["x-amz-checksum-crc32c:sOO8/Q==", "x-amz-trailer-signature:\(signature)"]
        #expect(
            try Self.read(body, signer, piece: 11)
                == Reading(content: Self.content, trailers: trailers, isWhole: true))
        var tampered = body
        let index = try #require(tampered.lastIndex(of: UInt8(ascii: "Q")))
        tampered[index] = UInt8(ascii: "R")
        #expect(try !Self.read(tampered, signer).areSignaturesGood)
    }

    @Test("an unsigned body with a trailer is read in any pieces", arguments: 1...40)
    func unsigned(piece: Int) throws {
        let body = Array("5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Amz-Checksum-CRC32: DUoRhQ==\r\n\r\n".utf8)
        let reading = try Self.read(body, piece: piece)
        #expect(reading.content == Array("hello world".utf8))
        #expect(reading.trailers == ["x-amz-checksum-crc32:DUoRhQ=="])
        #expect(reading.isWhole)
    }

    @Test("a body that is cut off is not whole", arguments: 0..<27)
    func cutOff(length: Int) throws {
        let body = Array("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n".utf8)
        #expect(try Self.read(Array(body.prefix(length)), piece: 3).isWhole == (length == 24 || length == 26))
    }

    @Test(
        "what is no aws-chunked body is refused",
        arguments: [
            "\r\n", "g\r\n", "5\nhello\r\n", "5\r\nhelloX\r\n", ";chunk-signature=1\r\n", "1000000000000000\r\n",
            "0\r\nno trailer\r\n", "0\r\n:v\r\n", "5" + String(repeating: "x", count: 5000),
        ])
    func refused(text: String) {
        #expect(throws: S3Refusal.self) { try Self.read(Array(text.utf8)) }
    }

    @Test("no bytes make the reader trap, and none are consumed twice")
    func garbage() {
        let alphabet = Array("0159afAF;=\r\n:xchunk-signature ".utf8)
        var state: UInt64 = 3
        for _ in 0..<20_000 {
            var body: [UInt8] = []
            for _ in 0..<32 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                body.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            let whole = try? Self.read(body)
            let pieces = try? Self.read(body, piece: 1)
            #expect(whole == pieces)
        }
    }

    @Test("a body's payload is what its framing leaves", arguments: 1...30)
    func payload(piece: Int) throws {
        let body = Array("3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\nGET".utf8)
        var payload = S3Payload(.chunked)
        var content: [UInt8] = []
        var rest: [UInt8] = []
        for start in stride(from: 0, to: body.count, by: piece) {
            let bytes = Array(body[start..<min(start + piece, body.count)])
            var offset = 0
            while let range = try payload.next(bytes.span, at: &offset) { content += bytes[range] }
            rest += bytes[offset...]
        }
        #expect(content == Array("abcde".utf8))
        #expect(payload.isEnded)
        #expect(rest == Array("GET".utf8))
    }
}
