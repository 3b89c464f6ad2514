// Moving objects while clients write them: what comes along, what is refused, and that nothing acknowledged is lost.

import Foundation
import S3Wire
import TestSupport
import Testing

@testable import Gateway

@Suite("fairlead migrate with objects", .serialized, .blocking)
struct S3MigrationTests {
    private static let fields = [
        "content-type": "text/x-canary", "cache-control": "max-age=7", "content-disposition": "attachment",
        "content-language": "de", "x-amz-meta-one": "1", "x-amz-meta-two": "a b",
    ]

    /// Keys with every kind of byte that their way could go wrong with.
    private static let keys = [
        "plain", "with space", "plus+sign", "percent%2Fkey", "a=b&c;d,e:f@g!$'()*~", "dir/sub/x", "caf\u{e9}/\u{65e5}",
        "<xml>&amp;", "question?mark#hash",
    ]

    private static func place(_ server: RcloneS3Server) -> MovingObjects.Place {
        .server(port: server.port, signed: true)
    }

    /// Every object of `bucket` at one place that is not the same at the other.
    private static func differences(_ bucket: String, _ one: ObjectClient, _ other: ObjectClient) throws -> [String] {
        let (here, there) = (try one.list(bucket), try other.list(bucket))
        var found = Set(here.keys).symmetricDifference(there.keys).map { "\($0) is at one place" }
        for key in here.keys where there[key] != nil {
            let (left, right) = (try one.object(bucket, key), try other.object(bucket, key))
            if left?.isSame(as: right) != true {
                found.append("\(key): \(left?.fields ?? [:]), \(right?.fields ?? [:])")
            }
        }
        return found
    }

