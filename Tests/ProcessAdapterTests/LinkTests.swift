// The pure parts of the link: framing, statuses, and the state of the connection.

import NIOCore
import NIOHPACK
import Testing

@testable import ProcessAdapter

@Suite("Length-prefixed messages")
struct MessageFramingTests {
    private let allocator = ByteBufferAllocator()

    private func frames(_ messages: [[UInt8]]) -> ByteBuffer {
        var all = ByteBuffer()
        for message in messages {
            var frame = MessageFraming.frame(message, allocator)
            all.writeBuffer(&frame)
        }
        return all
    }

    @Test("messages come out as they went in, however they are cut", arguments: [1, 2, 3, 7, 64, 10_000])
    func cuts(size: Int) throws {
        let messages: [[UInt8]] = [[], [1], Array(repeating: 7, count: 300), [], [9, 9]]
        var bytes = frames(messages)
        var framing = MessageFraming(limit: 300)
        var received: [[UInt8]] = []
        while let piece = bytes.readSlice(length: min(size, bytes.readableBytes)), piece.readableBytes > 0 {
            framing.append(piece)
            while let message = try framing.next() { received.append(message) }
        }
        #expect(received == messages)
        #expect(!framing.holdsPartOfMessage)
    }

    @Test("a message beyond the limit is refused by its length alone")
    func tooLarge() throws {
        var framing = MessageFraming(limit: 10)
        framing.append(ByteBuffer(bytes: [0, 0xFF, 0xFF, 0xFF, 0xFF]))
        #expect(throws: MessageFraming.Fault.tooLarge(bytes: 4_294_967_295)) { try framing.next() }
    }

    @Test("a compressed message is refused")
    func compressed() throws {
        var framing = MessageFraming(limit: 10)
        framing.append(ByteBuffer(bytes: [1]))
        #expect(throws: MessageFraming.Fault.compressed) { try framing.next() }
    }

    @Test("half a message is noticed")
    func half() throws {
        var framing = MessageFraming(limit: 10)
        framing.append(ByteBuffer(bytes: [0, 0, 0, 0, 2, 1]))
        #expect(try framing.next() == nil)
        #expect(framing.holdsPartOfMessage)
    }
}

@Suite("Statuses")
struct CallStatusTests {
    @Test("a message is percent-decoded, and what is no digit stays")
    func message() throws {
        let status = try #require(CallStatus(["grpc-status": "5", "grpc-message": "a%20b%zz%c3%A9%2"]))
        #expect(status == CallStatus(code: 5, message: "a b%zzé%2"))
    }

    @Test("details are base64 with or without padding", arguments: ["AQID/w==", "AQID/w", "AQID_w"])
    func details(text: String) throws {
        let status = try #require(CallStatus(["grpc-status": "9", "grpc-status-details-bin": text]))
        #expect(status.details == [1, 2, 3, 255])
    }

    @Test("trailers without a number are no status", arguments: ["", "x", "1.5"])
    func none(text: String) {
        #expect(CallStatus(["grpc-status": text]) == nil)
        #expect(CallStatus(HPACKHeaders()) == nil)
    }

    @Test("an ETag's fault is told only by the one detail that the protocol has for it")
    func etag() throws {
        func details(_ field: String, count: Int = 1) -> [UInt8] {
            let violation = RpcBadRequest.FieldViolation.with { $0.field = field }
            let request = RpcBadRequest.with { $0.fieldViolations = Array(repeating: violation, count: count) }
            return RpcStatus.with {
                $0.details = [
                    .with {
                        $0.typeURL = "type.googleapis.com/google.rpc.BadRequest"
                        $0.value = (request.encoded ?? []).data
                    }
                ]
            }.encoded ?? []
        }
        #expect(ETagFault(CallStatus(code: 9, details: details("etag"))) == .mismatch)
        #expect(ETagFault(CallStatus(code: 9, details: details("key"))) == nil)
        #expect(ETagFault(CallStatus(code: 9, details: details("etag", count: 2))) == nil)
        #expect(ETagFault(CallStatus(code: 13, details: details("etag"))) == nil)
        #expect(ETagFault(CallStatus(code: 9, details: [0xFF, 0xFF])) == nil)
        guard case .invalid? = ETagFault(CallStatus(code: 3, details: details("etag"))) else {
            Issue.record("an invalid ETag is not told")
            return
        }
    }
}

@Suite("The state of the connection")
struct LinkStateTests {
    @Test("from the start to a loss and back")
    func transcript() {
        var state = LinkState()
        #expect(state.handle(.startRequested) == [.connect])
        #expect(state.isFirstTry)
        #expect(state.handle(.connectFailed("none")) == [.drop("none"), .retry(afterMilliseconds: 100)])
        #expect(state.phase == .waiting && state.reason == "none" && !state.isFirstTry)
        #expect(state.handle(.retryDue) == [.connect])
        #expect(state.handle(.connected) == [.greet])
        #expect(state.handle(.greetingFailed("old")) == [.drop("old"), .retry(afterMilliseconds: 200)])
        #expect(state.handle(.retryDue) == [.connect])
        #expect(state.handle(.connected) == [.greet])
        #expect(state.handle(.greeted) == [.serve])
        #expect(state.phase == .ready && state.reason == "")
        #expect(state.handle(.connectionLost("gone")) == [.drop("gone"), .retry(afterMilliseconds: 100)])
        #expect(state.handle(.stopRequested) == [.drop("the gateway stops")])
        #expect(state.handle(.retryDue) == [] && state.handle(.startRequested) == [])
    }

    @Test("the delay doubles up to its bound")
    func delays() {
        var state = LinkState()
        var delays: [Int64] = []
        _ = state.handle(.startRequested)
        for _ in 0..<8 {
            for case .retry(let delay) in state.handle(.connectFailed("none")) { delays.append(delay) }
            _ = state.handle(.retryDue)
        }
        #expect(delays == [100, 200, 400, 800, 1600, 3000, 3000, 3000])
    }

    @Test("what an earlier connection reports late changes nothing")
    func late() {
        var state = LinkState()
        _ = state.handle(.startRequested)
        _ = state.handle(.connectFailed("none"))
        let before = state
        for event in [
            LinkState.Event.connectionLost("x"), .greeted, .connected, .probeUnanswered, .greetingFailed("x"),
        ] {
            #expect(state.handle(event) == [])
        }
        #expect(state == before)
    }

    @Test("a silent process is dropped only while it serves")
    func silent() {
        var state = LinkState()
        _ = state.handle(.startRequested)
        _ = state.handle(.connected)
        #expect(state.handle(.probeUnanswered) == [])
        _ = state.handle(.greeted)
        let why = "the adapter process is connected, but silent; does it hang?"
        #expect(state.handle(.probeUnanswered) == [.drop(why), .retry(afterMilliseconds: 100)])
    }
}
