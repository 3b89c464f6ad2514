// How the program stops: sessions finish within the grace, and what the exit code says.

import Foundation
import TestSupport
import Testing

@Suite("a stop", .serialized, .blocking)
struct OperationStopTests {
    @Test("without a session it is at once, with 0", arguments: [SIGTERM, SIGINT])
    func withoutSessions(_ signal: Int32) throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server)
        gateway.signal(signal)
        #expect(try gateway.ending() == .exited(0))
        #expect(gateway.log.contains("\"stopped\""))
    }

    @Test("accepts nobody, says so on /readyz, and lets a running session finish")
    func drains() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, top: ["shutdown-grace: 30s"])
        let client = try gateway.connect()
        #expect(try client.ask("PING") == "+PONG\r\n")
        gateway.signal(SIGTERM)
        try eventually("503 on /readyz") { try gateway.get("/readyz").status == 503 }
        #expect(try gateway.get("/healthz").status == 200)
        try eventually("no listener") { (try? gateway.connect()) == nil }
        #expect(try client.ask("SET", "a", "1") == "+OK\r\n")
        #expect(try client.ask("GET", "a") == "$1\r\n1\r\n")
        #expect(gateway.process.ending == nil)
        client.close()
        #expect(try gateway.ending() == .exited(0))
    }

    @Test("closes what still runs when the grace is over, with 0")
    func graceEnds() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, top: ["shutdown-grace: 500ms"])
        let client = try gateway.connect()
        #expect(try client.ask("PING") == "+PONG\r\n")
        gateway.signal(SIGTERM)
        #expect(try client.rest().isEmpty)
        #expect(try gateway.ending() == .exited(0))
    }

    @Test("a second signal closes everything at once, with 1")
    func secondSignal() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, top: ["shutdown-grace: 10m"])
        let client = try gateway.connect()
        #expect(try client.ask("PING") == "+PONG\r\n")
        gateway.signal(SIGTERM)
        try eventually("the stop") { gateway.log.contains("stopping") }
        gateway.signal(SIGTERM)
        #expect(try client.rest().isEmpty)
        #expect(try gateway.ending() == .exited(1))
    }
}
