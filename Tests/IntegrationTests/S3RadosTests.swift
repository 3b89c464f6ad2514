// A Ceph RADOS gateway behind Fairlead: signatures, multipart, ranges and errors as a real S3 server sees them.

import Foundation
import TestSupport
import Testing

/// Whether the RADOS gateway is installed here.
let hasRadosGateway = (try? Tools.find("radosgw")) != nil

@Suite("S3 with a RADOS gateway", .serialized, .enabled(if: hasRadosGateway, "radosgw is not installed"))
struct S3RadosTests {
    @Test("boto3 and curl see the same through the gateway as directly, and every signature verifies")
    func everything() async throws {
        let server = try await RadosGateway.start()
        defer { server.stop() }
        for signing in [[], ["signed"]] {
            let lines = try await S3ClientTests.compare(
                server.port, credentials: server.credentials, bucket: "rados-bucket",
                options: ["plain", "verifies", "chunked", "form"] + signing)
            for step in [
                "put with space", "put plus+sign", "put a//b", "put percent%2Fkey", "get a=b&c;d,e:f@g!$'()*~",
                "complete",
                "get multi", "presigned get", "get chunks", "get form", "delete bucket",
            ] {
                #expect(S3ClientTests.succeeded(lines, step), "\(step)")
            }
            #expect(lines.contains("wrong secret error 403 SignatureDoesNotMatch"))
            #expect(lines.contains("tampered chunks 403"))
            #expect(lines.contains("signed chunks 200"))
        }
        try await curl(server)
    }

    /// curl signs by itself; its answers are the same on both ways but for ids and dates.
    private func curl(_ server: RadosGateway) async throws {
        let user = "\(server.credentials.accessKey):\(server.credentials.secretKey)"
        func run(_ url: String, _ path: String, _ more: [String]) async throws -> String {
            let result = try await Command.check(
                [
                    "curl", "-sS", "-i", "--aws-sigv4", "aws:amz:us-east-1:s3", "--user", user, "-H",
                    "x-amz-content-sha256: UNSIGNED-PAYLOAD",
                ] + more + [url + path])
            return result.text.split(separator: "\r\n", omittingEmptySubsequences: false).filter { line in
                let name = line.lowercased()
                return !name.hasPrefix("date:") && !name.hasPrefix("x-amz-request-id:")
            }.joined(separator: "\n").replacing(/<RequestId>[^<]*</, with: "<").replacing(
                /<CreationDate>[^<]*</, with: "<")
        }
        try await S3Gateway.with(try S3Gateway(to: server.port)) { gateway in
            for (path, more) in [
                ("/curl-bucket", ["-X", "PUT"]), ("/curl-bucket/k", ["-X", "PUT", "--data-binary", "hello"]),
                ("/curl-bucket/k", []), ("/curl-bucket/k", ["-I"]), ("/curl-bucket/none", []),
                ("/curl-bucket/none", ["-I"]),
                ("/curl-bucket/k", ["-r", "1-2"]), ("/", []), ("/curl-bucket/k", ["-X", "DELETE"]),
            ] as [(String, [String])] {
                let through = try await run(gateway.url, path, more)
                // Once more directly: none of these requests changes what the next one answers.
                let direct = try await run(server.url, path, more)
                if more.first != "-X" || path == "/curl-bucket" { #expect(through == direct, "\(path) \(more)") }
                #expect(!through.contains("SignatureDoesNotMatch"))
            }
        }
    }
}
