// The gateway's own error, read back by the framer that reads a server's.

import PostgresWire
import Testing

@Suite("The error reply")
struct ErrorReplyTests {
    @Test("the bytes are one ErrorResponse with the fields in the server's order")
    func bytes() {
        let reply = PostgresErrorReply.bytes(
            sqlState: PostgresSQLState("08006"), message: "lost", detail: "reset", hint: "look")
        #expect(reply == message("E", "SFATAL\0VFATAL\0C08006\0Mlost\0Dreset\0Hlook\0\0"))
        let short = PostgresErrorReply.bytes(severity: .error, sqlState: PostgresSQLState("08P01"), message: "")
        #expect(short == message("E", "SERROR\0VERROR\0C08P01\0Munknown failure\0\0"))
    }

    @Test("each failure is told with its own code and names the backend where there is one")
    func failures() {
        for failure in PostgresFailure.allCases {
            #expect(failure.sqlState.isWellFormed)
            #expect(failure.sqlState.description.count == 5)
            let reply = PostgresErrorReply.bytes(for: failure, backend: "orders-db", cause: "because")
            let framed = frameServer([reply])
            #expect(framed.events == [.errorReported(.fatal, failure.sqlState)])
            #expect(framed.isAtBoundary)
            #expect(String(decoding: reply, as: UTF8.self).contains("Dbecause\0"))
        }
        #expect(PostgresFailure.cannotConnect.message(backend: "orders-db").contains("\"orders-db\""))
        #expect(PostgresFailure.backendLost.message(backend: "orders-db").contains("\"orders-db\""))
        #expect(Set(PostgresFailure.allCases.map { "\($0.code)" }).count == PostgresFailure.allCases.count)
    }

    @Test("texts lose their control characters and are bounded at a character")
    func hostile() {
        let reply = PostgresErrorReply.bytes(
            sqlState: PostgresSQLState("bad"), message: "a\0b\nc\u{7f}d\u{9b}e",
            detail: String(repeating: "\u{1F600}", count: 1000))
        let framed = frameServer([reply])
        #expect(framed.events == [.errorReported(.fatal, PostgresSQLState("XX000"))])
        let text = String(decoding: reply, as: UTF8.self)
        #expect(text.contains("Ma b c d e\0"))
        #expect(text.contains("D" + String(repeating: "\u{1F600}", count: 256) + "\0"))
        #expect(!text.contains("\u{FFFD}"))
        #expect(reply.count < 1200)
    }

    @Test("a SQLSTATE prints what SQL allows and nothing else")
    func sqlStates() {
        #expect(PostgresSQLState("57P01").description == "57P01")
        #expect(PostgresSQLState("57P01").classDescription == "57")
        #expect(PostgresSQLState.none.description == "")
        #expect(PostgresSQLState("5\n\"1x").description == "5??1?")
        #expect(!PostgresSQLState("57p01").isWellFormed)
        #expect(!PostgresSQLState.none.isWellFormed)
    }
}
