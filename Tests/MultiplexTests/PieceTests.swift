// The pieces of a multiplexer by themselves: ids, queues, buffers and addresses.

import Reactor
import Testing

@testable import Multiplex

@Suite("The pieces of a multiplexer")
struct PieceTests {
    @Test("an id comes back as late as the bits allow, and never while it could meet another's answer")
    func ids() {
        var table = SlotTable(depth: 4, bits: 8)
        #expect(table.capacity == 4)
        var seen: Set<UInt64> = []
        // 2 bits of slot leave 6 of generation, of which zero is left out.
        for _ in 0..<(4 * 63) {
            guard let id = table.insert(LineExchange("")) else { break }
            #expect(seen.insert(id).inserted)
            #expect(id > 0 && id < 256)
            #expect(table.exchange(id) != nil)
            table.remove(id)
            #expect(table.exchange(id) == nil)
        }
        #expect(seen.count == 4 * 63)
        #expect(table.insert(LineExchange("")).map(seen.contains) == true)
    }

    @Test("slots are dense and bounded, and half of an id's bits number them at most")
    func slots() {
        var table = SlotTable(depth: 1000, bits: 16)
        #expect(table.capacity == 256)
        let ids = (0..<256).compactMap { _ in table.insert(LineExchange("")) }
        #expect(ids.count == 256 && table.isFull)
        #expect(table.insert(LineExchange("")) == nil)
        for wrong: UInt64 in [0, 255, 65_535, 65_536 + ids[0], .max] { #expect(table.exchange(wrong) == nil) }
        table.remove(ids[7])
        #expect(table.insert(LineExchange("")) != ids[7])
        #expect(table.exchange(ids[7]) == nil)
        for (depth, bits) in [(1, 64), (1024, 64), (1, 4), (0, 0)] {
            var other = SlotTable(depth: depth, bits: bits)
            let id = other.insert(LineExchange(""))
            #expect(id.map { other.exchange($0) != nil } == true)
        }
    }

    @Test("a ring keeps its order through growth, returns to the front and removal from the middle")
    func ring() {
        var ring = Ring<Int>()
        var model: [Int] = []
        var next = 0
        for round in 0..<500 {
            switch round % 7 {
            case 0, 1, 2, 5:
                ring.append(next)
                model.append(next)
            case 3:
                ring.prepend(next)
                model.insert(next, at: 0)
            case 6:
                ring.removeAll { $0 % 5 == 0 }
                model.removeAll { $0 % 5 == 0 }
            default: #expect(ring.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
            }
            next += 1
            #expect(ring.count == model.count && ring.first == model.first)
            #expect((0..<ring.count).map { ring[$0] } == model)
        }
    }

    @Test("a stream of frames that never ends with a read needs no more room than a frame and a read")
    func frameBuffer() {
        var buffer = FrameBuffer()
        let read = [UInt8](repeating: 1, count: 1000)
        for _ in 0..<1000 {
            buffer.append(read.span)
            buffer.removeFirst(buffer.count - 10)
            #expect(buffer.count == 10)
        }
        #expect(buffer.bytes.capacity < 8000)
        buffer.append([UInt8](repeating: 1, count: 1_000_000).span)
        buffer.removeFirst(buffer.count)
        #expect(buffer.bytes.capacity == 0)
    }

    @Test("numbers are written as figures and as bytes")
    func output() {
        var output = OutputBuffer()
        for number: Int64 in [0, 7, 10, -1, 1_234_567_890, .max, .min] {
            output.append(decimal: number)
            output.append(" ")
        }
        output.append(decimal: UInt64.max)
        #expect(
            String(decoding: output.bytes, as: UTF8.self)
                == "0 7 10 -1 1234567890 9223372036854775807 -9223372036854775808 18446744073709551615")
        var bytes = OutputBuffer()
        bytes.append(bigEndian: UInt16(0x0102))
        bytes.append(littleEndian: UInt32(0x0102_0304))
        bytes.append([9, 8][...])
        bytes.replace(at: 0, with: 7)
        #expect(bytes.bytes == [7, 2, 4, 3, 2, 1, 9, 8])
    }

    @Test(
        "an address is read from its URL",
        arguments: [
            ("tcp://a:1", "tcp", "a:1", ""), ("http://a/b?c", "http", "a:99", "/b?c"),
            ("x://[::1]:2", "x", "[::1]:2", ""),
            ("x://[::1]", "x", "[::1]:99", ""), ("unix:/a b", "unix", "unix:/a b", ""),
            ("unix:///a", "unix", "unix:/a", ""),
            ("unix:a", "unix", "unix:a", ""), ("x://a?b:1", "x", "a:99", "?b:1"),
        ])
    func url(text: String, scheme: String, target: String, rest: String) {
        let url = AdapterURL(text, defaultPort: 99)
        #expect(url?.scheme == scheme && url?.target.description == target && url?.rest == rest)
    }

    @Test(
        "what is no address is none",
        arguments: [
            "", "a", "a:1", "://a:1", "x://", "x://:1", "x://a:", "x://a:0", "x://a:65536", "x://a:b", "x://a:b@c:1",
            "x://::1:2", "x://[::1", "x://[::1]x", "unix:", "x:/a:1",
        ])
    func noURL(text: String) { #expect(AdapterURL(text, defaultPort: 99) == nil) }
}
