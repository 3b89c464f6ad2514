// After a cut-over what clients write is copied back: without being told to, for as long as it is not stopped.

import Foundation
import TestSupport
import Testing

@Suite("fairlead migrate after a cut-over", .serialized, .blocking)
struct RedisMigrationBackTests {
    @Test("a listener that does not move is said to be none, where no other moves either")
    func noneMoves() throws {
        let port = try FreePort.take()
        let gateway = try MovingGateway(
            "redis",
            """
            listeners:
              redis: { protocol: redis, listen: "127.0.0.1:\(port)", backend: old }
            backends:
              old: { url: "redis://127.0.0.1:1" }

            """)
        let words = try gateway.migrate(["--status"]).errorText
        #expect(words.contains("no migrate section") && words.contains("no other has one"), "\(words)")
        #expect(!words.contains("there are"), "\(words)")
    }
}
