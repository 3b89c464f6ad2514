// How the exchange pairs, counts and bounds, beyond what was recorded.

import PostgresWire
import Testing
import Wire

@Suite("The exchange")
struct ExchangeTests {
    /// An exchange that is through with its startup.
    private func ready() -> PostgresExchange {
        var exchange = PostgresExchange(startedAt: 5)
        #expect(exchange.serverSent(.authenticationCompleted) == nil)
        let outcome = exchange.serverSent(.readyForQueryReceived(.idle))
        #expect(outcome == PostgresOutcome(command: .startup, start: 5, failed: false, sqlState: .none))
        return exchange
    }

    private let error = PostgresServerEvent.errorReported(.error, PostgresSQLState("22012"))
    private let fatal = PostgresServerEvent.errorReported(.fatal, PostgresSQLState("57P01"))
    private let done = PostgresServerEvent.readyForQueryReceived(.idle)

    @Test("a startup is outstanding until the first ReadyForQuery")
    func startup() {
        var exchange = PostgresExchange(startedAt: 1)
        #expect(exchange.outstanding == 1 && !exchange.isIdle && !exchange.isAuthenticated)
        #expect(exchange.transactionStatus == nil)
        _ = exchange.serverSent(.authenticationRequested(code: 5))
        exchange.clientSent(.credentialsSent, at: 2)
        #expect(!exchange.isAuthenticated)
        _ = exchange.serverSent(.authenticationCompleted)
        #expect(exchange.isAuthenticated && !exchange.isIdle)
        _ = exchange.serverSent(done)
        #expect(exchange.isIdle && exchange.outstanding == 0)
    }

