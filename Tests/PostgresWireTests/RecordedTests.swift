// What the exchange makes of conversations recorded between real clients and real servers.

import PostgresWire
import Testing

@Suite("Recorded conversations")
struct RecordedTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let outcomes: String
        var skipped: UInt64 = 0
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "psql, simple queries", text: Recorded.psqlSimple,
            outcomes: "startup select select select select!22012 begin insert select!42703 select!25P02 commit empty"),
        Case(
            name: "psql, COPY both ways", text: Recorded.psqlCopy,
            outcomes: "startup copy copy copy!22P02 select truncate"),
        Case(name: "pgbench, simple", text: Recorded.pgbenchSimple, outcomes: "startup select select"),
        Case(name: "pgbench, extended", text: Recorded.pgbenchExtended, outcomes: "startup select select"),
        Case(name: "pgbench, prepared", text: Recorded.pgbenchPrepared, outcomes: "startup parse select select"),
        Case(
            name: "pgbench, TPC-B, prepared", text: Recorded.pgbenchTPCB,
            outcomes: "startup parse begin parse update parse select"),
        Case(
            name: "pgbench, pipeline", text: Recorded.pgbenchPipeline,
            outcomes: "startup select select select select select select"),
        Case(
            name: "psql 18, protocol 3.2, extended COPY", text: Recorded.psqlProtocol32,
            outcomes: "startup select select copy select truncate"),
        Case(
            name: "psql 18, an error in a pipeline", text: Recorded.psqlPipelineError,
            outcomes: "startup select select!22012 select select", skipped: 1),
        Case(name: "psql, unknown role", text: Recorded.psqlUnknownRole, outcomes: "startup!28000"),
        Case(
            name: "pg_recvlogical", text: Recorded.pgRecvlogical,
            outcomes: "startup select show identify_system start_replication"),
        Case(
            name: "a Query between segments", text: Recorded.queryInMidPipeline,
            outcomes: "startup select select select"),
        Case(
            name: "a Query dropped after a Parse error", text: Recorded.parseErrorBeforeQuery,
            outcomes: "startup parse!42601 select", skipped: 1),
        Case(
            name: "a Query that fails after a good Parse", text: Recorded.queryErrorAfterParse,
            outcomes: "startup select!22012 select"),
        Case(
            name: "an error in the middle of a segment", text: Recorded.errorInPipeline,
            outcomes: "startup select select!42703 insert truncate", skipped: 1),
        Case(
            name: "an error before the Sync was sent", text: Recorded.errorBeforeSync,
            outcomes: "startup parse!42703 sync", skipped: 2),
        Case(
            name: "Execute with a row limit", text: Recorded.portalSuspended,
            outcomes: "startup select unknown select empty"),
        Case(
            name: "Parse, Execute and Close in segments of their own", text: Recorded.prepareOnly,
            outcomes: "startup parse select close_prepared sync sync"),
        Case(
            name: "an error that Sync itself causes", text: Recorded.errorAtSync,
            outcomes: "startup insert sync!23505 sync"),
        Case(
            name: "Sync and Flush ignored during copy-in", text: Recorded.syncDuringCopyIn,
            outcomes: "startup copy sync truncate"),
        Case(name: "extended copy-in", text: Recorded.extendedCopyIn, outcomes: "startup copy truncate"),
        Case(
            name: "extended copy-in, data sent ahead", text: Recorded.extendedCopyInPipelined,
            outcomes: "startup copy truncate"),
        Case(
            name: "extended copy-in that fails", text: Recorded.extendedCopyInError,
            outcomes: "startup copy!22P02 select", skipped: 1),
        Case(name: "CopyFail", text: Recorded.copyFail, outcomes: "startup copy!57014 select"),
        Case(
            name: "copy-in that fails with its data already sent", text: Recorded.copyInErrorPipelined,
            outcomes: "startup copy!22P02 select"),
        Case(
            name: "copy-in refused with its data already sent", text: Recorded.copyRefusedPipelined,
            outcomes: "startup copy!42P01 select"),
        Case(
            name: "function calls", text: Recorded.functionCalls,
            outcomes: "startup function_call function_call!42883"),
        Case(
            name: "terminated in a query", text: Recorded.terminatedByAdministrator, outcomes: "startup select!57P01"),
        Case(name: "idle for too long", text: Recorded.idleSessionTimeout, outcomes: "startup set"),
        Case(
            name: "notifications, notices, parameters", text: Recorded.asynchronousMessages,
            outcomes: "startup listen notify do set"),
        Case(name: "an unknown client message", text: Recorded.unknownClientType, outcomes: "startup"),
        Case(name: "NegotiateProtocolVersion", text: Recorded.protocolNegotiated, outcomes: "startup select"),
    ]

    @Test("every request is paired with its answer, however the bytes arrive", arguments: cases)
    func pairs(_ recorded: Case) {
        let told = tellEveryWay(recorded.text)
        #expect(told.error == nil)
        #expect(told.outcomes.joined(separator: " ") == recorded.outcomes)
        #expect(told.unpaired == 0)
        #expect(told.skipped == recorded.skipped)
        let ended = recorded.outcomes.contains("57P01") || recorded.outcomes.contains("28000")
        #expect(told.outstanding == 0)
        #expect(
            told.isIdle || ended || told.status == .inTransaction,
            "a conversation that was finished leaves nothing open")
    }

    @Test("each side's framer gives the same events however the bytes arrive", arguments: cases)
    func frames(_ recorded: Case) {
        let transcript = Transcript(recorded.text)
        let client = cutsOfEveryKind(transcript.bytes(of: .client)).map(frameClient)
        let server = cutsOfEveryKind(transcript.bytes(of: .server)).map(frameServer)
        for framed in client { #expect(framed == client[0]) }
        for framed in server { #expect(framed == server[0]) }
        #expect(client[0].error == nil && client[0].isAtBoundary)
        #expect(server[0].error == nil && server[0].isAtBoundary)
        #expect(client[0].messages == UInt64(transcript.messages.filter { $0.side == .client }.count))
        #expect(server[0].messages == UInt64(transcript.messages.filter { $0.side == .server }.count))
    }

    @Test("each startup packet is read once its last byte came, and not before", arguments: cases)
    func startups(_ recorded: Case) throws {
        let packet = Transcript(recorded.text).startup
        for length in 0..<packet.count {
            var parser = PostgresStartupParser()
            let part = Array(packet[..<length])
            let step = try parser.next(part)
            #expect(step == .moreNeeded(total: length < 4 ? 8 : packet.count))
        }
        var parser = PostgresStartupParser()
        guard case .packet(.sessionRequested(let startup), let length) = try parser.next(packet) else {
            Issue.record("not a session")
            return
        }
        #expect(length == packet.count)
        #expect(startup.user == (recorded.outcomes == "startup!28000" ? "nobody" : "postgres"))
        #expect(startup.database == "postgres")
    }
}
