// Messages whose contents are not what the protocol has, to a translated backend and to a real server.

import TestSupport
import Testing

@Suite("Translated PostgreSQL and messages that are laid out wrongly", .serialized, .blocking)
struct TranslatedPostgresLayoutTests {
    /// Each is followed by a query, which shows whether the session goes on.
    private static let faults: [[UInt8]] = [
        PostgresBytes.message("Q", Array("select 1".utf8)),
        PostgresBytes.message("Q", Array("select 1\0x".utf8)),
        PostgresBytes.message("S", [1]),
        PostgresBytes.query("begin") + PostgresBytes.message("Q", Array("select 1".utf8))
            + PostgresBytes.query("rollback"),
        PostgresBytes.parse("select 1") + PostgresBytes.message("S", [1]),
        PostgresBytes.parse("selec") + PostgresBytes.message("Q", Array("select 1".utf8)) + PostgresBytes.sync,
        PostgresBytes.parse("select 1") + PostgresBytes.message("E", [7]) + PostgresBytes.query("select 2")
            + PostgresBytes.sync,
    ]

    /// What is answered up to the query's ready: types, states and texts, and how the block stands.
    private func answer(_ port: Int, _ fault: [UInt8]) throws -> [String] {
        let connection = try PostgresConnection(port)
        _ = try connection.logIn()
        try connection.send(fault + PostgresBytes.query("select 'the end'"))
        var said: [String] = []
        while let message = try connection.message() {
            switch message.type {
            case "E": said.append("E \(message.fields["C"] ?? "") \(message.fields["V"] ?? "")")
            case "Z": said.append("Z \(message.body)")
            default: said.append("\(message.type)")
            }
            if message.type == "D" { break }
        }
        return said
    }

    @Test("the error is followed by what the protocol lets follow, and the session goes on")
    func faults() async throws {
        try await PostgresServer.run { server in
            try await TranslatedPostgres.run { translated in
                for (index, fault) in Self.faults.enumerated() {
                    let direct = try answer(server.port, fault)
                    #expect(try answer(translated.port, fault) == direct, "fault \(index)")
                    #expect(direct.last == "D" && direct.contains { $0.hasPrefix("E") })
                }
            }
        }
    }

    @Test("a function call is refused by name, needs no Sync, and spoils the block that it is in")
    func functionCall() async throws {
        let call = PostgresBytes.message("F", [0, 0, 0, 177, 0, 0, 0, 0, 0, 0])
        try await TranslatedPostgres.run { translated in
            let alone = try answer(translated.port, call)
            #expect(alone == ["E 0A000 ERROR", "Z [73]", "T", "D"])
            let begun = PostgresBytes.query("begin") + call + PostgresBytes.query("rollback")
            let inBlock = try answer(translated.port, begun)
            #expect(inBlock == ["C", "Z [84]", "E 0A000 ERROR", "Z [69]", "C", "Z [73]", "T", "D"])
        }
    }
}
