// Reading a client's messages whole, and every way in which they can be wrong.

import PostgresWire
import Testing
import Wire

@Suite("A client's messages, read whole")
struct ClientMessageTests {
    private static func message(_ type: Unicode.Scalar, _ body: [UInt8]) -> [UInt8] {
        let length = UInt32(body.count + 4)
        return [UInt8(ascii: type)] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + body
    }

    /// What is read of `bytes` that arrive in pieces: messages, or the code of the error at the end.
    private func read(_ pieces: [[UInt8]], limit: Int = 1 << 20) -> (messages: [PostgresClientMessage], error: String?)
    {
        let reader = PostgresClientMessageReader(limit: limit)
        var buffer: [UInt8] = []
        var offset = 0
        var messages: [PostgresClientMessage] = []
        for piece in pieces {
            buffer += piece
            while true {
                do {
                    guard case .message(let message) = try reader.next(buffer.span, at: &offset) else { break }
                    messages.append(message)
                } catch {
                    return (messages, error.code)
                }
            }
        }
        return (messages, nil)
    }

    @Test("every message is read the same however it arrives")
    func everyWay() {
        let bytes =
            Self.message("Q", Array("select 1\0".utf8))
            + Self.message("P", Array("s\0select $1\0".utf8) + [0, 1, 0, 0, 0, 23])
            + Self.message(
                "B", Array("p\0s\0".utf8) + [0, 1, 0, 1, 0, 2, 0, 0, 0, 1, 0x35, 255, 255, 255, 255, 0, 1, 0, 1])
            + Self.message("D", Array("Ss\0".utf8)) + Self.message("E", Array("p\0".utf8) + [0, 0, 0, 9])
            + Self.message("C", Array("Pp\0".utf8)) + Self.message("S", []) + Self.message("H", [])
            + Self.message("d", [1, 2]) + Self.message("c", []) + Self.message("f", Array("no\0".utf8))
            + Self.message("p", [7]) + Self.message("X", [])
        let whole = read([bytes])
        #expect(whole.error == nil)
        #expect(whole.messages.count == 13)
        guard case .bind(let bind) = whole.messages[2] else {
            Issue.record("no Bind: \(whole.messages)")
            return
        }
        #expect(bind.parameterFormats == [1])
        #expect(bind.values.map { $0.map { Array(bytes[$0]) } } == [[0x35], nil])
        #expect(bind.resultFormats == [1])
        for way in cutsOfEveryKind(bytes) { #expect(read(way).messages == whole.messages) }
    }

    @Test(
        "a message that is not laid out as the protocol has it is refused",
        arguments: [
            message("D", Array("Xs\0".utf8)), message("E", Array("p\0".utf8) + [0, 0]),
            message("P", Array("s\0t\0".utf8) + [0, 9]), message("B", Array("\0\0".utf8) + [0, 0, 255, 255]),
            message("B", Array("\0\0".utf8) + [0, 0, 0, 1, 127, 255, 255, 255, 0, 0]),
            message("B", Array("\0\0".utf8) + [0, 0, 0, 1, 255, 255, 255, 254, 0, 0]),
        ])
    func layout(_ bytes: [UInt8]) {
        #expect(read([bytes]).error == "invalid-message-layout")
    }

    @Test("whether a Sync has to follow a message that is laid out wrongly can be told")
    func layoutCodes() {
        for body in [Array("no end".utf8), Array("a\0b\0".utf8)] {
            #expect(read([Self.message("Q", body)]).error == "invalid-request-layout")
        }
        #expect(read([Self.message("S", [1])]).error == "invalid-sync-layout")
    }

    @Test("lengths and types outside of the protocol end the reading at once")
    func framing() {
        #expect(read([[UInt8(ascii: "Q"), 0, 0, 0, 3]]).error == "invalid-message-length")
        #expect(read([[UInt8(ascii: "Q"), 255, 255, 255, 255]]).error == "message-too-long")
        #expect(read([[UInt8(ascii: "S"), 0, 0, 0x27, 0x11]]).error == "message-too-long")
        #expect(read([[0x16, 0, 0, 0, 4]]).error == "unknown-message-type")
        #expect(read([[UInt8(ascii: "Q"), 0, 0, 0, 100]], limit: 100).error == nil)
        #expect(read([[UInt8(ascii: "Q"), 0, 0, 0, 101]], limit: 100).error == "message-too-long")
    }

    @Test("bytes at random neither trap nor are read beyond their end")
    func robustness() {
        let seed = Self.message("B", Array("p\0s\0".utf8) + [0, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0x35, 0, 0])
        for round in 1...4000 {
            var generator = SeededGenerator(seed: UInt64(round))
            var bytes = seed + Self.message("P", Array("s\0t\0".utf8) + [0, 1, 0, 0, 0, 23])
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = read([bytes])
        }
    }
}
