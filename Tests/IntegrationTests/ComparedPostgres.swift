// What psql shows of statements asked of a real server and of the embedded store.

import Foundation
import TestSupport
import Testing

enum ComparedPostgres {
    /// Rows, names and SQLSTATEs of each statement, one after the other in one session, of the real server and of the store.
    static func answers(to statements: [String]) async throws -> (real: [String], embedded: [String]) {
        let server = try await PostgresServer.start()
        let psql = try PostgresInstall.find(.debian15).program("psql")
        // Errors go where the rows go, in their order; notices are not wanted.
        var script = "set client_min_messages = warning;\n\\set VERBOSITY sqlstate\n"
        for statement in statements { script += "\\echo @@\n\(statement);\n" }
        func answers(_ port: Int) async throws -> [String] {
            let command = "exec \(psql) -X -w -q -A -h 127.0.0.1 -p \(port) -U postgres postgres 2>&1"
            return try await Command.run(["/bin/sh", "-c", command], input: Data(script.utf8), timeout: .seconds(60))
                .text.components(separatedBy: "@@\n").dropFirst().map { $0 }
        }
        let expected = try await answers(server.port)
        let got = try await TranslatedPostgres.run { try await answers($0.port) }
        return (expected, got)
    }
    /// Holds the store to the server: `statements` have the same answers, `refused` ones are refused by name, whatever a
    /// server says.
    static func compare(_ statements: [String], refused: [String] = []) async throws {
        let (expected, got) = try await answers(to: statements + refused)
        #expect(expected.count == statements.count + refused.count)
        #expect(got.count == expected.count)
        for (statement, (expected, got)) in zip(statements, zip(expected, got)) {
            #expect(got == expected, "\(statement)")
        }
        for (statement, got) in zip(refused, got.dropFirst(statements.count)) {
            #expect(got == "ERROR:  0A000\n", "\(statement)")
        }
    }
}
