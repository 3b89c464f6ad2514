// S3 servers that hang while objects move, and are left.

import Foundation
import S3Wire
import Synchronization
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
        // While an object is written rclone has none: it answers 500, with the length of the old body and none of its bytes.
        func held() -> [UInt8]? {
            guard let client = try? ObjectClient(source.port) else { return nil }
            defer { client.close() }
            return (try? client.object("bucket", "object"))?.body
        }
        let client = try moving.connect()
        try client.put("bucket", "object", [2])
        try eventually("the copy back") { held() == [2] }
        target.process.freeze()
        defer { target.process.thaw() }
        var request = ObjectClient.request(.put, "bucket", "object")
        request.document = [3]
        try client.connection.send(request.bytes(for: "localhost", ObjectClient.signer, addressing: .path))
        let back = try moving.migrate("--roll-back", "--force")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        // Nobody was promised it, and it is sent again: 503, or nothing at all.
        let answer = String(decoding: try client.connection.receiveToEnd().bytes, as: UTF8.self)
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 503 "), "\(answer)")
        let after = try moving.connect()
        #expect(try after.object("bucket", "object")?.body == [2])
        try after.put("bucket", "object", [4])
        #expect(held() == [4])
        for one in [direct, client, after] { one.close() }
    }

    @Test(
        "a target that hangs while objects are copied is given up in less than a minute, and the same command goes on")
    func copying() throws {
        let (source, target) = (try RcloneS3Server(), try RcloneS3Server())
        let moving = try MovingObjects(
            from: .server(port: source.port, signed: true), to: .server(port: target.port, signed: true))
        let direct = try ObjectClient(source.port)
        try direct.check(ObjectClient.request(.put, "bucket"))
        try direct.put("bucket", "object", [1])
        #expect(try moving.migrate("--force").ending == .exited(0))
        target.process.freeze()
        defer { target.process.thaw() }
        try direct.put("bucket", "other", [2])
        let client = try moving.connect()
        try client.put("bucket", "object", [3])
        try eventually("a word to the operator") {
            try moving.get("/migrate").contains("\"waiting\": \"no answer from 'new' for ")
        }
        // Twice 10 s: what lives and is slow would be waited for for longer.
        try eventually("the end", within: .seconds(50)) { try moving.get("/migrate").contains("\"step\": \"failed\"") }
        #expect(try moving.get("/migrate").contains("\"problem\": \"'new': it has not answered in time (10 s)"))
        target.process.thaw()
        let again = try moving.migrate()
        #expect(again.ending == .exited(0), "\(again.errorText)")
        let there = try ObjectClient(target.port)
        #expect(try there.object("bucket", "object")?.body == [3] && there.object("bucket", "other")?.body == [2])
        for one in [direct, client, there] { one.close() }
    }

    @Test("a target that leaves one request without an answer for long, and answers others, is waited for")
    func slow() throws {
        let (source, target) = (try RcloneS3Server(), try RcloneS3Server())
        let front = try SlowS3(target.port, slow: "PUT /bucket/object", for: 15)
        let moving = try MovingObjects(
            from: .server(port: source.port, signed: true), to: .address(url: "http://127.0.0.1:\(front.port)"))
        let direct = try ObjectClient(source.port)
        try direct.check(ObjectClient.request(.put, "bucket"))
        try direct.put("bucket", "object", [1])
        let copied = try moving.migrate("--force")
        #expect(copied.ending == .exited(0), "\(copied.errorText)")
        let there = try ObjectClient(target.port)
        #expect(try there.object("bucket", "object")?.body == [1])
        // It was sent once, and not given up.
        #expect(front.slowed == 1)
        for one in [direct, there] { one.close() }
    }
}

/// Passes everything on to an S3 server, and keeps the answer to one request back.
private final class SlowS3: Sendable {
    private let front: ScriptedServer
    private let count = Counter()
    var port: Int { front.port }
    /// How often that request has come.
    var slowed: Int { count.value.load(ordering: .acquiring) }

    init(_ port: Int, slow request: String, for seconds: UInt32) throws {
        let count = count
        front = try ScriptedServer { client, _ in
            let server = try ScriptedConnection.connect(port: port)
            let isSlow = Atomic(false)
            Thread {
                while let bytes = try? client.readAvailable() {
                    if bytes.starts(with: Array("\(request) ".utf8)) {
                        count.value.add(1, ordering: .releasing)
                        isSlow.store(true, ordering: .releasing)
                    }
                    guard (try? server.send(bytes)) != nil else { break }
                }
                server.close()
            }.start()
            while true {
                let bytes = try server.readAvailable()
                if isSlow.exchange(false, ordering: .acquiring) { sleep(seconds) }
                try client.send(bytes)
            }
        }
    }

    deinit { front.stop() }

    private final class Counter: Sendable { let value = Atomic(0) }
}
