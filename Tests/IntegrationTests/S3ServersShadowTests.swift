// What a shadow finds between two kinds of S3 servers, and what it does not where their ways are masked.

import Foundation
import TestSupport
import Testing

@Suite("an S3 listener whose shadow is another kind of server", .serialized, .blocking)
struct S3ServersShadowTests {
    private static let secret = S3Credentials(accessKey: "AKIASHADOW", secretKey: "anotherSecretOfNoValue")

    /// Two listeners' worth of servers: rclone, and the embedded store with a bucket for copies.
    private static func gateway(
        primary isRclone: Bool, _ rclone: RcloneS3Server, _ folder: TemporaryFolder, _ masks: String
    ) throws -> Fairlead {
        let trusted = "url: \"\(rclone.url)\", login: { user: \(secret.accessKey), password: \(secret.secretKey) }"
        let own = "adapter: embedded, conformance: unverified, options: { folder: \"\(folder.file("store"))\" }"
        let keys = "{ \(secret.accessKey): \(secret.secretKey) }"
        return try ShadowedS3.gateway(
            isRclone ? trusted : own, isRclone ? own : trusted, ", masks: \(masks)",
            listener: (isRclone ? "" : "    access-keys: \(keys)\n")
                + "  other: { protocol: s3, listen: 127.0.0.1:0, backend: \(isRclone ? "new" : "blobs") }")
    }

    private static func play(primary isRclone: Bool, _ masks: String) async throws -> ShadowFindings {
        let rclone = try await RcloneS3Server.start(credentials: secret)
        let folder = try TemporaryFolder()
        let gateway = try gateway(primary: isRclone, rclone, folder, masks)
        if isRclone {
            try await blocking {
                let client = try S3RawConnection(to: gateway.port("other"))
                try client.send("PUT /scratch HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
                #expect(try client.response(to: "PUT").status == 200)
            }
        } else {
            _ = try rclone.folder.folder("objects/scratch")
        }
        return try await ShadowedS3.play(gateway, secret)
    }

    @Test("what differs is found and told by its cause", arguments: [true, false])
    func found(isRclone: Bool) async throws {
        let report = try await Self.play(primary: isRclone, "[]")
        #expect(report.isAccountedFor && report.verdict == "differs", "\(report)")
        // One tells a checksum, the other none, and they give documents two types.
        let known = [
            "PutObject", "UploadPart", "CreateMultipartUpload", "CompleteMultipartUpload", "CopyObject",
            "DeleteObjects",
        ]
        #expect(Set(report.causes).isSubset(of: known.map { "\($0) header" }), "\(report.differences)")
        for (command, place) in [
            ("PutObject", "x-amz-checksum-crc32"), ("UploadPart", "x-amz-checksum-crc32"),
            ("CreateMultipartUpload", "content-type"), ("DeleteObjects", "content-type"),
        ] {
            let found = report.differences.first { $0.command == command }
            #expect(found?.place == place && (found?.count ?? 0) > 1, "\(report.differences)")
        }
    }

    @Test("with their ways masked there is no alarm under clients that write at once", arguments: [true, false])
    func masked(isRclone: Bool) async throws {
        let report = try await Self.play(
            primary: isRclone, "[last-modified, etag, content-type, checksum, range-status]")
        ShadowedS3.expectNoAlarm(report)
    }
}
