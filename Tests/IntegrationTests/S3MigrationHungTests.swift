// S3 servers that hang while objects move, and are left.

import Foundation
import S3Wire
import TestSupport
import Testing

@testable import Gateway

@Suite("fairlead migrate with an S3 server that hangs", .serialized, .blocking)
struct S3MigrationHungTests {
    @Test("a target is left by force, with a client that waits for its answer")
    func leavingTarget() throws {
        let (source, target) = (try RcloneS3Server(), try RcloneS3Server())
        let moving = try MovingObjects(
            from: .server(port: source.port, signed: true), to: .server(port: target.port, signed: true))
        let direct = try ObjectClient(source.port)
        try direct.check(ObjectClient.request(.put, "bucket"))
        try direct.put("bucket", "object", [1])
        let copied = try moving.migrate("--force")
        #expect(copied.ending == .exited(0), "\(copied.errorText)")
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        // Asked anew each time: rclone ends a connection that is idle for a minute.
        func held() throws -> [UInt8]? {
            let client = try ObjectClient(source.port)
            defer { client.close() }
            return try client.object("bucket", "object")?.body
        }
        let client = try moving.connect()
        try client.put("bucket", "object", [2])
        try eventually("the copy back") { try held() == [2] }
        target.process.freeze()
        defer { target.process.thaw() }
        var request = ObjectClient.request(.put, "bucket", "object")
        request.document = [3]
        try client.connection.send(request.bytes(for: "localhost", ObjectClient.signer, addressing: .path))
        let back = try moving.migrate("--roll-back", "--force")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        let after = try moving.connect()
        #expect(try after.object("bucket", "object")?.body == [2])
        try after.put("bucket", "object", [4])
        #expect(try held() == [4])
        for one in [direct, client, after] { one.close() }
    }
}
