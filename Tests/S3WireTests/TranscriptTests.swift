// Conversations as real clients and servers hold them, and what mutating them does.

import S3Wire
import Testing
import Wire

@Suite("Transcripts")
struct TranscriptTests {
    /// What `aws s3 cp`, `aws s3api` and curl send to an S3 server, with their long fields shortened.
    static let requestStream = """
        PUT /bkt/dir/small.txt HTTP/1.1\r
        Host: 127.0.0.1:9000\r
        Accept-Encoding: identity\r
        x-amz-sdk-checksum-algorithm: CRC32\r
        User-Agent: aws-cli/1.45.11 md/Botocore#1.43.11 ua/2.1 os/linux#6.18 md/arch#x86_64 cfg/retry-mode#legacy\r
        Expect: 100-continue\r
        x-amz-checksum-crc32: HtX6eQ==\r
        X-Amz-Date: 20261123T152918Z\r
        X-Amz-Content-SHA256: f9e3804f640e90aa1e9a3998d4f7844bcbfe2e4304949e4f8e6733be1b60b16d\r
        Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/us-east-1/s3/aws4_request, SignedHeaders=host\r
        amz-sdk-invocation-id: 8ccb1983-87bb-4ced-9e4b-79705bdd795b\r
        amz-sdk-request: attempt=1\r
        Content-Length: 11\r
        \r
        hello\r
        \r
        x\rPOST /bkt/big.bin?uploads HTTP/1.1\r
        Host: 127.0.0.1:9000\r
        Content-Length: 0\r
        \r
        PUT /bkt/big.bin?uploadId=a770iK3R9E0&partNumber=2 HTTP/1.1\r
        Host: 127.0.0.1:9000\r
        Expect: 100-continue\r
        Content-Encoding: aws-chunked\r
        x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r
        x-amz-trailer: x-amz-checksum-crc32\r
        x-amz-decoded-content-length: 4\r
        Content-Length: 45\r
        \r
        4\r
        data\r
        0\r
        x-amz-checksum-crc32:rfPyMg==\r
        \r
        POST /bkt/big.bin?uploadId=a770iK3R9E0 HTTP/1.1\r
        Host: 127.0.0.1:9000\r
        Content-Length: 5\r
        \r
        <xml>GET /bkt?list-type=2&prefix=&delimiter=%2F&encoding-type=url HTTP/1.1\r
        Host: 127.0.0.1:9000\r
        \r
        GET /bkt/sum.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20261123%2Fus-east-1 HTTP/1.1\r
        Host: 127.0.0.1:9000\r
        User-Agent: curl/7.88.1\r
        Accept: */*\r
        \r
        PUT /bkt/curl2.txt HTTP/1.1\r
        Host: 127.0.0.1:9000\r
        Transfer-Encoding: chunked\r
        Expect: 100-continue\r
        \r
        6\r
        hello\n\r
        0\r
        \r
        PUT /bkt/copy.txt HTTP/1.1\r
        Host: 127.0.0.1:9000\r
        x-amz-copy-source: bkt/sum.txt\r
        Content-Length: 0\r
        \r
        HEAD /bkt/sum.txt HTTP/1.1\r
        Host: 127.0.0.1:9000\r
        \r

        """

    /// What moto and `rclone serve s3` answer; moto sends its 100 twice.
    static let responseStream = """
        HTTP/1.1 100 Continue\r
        \r
        HTTP/1.1 100 Continue\r
        \r
        HTTP/1.1 200 OK\r
        Server: Werkzeug/3.1.8 Python/3.11.7\r
        Date: Mon, 23 Nov 2026 15:29:18 GMT\r
        ETag: "229a7cc33a4f42418a9cfa38bb017b3d"\r
        last-modified: Mon, 23 Nov 2026 15:29:18 GMT\r
        Content-Length: 0\r
        \r
        HTTP/1.1 206 PARTIAL CONTENT\r
        Content-Length: 7\r
        content-range: bytes 3-9/406\r
        \r
        xZCucsAHTTP/1.1 404 Not Found\r
        Content-Type: application/xml\r
        Content-Length: 243\r
        \r
        HTTP/1.1 200 OK\r
        Content-Type: application/xml\r
        Transfer-Encoding: chunked\r
        \r
        27\r
        <?xml version="1.0" encoding="UTF-8"?>\n\r
        1\r
         \r
        0\r
        \r
        HTTP/1.1 204 No Content\r
        Date: Mon, 23 Nov 2026 15:29:20 GMT\r
        \r

        """

    @Test("requests of aws and curl are followed from head to head")
    func awsRequests() {
        #expect(
            requests(Self.requestStream) == [
                "PutObject /bkt/dir/small.txt length(11) expects-continue", "body 11",
                "CreateMultipartUpload /bkt/big.bin?uploads length(0)",
                "UploadPart /bkt/big.bin?uploadId=a770iK3R9E0&partNumber=2 length(45) expects-continue", "body 45",
                "CompleteMultipartUpload /bkt/big.bin?uploadId=a770iK3R9E0 length(5)", "body 5",
                "ListObjectsV2 /bkt?list-type=2&prefix=&delimiter=%2F&encoding-type=url none",
                "GetObject /bkt/sum.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
                    + "&X-Amz-Credential=AKID%2F20261123%2Fus-east-1 none",
                "PutObject /bkt/curl2.txt chunked expects-continue", "body 6", "CopyObject /bkt/copy.txt length(0)",
                "HeadObject /bkt/sum.txt none",
            ])
    }

    @Test("responses of real servers are followed from head to head")
    func serverResponses() {
        #expect(
            responses(Self.responseStream, to: .put, .get, .head, .get, .delete) == [
                "100 none", "100 none", "200 length(0)", "206 length(7)", "body 7", "404 none", "200 chunked",
                "body 40",
                "204 none",
            ])
    }

    @Test("mutated conversations never trap, and read the same whole and split", arguments: 0..<8 as Range<UInt64>)
    func mutations(_ seed: UInt64) {
        var generator = SeededGenerator(seed + 1)
        let methods: [S3Method] = [.put, .get, .head, .get, .delete]
        for round in 0..<150 {
            let side: Side = round % 2 == 0 ? .client : .server
            var bytes = Array((side == .client ? Self.requestStream : Self.responseStream).utf8)
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                case 2:
                    bytes.insert([0, 9, 10, 13, 32, 44, 58, 59][Int.random(in: 0..<8, using: &generator)], at: index)
                default:
                    let size = min(bytes.count - index, Int.random(in: 1...64, using: &generator))
                    bytes.insert(
                        contentsOf: bytes[index..<index + size], at: Int.random(in: 0...bytes.count, using: &generator))
                }
            }
            var whole = StreamReader(side, answering: methods)
            whole.feed(bytes)
            #expect(whole.isBroken || whole.consumed == bytes.count)
            whole.finish()
            var split = StreamReader(side, answering: methods)
            var rest = bytes[...]
            while !rest.isEmpty {
                let size = Int.random(in: 1...min(rest.count, 40), using: &generator)
                split.feed(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            split.finish()
            #expect(split.transcript == whole.transcript)
        }
    }
}
