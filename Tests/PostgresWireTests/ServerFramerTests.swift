// What the server framer notes, what it bounds, and where it stops.

import PostgresWire
import Testing
import Wire

@Suite("The server framer")
struct ServerFramerTests {
    private func events(_ bytes: [UInt8]) -> Framed<PostgresServerEvent> {
        let framed = cutsOfEveryKind(bytes).map(frameServer)
        for way in framed where way != framed[0] {
            Issue.record("events depend on how the bytes arrive: \(way) and \(framed[0])")
        }
        return framed[0]
    }

    @Test("a change of application_name behind the start is told, however it arrives")
    func applicationName() throws {
        let transcript = Transcript(
            #"""
            < R "\0\0\0\0"
            < S "application_name\0early\0"
            < Z "I"
            < S "application_nam\0x\0"
            < S "application_names\0x\0"
            < S "application_name\0night\0"
            < S "TimeZone\0UTC\0"
            < S ""
            < S "application_name"
            """#)
        let long = [0x53, 0, 0, 0, 121] + Array("application_name\0".utf8) + [UInt8](repeating: 0x78, count: 99) + [0]
        for pieces in cutsOfEveryKind(transcript.bytes(of: .server)) {
            var conversation = PostgresConversation(startedAt: 0)
            for piece in pieces {
                var offset = 0
                while try conversation.serverSent(piece.span, from: &offset) != nil {}
            }
            #expect(conversation.renames == 1 && conversation.server.applicationName == Array("night".utf8))
            var offset = 0
            while try conversation.serverSent(long.span, from: &offset) != nil {}
            #expect(conversation.renames == 2 && conversation.server.applicationName.count == 64)
        }
    }

    @Test("each message type of the protocol has its event")
    func everyType() {
        let transcript = Transcript(
            #"""
            < R "\0\0\0\x0aSCRAM-SHA-256\0\0"
            < R "\0\0\0\x0cv=abc"
            < R "\0\0\0\0"
            < v "\0\x03\0\0\0\0\0\x02_pq_.x\0_pq_.z\0"
            < S "TimeZone\0UTC\0"
            < K "\0\0\x10\x20abcd"
            < Z "I"
            < 1 ""
            < 2 ""
            < 3 ""
            < t "\0\0"
            < T "\0\0"
            < n ""
            < D "\0\0"
            < C "INSERT 0 1\0"
            < I ""
            < s ""
            < Z "T"
            < V "\xff\xff\xff\xff"
            < Z "E"
            < A "\0\0\0\x01c\0x\0"
            < G "\0\0\0"
            < H "\0\0\0"
            < d "row"
            < c ""
            < W "\0\0\0"
            < N "SWARNUNG\0VWARNING\0C01000\0Mx\0\0"
            < E "SFEHLER\0VERROR\0C42601\0Mx\0\0"
            < y "what"
            """#)
        let framed = events(transcript.bytes(of: .server))
        #expect(framed.error == nil)
        #expect(
            framed.events == [
                .authenticationRequested(code: 10), .authenticationRequested(code: 12), .authenticationCompleted,
                .protocolNegotiated(version: 0x30000, unknownOptions: 2), .parameterReported,
                .backendKeyReceived(processID: 0x1020), .readyForQueryReceived(.idle), .parseCompleted, .bindCompleted,
                .closeCompleted, .parametersDescribed, .rowsDescribed, .noDataDescribed, .commandCompleted(.insert),
                .emptyQueryAnswered, .portalSuspended, .readyForQueryReceived(.inTransaction), .functionCallAnswered,
                .readyForQueryReceived(.failed), .notificationReceived, .copyInStarted, .copyOutStarted,
                .copyDoneReceived, .copyBothStarted, .noticeReported(.warning, PostgresSQLState("01000")),
                .errorReported(.error, PostgresSQLState("42601")), .unknownReceived(type: UInt8(ascii: "y")),
            ])
        #expect(framed.rows == 1)
        #expect(framed.copyData == 1)
        #expect(framed.messages == 29)
    }

    @Test("rows make no event, only a count")
    func rows() {
        let row = message("D", "some bytes")
        let framed = events(Array([[UInt8]](repeating: row, count: 40).joined()) + message("Z", "I"))
        #expect(framed.events == [.readyForQueryReceived(.idle)])
        #expect(framed.rows == 40)
    }

    @Test("cancel keys of every legal length are kept whole", arguments: [0, 4, 32, 255, 256])
    func keys(length: Int) throws {
        let key = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        for pieces in cutsOfEveryKind(message(UInt8(ascii: "K"), bigEndian(77) + key)) {
            var framer = PostgresServerFramer()
            var found: [PostgresServerEvent] = []
            for piece in pieces {
                var offset = 0
                while let event = try framer.next(piece, at: &offset) { found.append(event) }
            }
            #expect(found == [.backendKeyReceived(processID: 77)])
            #expect(framer.backendKey == key)
        }
    }

    @Test("a length outside the bounds of its type loses the framing")
    func lengths() {
        for (type, length) in [
            ("K", 265), ("K", 7), ("Z", 4), ("Z", 6), ("R", 7), ("R", 65_536), ("v", 11), ("D", 3), ("d", 0),
            ("D", 0x4000_0001), ("T", 0xFFFF_FFFF), ("E", 3), ("y", 0x8000_0000),
        ] as [(Unicode.Scalar, UInt32)] {
            let framed = events(header(UInt8(ascii: type), length))
            #expect(framed.error == "invalid-message-length", "\(type) \(length)")
            #expect(!framed.isAtBoundary)
        }
        for (type, length) in [
            ("K", 264), ("R", 65_535), ("D", 0x4000_0000), ("d", 4), ("E", 0x4000_0000),
        ] as [(Unicode.Scalar, UInt32)] {
            #expect(events(header(UInt8(ascii: type), length)).error == nil, "\(type) \(length)")
        }
    }

    @Test("a row of a gibibyte passes in pieces without being looked at")
    func giant() throws {
        var framer = PostgresServerFramer()
        var offset = 0
        let start = header(UInt8(ascii: "D"), 0x4000_0000)
        #expect(try framer.next(start, at: &offset) == nil)
        let piece = [UInt8](repeating: UInt8(ascii: "Z"), count: 1 << 20)
        var left = 0x4000_0000 - 4
        while left > 0 {
            offset = 0
            let slice = left < piece.count ? Array(piece[..<left]) : piece
            #expect(try framer.next(slice, at: &offset) == nil)
            #expect(!framer.isAtBoundary || left <= piece.count)
            left -= slice.count
        }
        #expect(framer.isAtBoundary)
        #expect(framer.dataRows == 1)
    }

    @Test("a transaction status that does not exist loses the framing")
    func status() {
        #expect(events(message("Z", "X")).error == "invalid-ready-for-query")
    }

    @Test("a lost framer says so and reads no more")
    func lost() {
        var framer = PostgresServerFramer()
        var offset = 0
        let bad = header(UInt8(ascii: "T"), 3)
        #expect(throws: WireError.self) { try framer.next(bad, at: &offset) }
        #expect(framer.isLost)
        let good = message("Z", "I")
        offset = 0
        do {
            _ = try framer.next(good, at: &offset)
            Issue.record("a lost framer went on")
        } catch {
            #expect(error.code == "framing-lost")
            #expect(error.side == .server)
        }
    }

    @Test("severity comes from V where there is one, else from S")
    func severities() {
        #expect(
            events(message("E", "SFATAL\0C57P01\0Mx\0\0")).events
                == [.errorReported(.fatal, PostgresSQLState("57P01"))])
        #expect(
            events(message("E", "SFEHLER\0C57P01\0Mx\0\0")).events
                == [.errorReported(.unknown, PostgresSQLState("57P01"))])
        #expect(
            events(message("E", "SERROR\0VPANIC\0C57P02\0\0")).events
                == [.errorReported(.panic, PostgresSQLState("57P02"))])
    }

    @Test("an error without a code, cut short, or with an endless field has none")
    func oddErrors() {
        #expect(events(message("E", "")).events == [.errorReported(.unknown, .none)])
        #expect(events(message("E", "\0")).events == [.errorReported(.unknown, .none)])
        #expect(events(message("E", "VERROR")).events == [.errorReported(.unknown, .none)])
        #expect(events(message("E", "VERROR\0C123456\0\0")).events == [.errorReported(.error, .none)])
        let late = "VERROR\0M" + String(repeating: "x", count: 2000) + "\0C22012\0\0"
        #expect(events(message("E", late)).events == [.errorReported(.error, .none)])
    }

    @Test("a server of protocol 2 answers in a form that is no message")
    func oldError() {
        let framed = events(Array("EFATAL:  unsupported frontend protocol 2.0\n\0".utf8))
        #expect(framed.error == "invalid-message-length")
    }

    @Test("tags are known by their first word")
    func tags() {
        for (tag, command) in [
            ("SELECT 5\0", .select), ("CREATE TABLE\0", .create), ("START_REPLICATION\0", .startReplication),
            ("FROBNICATE\0", .other), ("\0", .empty), ("", .empty), (String(repeating: "A", count: 300) + "\0", .other),
        ] as [(String, PostgresCommand)] {
            #expect(events(message("C", tag)).events == [.commandCompleted(command)], "\(tag)")
        }
    }
}
