// Pairing requests with responses, and what the connections are good for afterwards.

import S3Wire
import Testing
import Wire

@Suite("Exchange")
struct ExchangeTests {
    private func request(_ line: String, _ fields: String = "") throws -> S3RequestHead {
        try S3RequestHead(Array("\(line) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n".utf8).span)
    }

    private func begin(_ line: String, _ fields: String = "", _ command: S3Command = .getObject) throws -> S3Exchange {
        var exchange = S3Exchange()
        exchange.requestHeadReceived(try request(line, fields), command: command, at: 10)
        return exchange
    }

    private func respond(
        _ exchange: inout S3Exchange, _ status: String, _ fields: String = "Content-Length: 0\r\n",
        version: String = "1.1", at now: UInt64 = 20
    ) throws -> S3ResponseStep {
        let bytes = Array("HTTP/\(version) \(status) X\r\n\(fields)\r\n".utf8)
        return try exchange.responseHeadReceived(S3ResponseHead(bytes.span, answering: exchange.method), at: now)
    }

    private let end = S3BodyEnd(payload: 7, trailers: 0)

    @Test("a plain exchange leaves both connections usable")
    func plain() throws {
        var exchange = try begin("GET /b/k")
        #expect(exchange.mayBeSentAgain)
        #expect(exchange.mayAnswerWithError)
        #expect(try respond(&exchange, "200", "Content-Length: 7\r\n") == .bodyFollows(.length(7)))
        #expect(!exchange.mayBeSentAgain)
        #expect(!exchange.mayAnswerWithError)
        #expect(exchange.outcome == nil)
        exchange.responseBodyEnded(end, at: 30)
        let outcome = try #require(exchange.outcome)
        #expect(outcome.command == .getObject)
        #expect(outcome.method == .get)
        #expect(outcome.status == 200)
        #expect(outcome.result == .succeeded)
        #expect([outcome.startedAt, outcome.firstByteAt, outcome.endedAt] == [10, 20, 30])
        #expect([outcome.requestBytes, outcome.responseBytes] == [0, 7])
        #expect(outcome.clientClosing == nil)
        #expect(outcome.upstreamClosing == nil)
    }

    @Test("interim responses pass, and the body follows after 100")
    func continued() throws {
        var exchange = try begin("PUT /b/k", "Content-Length: 7\r\nExpect: 100-continue\r\n", .putObject)
        #expect(exchange.awaitsContinue)
        #expect(try respond(&exchange, "100", "") == .interimReceived)
        #expect(try respond(&exchange, "100", "") == .interimReceived)
        #expect(!exchange.awaitsContinue)
        #expect(exchange.mayAnswerWithError)
        exchange.requestBodyStarted()
        exchange.requestBodyEnded(end, at: 25)
        #expect(try respond(&exchange, "200", at: 40) == .responseEnded)
        #expect(exchange.outcome?.clientClosing == nil)
        #expect(exchange.outcome?.firstByteAt == 20)
        #expect(exchange.outcome?.requestBytes == 7)
    }

    @Test("a final response instead of 100 ends both connections, for the body may or may not come")
    func refusedBeforeBody() throws {
        var exchange = try begin("PUT /b/k", "Content-Length: 7\r\nExpect: 100-continue\r\n")
        #expect(try respond(&exchange, "403") == .responseEnded)
        #expect(exchange.outcome?.clientClosing == .continueUnresolved)
        #expect(exchange.outcome?.upstreamClosing == .continueUnresolved)
    }

    @Test("Expect without a body is no reason to close")
    func expectWithoutBody() throws {
        var exchange = try begin("PUT /b/k", "Content-Length: 0\r\nExpect: 100-continue\r\n")
        #expect(!exchange.awaitsContinue)
        #expect(try respond(&exchange, "200") == .responseEnded)
        #expect(exchange.outcome?.clientClosing == nil)
    }

    @Test("an early final response waits for the body to be drained or given up")
    func earlyResponse() throws {
        var drained = try begin("PUT /b/k", "Content-Length: 7\r\n")
        #expect(try respond(&drained, "403") == .responseEnded)
        #expect(drained.awaitsRequestBody)
        #expect(drained.outcome == nil)
        var abandoned = drained
        drained.requestBodyEnded(end, at: 50)
        #expect(drained.outcome?.clientClosing == nil)
        #expect(drained.outcome?.endedAt == 50)
        abandoned.requestBodyAbandoned(payload: 3)
        #expect(abandoned.outcome?.clientClosing == .requestBodyUnread)
        #expect(abandoned.outcome?.requestBytes == 3)
    }

