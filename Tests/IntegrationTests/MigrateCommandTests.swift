// What `fairlead migrate` does when the gateway that it asks is not the one that took its order.

import Foundation
import TestSupport
import Testing

@Suite("the command fairlead migrate", .serialized, .blocking)
struct MigrateCommandTests {
    @Test("ends when the gateway was restarted between two looks, and says what to do")
    func restarted() throws {
        let target = try RedisServer()
        let moving = try MovingRedis(to: "url: \"redis://127.0.0.1:\(target.port)\"")
        let answer = try moving.get("/migrate")
        let body = answer[(answer.firstRange(of: "\r\n\r\n")?.upperBound ?? answer.endIndex)...]
        let state = String(body).replacing(/"outcome": [^}]*/, with: "\"outcome\": null")
        #expect(state.contains("\"outcome\": null") && state.contains(/"start": [0-9]+,/), "\(state)")
        // Asked for the state, for the order, and for the state twice; then it is another start.
        let admin = try ScriptedServer { connection, number in
            let line = try connection.readLine()
            while try !connection.readLine().isEmpty {}
            let start = number < 4 ? 1 : 2
            let text =
                line.hasPrefix("POST")
                ? "taken\n" : state.replacing(/"start": [0-9]+/, with: "\"start\": \(start)")
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
        }
        defer { admin.stop() }
        let result = try Command.runBlocking(
            [try Tools.fairlead, "migrate", "redis", "--admin", "127.0.0.1:\(admin.port)", "--cut-over"],
            timeout: .seconds(30))
        #expect(result.ending == .exited(1), "\(result.ending)")
        #expect(result.errorText.contains("the gateway was restarted meanwhile: give the same command again"))
        #expect(admin.connectionCount == 5)
    }

    @Test("another start of the gateway has another number")
    func numbers() throws {
        let target = try RedisServer()
        let moving = try MovingRedis(to: "url: \"redis://127.0.0.1:\(target.port)\"")
        func number() throws -> Substring? { try moving.get("/migrate").firstMatch(of: /"start": ([0-9]+)/)?.output.1 }
        let first = try number()
        #expect(try first != nil && number() == first)
        try moving.kill()
        try moving.start()
        #expect(try number() != first)
    }
}
