// Which objects a request may change, as far as its head tells.

import Testing

@testable import S3Wire

@Suite("what requests of S3 write")
struct WritesTests {
    private static func writes(_ line: String, _ more: String = "") throws -> S3Writes {
        let head = Array("\(line) HTTP/1.1\r\nHost: h\r\n\(more)\r\n".utf8)
        let request = try S3RequestHead(head.span)
        let resource = S3Resource(request, head.span, baseDomains: S3BaseDomains())
        return S3Writes.of(S3Command(request, head.span, for: resource), request.method, resource)
    }

    @Test(
        "an object's own writes name it",
        arguments: [
            "PUT /b/k", "DELETE /b/k", "POST /b/k?uploadId=1", "PUT /b/k?tagging", "DELETE /b/k?tagging",
            "PUT /b/k?acl",
            "DELETE /b/k?uploadId=1",
        ])
    func object(line: String) throws { #expect(try Self.writes(line) == .object) }

    @Test("a copy changes what it is copied to")
    func copy() throws { #expect(try Self.writes("PUT /b/k", "x-amz-copy-source: /b/o\r\n") == .object) }

    @Test("buckets come and go", arguments: ["PUT /b", "DELETE /b", "PUT /b/", "DELETE /b?policy"])
    func bucket(line: String) throws { #expect(try Self.writes(line) == .bucket) }

    @Test(
        "reads and uploads that are not completed change no object",
        arguments: [
            "GET /b/k", "HEAD /b/k", "GET /b?list-type=2", "GET /", "GET /b?policy", "PUT /b/k?uploadId=1&partNumber=1",
            "POST /b/k?uploads", "OPTIONS /b/k",
        ])
    func nothing(line: String) throws { #expect(try Self.writes(line) == .nothing) }

    @Test(
        "what does not tell may change everything",
        arguments: ["POST /b", "PUT /b/k?renameObject", "PATCH /b/k", "POST /b/k"])
    func everything(line: String) throws { #expect(try Self.writes(line) == .everything) }

    @Test("several deletions are listed in the body, escaped as XML has it")
    func listed() throws {
        #expect(try Self.writes("POST /b?delete") == .listed)
        let document =
            "<Delete><Object><Key>a&amp;b</Key></Object><Quiet>true</Quiet><Object><Key> c </Key></Object></Delete>"
        #expect(S3Writes.keys(listedIn: Array(document.utf8)) == [Array("a&b".utf8), Array(" c ".utf8)])
        #expect(S3Writes.keys(listedIn: Array("<Delete><Object/></Delete>".utf8)) == nil)
        #expect(S3Writes.keys(listedIn: Array("<Other/>".utf8)) == nil)
        #expect(S3Writes.keys(listedIn: Array("<Delete>".utf8)) == nil)
    }
}
