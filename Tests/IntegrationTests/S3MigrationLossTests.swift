// What is kept beside objects and with buckets: moved where the target keeps it, named before anything is copied where not.

import Digest
import Foundation
import S3Wire
import TestSupport
import Testing

@testable import Gateway

@Suite("fairlead migrate with what objects and buckets have beside their bytes", .serialized, .blocking)
struct S3MigrationLossTests {
    private static let settings: [(parameter: String, document: String)] = [
        (
            "cors",
            "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>"
        ),
        (
            "lifecycle",
            "<LifecycleConfiguration><Rule><ID>old</ID><Filter><Prefix>tmp/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>"
        ),
        (
            "encryption",
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
        ),
        ("tagging", "<Tagging><TagSet><Tag><Key>team</Key><Value>sales</Value></Tag></TagSet></Tagging>"),
        (
            "policy",
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}"#
        ),
        ("versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
    ]

    private static func set(_ parameter: String, _ document: String, _ client: ObjectClient) throws {
        var request = ObjectClient.request(.put, "bucket").with(parameter)
        request.document = Array(document.utf8)
        request.add("content-md5", base64(HashAlgorithm.md5.hash(request.document)))
        try client.check(request)
    }

    /// A server with one of everything.
    private static func source() throws -> (server: MotoServer, direct: ObjectClient) {
        let server = try MotoServer()
        let direct = try ObjectClient(server.port)
        try direct.check(ObjectClient.request(.put, "bucket"))
        for (parameter, document) in settings { try set(parameter, document, direct) }
        try direct.put("bucket", "plain", [1])
        for key in ["cold/1", "cold/2", "cold/3", "cold/4"] {
            try direct.put("bucket", key, [2], ["x-amz-storage-class": "STANDARD_IA"])
        }
        try direct.put("bucket", "open", [3], ["x-amz-acl": "public-read"])
        return (server, direct)
    }

    /// What a client is told of a setting.
    private static func words(_ parameter: String, _ client: ObjectClient) throws -> [[UInt8]]? {
        let reply = try client.ask(ObjectClient.request(.get, "bucket").with(parameter))
        let setting = S3BucketSetting.moved.first { $0.parameter == parameter }
        return reply.isSuccess ? setting?.words(of: reply.body) : nil
    }

