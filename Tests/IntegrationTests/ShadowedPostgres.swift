// PostgreSQL listeners `pg` with a shadow, their servers and clients, and what the shadow has found.

import Foundation
import Synchronization
import TestSupport
import Testing

enum ShadowedPostgres {
    // MARK: Gateways and servers

    /// `candidate` is the keys of its backend, and `shadow` more keys of the shadow, each behind a comma.
    static func gateway(
        _ primary: PostgresServer, _ candidate: String, _ shadow: String = "", login: String = ""
    ) throws -> Fairlead {
        try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 2
                listeners:
                  pg: { protocol: postgres, listen: 127.0.0.1:0, backend: main, shadow: { backend: new\(shadow) } }
                backends:
                  main: { url: "postgres://127.0.0.1:\(primary.port)"\(login) }
                  new: { \(candidate)\(login) }
                """)
    }

    static func gateway(
        _ primary: PostgresServer, _ candidate: PostgresServer, _ shadow: String = "", login: String = ""
    ) throws -> Fairlead {
        try gateway(primary, url(candidate.port), shadow, login: login)
    }

    static func url(_ port: Int) -> String { "url: \"postgres://127.0.0.1:\(port)\"" }

    /// The keys with which the candidate's writes go to ``server(_:_:)``'s second database.
    static let scratch = ", scratch-database: \"*_scratch\""

    /// A server that is both sides: with `tables`, and with the same and `more` in the candidate's database.
    static func server(_ tables: String, _ more: String = "") throws -> PostgresServer {
        let server = try PostgresServer()
        try server.sqlBlocking(tables)
        try server.sqlBlocking("create database postgres_scratch")
        try scratch(server, tables + more)
        return server
    }

    /// Asks the candidate's database itself.
    @discardableResult
    static func scratch(_ server: PostgresServer, _ sql: String) throws -> String {
        try Command.checkBlocking(
            [try server.install.program("psql"), "-X", "-A", "-t", "-q", "-d", "postgres_scratch", "-c", sql],
            env: server.environment(port: server.port)
        ).text
    }

    // MARK: Clients

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

    /// By the extended protocol, as drivers do it.
    @discardableResult
    static func run(_ client: PostgresConnection, _ sql: String) throws -> [PostgresMessage] {
        try client.send(
            PostgresBytes.parse(sql) + PostgresBytes.bind() + PostgresBytes.message("D", [0x50, 0])
                + PostgresBytes.execute() + PostgresBytes.sync)
        return try client.messages()
    }

    /// Each of a list of statements by itself, in either protocol.
    static func play(_ client: PostgresConnection, _ statements: [String], extended: Bool = false) throws {
        for sql in statements {
            if extended { try run(client, sql) } else { try ask(client, sql) }
        }
    }

    /// What so many clients at once do; what went wrong with them.
    static func crowd(
        _ gateway: Fairlead, _ count: Int = 8, _ act: @Sendable (PostgresConnection, Int) throws -> Void
    ) -> [String] {
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: count) { number in
            do { try act(connect(gateway), number) } catch { failures.withLock { $0.append("\(error)") } }
        }
        return failures.withLock { $0 }
    }

    // MARK: Findings

    static func report(_ gateway: Fairlead) throws -> ShadowFindings {
        try gateway.settles("a shadow at rest") { $0.sum("fairlead_shadow_waiting") == 0 }
        return try ShadowFindings(gateway.get("/shadow").body)
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

    /// Expects each of `tables` to be the same at both places and to compare so, no difference, and no client that was failed.
    static func expectSame(_ server: PostgresServer, _ gateway: Fairlead, _ tables: [String]) throws {
        let client = try connect(gateway)
        for table in tables {
            let read = "select * from \(table) order by id"
            try compares(gateway, client, read)
            #expect(try scratch(server, read) == server.sqlBlocking(read))
        }
        #expect(try report(gateway).causes == [])
        #expect(try gateway.metrics().sum("fairlead_failures_total", "listener=\"pg\"") == 0)
    }
}
