// What one look at an S3 request finds in its header fields and in what they say.

import Testing

@testable import Gateway

@Suite("a look at an S3 request")
struct S3UsageLookTests {
    /// Features of a request with `fields`, without its operation and what every request has.
    private static func features(_ fields: String, _ start: String = "PUT /b/k") throws -> Set<String> {
        let lines =
            ["\(start) HTTP/1.1", "Host: x", "Content-Length: 0"] + fields.split(separator: "\n").map(String.init)
        let head = lines.map { $0 + "\r\n" }.joined() + "\r\n"
        let features = try UsageReading().features(of: Array(head.utf8), on: "s3")
        #expect(features.contains { $0.hasPrefix("s3.operation.") })
        return features.filter { !$0.hasPrefix("s3.operation.") }
    }

    @Test("finds metadata, and a type where there is an object to have it")
    func metadata() throws {
        #expect(try Self.features("X-Amz-Meta-a: b\nx-amz-meta-c: d") == ["s3.header.x-amz-meta"])
        #expect(try Self.features("Content-Type: a/b") == ["s3.header.content-type"])
        #expect(try Self.features("Content-Type: a/b", "GET /b/k") == [])
    }

    @Test("finds fields that are in no table, and not those that every request may have")
    func unknown() throws {
        #expect(try Self.features("x-amz-foo: 1") == ["s3.header.unknown"])
        #expect(try Self.features("x-amz-meta: 1") == ["s3.header.unknown"])
        #expect(try Self.features("x-amz-date: 1\nx-amz-user-agent: x\nx-foo: 1\nx-amz: 1") == [])
        for name in ["x-amz-source-expected-bucket-owner", "x-amz-if-match-size"] {
            #expect(try Self.features("\(name): 1") == ["s3.header.\(name)"])
        }
    }

    @Test("tells values that ask for something from those that ask for what is the case anyway")
    func values() throws {
        for (name, usual, other) in [
            ("x-amz-storage-class", "STANDARD", "STANDARD_IA"), ("x-amz-acl", "private", "public-read"),
            ("x-amz-tagging-directive", "COPY", "REPLACE"), ("x-amz-tagging", "", "a=b"),
        ] {
            #expect(try Self.features("\(name): \(usual)") == ["s3.header.\(name)"])
            #expect(try Self.features("\(name): \(other)") == ["s3.header.\(name)", "s3.value.\(name)"])
        }
        #expect(try Self.features("", "GET /b/k?versionId=null") == ["s3.query.versionid"])
        #expect(try Self.features("", "GET /b/k?versionId=x") == ["s3.query.versionid", "s3.value.versionid"])
    }
}
