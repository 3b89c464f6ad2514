// Clients of a PostgreSQL listener `pg` with a shadow, and what the shadow has found.

import Foundation
import TestSupport

enum ShadowedPostgres {
    static func report(_ gateway: Fairlead) throws -> ShadowFindings {
        try gateway.settles("a shadow at rest") { $0.sum("fairlead_shadow_waiting") == 0 }
        return try ShadowFindings(gateway.get("/shadow").body)
    }

    static func connect(_ gateway: Fairlead) throws -> PostgresConnection {
        let client = try PostgresConnection(gateway.port("pg"))
        _ = try client.logIn()
        return client
    }

    @discardableResult
    static func ask(_ client: PostgresConnection, _ sql: String) throws -> [PostgresMessage] {
        try client.send(PostgresBytes.query(sql))
        return try client.messages()
    }

    /// Asks `sql` until it is compared, as it is once what it reads was copied again.
    static func compares(_ gateway: Fairlead, _ client: PostgresConnection, _ sql: String) throws {
        let before = try report(gateway).identical
        var last = ""
        for _ in 0..<200 {
            try ask(client, sql)
            let report = try report(gateway)
            if report.identical > before { return }
            last = "\(report)"
            Thread.sleep(forTimeInterval: 0.05)
        }
        throw SupportError("not compared: \(sql) \(last)")
    }

    /// By the extended protocol, as drivers do it.
    @discardableResult
    static func run(_ client: PostgresConnection, _ sql: String) throws -> [PostgresMessage] {
        try client.send(
            PostgresBytes.parse(sql) + PostgresBytes.bind() + PostgresBytes.message("D", [0x50, 0])
                + PostgresBytes.execute() + PostgresBytes.sync)
        return try client.messages()
    }
}
