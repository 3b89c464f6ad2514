// What the client framer notes, what it bounds, and how it finds the kind of a statement.

import PostgresWire
import Testing
import Wire

@Suite("The client framer")
struct ClientFramerTests {
    private func events(_ bytes: [UInt8]) -> Framed<PostgresClientEvent> {
        let framed = cutsOfEveryKind(bytes).map(frameClient)
        for way in framed where way != framed[0] {
            Issue.record("events depend on how the bytes arrive: \(way) and \(framed[0])")
        }
        return framed[0]
    }

    @Test("each message type of the protocol has its event")
    func everyType() {
        let transcript = Transcript(
            #"""
            > p "secret\0"
            > Q "select 1\0"
            > P "s1\0insert into t values($1)\0\0\0"
            > B "\0s1\0\0\0\0\0\0\0"
            > D "P\0"
            > E "\0\0\0\0\0"
            > C "Ss1\0"
            > H ""
            > S ""
            > d "row"
            > c ""
            > f "no\0"
            > F "\0\0\0\0"
            > y "what"
            > X ""
            """#)
        let framed = events(transcript.bytes(of: .client))
        #expect(framed.error == nil)
        #expect(
            framed.events == [
                .credentialsSent, .querySent(.select), .parseSent(.insert), .bindSent, .describeSent, .executeSent,
                .closeSent, .flushSent, .syncSent, .copyDoneSent, .copyFailSent, .functionCallSent,
                .unknownSent(type: UInt8(ascii: "y")), .terminateSent,
            ])
        #expect(framed.copyData == 1)
    }

    @Test("a length outside the bounds of its type loses the framing, as the server would close")
    func lengths() {
        for (type, length) in [
            ("S", 3), ("S", 10_001), ("E", 10_001), ("X", 10_001), ("p", 65_536), ("Q", 0x3FFF_FFFF), ("d", 0),
            ("B", 0xFFFF_FFFF), ("y", 0x4000_0000),
        ] as [(Unicode.Scalar, UInt32)] {
            #expect(events(header(UInt8(ascii: type), length)).error == "invalid-message-length", "\(type) \(length)")
        }
        for (type, length) in [
            ("S", 10_000), ("p", 65_535), ("Q", 0x3FFF_FFFE), ("B", 0x3FFF_FFFE), ("d", 0x3FFF_FFFE), ("y", 4),
        ] as [(Unicode.Scalar, UInt32)] {
            #expect(events(header(UInt8(ascii: type), length)).error == nil, "\(type) \(length)")
        }
    }

    @Test("a framer in the middle of a message is not at a boundary")
    func boundary() {
        let query = message("Q", "select 1\0")
        for length in 0...query.count {
            #expect(frameClient([Array(query[..<length])]).isAtBoundary == (length == 0 || length == query.count))
        }
    }

    @Test(
        "the kind of a statement is its first word, after white space, comments and parentheses",
        arguments: [
            ("select 1\0", .select), ("SELECT\0", .select), ("SeLeCt", .select), (" \t\r\n\u{c}update t\0", .update),
            ("-- hi\nselect 1\0", .select), ("--\n--\r\n delete\0", .delete), ("-- select\0", .empty),
            ("/* a */insert\0", .insert), ("/* /* nested */ still */ merge\0", .merge), ("/* open select\0", .empty),
            ("/***/begin\0", .begin), ("/*/ select */ commit\0", .commit), ("/*//* a */*/ end\0", .end),
            ("(select 1) union (select 2)\0", .select), ("((values (1)))\0", .values), (";;rollback\0", .rollback),
            ("copy t from stdin\0", .copy), ("set x=1\0", .set), ("selection\0", .other), ("select1\0", .select),
            ("select*from t\0", .select), ("\0", .empty), ("", .empty), (" ;\0", .empty), ("-\0", .other),
            ("-", .other),
            ("/\0", .other), ("- -select\0", .other), ("123\0", .other), ("\u{e9}t\u{e9}\0", .other),
            ("start_replication slot\0", .startReplication), ("START_REPLICATIONS\0", .other),
            ("create_replication_slot x\0", .createReplicationSlot), ("with x as (select) insert\0", .with),
        ] as [(String, PostgresCommand)])
    func statements(_ text: String, _ command: PostgresCommand) {
        #expect(events(message("Q", text)).events == [.querySent(command)])
        #expect(events(message("P", "name\0" + text)).events == [.parseSent(command)])
    }

    @Test("a statement is looked for in a bounded prefix only")
    func prefix() {
        let space = { String(repeating: " ", count: $0) }
        #expect(events(message("Q", space(1000) + "select 1\0")).events == [.querySent(.select)])
        #expect(events(message("Q", space(1024) + "select 1\0")).events == [.querySent(.other)])
        #expect(events(message("Q", "/*" + space(5000) + "*/ select 1\0")).events == [.querySent(.other)])
        #expect(events(message("Q", String(repeating: "a", count: 5000))).events == [.querySent(.other)])
        #expect(events(message("P", String(repeating: "n", count: 5000) + "\0select\0")).events == [.parseSent(.other)])
    }

    @Test("every command has one name, and every name of a statement is found")
    func names() {
        var seen: Set<String> = []
        for command in PostgresCommand.allCases {
            let name = "\(command.name)"
            #expect(!name.isEmpty)
            #expect(seen.insert(name).inserted, "\(name) twice")
            guard command.rawValue > PostgresCommand.functionCall.rawValue else { continue }
            #expect(events(message("Q", name + " x\0")).events == [.querySent(command)])
            #expect(events(message("Q", name.uppercased() + "\0")).events == [.querySent(command)])
        }
    }
}
