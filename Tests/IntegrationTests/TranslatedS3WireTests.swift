// The wire of the translated S3 front, spelt out: heads, bodies, pipelines and ends.

import Foundation
import TestSupport
import Testing

@Suite("Translated S3 on the wire", .serialized, .blocking)
struct TranslatedS3WireTests {
    /// Runs `body` with a client of a gateway that checks no signatures and has a bucket.
    static func withClient(
        listener: [String] = [], _ body: (TranslatedS3, S3RawConnection) throws -> Void
    ) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try TranslatedS3(folder, signed: false, listener: listener)
        defer { server.stop() }
        let client = try server.connect()
        try client.send("PUT /bucket HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        #expect(try client.response(to: "PUT").status == 200)
        try body(server, client)
    }

    static func put(_ key: String, _ body: String, _ fields: [String] = []) -> String {
        (["PUT /bucket/\(key) HTTP/1.1", "Host: a", "Content-Length: \(body.utf8.count)"] + fields)
            .joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    static func get(_ key: String, _ fields: [String] = []) -> String {
        (["GET /bucket/\(key) HTTP/1.1", "Host: a"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    }

    @Test("requests sent ahead are answered in order, and each sees what came before it")
    func pipelining() throws {
        try Self.withClient { _, client in
            var text = ""
            for number in 0..<50 { text += Self.put("key", "value \(number)") + Self.get("key") }
            try client.send(text)
            for number in 0..<50 {
                #expect(try client.response(to: "PUT").status == 200)
                #expect(try client.response(to: "GET").text == "value \(number)")
            }
        }
    }

    @Test("a request that drips in byte by byte is answered like any other")
    func dripping() throws {
        try Self.withClient { _, client in
            try client.drip(Array(Self.put("key", "value", ["x-amz-meta-a: b"]).utf8))
            #expect(try client.response(to: "PUT").status == 200)
            try client.drip(Array(Self.get("key").utf8))
            let answer = try client.response(to: "GET")
            #expect(answer.text == "value")
            #expect(answer.head.contains("x-amz-meta-a: b\r\n"))
        }
    }

    @Test("errors name what they are about, and every request has an id of its own")
    func errors() throws {
        try Self.withClient { _, client in
            try client.send(Self.get("none") + Self.get("none").replacing("/bucket/", with: "/nowhere/"))
            let (first, second) = (try client.response(to: "GET"), try client.response(to: "GET"))
            #expect(first.text.contains("<Code>NoSuchKey</Code>") && first.text.contains("<Key>none</Key>"))
            #expect(second.text.contains("<BucketName>nowhere</BucketName>"))
            try client.send(Self.put("k", "0123456789") + Self.get("k", ["Range: bytes=20-30"]))
            #expect(try client.response(to: "PUT").status == 200)
            let third = try client.response(to: "GET")
            #expect(third.text.contains("<RangeRequested>bytes=20-30</RangeRequested>"))
            let ids = [first, second, third].map { $0.text.firstMatch(of: /<RequestId>(.*)<\/RequestId>/)?.1 }
            #expect(Set(ids).count == 3 && !ids.contains(nil))
            #expect(first.head.contains("x-amz-request-id: \(ids[0] ?? "none")\r\n"))
        }
    }

    @Test("a key that is no text is refused, and a range behind any end is none that can be had")
    func outOfBounds() throws {
        try Self.withClient { _, client in
            for key in ["%FF", "a%00b", "a%C3", "%ED%A0%80"] {
                for request in [Self.put(key, "v"), Self.get(key)] {
                    try client.send(request)
                    let answer = try client.response(to: String(request.prefix(3)))
                    #expect(
                        answer.status == 400 && answer.text.contains("<Code>InvalidURI</Code>"), "\(key) \(answer.text)"
                    )
                }
            }
            try client.send("GET /bucket?prefix=%FF HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response(to: "GET").text.contains("<Code>InvalidURI</Code>"))
            try client.send(Self.put("%C3%A9", "0123456789"))
            #expect(try client.response(to: "PUT").status == 200)
            try client.send(
                "PUT /bucket/to HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nx-amz-copy-source: /bucket/%FF\r\n\r\n")
            #expect(try client.response(to: "PUT").text.contains("<Code>InvalidURI</Code>"))
            let huge = "99999999999999999999"
            for (range, status, text) in [
                ("bytes=\(huge)-", 416, "InvalidRange"), ("bytes=\(huge)-\(huge)", 416, "InvalidRange"),
                ("bytes=7-\(huge)", 206, "789"), ("bytes=-\(huge)", 206, "0123456789"),
                ("bytes=9-8", 200, "0123456789"),
            ] {
                try client.send(Self.get("%C3%A9", ["Range: \(range)"]))
                let answer = try client.response(to: "GET")
                #expect(answer.status == status && answer.text.contains(text), "\(range) \(answer.head)")
            }
        }
    }

    @Test("a form is refused by its name, where signatures are checked too", arguments: [false, true])
    func form(signed: Bool) throws {
        let folder = try TemporaryFolder()
        let server = try TranslatedS3(folder, signed: signed)
        let client = try server.connect()
        let form = "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--x--\r\n"
        try client.send(
            "POST /bucket HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                + "Content-Length: \(form.utf8.count)\r\n\r\n\(form)")
        let refused = try client.response(to: "POST")
        #expect(refused.status == 501 && refused.text.contains("the operation of PostObject"), "\(refused.text)")
        server.stop()
        folder.remove()
    }

    @Test("a deletion of many without a hash of its document is refused, and a part is copied whole or not at all")
    func incomplete() throws {
        try Self.withClient { _, client in
            let document = "<Delete><Object><Key>k</Key></Object></Delete>"
            try client.send(Self.put("k", "0123456789"))
            #expect(try client.response(to: "PUT").status == 200)
            try client.send(
                "POST /bucket?delete HTTP/1.1\r\nHost: a\r\nContent-Length: \(document.count)\r\n\r\n\(document)")
            let refused = try client.response(to: "POST")
            #expect(refused.status == 400 && refused.text.contains("<Code>InvalidRequest</Code>"))
            try client.send("POST /bucket/to?uploads HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            let id = try #require(try client.response(to: "POST").text.firstMatch(of: /<UploadId>(.*)<\/UploadId>/)?.1)
            for (range, status) in [("bytes=2-50", 416), ("bytes=2-9", 200)] {
                try client.send(
                    "PUT /bucket/to?partNumber=1&uploadId=\(id) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
                        + "x-amz-copy-source: /bucket/k\r\nx-amz-copy-source-range: \(range)\r\n\r\n")
                #expect(try client.response(to: "PUT").status == status, "\(range)")
            }
        }
    }

    @Test("more than 5 GiB in one request are refused before a byte of them is sent, and 5 GiB are not")
    func tooLarge() throws {
        try Self.withClient { server, first in
            let limit = 5 << 30
            func head(_ target: String, _ fields: String...) -> String {
                (["PUT \(target) HTTP/1.1", "Host: a"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
            }
            try first.send("POST /bucket/k?uploads HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            let begun = try first.response(to: "POST").text
            let id = try #require(begun.firstMatch(of: /<UploadId>(.*)<\/UploadId>/)?.1)
            for request in [
                head("/bucket/k", "Content-Length: \(limit + 1)"),
                head("/bucket/k", "Content-Length: \(limit + 1)", "Expect: 100-continue"),
                head("/bucket/k?partNumber=1&uploadId=\(id)", "Content-Length: \(limit + 1)"),
                head(
                    "/bucket/k", "Content-Length: \(limit + 100)", "x-amz-decoded-content-length: \(limit + 1)",
                    "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding: aws-chunked",
                    "x-amz-trailer: x-amz-checksum-crc32"),
            ] {
                let client = try server.connect()
                try client.send(request)
                let answer = try client.response(to: "PUT")
                #expect(answer.status == 400, "\(answer.head)")
                #expect(answer.text.contains("<Code>EntityTooLarge</Code>"), "\(answer.text)")
                #expect(answer.text.contains("<ProposedSize>\(limit + 1)</ProposedSize>"), "\(answer.text)")
                #expect(answer.text.contains("<MaxSizeAllowed>\(limit)</MaxSizeAllowed>"))
            }
            let client = try server.connect()
            try client.send(head("/bucket/k", "Content-Length: \(limit)", "Expect: 100-continue"))
            #expect(try client.receiveHead().hasPrefix("HTTP/1.1 100 "))
        }
    }

    @Test("a chunked body without a decoded length is refused, as S3 refuses it, and its connection goes on")
    func chunked() throws {
        try Self.withClient { _, client in
            try client.send(
                "PUT /bucket/key HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            let answer = try client.response(to: "PUT")
            #expect(answer.status == 411)
            #expect(answer.text.contains("<Code>MissingContentLength</Code>"))
            try client.send(Self.get("key"))
            #expect(try client.response(to: "GET").status == 404)
        }
    }

    @Test("an aws-chunked body in a chunked one is decoded, its trailer verified, stored and shown")
    func nestedChunks() throws {
        try Self.withClient { _, client in
            let body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
            let head =
                "PUT /bucket/key HTTP/1.1\r\nHost: a\r\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
                + "Content-Encoding: gzip, aws-chunked\r\nx-amz-decoded-content-length: 5\r\n"
                + "x-amz-trailer: x-amz-checksum-crc32\r\nTransfer-Encoding: chunked\r\n\r\n"
            var chunks = ""
            for piece in [body.prefix(4), body.dropFirst(4)] {
                chunks += String(piece.utf8.count, radix: 16) + "\r\n\(piece)\r\n"
            }
            try client.send(head + chunks + "0\r\n\r\n")
            let answer = try client.response(to: "PUT")
            #expect(answer.status == 200)
            #expect(answer.head.contains("x-amz-checksum-crc32: NhCmhg==\r\n"))
            try client.send(Self.get("key", ["x-amz-checksum-mode: ENABLED"]))
            let stored = try client.response(to: "GET")
            #expect(stored.text == "hello")
            #expect(stored.head.contains("x-amz-checksum-crc32: NhCmhg==\r\n"))
            #expect(stored.head.contains("content-encoding: gzip\r\n"))
            // The same with another check, another trailer, no trailer, another length.
            for (old, new, code) in [
                ("NhCmhg==", "NhCmhh==", "MalformedTrailerError"), ("NhCmhg==", "AAAAAA==", "BadDigest"),
                ("crc32:N", "sha1:N", "MalformedTrailerError"),
                ("x-amz-checksum-crc32:NhCmhg==\r\n", "", "MalformedTrailerError"),
                ("hello", "hell", "IncompleteBody"), ("0\r\n", "", "IncompleteBody"),
            ] {
                let other = body.replacingOccurrences(of: old, with: new)
                let plain = head.replacingOccurrences(
                    of: "Transfer-Encoding: chunked", with: "Content-Length: \(other.utf8.count)")
                try client.send(plain + other)
                let refused = try client.response(to: "PUT")
                #expect(refused.status == 400, "\(new)")
                #expect(refused.text.contains("<Code>\(code)</Code>"), "\(new): \(refused.text)")
            }
            try client.send(Self.get("key"))
            #expect(try client.response(to: "GET").text == "hello")
        }
    }

    @Test("a client that waits for 100 hears it when its body is wanted, and is closed when it is not")
    func expectContinue() throws {
        try Self.withClient { server, client in
            try client.send("PUT /bucket/key HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            #expect(try client.nextHead()?.hasPrefix("HTTP/1.1 100 ") == true)
            try client.send("hello")
            #expect(try client.response(to: "PUT").status == 200)
            try client.send("PUT /none/key HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            let answer = try client.response(to: "PUT")
            #expect(answer.status == 404)
            #expect(answer.head.contains("Connection: close\r\n"))
            #expect(try client.nextHead() == nil)
        }
    }

    @Test("a refused body is read when it is short, and costs the connection when it is long")
    func unreadBodies() throws {
        try Self.withClient { _, client in
            try client.send(
                "PUT /none/key HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
                    + String(repeating: "x", count: 1000))
            #expect(try client.response(to: "PUT").status == 404)
            try client.send(Self.put("key", "value"))
            #expect(try client.response(to: "PUT").status == 200)
            try client.send("PUT /none/key HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nGET / HTTP/1.1\r\n")
            let answer = try client.response(to: "PUT")
            #expect(answer.status == 404)
            #expect(answer.head.contains("Connection: close\r\n"))
        }
    }

    @Test("HTTP/1.0 is answered and closed; HEAD and 304 have no body, errors of HEAD none either")
    func withoutBodies() throws {
        try Self.withClient { server, client in
            try client.send(Self.put("key", "value"))
            let etag = try #require(
                try client.response(to: "PUT").head.components(separatedBy: "\r\n").first { $0.hasPrefix("ETag: ") })
            try client.send(
                "HEAD /bucket/key HTTP/1.1\r\nHost: a\r\n\r\n" + "HEAD /bucket/no HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response(to: "HEAD").head.contains("Content-Length: 5\r\n"))
            #expect(try client.response(to: "HEAD").status == 404)
            try client.send(Self.get("key", ["If-None-Match: \(etag.dropFirst(6))"]) + Self.get("key"))
            let same = try client.response(to: "GET")
            #expect(same.status == 304)
            #expect(same.head.contains(etag))
            #expect(try client.response(to: "GET").text == "value")
            let old = try server.connect()
            try old.send("GET /bucket/key HTTP/1.0\r\n\r\n")
            #expect(try old.response(to: "GET").text == "value")
            #expect(try old.nextHead() == nil)
        }
    }

    @Test("ranges are S3's: several or unreadable ones give the whole")
    func ranges() throws {
        try Self.withClient { _, client in
            try client.send(Self.put("key", "0123456789"))
            _ = try client.response(to: "PUT")
            for (range, status, body) in [
                ("bytes=2-4", 206, "234"), ("bytes=-3", 206, "789"), ("bytes=8-", 206, "89"), ("bytes=9-99", 206, "9"),
                ("bytes=0-1,3-4", 200, "0123456789"), ("lines=1-2", 200, "0123456789"),
                ("bytes=4-2", 200, "0123456789"),
                ("bytes=9999999999999999999x-", 200, "0123456789"),
            ] {
                try client.send(Self.get("key", ["Range: \(range)"]))
                let answer = try client.response(to: "GET")
                #expect(answer.status == status, "\(range)")
                #expect(answer.text == body, "\(range)")
            }
            for range in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
                try client.send(Self.get("key", ["Range: \(range)"]))
                let answer = try client.response(to: "GET")
                #expect(answer.status == 416, "\(range)")
                #expect(answer.head.contains("Content-Range: bytes */10\r\n"), "\(range)")
            }
        }
    }

    @Test("what cannot be done is refused with its name and the backend's, never dropped")
    func refusals() throws {
        try Self.withClient { _, client in
            for (request, name) in [
                (Self.put("key", "", ["x-amz-tagging: a=b"]), "x-amz-tagging"),
                (Self.put("key", "", ["x-amz-grant-read: id=1"]), "x-amz-grant-read"),
                (Self.put("key", "", ["x-amz-server-side-encryption: aws:kms"]), "x-amz-server-side-encryption"),
                (Self.put("key", "", ["x-amz-website-redirect-location: /"]), "x-amz-website-redirect-location"),
                (Self.put("key", "", ["x-amz-write-offset-bytes: 3"]), "x-amz-write-offset-bytes"),
                (Self.put("key?acl", ""), "PutObjectAcl"), (Self.put("key?tagging", ""), "PutObjectTagging"),
                (Self.get("key?versionId=1"), "versionId"), (Self.get("?versions"), "ListObjectVersions"),
                (Self.get("?policy"), "GetBucketPolicy"), (Self.get("key?unheard-of=1"), "unheard-of"),
            ] {
                try client.send(request)
                let answer = try client.response(to: String(request.prefix(3)))
                #expect(answer.status == 501, "\(name)")
                #expect(answer.text.contains("<Code>NotImplemented</Code>"), "\(name)")
                #expect(answer.text.contains(name), "\(name): \(answer.text)")
                #expect(answer.text.contains("backend &apos;store&apos; (adapter embedded)"), "\(answer.text)")
            }
            try client.send(Self.get("key"))
            #expect(try client.response(to: "GET").status == 404)
        }
    }

    @Test("a refused option of an operation that is there names the family, and what it is an option of")
    func refusedOptions() throws {
        try Self.withClient { _, client in
            for (request, operation) in [
                (Self.put("key", "", ["x-amz-tagging: a=b"]), "PutObject"),
                (Self.get("key?unheard-of=1"), "GetObject"),
                (Self.put("key?partNumber=1&uploadId=1", "", ["x-amz-grant-read: id=1"]), "UploadPart"),
                (Self.put("key?acl", ""), "PutObjectAcl"), (Self.get("?policy"), "GetBucketPolicy"),
            ] {
                try client.send(request)
                let answer = try client.response(to: String(request.prefix(3)))
                #expect(answer.status == 501 && answer.text.contains("UNSUPPORTED object: backend"), "\(answer.text)")
                #expect(answer.text.contains(" of \(operation)"), "\(answer.text)")
            }
        }
    }

    @Test("bytes that are no request get an error and a close")
    func garbage() throws {
        try Self.withClient { server, _ in
            for (text, status) in [
                ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("\u{16}\u{3}\u{1}", 400),
                ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
                ("PUT /bucket/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
                ("PATCH /bucket/k HTTP/1.1\r\nHost: a\r\n\r\n", 405),
            ] {
                let client = try server.connect()
                try client.send(text)
                #expect(try client.response(to: "GET").status == status, "\(text)")
            }
            let client = try server.connect()
            try client.send(
                "PUT /bucket/k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nx-amz-decoded-content-length: 3\r\n"
                    + "Content-Encoding: aws-chunked\r\n\r\nzz\r\n")
            #expect(try client.response(to: "PUT").status == 400)
            #expect(try client.nextHead() == nil)
        }
    }

    @Test("a client that goes away within its body leaves no object behind, and the others are served")
    func goneWithin() throws {
        try Self.withClient { server, client in
            let gone = try server.connect()
            try gone.send(
                "PUT /bucket/key HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
                    + String(repeating: "x", count: 500_000))
            gone.close()
            #expect(server.fairlead.process.ending == nil)
            try client.send(Self.get("key"))
            #expect(try client.response(to: "GET").status == 404)
        }
    }
}
