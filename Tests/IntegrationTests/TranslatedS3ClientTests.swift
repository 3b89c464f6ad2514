// Real S3 clients in front of the embedded object store, with access keys.

import Foundation
import TestSupport
import Testing

@Suite("Translated S3 and its clients", .serialized, .blocking)
struct TranslatedS3ClientTests {
    @Test("boto3 gets everything that S3 promises, from objects to tampered chunks", arguments: ["everysec", "always"])
    func boto(fsync: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try TranslatedS3(folder, fsync: fsync)
        defer { server.stop() }
        let lines = try await server.python(TranslatedS3Program.text)
        #expect(lines.filter { $0.hasPrefix("FAILED") } == [])
        #expect(lines.last == "FAILURES []")
        #expect(lines.filter { $0.hasPrefix("ok ") }.count > 250)
        // Nothing is left of what was deleted, aborted or refused.
        let data = folder.file("data/objects")
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(data)/buckets") == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(data)/temporary") == [])
    }

    // A backend that verifies every signature and checksum, trailers without a signature included, hears the same bytes.
    @Test("through a second gateway, to which this one is a trusted server, boto3 gets the same")
    func throughTrusted() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try TranslatedS3(folder)
        defer { server.stop() }
        let front = try Fairlead(["--s3", "127.0.0.1:0=\(server.url)", "--admin", "127.0.0.1:0"])
        let url = "http://127.0.0.1:\(front.port("s3"))"
        let lines = try await server.python(TranslatedS3Program.text, through: url)
        #expect(lines.filter { $0.hasPrefix("FAILED") } == [])
        #expect(lines.last == "FAILURES []")
        #expect(lines.filter { $0.hasPrefix("ok ") }.count > 250)
    }

    @Test("the aws command line copies, lists, synchronises and removes")
    func aws() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try TranslatedS3(folder)
        defer { server.stop() }
        func aws(_ arguments: String...) async throws -> String {
            let result = try await Command.check(
                [try Tools.aws, "--endpoint-url", server.url] + arguments,
                env: TranslatedS3.credentials.environment, timeout: .seconds(60))
            return result.text
        }
        // Beyond eight MiB the command line uploads in parts.
        let large = [UInt8]((0..<(20 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) })
        try Data(large).write(to: URL(fileURLWithPath: folder.file("large")))
        let tree = try folder.folder("tree")
        for name in ["a", "b c", "d+e"] { try Data(name.utf8).write(to: URL(fileURLWithPath: "\(tree)/\(name)")) }
        _ = try await aws("s3", "mb", "s3://bucket")
        _ = try await aws("s3", "cp", folder.file("large"), "s3://bucket/large")
        _ = try await aws("s3", "cp", "s3://bucket/large", folder.file("back"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("back"))) == Data(large))
        _ = try await aws("s3", "sync", tree, "s3://bucket/tree")
        _ = try await aws("s3", "mv", "s3://bucket/large", "s3://bucket/tree/large")
        let list = try await aws("s3", "ls", "--recursive", "s3://bucket")
        let keys = list.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 3).last ?? "" }
        #expect(keys == ["tree/a", "tree/b c", "tree/d+e", "tree/large"])
        _ = try await aws("s3", "rb", "--force", "s3://bucket")
        #expect(try await aws("s3", "ls") == "")
    }

    @Test("rclone checks what it has copied")
    func rclone() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try TranslatedS3(folder)
        defer { server.stop() }
        let tree = try folder.folder("tree/sub")
        for number in 0..<30 {
            try Data(String(repeating: "\(number)", count: number * 100).utf8).write(
                to: URL(fileURLWithPath: "\(tree)/file \(number)"))
        }
        let keys = TranslatedS3.credentials
        let remote =
            ":s3,provider=Other,endpoint='\(server.url)',access_key_id=\(keys.accessKey),"
            + "secret_access_key=\(keys.secretKey),region=us-east-1:bucket/tree"
        for command in ["copy", "check"] {
            _ = try await Command.check(
                [try Tools.rclone, "--config", "/dev/null", command, folder.file("tree"), remote], timeout: .seconds(60)
            )
        }
    }
}
