// Composing a server's messages: the framer that follows real servers reads them back.

import PostgresWire
import Testing
import Wire

@Suite("A server's messages, composed")
struct ServerMessagesTests {
    @Test("what is composed is what a server would have sent")
    func readBack() throws {
        var out = PostgresServerMessages()
        out.authentication(0)
        out.parameterStatus("server_version", "15.0")
        out.backendKeyData(processID: 7, secret: [1, 2, 3, 4])
        out.readyForQuery(.idle)
        out.rowDescription([PostgresFieldDescription(name: Array("a".utf8), type: 23, length: 4)])
        out.dataRow(2) { (index, bytes) throws(Never) in
            if index == 1 { return false }
            bytes += [0x35]
            return true
        }
        out.commandComplete("SELECT 1")
        out.error(PostgresReport(state: "42P01", message: "no\0zero"))
        out.copyResponse(isIn: true, columns: 2)
        out.portalSuspended()
        out.readyForQuery(.failed)
        var framer = PostgresServerFramer()
        var offset = 0
        var events: [PostgresServerEvent] = []
        while let event = try framer.next(out.bytes.span, at: &offset) { events.append(event) }
        #expect(offset == out.bytes.count)
        #expect(framer.isAtBoundary)
        #expect(
            events == [
                .authenticationCompleted, .parameterReported, .backendKeyReceived(processID: 7),
                .readyForQueryReceived(.idle), .rowsDescribed, .commandCompleted(.select),
                .errorReported(.error, PostgresSQLState("42P01")), .copyInStarted, .portalSuspended,
                .readyForQueryReceived(.failed),
            ])
        #expect(framer.dataRows == 1)
    }

    @Test("a row whose value cannot be written leaves nothing behind")
    func halfRow() {
        struct Unfit: Error {}
        var out = PostgresServerMessages()
        out.parseComplete()
        #expect(throws: Unfit.self) {
            try out.dataRow(2) { (index, bytes) throws(Unfit) in
                guard index == 0 else { throw Unfit() }
                bytes += [1, 2, 3]
                return true
            }
        }
        #expect(out.bytes == [UInt8(ascii: "1"), 0, 0, 0, 4])
    }
}

@Suite("The rows of COPY")
struct CopyFormatTests {
    private static var csv: PostgresCopyFormat {
        var format = PostgresCopyFormat()
        format.becomeCSV()
        return format
    }

    private func read(_ pieces: [[UInt8]], _ format: PostgresCopyFormat) throws -> [[String?]] {
        var reader = PostgresCopyReader(format)
        var rows: [[String?]] = []
        func take(atEnd: Bool) throws {
            while let row = try reader.next(atEnd: atEnd) {
                rows.append(row.map { $0.map { String(decoding: $0, as: UTF8.self) } })
            }
        }
        for piece in pieces {
            reader.append(piece[...])
            try take(atEnd: false)
        }
        try take(atEnd: true)
        return rows
    }

    @Test("rows come out as they went in, however the bytes arrive", arguments: [PostgresCopyFormat(), csv])
    func roundTrip(_ format: PostgresCopyFormat) throws {
        let rows: [[String?]] = [
            ["a", nil, ""], ["tab\there", "line\nbreak", "back\\slash"], ["quote\"d", "comma,", "\\N"],
            ["\r", "é", "x"],
        ]
        var bytes: [UInt8] = []
        for row in rows { format.append(row.map { $0.map { Array($0.utf8) } }, to: &bytes) }
        for way in cutsOfEveryKind(bytes) { #expect(try read(way, format) == rows) }
    }

    @Test("the header is skipped, an end mark ends, and a last line may lack its end")
    func edges() throws {
        var format = Self.csv
        format.hasHeader = true
        #expect(try read([Array("a,b\n1,2\n3,\"x\"\"y\"".utf8)], format) == [["1", "2"], ["3", "x\"y"]])
        #expect(try read([Array("1\n\\.\nrubbish\n".utf8)], PostgresCopyFormat()) == [["1"]])
        #expect(try read([Array("\\x41\\102\\t\r\n".utf8)], PostgresCopyFormat()) == [["AB\t"]])
    }

    @Test("quotes without an end are an error")
    func unterminated() {
        #expect(throws: WireError.self) { try read([Array("\"abc\n".utf8)], Self.csv) }
    }
}

@Suite("Startup parameters and SCRAM messages")
struct LoginMessageTests {
    @Test("settings, options and protocol options are told apart")
    func parameters() {
        let body = Array("user\0u\0database\0d\0DateStyle\0ISO\0options\0-c a.b=1 --geqo=off x\0_pq_.new\0v\0\0".utf8)
        let packet: [UInt8] = [0, 0, 0, UInt8(body.count + 8), 0, 3, 0, 0] + body
        let parameters = PostgresStartupParameters(packet, packet.count)
        #expect(parameters.settings.map(\.name) == ["DateStyle", "a.b", "geqo"])
        #expect(parameters.settings.map(\.value) == ["ISO", "1", "off"])
        #expect(parameters.protocolOptions == [Array("_pq_.new".utf8)])
        for length in 0..<packet.count { _ = PostgresStartupParameters(packet, length) }
    }

    @Test("SCRAM's messages are read, and malformed ones are not")
    func scram() throws {
        let first = Array("n,,n=,r=abc".utf8)
        let opening = try #require(PostgresSCRAM.ClientFirst(first))
        #expect(opening.bare == Array("n=,r=abc".utf8))
        #expect(opening.header == Array("n,,".utf8))
        for bad in ["", "n", "n,,n=", "x,,n=,r=a", "n,a=b,n=,r=a", "n,,n=,r=", "p=,,n=,r=a", "n,,n=,r=a b"] {
            #expect(PostgresSCRAM.ClientFirst(Array(bad.utf8)) == nil, "\(bad)")
        }
        let last = try #require(PostgresSCRAM.ClientFinal(Array("c=biws,r=abcd,p=cHJvb2Y=".utf8)))
        #expect(last.withoutProof == Array("c=biws,r=abcd".utf8))
        #expect(last.proof == Array("cHJvb2Y=".utf8))
        for bad in ["", "c=biws", "c=biws,r=a", "r=a,c=b,p=c"] {
            #expect(PostgresSCRAM.ClientFinal(Array(bad.utf8)) == nil, "\(bad)")
        }
        let response = Array("SCRAM-SHA-256\0".utf8) + [0, 0, 0, 11] + first
        #expect(PostgresSCRAM.initialResponse(response)?.message == first)
        #expect(PostgresSCRAM.initialResponse(response + [0]) == nil)
    }
}