    @Test("from a server that checks signatures to the embedded store and back, with all that is kept with objects")
    func thereAndBack() throws {
        let server = try RcloneS3Server()
        let moving = try MovingObjects(from: Self.place(server), to: .embedded)
        let direct = try ObjectClient(server.port)
        try direct.check(ObjectClient.request(.put, "canaries"))
        try direct.check(ObjectClient.request(.put, "empty"))
        for (place, key) in Self.keys.enumerated() {
            try direct.put("canaries", key, objectBytes(UInt64(place), place * 1000), Self.fields)
        }
        try direct.put("canaries", "large", objectBytes(99, 20 << 20), Self.fields)
        let copied = try moving.migrate("--force")
        #expect(copied.ending == .exited(0), "\(copied.errorText)\(copied.text)")
        let client = try moving.connect()
        let there = try ObjectClient(moving.targetPort)
        #expect(try Self.differences("canaries", direct, there) == [])
        #expect(try there.buckets() == ["canaries", "empty"])
        #expect(try there.object("canaries", "plain")?.etag == direct.object("canaries", "plain")?.etag)

        // What is written now is noted, and there at the cut-over.
        try client.put("canaries", "late", [1, 2, 3], Self.fields)
        try client.check(ObjectClient.request(.delete, "canaries", "dir/sub/x"))
        try client.check(ObjectClient.request(.put, "newer"))
        try client.check(ObjectClient.request(.delete, "empty"))
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        let after = try moving.connect()
        #expect(try after.object("canaries", "late")?.body == [1, 2, 3])
        #expect(try after.object("canaries", "dir/sub/x") == nil && after.buckets() == ["canaries", "newer"])
        // Clients are asked who they are by the gateway now.
        let stranger = try S3RawConnection(to: moving.port)
        try stranger.send("GET /canaries/plain HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try stranger.receiveMessage().status == 403)

        try after.put("canaries", "last", [4, 5], Self.fields)
        try after.upload("canaries", "parts", [objectBytes(7, 5 << 20), [1, 2]], Self.fields)
        let back = try moving.migrate("--roll-back")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        #expect(try Self.differences("canaries", direct, there) == [])
        let again = try moving.connect()
        try again.put("canaries", "here", [6])
        #expect(try direct.object("canaries", "here")?.body == [6])
        #expect(try moving.migrate("--finish").ending == .exited(1))
    }

    @Test("objects that came in parts keep their ETags where both places know parts, and are named where not")
    func parts() throws {
        let (server, moto) = (try RcloneS3Server(), try MotoServer())
        let moving = try MovingObjects(from: .server(port: moto.port, signed: true), to: .embedded)
        let direct = try ObjectClient(moto.port)
        try direct.check(ObjectClient.request(.put, "bucket"))
        try direct.upload("bucket", "parts", [objectBytes(1, 5 << 20), objectBytes(2, 6 << 20), [3]], Self.fields)
        let moved = try moving.migrate("--force")
        #expect(moved.ending == .exited(0), "\(moved.errorText)\(moved.text)")
        let there = try ObjectClient(moving.targetPort)
        let (here, copy) = (try direct.object("bucket", "parts"), try there.object("bucket", "parts"))
        #expect(here?.etag.hasSuffix("-3") == true && here?.etag == copy?.etag, "\(copy?.etag ?? "")")
        #expect(here?.isSame(as: copy) == true, "\(here?.fields ?? [:]) \(copy?.fields ?? [:])")
        try moving.kill()

        // rclone's ETag is the MD5 of the whole, whatever the parts.
        let other = try MovingObjects(from: .server(port: moto.port, signed: true), to: Self.place(server))
        let retagged = try other.migrate("--force")
        #expect(retagged.ending == .exited(0), "\(retagged.errorText)")
        #expect(retagged.text.contains("1 objects have another ETag at 'new'"), "\(retagged.text)")
    }

    @Test("tags come along, and versions and uploads in progress are named before anything is copied")
    func obstacles() throws {
        let (old, new) = (try MotoServer(), try MotoServer())
        let moving = try MovingObjects(
            from: .server(port: old.port, signed: true), to: .server(port: new.port, signed: true))
        let (direct, there) = (try ObjectClient(old.port), try ObjectClient(new.port))
        try direct.check(ObjectClient.request(.put, "bucket"))
        try direct.put("bucket", "tagged", [1], ["x-amz-tagging": "colour=blue&size=1"])
        var versions = ObjectClient.request(.put, "bucket").with("versioning")
        versions.document = Array("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>".utf8)
        try direct.check(versions)
        let refused = try moving.migrate("--force")
        #expect(refused.errorText.contains("bucket 'bucket' has versions"), "\(refused.errorText)")
        #expect(try there.buckets() == [])

        let creation = try direct.check(ObjectClient.request(.post, "bucket", "half").with("uploads"))
        let forced = try moving.migrate("--force")
        #expect(forced.ending == .exited(1) && forced.errorText.contains("--leave versions"), "\(forced.errorText)")
        let moved = try moving.migrate("--force", "--leave", "versions")
        #expect(moved.ending == .exited(0), "\(moved.errorText)")
        #expect(moved.errorText.contains("uploads in progress in bucket 'bucket'"), "\(moved.errorText)")
        let tags = try there.check(ObjectClient.request(.get, "bucket", "tagged").with("tagging"))
        #expect(S3ObjectCopy.tags(tags.body) == [Array("colour".utf8): Array("blue".utf8), Array("size".utf8): [0x31]])
        let client = try moving.connect()
        var retag = ObjectClient.request(.put, "bucket", "tagged").with("tagging")
        retag.document = Array(
            "<Tagging><TagSet><Tag><Key>colour</Key><Value>red</Value></Tag></TagSet></Tagging>".utf8)
        try client.check(retag)
        try eventually("the new tags") {
            let tags = try there.ask(ObjectClient.request(.get, "bucket", "tagged").with("tagging"))
            return S3ObjectCopy.tags(tags.body) == [Array("colour".utf8): Array("red".utf8)]
        }

        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(1) && cut.errorText.contains("would be lost at a cut-over"), "\(cut.errorText)")
        #expect(cut.errorText.contains("--leave uploads, or give up those begun"), "\(cut.errorText)")
        let id = try S3XMLElement.parse(creation.body).text("UploadId") ?? []
        try client.check(ObjectClient.request(.delete, "bucket", "half").with("uploadId", id))
        let done = try moving.migrate("--cut-over")
        #expect(done.ending == .exited(0), "\(done.errorText)")
    }

    @Test("objects that clients write before it starts are copied once")
    func once() throws {
        let server = try RcloneS3Server()
        let moving = try MovingObjects(from: Self.place(server), to: .embedded)
        let client = try moving.connect()
        try client.check(ObjectClient.request(.put, "bucket"))
        for number in 0..<20 { try client.put("bucket", "k\(number)", [1, 2, 3]) }
        #expect(try moving.migrate("--force").ending == .exited(0))
        let status = try moving.get("/migrate")
        #expect(status.contains("\"copied\": 20,") && status.contains("\"copied-again\": 0,"), "\(status)")
    }

