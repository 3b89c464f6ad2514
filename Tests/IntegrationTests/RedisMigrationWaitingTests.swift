// Clients that wait for an element, while data moves and after it has.

import Foundation
import TestSupport
import Testing

@Suite("fairlead migrate with clients that wait", .serialized, .blocking)
struct RedisMigrationWaitingTests {
    /// Clients that wait, each with a write of somebody else's behind it that has to come to `other`.
    private static func wait(
        _ name: String, _ moving: MovingRedis, at serving: RawConnection, copied other: RawConnection
    ) throws -> [RawConnection] {
        try (0..<12).map { number in
            let blocked = try moving.connect()
            try blocked.send(RawConnection.command(["BLMOVE", "\(name)\(number)", "done", "LEFT", "RIGHT", "0"]))
            try eventually("a client that waits") {
                try serving.ask("INFO", "clients").contains("blocked_clients:\(number + 1)\r\n")
            }
            let writer = try moving.connect()
            #expect(try writer.ask("SET", "\(name):\(number)", "v") == "+OK\r\n")
            writer.close()
            try eventually("a copy beside \(number) clients that wait") {
                try other.ask("EXISTS", "\(name):\(number)") == ":1\r\n"
            }
            return blocked
        }
    }

    @Test("what others write is copied, before the cut-over and after it, and so is what they are waiting for")
    func copied() throws {
        let target = try RedisServer()
        let moving = try MovingRedis(to: "url: \"redis://127.0.0.1:\(target.port)\"")
        let (source, there) = (try moving.direct(), try RawConnection(port: target.port))
        #expect(try moving.migrate("--force").ending == .exited(0))
        let before = try Self.wait("q", moving, at: source, copied: there)
        let writer = try moving.connect()
        #expect(try writer.ask("RPUSH", "q7", "item") == ":1\r\n")
        #expect(try before[7].reply() == "$4\r\nitem\r\n")
        try eventually("what was moved") { try there.ask("LLEN", "done") == ":1\r\n" }
        #expect(try there.ask("EXISTS", "q7") == ":0\r\n")
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        for one in before { #expect(try one.rest() == []) }

        let after = try Self.wait("p", moving, at: there, copied: source)
        // Gone without an answer, they are forgotten, and nothing is lost by it.
        for one in after { one.close() }
        let last = try moving.connect()
        #expect(try last.ask("RPUSH", "done", "more") == ":2\r\n")
        try eventually("the way back") { try source.ask("LLEN", "done") == ":2\r\n" }
        for one in before + [writer, last, source, there] { one.close() }
    }
}