    @Test("a query sent before the startup's end is paired with its own answer")
    func early() {
        var exchange = PostgresExchange(startedAt: 1)
        exchange.clientSent(.querySent(.select), at: 2)
        #expect(exchange.serverSent(done)?.command == .startup)
        _ = exchange.serverSent(.commandCompleted(.select))
        #expect(
            exchange.serverSent(done) == PostgresOutcome(command: .select, start: 2, failed: false, sqlState: .none))
    }

    @Test("start is the first message of the group that an Execute ends")
    func starts() {
        var exchange = ready()
        exchange.clientSent(.parseSent(.update), at: 10)
        exchange.clientSent(.bindSent, at: 11)
        exchange.clientSent(.executeSent, at: 12)
        exchange.clientSent(.bindSent, at: 13)
        exchange.clientSent(.executeSent, at: 14)
        exchange.clientSent(.syncSent, at: 15)
        let first = exchange.serverSent(.commandCompleted(.update))
        #expect(first == PostgresOutcome(command: .update, start: 10, failed: false, sqlState: .none))
        let second = exchange.serverSent(.commandCompleted(.delete))
        #expect(second == PostgresOutcome(command: .delete, start: 13, failed: false, sqlState: .none))
        #expect(exchange.serverSent(done) == nil)
        #expect(exchange.isIdle)
    }

    @Test("Flush asks for no ReadyForQuery")
    func flush() {
        var exchange = ready()
        exchange.clientSent(.parseSent(.select), at: 1)
        exchange.clientSent(.flushSent, at: 1)
        _ = exchange.serverSent(.parseCompleted)
        #expect(exchange.outstanding == 0)
        #expect(!exchange.isIdle, "the segment is open until its Sync")
        exchange.clientSent(.syncSent, at: 2)
        #expect(exchange.outstanding == 1)
        #expect(exchange.serverSent(done)?.command == .parse)
        #expect(exchange.isIdle)
    }

    @Test("an open transaction is not idle")
    func transaction() {
        var exchange = ready()
        exchange.clientSent(.querySent(.begin), at: 1)
        _ = exchange.serverSent(.readyForQueryReceived(.inTransaction))
        #expect(!exchange.isIdle && exchange.transactionStatus == .inTransaction)
        exchange.clientSent(.querySent(.select), at: 1)
        _ = exchange.serverSent(error)
        _ = exchange.serverSent(.readyForQueryReceived(.failed))
        #expect(exchange.transactionStatus == .failed)
    }

    @Test("after an error nothing counts until Sync, wherever the client's messages come in")
    func discard() {
        for sentBefore in 0...5 {
            var exchange = ready()
            let messages: [PostgresClientEvent] = [
                .executeSent, .querySent(.select), .bindSent, .executeSent, .syncSent,
            ]
            exchange.clientSent(.parseSent(.insert), at: 1)
            exchange.clientSent(.executeSent, at: 1)
            for message in messages.prefix(sentBefore) { exchange.clientSent(message, at: 2) }
            let failed = exchange.serverSent(error)
            #expect(failed?.failed == true && failed?.command == .insert)
            for message in messages.dropFirst(sentBefore) { exchange.clientSent(message, at: 2) }
            #expect(exchange.outstanding == 1, "\(sentBefore)")
            #expect(exchange.serverSent(done) == nil)
            #expect(exchange.skipped == 3)
            #expect(exchange.isIdle)
            exchange.clientSent(.querySent(.show), at: 9)
            #expect(exchange.serverSent(done)?.command == .show)
        }
    }

    @Test("an error in a simple query discards nothing")
    func simpleError() {
        var exchange = ready()
        exchange.clientSent(.querySent(.select), at: 1)
        exchange.clientSent(.querySent(.update), at: 2)
        #expect(exchange.serverSent(error) == nil)
        #expect(exchange.serverSent(done)?.failed == true)
        #expect(exchange.serverSent(done)?.failed == false)
        #expect(exchange.skipped == 0)
    }

    @Test("several statements in a query make one outcome")
    func multi() {
        var exchange = ready()
        exchange.clientSent(.querySent(.with), at: 1)
        #expect(exchange.serverSent(.commandCompleted(.insert)) == nil)
        #expect(exchange.serverSent(.commandCompleted(.select)) == nil)
        #expect(exchange.serverSent(done)?.command == .insert)
    }

    @Test("a Sync during copy-in is ignored, before or after the server asked for data")
    func copyIn() {
        var exchange = ready()
        exchange.clientSent(.querySent(.copy), at: 1)
        exchange.clientSent(.syncSent, at: 1)
        #expect(exchange.outstanding == 2)
        _ = exchange.serverSent(.copyInStarted)
        #expect(exchange.copyMode == .copyIn && exchange.outstanding == 1)
        exchange.clientSent(.syncSent, at: 2)
        exchange.clientSent(.flushSent, at: 2)
        #expect(exchange.outstanding == 1)
        exchange.clientSent(.copyDoneSent, at: 3)
        #expect(exchange.copyMode == .none)
        exchange.clientSent(.syncSent, at: 4)
        #expect(exchange.outstanding == 2)
        _ = exchange.serverSent(.commandCompleted(.copy))
        #expect(exchange.serverSent(done)?.command == .copy)
        _ = exchange.serverSent(done)
        #expect(exchange.outstanding == 0)
    }

    @Test("an error ends copy-both in both directions")
    func copyBoth() {
        var exchange = ready()
        exchange.clientSent(.querySent(.startReplication), at: 1)
        _ = exchange.serverSent(.copyBothStarted)
        #expect(exchange.copyMode == .copyBoth)
        exchange.clientSent(.copyDoneSent, at: 2)
        #expect(exchange.copyMode == .copyBoth, "the server's half goes on")
        _ = exchange.serverSent(error)
        #expect(exchange.copyMode == .none)
        let outcome = exchange.serverSent(done)
        #expect(outcome?.command == .startReplication && outcome?.failed == true)
        #expect(exchange.isIdle)
    }

    @Test("copy-out lasts until its command completes")
    func copyOut() {
        var exchange = ready()
        exchange.clientSent(.querySent(.copy), at: 1)
        _ = exchange.serverSent(.copyOutStarted)
        #expect(exchange.copyMode == .copyOut)
        _ = exchange.serverSent(.copyDoneReceived)
        _ = exchange.serverSent(.commandCompleted(.copy))
        #expect(exchange.copyMode == .none)
    }

    @Test("a fatal error ends the oldest request at once and says that the session ends")
    func sessionEnds() {
        var exchange = ready()
        exchange.clientSent(.querySent(.select), at: 1)
        exchange.clientSent(.querySent(.update), at: 2)
        let outcome = exchange.serverSent(fatal)
        #expect(outcome?.command == .select && outcome?.sqlState == PostgresSQLState("57P01"))
        #expect(exchange.isEnding)
        #expect(exchange.abandonNext()?.command == .update)
        #expect(exchange.abandonNext() == nil)
    }

    @Test("a connection that ends fails every request that was not answered")
    func abandoned() {
        var exchange = ready()
        exchange.clientSent(.querySent(.select), at: 1)
        exchange.clientSent(.bindSent, at: 2)
        exchange.clientSent(.executeSent, at: 3)
        exchange.clientSent(.syncSent, at: 4)
        exchange.clientSent(.syncSent, at: 5)
        var outcomes: [String] = []
        while let outcome = exchange.abandonNext(PostgresSQLState("08006")) { outcomes.append(describe(outcome)) }
        #expect(outcomes == ["select!08006", "unknown!08006", "sync!08006"])
        #expect(exchange.outstanding == 0)
    }

    @Test("asynchronous messages are no answers")
    func asynchronous() {
        var exchange = ready()
        exchange.clientSent(.querySent(.select), at: 1)
        for event in [
            .parameterReported, .notificationReceived, .noticeReported(.notice, .none), .unknownReceived(type: 1),
        ] as [PostgresServerEvent] {
            #expect(exchange.serverSent(event) == nil)
        }
        #expect(exchange.outstanding == 1)
        #expect(exchange.serverSent(done)?.command == .select)
    }

    @Test("a ReadyForQuery that nobody asked for is counted and harms nothing")
    func unpaired() {
        var exchange = ready()
        #expect(exchange.serverSent(done) == nil)
        #expect(exchange.unpaired == 1)
        exchange.clientSent(.querySent(.select), at: 1)
        #expect(exchange.serverSent(done)?.command == .select)
    }

    @Test("Terminate is noted", arguments: [true, false])
    func terminated(sent: Bool) {
        var exchange = ready()
        if sent { exchange.clientSent(.terminateSent, at: 1) }
        #expect(exchange.isTerminated == sent)
    }

    @Test("a pipeline of any length is counted, its first 255 requests are told, and pairing comes back")
    func longPipelines() {
        for length in [254, 255, 256, 257, 5000] {
            var exchange = ready()
            for time in 0..<length { exchange.clientSent(.querySent(.select), at: UInt64(time)) }
            #expect(exchange.outstanding == UInt64(length))
            var starts: [UInt64] = []
            for _ in 0..<length {
                _ = exchange.serverSent(.commandCompleted(.select))
                if let outcome = exchange.serverSent(done) { starts.append(outcome.start) }
            }
            #expect(starts == (0..<UInt64(min(length, 255))).map { $0 })
            #expect(exchange.untracked == UInt64(max(0, length - 255)))
            #expect(exchange.isIdle && exchange.unpaired == 0)
            exchange.clientSent(.querySent(.update), at: 9)
            #expect(exchange.serverSent(done)?.command == .update)
        }
    }

    @Test("a segment of any number of Executes ends with its Sync, and pairing comes back")
    func longSegments() {
        for (executes, answeredEarly) in [(253, 0), (254, 3), (255, 0), (256, 256), (3000, 100), (3000, 3000)] {
            var exchange = ready()
            for time in 0..<executes {
                exchange.clientSent(.bindSent, at: UInt64(time))
                exchange.clientSent(.executeSent, at: UInt64(time))
            }
            var told = 0
            func answer(_ exchange: inout PostgresExchange) {
                _ = exchange.serverSent(.bindCompleted)
                if exchange.serverSent(.commandCompleted(.insert)) != nil { told += 1 }
            }
            for _ in 0..<answeredEarly { answer(&exchange) }
            exchange.clientSent(.syncSent, at: 99)
            exchange.clientSent(.querySent(.show), at: 100)
            for _ in answeredEarly..<executes { answer(&exchange) }
            #expect(told == min(executes, 255))
            #expect(exchange.serverSent(done) == nil)
            let show = exchange.serverSent(done)
            #expect(show == nil || show?.command == .show)
            #expect(exchange.isIdle && exchange.outstanding == 0 && exchange.unpaired == 0)
            exchange.clientSent(.querySent(.update), at: 101)
            #expect(exchange.serverSent(done)?.command == .update)
        }
    }

    @Test("requests are tracked again while a long pipeline is still being answered")
    func recovery() {
        var exchange = ready()
        for _ in 0..<400 { exchange.clientSent(.querySent(.select), at: 1) }
        var outcomes = 0
        for _ in 0..<300 where exchange.serverSent(done) != nil { outcomes += 1 }
        #expect(outcomes == 255)
        exchange.clientSent(.querySent(.update), at: 2)
        for _ in 0..<100 { #expect(exchange.serverSent(done) == nil) }
        #expect(exchange.serverSent(done)?.command == .update)
        #expect(exchange.isIdle)
    }

    @Test("the gateway's own error fits between a server's messages and not inside one")
    func faultInjection() throws {
        var conversation = PostgresConversation(startedAt: 0, replication: .logical)
        #expect(conversation.acceptsErrorReply && conversation.replication == .logical)
        for (index, byte) in message("K", "\0\0\0\u{1}keys").enumerated() {
            var offset = 0
            #expect(try conversation.serverSent([byte], from: &offset) == nil)
            #expect(conversation.acceptsErrorReply == (index == 12))
        }
        #expect(conversation.processID == 1)
        #expect(conversation.server.backendKey == Array("keys".utf8))
        var offset = 0
        #expect(try conversation.serverSent(message("E", "VFATAL\0C57P01\0\0"), from: &offset)?.failed == true)
        #expect(!conversation.acceptsErrorReply, "the server said the last word")
    }
}

extension PostgresConversation {
    mutating func serverSent(_ bytes: [UInt8], from offset: inout Int) throws(WireError) -> PostgresOutcome? {
        try serverSent(bytes.span, from: &offset)
    }
}
