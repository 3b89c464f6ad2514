// S3 shadows whose candidates fail.

import TestSupport
import Testing

@Suite("an S3 listener whose shadow's candidate fails", .blocking)
struct S3ShadowFailureTests {
    @Test("a candidate that fails takes nothing from the clients, and every drop is counted", arguments: 0..<4)
    func failing(index: Int) throws {
        let scripts: [@Sendable (S3RawConnection, Int) throws -> Void] = [
            { _, _ in }, { connection, _ in _ = try connection.receiveToEnd() },
            { connection, _ in
                _ = try connection.receiveHead()
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            },
            { connection, _ in
                while true {
                    _ = try connection.receiveHead()
                    try connection.send("pudding\r\n\r\n")
                }
            },
        ]
        let primary = try S3ShadowTests.server(isWrong: false)
        let candidate = try S3ScriptedServer(scripts[index])
        defer { candidate.stop() }
        let gateway = try S3ShadowTests.gateway(primary.port, candidate.port)
        let client = try S3RawConnection(to: gateway.port("s3"))
        for _ in 0..<100 { #expect(try S3ShadowTests.ask(client, "/b/body").text == "canary") }
        #expect(try gateway.metrics().sum("fairlead_failures_total", "listener=\"s3\"") == 0)
        let report = try S3ShadowTests.report(gateway)
        #expect(report.identical == 0 && report.isAccountedFor, "\(report)")
        #expect(report.causes == [], "\(report)")
        client.close()
        try gateway.settles("no socket, the shadow's own included") { $0.isEmpty }
    }
}