    @Test("uploads that nobody goes on with are given up by their age, or left, and by nothing else")
    func abandoned() throws {
        let server = try RcloneS3Server()
        let moving = try MovingObjects(from: Self.place(server), to: .embedded)
        let client = try moving.connect()
        try client.check(ObjectClient.request(.put, "bucket"))
        try client.check(ObjectClient.request(.post, "bucket", "half").with("uploads"))
        func uploads(_ client: ObjectClient) throws -> Int {
            let list = try client.check(ObjectClient.request(.get, "bucket").with("uploads"))
            return try S3UploadList(list.body).uploads.count
        }
        #expect(try moving.migrate("--force").ending == .exited(0))
        // What is forced is that the two need not be level; nothing is waited for then.
        for options in [["--force"], ["--force", "--abort-uploads", "1h"]] {
            let refused = try moving.migrate(["--cut-over"] + options)
            #expect(refused.errorText.contains("would be lost at a cut-over"), "\(refused.errorText)")
        }
        let direct = try ObjectClient(server.port)
        #expect(try uploads(direct) == 1)
        let left = try moving.migrate("--cut-over", "--leave", "uploads")
        #expect(left.ending == .exited(0), "\(left.errorText)")
        #expect(try uploads(direct) == 1)
        let there = try moving.connect()
        try there.check(ObjectClient.request(.post, "bucket", "other").with("uploads"))
        let back = try moving.migrate("--roll-back", "--abort-uploads", "0s")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        #expect(try uploads(try ObjectClient(moving.targetPort)) == 0 && uploads(direct) == 1)
        for wrong in [["--abort-uploads", "1h"], ["--cut-over", "--abort-uploads", "1"], ["--leave", "all"]] {
            #expect(try moving.migrate(wrong).ending == .exited(2), "\(wrong)")
        }
    }

    @Test("a client that reads goes on to its end, one that has not sent all begins again at the target")
    func underWay() throws {
        let server = try RcloneS3Server()
        let moving = try MovingObjects(from: Self.place(server), to: .embedded)
        let direct = try ObjectClient(server.port)
        try direct.check(ObjectClient.request(.put, "bucket"))
        let large = objectBytes(1, 30 << 20)
        try direct.put("bucket", "large", large)
        #expect(try moving.migrate("--force").ending == .exited(0))
        let reader = try moving.connect()
        let get = ObjectClient.request(.get, "bucket", "large")
        try reader.connection.send(get.bytes(for: "localhost", ObjectClient.signer))
        let head = try reader.connection.receiveHead()
        #expect(head.hasPrefix("HTTP/1.1 200"))
        let writer = try moving.connect()
        var put = ObjectClient.request(.put, "bucket", "half")
        put.streamed = 1000
        try writer.connection.send(put.bytes(for: "localhost", ObjectClient.signer) + [1, 2, 3])
        let idle = try moving.connect()
        #expect(try idle.object("bucket", "none") == nil)
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        #expect(try reader.connection.receive(large.count) == large)
        #expect(try reader.connection.receiveToEnd().bytes == [])
        let rest = try writer.connection.receiveToEnd().bytes
        #expect(!String(decoding: rest, as: UTF8.self).contains(" 200 "))
        #expect(try idle.connection.receiveToEnd().bytes == [])
        let after = try moving.connect()
        #expect(try after.object("bucket", "half") == nil && after.object("bucket", "large")?.body == large)
    }

    @Test("is refused where it would go wrong, with what to do")
    func refusals() throws {
        let (server, other) = (try RcloneS3Server(), try RcloneS3Server())
        let moving = try MovingObjects(from: Self.place(server), to: Self.place(other))
        let (direct, there) = (try ObjectClient(server.port), try ObjectClient(other.port))
        try direct.check(ObjectClient.request(.put, "bucket"))
        #expect(try moving.migrate().errorText.contains("--report FILE"))
        try there.check(ObjectClient.request(.put, "bucket"))
        try there.put("bucket", "precious", [1])
        #expect(try moving.migrate("--force").errorText.contains("bucket 'bucket' holds objects"))
        try there.check(ObjectClient.request(.delete, "bucket", "precious"))
        try there.check(ObjectClient.request(.put, "foreign"))
        #expect(try moving.migrate("--force").errorText.contains("bucket 'foreign' is not at the source"))
        // Nor does the target become the migration's own because it was refused once.
        try moving.kill()
        try moving.start()
        #expect(try moving.migrate("--force").errorText.contains("bucket 'foreign' is not at the source"))
        #expect(try there.buckets().contains("foreign"))
        try there.check(ObjectClient.request(.delete, "foreign"))
        #expect(try moving.migrate("--cut-over").errorText.contains("the migration has not begun"))
        #expect(try moving.migrate("--force").ending == .exited(0))
    }
}
