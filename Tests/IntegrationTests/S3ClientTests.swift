// Real clients against real servers: the same commands directly and through the gateway.

import Foundation
import TestSupport
import Testing

@Suite("S3 clients", .serialized)
struct S3ClientTests {
    /// The lines of a run that say a step failed with an error nobody expects.
    static func succeeded(_ lines: [String], _ step: String) -> Bool {
        lines.contains { $0.hasPrefix(step + " ") && !$0.contains(" error ") }
    }

    /// Compares a run of the program through a gateway with a direct one.
    static func compare(
        _ port: Int, credentials: S3Credentials, bucket: String, env: [String: String] = [:], options: [String]
    ) async throws -> [String] {
        let direct = try await S3PythonClient.run(
            "http://127.0.0.1:\(port)", bucket: bucket, credentials: credentials, env: env, options: options)
        let through = try await S3Gateway.with(try S3Gateway(to: port)) { gateway in
            let lines = try await S3PythonClient.run(
                gateway.url, bucket: bucket, credentials: credentials, env: env, options: options)
            #expect(try await gateway.counts().failures.isEmpty)
            return lines
        }
        let differences = zip(direct, through).filter { $0 != $1 }
        #expect(differences.isEmpty, "\(differences)")
        #expect(direct.count == through.count)
        return through
    }

    @Test("boto3 sees the same through the gateway as directly: moto")
    func moto() async throws {
        let server = try await MotoServer.start()
        defer { server.stop() }
        let lines = try await Self.compare(
            server.port, credentials: S3Credentials(), bucket: "moto-bucket", options: ["form"])
        for step in ["put percent%2Fkey", "get caf\u{e9}/\u{65e5}\u{672c}", "complete", "form", "presigned put"] {
            #expect(Self.succeeded(lines, step), "\(step)")
        }
    }

    @Test("boto3 sees the same through the gateway as directly: rclone, which verifies signatures")
    func rclone() async throws {
        let server = try await RcloneS3Server.start()
        defer { server.stop() }
        let lines = try await Self.compare(
            server.port, credentials: server.credentials, bucket: "rclone-bucket",
            options: ["plain", "signed", "verifies"])
        for step in ["put with space", "get plus+sign", "complete", "get multi", "presigned get"] {
            #expect(Self.succeeded(lines, step), "\(step)")
        }
        #expect(lines.contains { $0.hasPrefix("wrong secret error") })
    }

    @Test("uploads with unsigned trailers, as SDKs send them over TLS, arrive whole")
    func unsignedTrailer() async throws {
        let server = try await MotoServer.start()
        defer { server.stop() }
        let certificates = try await Certificates.make()
        let gateway = try S3Gateway(to: server.port) { listener, _ in
            listener.tls = .terminate(
                .init(certificate: certificates.serverCertificate, key: certificates.serverKey, required: true))
        }
        let lines = try await S3Gateway.with(gateway) { gateway in
            try await S3PythonClient.run(
                "https://127.0.0.1:\(gateway.port)", bucket: "trailers", credentials: S3Credentials(),
                options: ["ca=\(certificates.authority)"])
        }
        for step in ["put plain", "get plain", "get multi", "delete bucket"] {
            #expect(Self.succeeded(lines, step), "\(step)")
        }
    }

    @Test("aws s3 and aws s3api print the same through the gateway as directly")
    func commandLine() async throws {
        let server = try await RcloneS3Server.start()
        defer { server.stop() }
        let folder = try TemporaryFolder()
        let tree = try folder.folder("tree")
        // No empty file: botocore waits 60 s after an empty PUT with Expect, without the gateway too (botocore#3755).
        for number in 1...5 {
            try folder.write("tree/file \(number)+\u{fc}.txt", String(repeating: "\(number)", count: number * 1000))
        }
        let big = Data((0..<20_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) })
        try big.write(to: URL(fileURLWithPath: folder.file("big")))
        let environment = server.credentials.environment.merging([
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required", "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        ]) { $1 }
        try await S3Gateway.with(try S3Gateway(to: server.port)) { gateway in
            func aws(_ url: String, _ arguments: [String]) async throws -> Data {
                try await Command.check([try Tools.aws, "--endpoint-url", url] + arguments, env: environment).output
            }
            for arguments in [
                ["s3", "mb", "s3://cli-bucket"],
                ["s3", "cp", folder.file("big"), "s3://cli-bucket/big", "--no-progress"],
                ["s3", "sync", tree, "s3://cli-bucket/tree", "--no-progress"],
            ] {
                _ = try await aws(gateway.url, arguments)
            }
            for arguments in [
                ["s3", "ls"], ["s3", "ls", "--recursive", "s3://cli-bucket"], ["s3", "cp", "s3://cli-bucket/big", "-"],
                ["s3api", "list-objects-v2", "--bucket", "cli-bucket"],
                ["s3api", "head-object", "--bucket", "cli-bucket", "--key", "big"],
                ["s3", "sync", tree, "s3://cli-bucket/tree", "--no-progress", "--dryrun"],
            ] {
                let direct = try await aws(server.url, arguments)
                let through = try await aws(gateway.url, arguments)
                #expect(direct == through, "\(arguments)")
                if arguments.last == "-" { #expect(through == big) }
            }
            _ = try await aws(gateway.url, ["s3", "rm", "--recursive", "s3://cli-bucket/tree"])
            let left = try await aws(server.url, ["s3", "ls", "--recursive", "s3://cli-bucket"])
            #expect(String(decoding: left, as: UTF8.self).split(separator: "\n").count == 1)
            #expect(try await gateway.counts().failures.isEmpty)
        }
    }

    @Test("a server killed in the middle of a download cuts the client, and the next one hears that it is down")
    func killed() async throws {
        let folder = try TemporaryFolder()
        try folder.write("k", String(repeating: "k", count: 30_000_000))
        let port = try FreePort.take()
        let server = try await blocking {
            let arguments = ["-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", folder.path]
            let server = try ServerProcess("http.server", [try Tools.python] + arguments, log: folder.file("log"))
            try server.waitUntilAnswers(port)
            return server
        }
        try await S3Gateway.with(try S3Gateway(to: port)) { gateway in
            let (ending, next) = try await blocking {
                let client = try gateway.connect(receiveBuffer: 65_536)
                try client.send(S3Text.get("/k"))
                _ = try client.receiveHead()
                server.kill()
                let ending = try client.receiveToEnd().ending
                let second = try gateway.connect()
                try second.send(S3Text.get("/k"))
                return (ending, try second.receiveMessage())
            }
            #expect(ending == .reset)
            #expect(next.status == 503)
        }
    }
}
