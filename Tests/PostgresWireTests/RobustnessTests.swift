// Damaged conversations: no trap, no lost byte, bounded memory, and the same result however the bytes arrive.

import PostgresWire
import Testing
import Wire

@Suite("Robustness")
struct RobustnessTests {
    private func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + 9))
            default: bytes[place] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
            }
        }
        return bytes
    }

    @Test("damaged messages are consumed to the end or refused, the same every way", arguments: RecordedTests.cases)
    func damaged(_ recorded: RecordedTests.Case) {
        let transcript = Transcript(recorded.text)
        var generator = SeededGenerator(seed: UInt64(recorded.text.utf8.count))
        for _ in 0..<40 {
            let client = mutated(transcript.bytes(of: .client), &generator)
            let server = mutated(transcript.bytes(of: .server), &generator)
            let cut = Int.random(in: 0...client.count, using: &generator)
            let whole = frameClient([client])
            #expect(frameClient(client.map { [$0] }) == whole)
            #expect(frameClient([Array(client[..<cut]), Array(client[cut...])]) == whole)
            let wholeServer = frameServer([server])
            #expect(frameServer(server.map { [$0] }) == wholeServer)
            #expect(whole.error?.contains("consumed") != true)
            #expect(wholeServer.error?.contains("consumed") != true)
        }
    }

    @Test("an exchange survives any order of events, and its counts stay within what was sent")
    func anyOrder() {
        let sent: [PostgresClientEvent] = [
            .querySent(.select), .parseSent(.insert), .bindSent, .describeSent, .executeSent, .closeSent, .syncSent,
            .flushSent, .copyDoneSent, .copyFailSent, .functionCallSent, .credentialsSent, .terminateSent,
            .unknownSent(type: 1),
        ]
        let received: [PostgresServerEvent] = [
            .authenticationCompleted, .readyForQueryReceived(.idle), .readyForQueryReceived(.failed), .rowsDescribed,
            .commandCompleted(.select), .errorReported(.error, .none), .errorReported(.fatal, .none), .copyInStarted,
            .copyOutStarted, .copyBothStarted, .copyDoneReceived, .portalSuspended, .emptyQueryAnswered,
            .noDataDescribed, .parseCompleted, .bindCompleted, .closeCompleted, .functionCallAnswered,
        ]
        for seed in 1...200 {
            var generator = SeededGenerator(seed: UInt64(seed))
            var exchange = PostgresExchange(startedAt: 0)
            var requests: UInt64 = 1
            var outcomes: UInt64 = 0
            let bias = Int.random(in: 1...9, using: &generator)
            for step in 0..<2000 {
                if Int.random(in: 0..<10, using: &generator) < bias {
                    guard let event = sent.randomElement(using: &generator) else { continue }
                    switch event {
                    case .querySent, .executeSent, .functionCallSent, .syncSent: requests += 1
                    default: break
                    }
                    exchange.clientSent(event, at: UInt64(step))
                } else if let event = received.randomElement(using: &generator) {
                    if exchange.serverSent(event) != nil { outcomes += 1 }
                }
            }
            while exchange.abandonNext() != nil { outcomes += 1 }
            // A group of messages may fail beside the request that follows it, so twice is the most.
            #expect(outcomes <= 2 * requests)
            #expect(exchange.outstanding == 0)
        }
    }

    @Test("damaged startup packets are refused or read, never more than they are", arguments: RecordedTests.cases)
    func startups(_ recorded: RecordedTests.Case) throws {
        var generator = SeededGenerator(seed: 7)
        let cancel = try #require(PostgresRequestCode.cancelRequest(processID: 3, key: [1, 2, 3, 4, 5]))
        for packet in [Transcript(recorded.text).startup, cancel, PostgresRequestCode.encryptionRequest(.tls)] {
            for _ in 0..<200 {
                let bytes = mutated(packet, &generator)
                var parser = PostgresStartupParser()
                guard let step = try? parser.next(bytes) else { continue }
                switch step {
                case .moreNeeded(let total): #expect(total > bytes.count && total <= 10_004)
                case .packet(_, let length): #expect(length <= bytes.count)
                }
            }
        }
    }
}
