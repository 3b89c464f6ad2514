// An S3 target that loses objects while it serves: the source does not lose them too.

import Foundation
import TestSupport
import Testing

@Suite("fairlead migrate with an S3 target that loses objects", .blocking)
struct S3MigrationVanishedTests {
    @Test("more than clients can have deleted unseen stays at the source until that is ordered")
    func afterRestart() throws {
        let (source, target) = (try RcloneS3Server(), try RcloneS3Server())
        let moving = try MovingObjects(
            from: .server(port: source.port, signed: true), to: .server(port: target.port, signed: true))
        let direct = try ObjectClient(source.port)
        try direct.check(ObjectClient.request(.put, "bucket"))
        for number in 0..<40 { try direct.put("bucket", "k\(number)", [1]) }
        #expect(try moving.migrate("--force").ending == .exited(0))
        #expect(try moving.migrate("--cut-over").ending == .exited(0))
        // What clients delete is no loss.
        let client = try moving.connect()
        for number in 30..<40 { try client.check(ObjectClient.request(.delete, "bucket", "k\(number)")) }
        try eventually("the deletions") { try direct.list("bucket").count == 30 }
        try moving.kill()
        let there = try ObjectClient(target.port)
        for number in 0..<20 { try there.check(ObjectClient.request(.delete, "bucket", "k\(number)")) }
        try moving.start()
        try eventually("the problem") { try moving.get("/migrate").contains("'new' lacks 20 keys that 'old' has") }
        #expect(try direct.list("bucket").count == 30)
        let ordered = try moving.migrate()
        #expect(ordered.ending == .exited(0), "\(ordered.errorText)")
        #expect(try direct.list("bucket").count == 10)
        for one in [direct, client, there] { one.close() }
    }
}
