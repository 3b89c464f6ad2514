// Many objects of mixed sizes, moved under writes by a gateway that is killed again and again.

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite("fairlead migrate with many objects", .blocking)
struct S3MigrationLoadTests {
    private static let isSoak = ProcessInfo.processInfo.environment["FAIRLEAD_SOAK_SECONDS"] != nil
    private static let count = isSoak ? 10_000 : 1_000

    /// An object of the first filling.
    private static func object(_ number: Int) -> (key: String, body: [UInt8], fields: [String: String]) {
        let sizes = [0, 10, 200, 1_000, 3_000, 9_000, 20_000, 60_000]
        let size = number % 500 == 0 ? 3 << 20 : sizes[number % sizes.count]
        return (
            "p/\(number % 37)/\(number)", objectBytes(UInt64(number), size),
            ["content-type": "text/x-\(number % 5)", "x-amz-meta-number": "\(number)"]
        )
    }

    private static func fill(_ connect: @escaping @Sendable () throws -> ObjectClient) throws {
        try connect().check(ObjectClient.request(.put, "bucket"))
        let problems = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { part in
            do {
                let client = try connect()
                for number in stride(from: part, to: count, by: 4) {
                    let (key, body, fields) = object(number)
                    try client.put("bucket", key, body, fields)
                }
            } catch {
                problems.withLock { $0.append("\(error)") }
            }
        }
        if let problem = problems.withLock({ $0.first }) { throw SupportError(problem) }
    }

    @Test("everything is at the target, as it was promised", arguments: [true, false])
    func everything(toEmbedded: Bool) throws {
        let server = try RcloneS3Server()
        let trusted = MovingObjects.Place.server(port: server.port, signed: true)
        let moving = try MovingObjects(
            from: toEmbedded ? trusted : .embedded, to: toEmbedded ? .embedded : trusted)
        try Self.fill { try toEmbedded ? ObjectClient(server.port) : moving.connect() }
        let writers = (0..<4).map { index in
            // With one that uploads in parts there are moments without an upload; with four there are hardly any.
            ObjectWriter("w\(index)", in: "bucket", keys: 60, uploads: index == 0) { try moving.connect() }
        }
        try moving.interrupt(3, after: 200_000..<(Self.isSoak ? 15_000_000 : 2_000_000))
        let start = ContinuousClock.now
        let moved = try moving.migrate("--force")
        #expect(moved.ending == .exited(0), "\(moved.errorText)")
        if Self.isSoak { print("\(Self.count) objects were copied and compared in \(ContinuousClock.now - start)") }
        // Uploads whose clients died with the gateway are never completed; those that go on are waited for, once.
        var ages = ["10s"]
        try eventually("the cut-over") {
            let cut = try moving.migrate("--cut-over", "--abort-uploads", ages.popLast() ?? "0s")
            if cut.ending == .exited(0) { return true }
            guard cut.errorText.contains("would be lost") || cut.errorText.contains("busy") else {
                throw SupportError(cut.errorText)
            }
            return false
        }
        try moving.kill()
        try moving.start()
        let there = writers.map(\.written)
        try eventually("writes at the target") { zip(writers, there).allSatisfy { $0.written > $1 + 10 } }
        for writer in writers { try writer.stop() }
        let client = try moving.connect()
        for writer in writers { #expect(try writer.lost(on: client) == [], "\(writer.name)") }
        var wrong: [String] = []
        for number in 0..<Self.count {
            let (key, body, fields) = Self.object(number)
            let found = try client.object("bucket", key)
            if found?.body != body || found?.fields != fields { wrong.append(key) }
        }
        #expect(wrong == [])
        let listed = try client.list("bucket").keys.filter { $0.hasPrefix("p/") }
        #expect(listed.count == Self.count)
    }
}
