// Names of operations, for every way a request can spell them.

import S3Wire
import Testing
import Wire

@Suite("Operation names")
struct CommandTests {
    private func name(_ line: String, host: String = "127.0.0.1:9000", fields: String = "") throws -> String {
        let bytes = Array("\(line) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n".utf8)
        let head = try S3RequestHead(bytes.span)
        let resource = S3Resource(
            head, bytes.span, baseDomains: S3BaseDomains(["s3.example.com", "eu.s3.example.com"]))
        return S3Command(head, bytes.span, for: resource).name
    }

    @Test(
        "path style",
        arguments: [
            ("GET /", "ListBuckets"), ("GET /?x-id=ListBuckets", "ListBuckets"), ("POST /", "unknown"),
            ("PUT /b", "CreateBucket"), ("PUT /b/", "CreateBucket"), ("HEAD /b", "HeadBucket"),
            ("DELETE /b", "DeleteBucket"), ("GET /b?prefix=acl", "ListObjects"), ("GET /b/?marker=", "ListObjects"),
            ("GET /b?list-type=2&prefix=", "ListObjectsV2"), ("GET /b?list-type=1", "ListObjects"),
            ("GET /b?prefix=a&list-type=2", "ListObjectsV2"), ("GET /b?versions", "ListObjectVersions"),
            ("GET /b?uploads", "ListMultipartUploads"), ("POST /b?delete", "DeleteObjects"),
            ("POST /b?delete=", "DeleteObjects"), ("POST /b", "PostObject"), ("GET /b?location", "GetBucketLocation"),
            ("GET /b?acl", "GetBucketAcl"), ("PUT /b?acl", "PutBucketAcl"),
            ("DELETE /b?tagging", "DeleteBucketTagging"),
            ("GET /b?policyStatus", "GetBucketPolicyStatus"), ("DELETE /b?policy", "DeleteBucketPolicy"),
            ("PUT /b?versioning", "PutBucketVersioning"), ("GET /b?lifecycle", "GetBucketLifecycleConfiguration"),
            ("DELETE /b?cors", "DeleteBucketCors"), ("PUT /b?website", "PutBucketWebsite"),
            ("GET /b?notification", "GetBucketNotificationConfiguration"), ("PUT /b?encryption", "PutBucketEncryption"),
            ("GET /b?logging", "GetBucketLogging"), ("PUT /b?replication", "PutBucketReplication"),
            ("GET /b?requestPayment", "GetBucketRequestPayment"), ("PUT /b?object-lock", "PutObjectLockConfiguration"),
            ("GET /b?accelerate", "GetBucketAccelerateConfiguration"), ("GET /b?session", "CreateSession"),
            ("PUT /b?publicAccessBlock", "PutPublicAccessBlock"), ("PATCH /b", "unknown"), ("POST /b?acl", "unknown"),
            ("GET /b/k", "GetObject"), ("GET /b/k?versionId=1&partNumber=2", "GetObject"),
            ("HEAD /b/k?acl", "HeadObject"),
            ("GET /b//", "GetObject"), ("GET /b/a/", "GetObject"), ("PUT /b/k", "PutObject"),
            ("DELETE /b/k", "DeleteObject"),
            ("POST /b/k?uploads", "CreateMultipartUpload"), ("PUT /b/k?partNumber=1&uploadId=u", "UploadPart"),
            ("POST /b/k?uploadId=u", "CompleteMultipartUpload"), ("DELETE /b/k?uploadId=u", "AbortMultipartUpload"),
            ("GET /b/k?uploadId=u&max-parts=1", "ListParts"), ("GET /b/k?acl", "GetObjectAcl"),
            ("PUT /b/k?tagging", "PutObjectTagging"), ("PUT /b/k?retention", "PutObjectRetention"),
            ("GET /b/k?legal-hold", "GetObjectLegalHold"), ("GET /b/k?torrent", "GetObjectTorrent"),
            ("GET /b/k?attributes", "GetObjectAttributes"), ("POST /b/k?restore", "RestoreObject"),
            ("POST /b/k?select&select-type=2", "SelectObjectContent"), ("OPTIONS /b/k", "Preflight"),
            ("OPTIONS *", "Preflight"), ("GET //k", "unknown"), ("GET http://127.0.0.1:9000/b/k", "GetObject"),
            ("GET /b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2Fb", "GetObject"), ("MOVE /b/k", "unknown"),
        ])
    func pathStyle(_ line: String, _ expected: String) throws {
        #expect(try name(line) == expected)
    }

    @Test("a copy is told by its source field")
    func copies() throws {
        let source = "x-amz-copy-source: b/k\r\nContent-Length: 0\r\n"
        #expect(try name("PUT /b/k", fields: source) == "CopyObject")
        #expect(try name("PUT /b/k?partNumber=1&uploadId=u", fields: source) == "UploadPartCopy")
    }

    @Test("virtual-host style needs a base domain, whose longest match counts")
    func virtualHost() throws {
        #expect(try name("GET /", host: "my.bucket.S3.example.com:9000") == "ListObjects")
        #expect(try name("GET /k", host: "b.s3.example.com") == "GetObject")
        #expect(try name("GET /", host: "s3.example.com") == "ListBuckets")
        #expect(try name("GET /b/k", host: ".s3.example.com") == "GetObject")
        #expect(try name("GET /k", host: "b.other.com") == "ListObjects")
        let bytes = Array("GET /k HTTP/1.1\r\nHost: b.eu.s3.example.com\r\n\r\n".utf8)
        let head = try S3RequestHead(bytes.span)
        let resource = S3Resource(
            head, bytes.span, baseDomains: S3BaseDomains(["s3.example.com", "eu.s3.example.com"]))
        #expect(resource.isInHost)
        #expect(resource.bucket.map { bytes.span.text($0) } == "b")
        #expect(resource.key.map { bytes.span.text($0) } == "k")
    }

    @Test("names are distinct, and none is empty")
    func names() {
        #expect(Set(S3Command.allCases.map(\.name)).count == S3Command.count)
        #expect(S3Command.allCases.allSatisfy { !$0.name.isEmpty })
        #expect(S3Command.unknown.name == "unknown")
        #expect(S3Command.listObjectsV2.name == "ListObjectsV2")
    }
}
