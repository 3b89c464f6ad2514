// How replies are paired with commands in cases that a recorded conversation does not show.

import Testing
import Wire

@testable import RedisWire

@Suite("pairing")
struct ExchangeTests {
    private func answered(_ name: StaticString, _ startedAt: UInt64?, error: String? = nil) -> String {
        "answered \(name) \(startedAt.map { "\($0)" } ?? "untimed")" + (error.map { " \($0)" } ?? "")
    }

    private func transcript(_ outcomes: [RedisOutcome]) -> [String] {
        outcomes.map { outcome in
            switch outcome {
            case .answered(let answer):
                answered(answer.command.name, answer.startedAt, error: answer.errorCode?.description)
            case .confirmed(let command): "confirmed \(command)"
            case .pushed: "pushed"
            case .unmatched: "unmatched"
            case .untracked: "untracked"
            }
        }
    }

    @Test("replies answer commands in order, with their start and their error code")
    func order() throws {
        var pairing = Pairing()
        try pairing.send("GET a\nGET b\nINCR c\n", at: 10)
        try pairing.send("GET d\n", at: 20)
        #expect(pairing.exchange.pendingCount == 4)
        #expect(
            try transcript(pairing.receive("$1\r\nx\r\n-WRONGTYPE x\r\n:1\r\n$-1\r\n")) == [
                "answered get 10", "answered get 10 WRONGTYPE", "answered incr 10", "answered get 20",
            ])
        #expect(pairing.exchange.repliesOwed == 0)
    }

    @Test("a reply nobody asked for is unmatched and does not disturb what follows")
    func unmatched() throws {
        var pairing = Pairing()
        #expect(try transcript(pairing.receive("-ERR max number of clients reached\r\n")) == ["unmatched"])
        try pairing.send("PING\n", at: 1)
        #expect(try transcript(pairing.receive("+PONG\r\n+PONG\r\n")) == ["answered ping 1", "unmatched"])
    }

    @Test("pushes before, between and after replies are counted apart")
    func pushes() throws {
        var pairing = Pairing()
        try pairing.send("HELLO 3\nGET a\nGET b\n", at: 1)
        let push = ">2\r\n+invalidate\r\n*1\r\n+k\r\n"
        #expect(
            try transcript(pairing.receive("\(push)%0\r\n\(push)+x\r\n\(push)|1\r\n+a\r\n+b\r\n+y\r\n\(push)")) == [
                "pushed", "answered hello 1", "pushed", "answered get 1", "pushed", "answered get 1", "pushed",
            ])
    }

    @Test("confirmations of one SUBSCRIBE are told from its answer")
    func confirmations() throws {
        var pairing = Pairing()
        try pairing.send("SUBSCRIBE a b\nUNSUBSCRIBE\n", at: 7)
        #expect(pairing.exchange.repliesOwed == 2)
        #expect(
            try transcript(
                pairing.receive("*3\r\n+subscribe\r\n+a\r\n:1\r\n*3\r\n+subscribe\r\n+b\r\n:2\r\n")) == [
                    "confirmed subscribe", "answered subscribe 7",
                ])
        #expect(pairing.exchange.isSubscribed)
        #expect(
            try transcript(
                pairing.receive(
                    "*3\r\n+unsubscribe\r\n+a\r\n:1\r\n*3\r\n+message\r\n+b\r\n+x\r\n"
                        + "*3\r\n+unsubscribe\r\n+b\r\n:0\r\n")) == [
                    "confirmed unsubscribe", "pushed", "answered unsubscribe 7",
                ])
        #expect(!pairing.exchange.isSubscribed && pairing.exchange.repliesOwed == 0)
    }

    @Test("a refused SUBSCRIBE of many channels is one answer")
    func refusedSubscribe() throws {
        var pairing = Pairing()
        try pairing.send("SUBSCRIBE a b c\nPING\n", at: 7)
        #expect(
            try transcript(pairing.receive("-NOPERM no\r\n+PONG\r\n")) == [
                "answered subscribe 7 NOPERM", "answered ping 7",
            ])
    }

    @Test("an unsubscription that the server starts itself is a push")
    func serverUnsubscribes() throws {
        var pairing = Pairing()
        try pairing.send("SSUBSCRIBE s\n", at: 1)
        _ = try pairing.receive("*3\r\n+ssubscribe\r\n+s\r\n:1\r\n")
        try pairing.send("PING\n", at: 2)
        #expect(
            try transcript(pairing.receive("*3\r\n+sunsubscribe\r\n+s\r\n:0\r\n+PONG\r\n")) == [
                "pushed", "answered ping 2",
            ])
        #expect(!pairing.exchange.isSubscribed)
    }

    @Test("modes show: monitoring, subscribed, protocol version, transaction, blocked")
    func modes() throws {
        var pairing = Pairing()
        try pairing.send("MONITOR\n", at: 1)
        #expect(!pairing.exchange.isMonitoring)
        _ = try pairing.receive("+OK\r\n")
        #expect(pairing.exchange.isMonitoring)
        #expect(try transcript(pairing.receive("+1700000000.1 [0 lua] \"GET\"\r\n")) == ["pushed"])
        try pairing.send("RESET\nHELLO 3\nMULTI\n", at: 2)
        #expect(pairing.exchange.isInTransaction && pairing.exchange.isMonitoring)
        _ = try pairing.receive("+RESET\r\n%0\r\n")
        #expect(pairing.exchange.protocolVersion == 3 && !pairing.exchange.isMonitoring)
        try pairing.send("DISCARD\nBLPOP l 0\n", at: 3)
        #expect(!pairing.exchange.isInTransaction && !pairing.exchange.isBlocked)
        _ = try pairing.receive("+OK\r\n+OK\r\n")
        #expect(pairing.exchange.isBlocked)
    }

    @Test("after QUIT nothing more is owed than was before")
    func quit() throws {
        var pairing = Pairing()
        try pairing.send("PING\nQUIT\nPING\nPING\n", at: 1)
        #expect(pairing.exchange.isClosing && pairing.exchange.repliesOwed == 2)
        var attacked = Pairing()
        try attacked.send("POST / HTTP/1.1\nHost: x\n", at: 1)
        #expect(attacked.exchange.isClosing && attacked.exchange.repliesOwed == 0)
    }

    @Test(
        "what makes EXEC answer with another number of replies ends the pairing, and says so",
        arguments: ["CLIENT REPLY OFF", "SUBSCRIBE a b", "UNSUBSCRIBE", "REPLCONF ACK 1"])
    func miscountingTransaction(line: String) throws {
        var pairing = Pairing()
        try pairing.send("MULTI\n\(line)\n", at: 1)
        #expect(!pairing.exchange.isAdrift && pairing.exchange.pendingCount == 2)
        try pairing.send("EXEC\nPING\n", at: 1)
        #expect(pairing.exchange.isAdrift && pairing.exchange.repliesOwed == 1)
        #expect(try transcript(pairing.receive("+OK\r\n")) == ["untracked"])
    }

    @Test("a discarded transaction leaves the pairing as it was")
    func discarded() throws {
        var pairing = Pairing()
        try pairing.send("MULTI\nCLIENT REPLY OFF\nDISCARD\nMULTI\nEXEC\nPING\n", at: 1)
        #expect(!pairing.exchange.isAdrift && pairing.exchange.pendingCount == 6)
    }

    @Test("a replication stream ends the pairing, a refused one does not")
    func replication() throws {
        var pairing = Pairing()
        try pairing.send("PSYNC ? -1\n", at: 1)
        #expect(try transcript(pairing.receive("-NOPERM no\r\n")) == ["answered psync 1 NOPERM"])
        try pairing.send("PSYNC ? -1\n", at: 2)
        #expect(try transcript(pairing.receive("+FULLRESYNC x 0\r\n+PING\r\n")) == ["answered psync 2", "untracked"])
        #expect(pairing.exchange.isAdrift)
    }

    @Test("any number of equal commands takes one run, of different ones a bounded number")
    func bounded() throws {
        var pairing = Pairing()
        let limit = RedisLimits.pendingRuns.maximum
        let total = limit + 1_000
        for index in 0..<total { try pairing.send("GET a\n", at: UInt64(index)) }
        #expect(pairing.exchange.repliesOwed == total && !pairing.exchange.isAdrift)
        for index in 0..<total {
            let expected = index < limit ? answered("get", UInt64(index)) : answered("unknown", nil)
            #expect(try transcript(pairing.receive("$-1\r\n")) == [expected])
        }
        try pairing.send("GET a\n", at: 9)
        #expect(try transcript(pairing.receive("$-1\r\n")) == ["answered get 9"])
    }

    @Test("behind a full pipeline, commands with many replies are still paired, up to a bound")
    func boundedSpecials() throws {
        var pairing = Pairing()
        let limit = RedisLimits.pendingRuns.maximum
        let reserve = RedisLimits.pendingReserve.maximum
        for index in 0..<limit { try pairing.send("GET a\n", at: UInt64(index)) }
        for _ in 0..<(reserve / 2) { try pairing.send("SUBSCRIBE a b\nPING\n", at: 1) }
        #expect(!pairing.exchange.isAdrift && pairing.exchange.repliesOwed == limit + reserve)
        var full = pairing
        try full.send("SUBSCRIBE a b\n", at: 1)
        #expect(full.exchange.isAdrift)
        for _ in 0..<limit { _ = try pairing.receive("$-1\r\n") }
        let confirmed = "*3\r\n+subscribe\r\n+a\r\n:1\r\n*3\r\n+subscribe\r\n+b\r\n:2\r\n"
        #expect(
            try transcript(pairing.receive(confirmed + "*2\r\n+pong\r\n+\r\n")) == [
                "confirmed subscribe", "answered subscribe 1", "answered unknown untimed",
            ])
    }

    @Test("a stopped exchange pairs nothing more")
    func stopped() throws {
        var pairing = Pairing()
        try pairing.send("PING\n", at: 1)
        pairing.exchange.stop()
        #expect(try transcript(pairing.receive("+PONG\r\n")) == ["untracked"])
    }
}
