// Where objects move from and to, and how it is spoken to: TLS, buckets in the host, and requests of a bounded size.

import Foundation
import S3Wire
import TestSupport
import Testing

@testable import Gateway

@Suite("fairlead migrate between servers that are spoken to in every way", .serialized, .blocking)
struct S3MigrationAddressTests {
    /// Moves what `direct` holds, writes once more through the gateway, and cuts over.
    private static func move(_ moving: MovingObjects, _ client: ObjectClient, options: [String] = []) throws {
        let moved = try moving.migrate(["--force"] + options)
        #expect(moved.ending == .exited(0), "\(moved.errorText)\(moved.text)")
        try client.put("bucket", "late", [9], ["x-amz-meta-one": "1"])
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
    }

    @Test("over TLS at both ends, and towards clients")
    func tls() throws {
        let certificates = try Certificates()
        let (old, new) = (try RcloneS3Server(tls: certificates), try RcloneS3Server(tls: certificates))
        func place(_ server: RcloneS3Server) -> MovingObjects.Place {
            .address(
                url: "https://127.0.0.1:\(server.port)", section: ", tls: { ca: \"\(certificates.authority)\" }")
        }
        let moving = try MovingObjects(
            from: place(old), to: place(new),
            listener:
                ", tls: { certificate: \"\(certificates.serverCertificate)\", key: \"\(certificates.serverKey)\" }")
        // Adds TLS for a client that speaks none.
        let port = try FreePort.take()
        let stunnel = try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 1
                listeners: { s3: { protocol: s3, listen: "127.0.0.1:\(port)", backend: far } }
                backends: { far: { url: "https://127.0.0.1:\(moving.port)", tls: { ca: "\(certificates.authority)" } } }

                """)
        let client = try ObjectClient(port)
        try client.check(ObjectClient.request(.put, "bucket"))
        let large = objectBytes(1, 3 << 20)
        try client.put("bucket", "large", large)
        try Self.move(moving, client)
        let target = try ObjectClient(moving.targetPort)
        #expect(try target.object("bucket", "large")?.body == large && target.object("bucket", "late")?.body == [9])
        // The connections were closed at the cut-over; the client goes on at the target.
        try client.put("bucket", "last", [8])
        #expect(try target.object("bucket", "last")?.body == [8])
        _ = stunnel
    }

    @Test("with buckets in the host at either end, and by clients of either kind", arguments: [true, false])
    func virtualHosted(toEmbedded: Bool) throws {
        let (old, new) = (try MotoServer(), try MotoServer())
        func place(_ server: MotoServer) -> MovingObjects.Place {
            .address(url: "http://localhost:\(server.port)", login: ", addressing: virtual-hosted")
        }
        let moving = try MovingObjects(
            from: place(old), to: toEmbedded ? .embedded : place(new), listener: ", domains: localhost")
        let client = try ObjectClient(moving.port, addressing: .virtualHosted)
        try client.check(ObjectClient.request(.put, "bucket"))
        for key in ["plain", "dir/a b+c", "bucket"] { try client.put("bucket", key, Array(key.utf8)) }
        try Self.move(moving, client)
        // Which key was written is read from the host and the path: with the path alone `late` would have been a bucket.
        let there = try ObjectClient(moving.targetPort)
        #expect(try there.list("bucket").keys.sorted() == ["bucket", "dir/a b+c", "late", "plain"])
        #expect(try there.object("bucket", "late")?.fields["x-amz-meta-one"] == "1" && there.buckets() == ["bucket"])
        let after = try ObjectClient(moving.port, addressing: .virtualHosted)
        try after.put("bucket", "last", [7])
        #expect(try there.object("bucket", "last")?.body == [7])
        #expect(try ObjectClient(moving.port).object("bucket", "dir/a b+c")?.body == Array("dir/a b+c".utf8))
    }

    @Test("an object that one request may not carry goes in parts")
    func largestRequest() throws {
        let server = try RcloneS3Server()
        let moving = try MovingObjects(
            from: .server(port: server.port, signed: true), to: .embedded, migration: ", largest-request: 5MiB")
        let direct = try ObjectClient(server.port)
        try direct.check(ObjectClient.request(.put, "bucket"))
        let (large, whole) = (objectBytes(1, 12 << 20), objectBytes(2, 5 << 20))
        try direct.put("bucket", "large", large, ["x-amz-meta-one": "1"])
        try direct.put("bucket", "whole", whole)
        let moved = try moving.migrate("--force")
        #expect(moved.ending == .exited(0), "\(moved.errorText)")
        // The bytes were compared, since an ETag is one of the parts.
        #expect(moved.text.contains("1 objects have another ETag at 'new'"), "\(moved.text)")
        let there = try ObjectClient(moving.targetPort)
        let copy = try there.object("bucket", "large")
        #expect(copy?.body == large && copy?.fields["x-amz-meta-one"] == "1")
        #expect(copy?.etag.hasSuffix("-3") == true, "\(copy?.etag ?? "")")
        #expect(try there.object("bucket", "whole")?.etag == direct.object("bucket", "whole")?.etag)
    }
}