    @Test("each way to ask for a close is told apart")
    func closing() throws {
        var client = try begin("GET /b/k", "Connection: close\r\n")
        #expect(try respond(&client, "200") == .responseEnded)
        #expect(client.outcome?.clientClosing == .clientAskedToClose)
        var server = try begin("GET /b/k")
        #expect(try respond(&server, "200", "Connection: close\r\nContent-Length: 0\r\n") == .responseEnded)
        #expect(server.outcome?.upstreamClosing == .serverAskedToClose)
        var old = try begin("GET /b/k")
        #expect(try respond(&old, "200", version: "1.0") == .responseEnded)
        #expect(old.outcome?.upstreamClosing == .serverIsHTTP10)
        var endless = try begin("GET /b/k")
        #expect(try respond(&endless, "200", "") == .bodyFollows(.untilClose))
        endless.responseBodyEnded(end, at: 1)
        #expect(endless.outcome?.clientClosing == .bodyUntilClose)
        var forbidden = try begin("DELETE /b/k")
        #expect(try respond(&forbidden, "204", "Transfer-Encoding: chunked\r\n") == .responseEnded)
        #expect(forbidden.outcome?.clientClosing == .forbiddenBodyAnnounced)
        var oldClient = S3Exchange()
        oldClient.requestHeadReceived(
            try S3RequestHead(Array("GET / HTTP/1.0\r\n\r\n".utf8).span), command: .listBuckets, at: 0)
        #expect(try respond(&oldClient, "200") == .responseEnded)
        #expect(oldClient.outcome?.clientClosing == .clientIsHTTP10)
    }

    @Test("bytes behind a response end the upstream and not the client")
    func unsolicited() throws {
        var exchange = try begin("HEAD /b/k")
        #expect(try respond(&exchange, "200", "Content-Length: 9\r\n") == .responseEnded)
        exchange.unsolicitedBytesReceived()
        #expect(exchange.outcome?.upstreamClosing == .unsolicitedBytes)
        #expect(exchange.outcome?.clientClosing == nil)
    }

    @Test("a response without a request, a switch of protocols, and endless interim responses are errors")
    func wrongResponses() throws {
        var idle = S3Exchange()
        #expect(idle.isIdle)
        #expect(throws: WireError.self) { try self.respond(&idle, "200") }
        var answered = try begin("GET /b/k")
        _ = try respond(&answered, "200")
        #expect(throws: WireError.self) { try self.respond(&answered, "200") }
        var upgraded = try begin("GET /b/k", "Connection: upgrade\r\nUpgrade: h2c\r\n")
        #expect(throws: WireError.self) { try self.respond(&upgraded, "101", "") }
        var interim = try begin("GET /b/k")
        for _ in 0..<S3Limits.interimResponses.maximum { _ = try respond(&interim, "102", "") }
        #expect(!interim.mayBeSentAgain)
        #expect(throws: WireError.self) { try self.respond(&interim, "102", "") }
    }

    @Test("a 200 to CompleteMultipartUpload or a copy is not yet a success")
    func undecided() throws {
        for (command, result) in [
            (S3Command.completeMultipartUpload, S3Result.undecided), (.copyObject, .undecided),
            (.uploadPartCopy, .undecided), (.putObject, .succeeded),
        ] {
            var exchange = try begin("POST /b/k?uploadId=1", "", command)
            #expect(try respond(&exchange, "200") == .responseEnded)
            #expect(exchange.outcome?.result == result)
        }
        var failed = try begin("POST /b/k?uploadId=1", "", .completeMultipartUpload)
        #expect(try respond(&failed, "500") == .responseEnded)
        #expect(failed.outcome?.result == .failed)
    }

    @Test("an exchange that breaks off is a failure with the status the client saw")
    func brokenOff() throws {
        var early = try begin("PUT /b/k", "Content-Length: 7\r\n")
        early.brokenOff(.serverGone, answered: .badGateway, at: 60)
        #expect(early.outcome?.status == 502)
        #expect(early.outcome?.result == .failed)
        #expect(early.outcome?.upstreamClosing == .serverGone)
        var late = try begin("GET /b/k")
        #expect(try respond(&late, "200", "Content-Length: 7\r\n") == .bodyFollows(.length(7)))
        late.brokenOff(.serverGone, at: 60)
        #expect(late.outcome?.status == 200)
        #expect(late.outcome?.result == .failed)
    }

    @Test("every reason has a label of its own")
    func labels() {
        #expect(Set(S3CloseReason.allCases.map(\.label.description)).count == S3CloseReason.allCases.count)
    }
}