    private static func storageClass(_ key: String, _ client: ObjectClient) throws -> String? {
        try client.ask(ObjectClient.request(.head, "bucket", key)).field("x-amz-storage-class").map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private static func accessList(_ key: String, _ client: ObjectClient) throws -> S3AccessList? {
        S3AccessList(try client.ask(ObjectClient.request(.get, "bucket", key).with("acl")).body)
    }

    @Test(
        "storage classes, ACLs and settings of buckets move where the target keeps them, and what clients change later too"
    )
    func moved() throws {
        let (server, direct) = try Self.source()
        let target = try MotoServer()
        let there = try ObjectClient(target.port)
        let moving = try MovingObjects(
            from: .server(port: server.port, signed: true), to: .server(port: target.port, signed: true))
        let moved = try moving.migrate("--force", "--leave", "versions")
        #expect(moved.ending == .exited(0), "\(moved.errorText)\(moved.text)")
        for (parameter, _) in Self.settings {
            let words = try Self.words(parameter, direct)
            #expect(try words?.isEmpty == false && Self.words(parameter, there) == words, "\(parameter)")
        }
        #expect(try Self.storageClass("cold/4", there) == "STANDARD_IA")
        #expect(try Self.accessList("open", there) == .canned(.publicRead))
        #expect(try Self.accessList("plain", there) == .canned(.ownerAlone))
        // Nothing of the trial is left.
        #expect(try there.list("bucket").count == 6)

        let client = try moving.connect()
        try client.check(ObjectClient.request(.delete, "bucket").with("cors"))
        try Self.set("tagging", Self.settings[3].document.replacing("sales", with: "ops"), client)
        try client.put("bucket", "cold/1", [4], ["x-amz-storage-class": "ONEZONE_IA"])
        var close = ObjectClient.request(.put, "bucket", "open").with("acl")
        close.add("x-amz-acl", "private")
        try client.check(close)
        try eventually("what was changed") {
            try Self.words("cors", there) == nil
                && Self.words("tagging", there)?.contains(Array("Value=ops".utf8)) == true
                && Self.storageClass("cold/1", there) == "ONEZONE_IA"
                && Self.accessList("open", there) == .canned(.ownerAlone)
        }
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
    }

    @Test(
        "what the target does not keep is named with its number and the first of it, and nothing is copied unless it may stay behind"
    )
    func named() throws {
        let (server, direct) = try Self.source()
        let moving = try MovingObjects(from: .server(port: server.port, signed: true), to: .embedded)
        let there = try ObjectClient(moving.targetPort)
        let refused = try moving.migrate("--force", "--leave", "versions")
        let words = refused.errorText
        #expect(refused.ending == .exited(1))
        #expect(
            words.contains(
                "4 objects have the storage class STANDARD_IA, which 'new' does not keep: bucket/cold/1, bucket/cold/2, bucket/cold/3, …"
            ), "\(words)")
        #expect(words.contains("1 object has the ACL public-read, which 'new' does not keep: bucket/open"), "\(words)")
        #expect(
            words.contains(
                "objects have the encryption AES256, which 'new' does not keep, such as bucket/cold/1"), "\(words)")
        for (parameter, _) in Self.settings {
            #expect(
                words.range(of: "settings of bucket 'bucket'.*\(parameter)", options: .regularExpression) != nil,
                "\(words)")
        }
        #expect(words.contains("--leave settings,acls,storage-classes,encryption"), "\(words)")
        #expect(try there.buckets() == [])

        let moved = try moving.migrate("--force", "--leave", "versions,settings,acls,storage-classes,encryption")
        #expect(moved.ending == .exited(0), "\(moved.errorText)\(moved.text)")
        #expect(try there.list("bucket").count == 6)
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        try moving.connect().put("bucket", "late", [5])
        // A gateway that is killed compares everything once more: what was left behind is no difference.
        try moving.kill()
        try moving.start()
        let again = try moving.migrate("--force")
        #expect(again.ending == .exited(0), "\(again.errorText)")
        let back = try moving.migrate("--roll-back")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        #expect(try direct.object("bucket", "late")?.body == [5])
        #expect(try Self.storageClass("cold/1", direct) == "STANDARD_IA")
        #expect(try Self.accessList("open", direct) == .canned(.publicRead))
        for (parameter, _) in Self.settings { #expect(try Self.words(parameter, direct) != nil, "\(parameter)") }
    }

    private static let algorithm = S3ObjectEncryption.algorithmField
    private static let sealed = [algorithm: "AES256"]
    private static let keyed = [algorithm: "aws:kms", S3ObjectEncryption.keyField: "alias/shop"]

    private static func encryption(_ key: String, _ client: ObjectClient) throws -> S3ObjectEncryption? {
        S3ObjectEncryption(try client.check(ObjectClient.request(.head, "bucket", key)))
    }

    @Test("how a server encrypts an object is asked of the target, with the name of the key")
    func encryptionMoves() throws {
        let (old, new) = (try MotoServer(), try MotoServer())
        let (direct, there) = (try ObjectClient(old.port), try ObjectClient(new.port))
        try direct.check(ObjectClient.request(.put, "bucket"))
        try direct.put("bucket", "plain", [1])
        try direct.put("bucket", "sealed", [2], Self.sealed)
        try direct.put("bucket", "keyed", [3], Self.keyed)
        let moving = try MovingObjects(
            from: .server(port: old.port, signed: true), to: .server(port: new.port, signed: true))
        let moved = try moving.migrate("--force")
        #expect(moved.ending == .exited(0), "\(moved.errorText)\(moved.text)")
        for key in ["plain", "sealed", "keyed"] {
            #expect(try Self.encryption(key, there) == Self.encryption(key, direct), "\(key)")
        }
        #expect(try Self.encryption("keyed", there)?.key != nil)
        #expect(try there.list("bucket").count == 3)
    }

    @Test("an object whose encryption the target does not keep is named, unless it may stay behind")
    func encryptionStays() throws {
        let old = try MotoServer()
        let direct = try ObjectClient(old.port)
        try direct.check(ObjectClient.request(.put, "bucket"))
        // The first of them says nothing of the others.
        try direct.put("bucket", "a", [1])
        try direct.put("bucket", "sealed", [2], Self.sealed)
        let moving = try MovingObjects(from: .server(port: old.port, signed: true), to: .embedded)
        let moved = try moving.migrate("--force", "--leave", "acls")
        #expect(moved.ending == .exited(1), "\(moved.text)")
        #expect(
            moved.errorText.contains(
                "1 key of type encryption of objects: bucket/sealed: AES256 is not kept there"), "\(moved.errorText)")
        let refused = try moving.migrate("--cut-over")
        #expect(
            refused.ending == .exited(1) && refused.errorText.contains("--leave encryption"), "\(refused.errorText)")
        let cut = try moving.migrate("--cut-over", "--leave", "encryption")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        let client = try moving.connect()
        #expect(try client.object("bucket", "sealed")?.body == [2])
        // The way back does not take it from the source.
        try client.put("bucket", "late", [3])
        #expect(try moving.migrate().ending == .exited(0))
        #expect(try moving.migrate("--roll-back").ending == .exited(0))
        #expect(try Self.encryption("sealed", direct) != nil && direct.object("bucket", "late")?.body == [3])
    }

    @Test("an object of a size that cannot be costs nobody anything")
    func impossibleSizes() throws {
        let most = "\(Int64.max)"
        let server = try S3ScriptedServer(answering: { request in
            let line = request.head.prefix { $0 != "\r\n" }
            let head = "ETag: \"0123-2\"\r\nx-amz-mp-parts-count: 2\r\nContent-Length: \(most)\r\n\r\n"
            if line.hasPrefix("GET / ") {
                return S3Text.ok(
                    "<ListAllMyBucketsResult><Buckets><Bucket><Name>bucket</Name></Bucket></Buckets></ListAllMyBucketsResult>"
                )
            }
            if line.contains("list-type=2") {
                return S3Text.ok(
                    """
                    <ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated><Contents><Key>k</Key>\
                    <Size>\(most)</Size></Contents></ListBucketResult>
                    """)
            }
            if line.contains("partNumber") { return "HTTP/1.1 206 Partial Content\r\n\(head)" }
            if line.contains("/bucket/k ") { return "HTTP/1.1 200 OK\r\n\(head)" }
            if line.hasPrefix("HEAD /bucket ") { return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" }
            return "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n"
        })
        defer { server.stop() }
        let moving = try MovingObjects(from: .server(port: server.port, signed: false), to: .embedded)
        let moved = try moving.migrate("--force")
        #expect(
            moved.ending == .exited(1) && moved.errorText.contains("type objects that cannot be read: bucket/k"),
            "\(moved.errorText)")
        #expect(try moving.get("/healthz").contains("200"))
    }

    @Test("a bucket that keeps versions goes from the target as it goes from the source")
    func versionedBucket() throws {
        let (old, new) = (try MotoServer(), try MotoServer())
        let moving = try MovingObjects(
            from: .server(port: old.port, signed: true), to: .server(port: new.port, signed: true))
        let (direct, there) = (try ObjectClient(old.port), try ObjectClient(new.port))
        try direct.check(ObjectClient.request(.put, "bucket"))
        try Self.set("versioning", Self.settings[5].document, direct)
        let version = try direct.put("bucket", "k", [1]).field("x-amz-version-id") ?? []
        #expect(!version.isEmpty)
        let moved = try moving.migrate("--force", "--leave", "versions")
        #expect(moved.ending == .exited(0), "\(moved.errorText)")
        #expect(try there.list("bucket").keys.sorted() == ["k"])
        let client = try moving.connect()
        try client.check(ObjectClient.request(.delete, "bucket", "k").with("versionId", version))
        try client.check(ObjectClient.request(.delete, "bucket"))
        try eventually("the end of the bucket") { try there.buckets() == [] }
        // What is left there of the deletion did not stop the migration.
        #expect(try moving.get("/migrate").contains("\"step\": \"level\""))
    }

    @Test("a bucket of a name that is not taken stops the cut-over, and no other bucket")
    func bucketName() throws {
        let old = try MotoServer()
        let direct = try ObjectClient(old.port)
        for bucket in ["good", "under_score", "zebra"] {
            try direct.check(ObjectClient.request(.put, bucket))
            try direct.put(bucket, "k", [1])
        }
        let moving = try MovingObjects(from: .server(port: old.port, signed: true), to: .embedded)
        let moved = try moving.migrate("--force", "--leave", "acls")
        #expect(moved.ending == .exited(1), "\(moved.text)")
        #expect(
            moved.errorText.contains("type buckets: bucket 'under_score', with all its objects"), "\(moved.errorText)")
        let there = try ObjectClient(moving.targetPort)
        #expect(try there.buckets() == ["good", "zebra"] && there.list("zebra").count == 1)
        // Written to meanwhile, it is refused as before, and once.
        let client = try moving.connect()
        try client.put("under_score", "late", [2])
        let refused = try moving.migrate("--cut-over")
        #expect(refused.errorText.contains("1 key cannot be held there (buckets)"), "\(refused.errorText)")
        for key in ["k", "late"] { try client.check(ObjectClient.request(.delete, "under_score", key)) }
        try client.check(ObjectClient.request(.delete, "under_score"))
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
    }

    private static let replication = """
        <ReplicationConfiguration><Role>arn:aws:iam::123456789012:role/r</Role><Rule><ID>all</ID><Priority>1</Priority>\
        <Status>Enabled</Status><Filter><Prefix></Prefix></Filter><DeleteMarkerReplication><Status>Disabled</Status>\
        </DeleteMarkerReplication><Destination><Bucket>arn:aws:s3:::bucket</Bucket></Destination></Rule></ReplicationConfiguration>
        """

    @Test("a setting that names what is beside its bucket is said at the start, in --status, and before a cut-over")
    func beside() throws {
        let (old, new) = (try MotoServer(), try MotoServer())
        let moving = try MovingObjects(
            from: .server(port: old.port, signed: true), to: .server(port: new.port, signed: true))
        let client = try moving.connect()
        try client.check(ObjectClient.request(.put, "bucket"))
        try client.put("bucket", "k", [1])
        try Self.set("versioning", Self.settings[5].document, client)
        try Self.set("replication", Self.replication, client)
        let words = "settings of bucket 'bucket' that name what is beside it: replication"
        let refused = try moving.migrate("--force", "--leave", "versions")
        #expect(refused.ending == .exited(1) && refused.errorText.contains(words), "\(refused.errorText)")
        #expect(try moving.migrate("--status").text.contains("note: \(words)"))
        try client.check(ObjectClient.request(.delete, "bucket").with("replication"))
        let moved = try moving.migrate("--force", "--leave", "versions")
        #expect(moved.ending == .exited(0), "\(moved.errorText)")
        #expect(try moving.migrate("--status").text.contains("left behind, as --leave has said: versions"))
        // Set while objects move, it is not lost without a word either.
        try Self.set("replication", Self.replication, client)
        try eventually("the refusal") { try moving.migrate("--cut-over").errorText.contains(words) }
        let status = try moving.migrate("--status").text
        #expect(
            status.contains(words) && status.contains("next: fairlead migrate s3 --cut-over --leave settings"),
            "\(status)")
        let cut = try moving.migrate("--cut-over", "--leave", "settings")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        #expect(try moving.migrate("--status").text.contains("left behind, as --leave has said: settings, versions"))
    }

    @Test("an ACL that names users stops the cut-over when it comes while objects move")
    func lateList() throws {
        let (old, new) = (try MotoServer(), try MotoServer())
        let moving = try MovingObjects(
            from: .server(port: old.port, signed: true), to: .server(port: new.port, signed: true))
        let client = try moving.connect()
        try client.check(ObjectClient.request(.put, "bucket"))
        try client.put("bucket", "shared", [1])
        #expect(try moving.migrate("--force").ending == .exited(0))
        try client.put("bucket", "shared", [2], ["x-amz-grant-read": "id=\"0123456789abcdef\""])
        try eventually("the refusal") {
            try moving.migrate("--cut-over").errorText.contains("key cannot be held there (ACLs of objects)")
        }
        let named = try moving.migrate("--force")
        #expect(
            named.ending == .exited(1) && named.errorText.contains("ACLs of objects: bucket/shared"),
            "\(named.errorText)")
    }
}
