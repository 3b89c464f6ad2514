// How replies are spelled in RESP2 and RESP3, and numbers as the server spells them.

import Foundation
import Testing

@testable import RedisWire

@Suite("Writing replies")
struct ReplyWriterTests {
    private func spelled(_ write: (inout RedisReplyWriter) -> Void) -> [String] {
        [false, true].map { isRESP3 in
            var writer = RedisReplyWriter()
            writer.isRESP3 = isRESP3
            write(&writer)
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    @Test("lines, numbers and strings are the same in both versions")
    func plain() {
        let both = spelled {
            $0.status("OK")
            $0.error(Array("ERR a\r\nb".utf8))
            $0.integer(.min)
            $0.integer(0)
            $0.bulk([0x61, 0x0D, 0x0A])
            $0.array(2)
        }
        #expect(both[0] == "+OK\r\n-ERR a  b\r\n:-9223372036854775808\r\n:0\r\n$3\r\na\r\n\r\n*2\r\n")
        #expect(both[1] == both[0])
    }

    @Test("what RESP2 has no type for is spelled with the types it has")
    func versions() {
        #expect(spelled { $0.null() } == ["$-1\r\n", "_\r\n"])
        #expect(spelled { $0.nullArray() } == ["*-1\r\n", "_\r\n"])
        #expect(spelled { $0.map(2) } == ["*4\r\n", "%2\r\n"])
        #expect(spelled { $0.set(2) } == ["*2\r\n", "~2\r\n"])
        #expect(spelled { $0.push(3) } == ["*3\r\n", ">3\r\n"])
        #expect(spelled { $0.verbatim([0x61]) } == ["$1\r\na\r\n", "=5\r\ntxt:a\r\n"])
        #expect(spelled { $0.double(2.5) } == ["$3\r\n2.5\r\n", ",2.5\r\n"])
        #expect(spelled { $0.double(-.infinity) } == ["$4\r\n-inf\r\n", ",-inf\r\n"])
    }

    private func text(_ value: Double) -> String {
        var bytes: [UInt8] = []
        RedisDouble.append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "doubles have up to 17 digits",
        arguments: [
            (0.1, "0.10000000000000001"), (3, "3"), (-2.5, "-2.5"), (1e17, "1e+17"), (1e16, "10000000000000000"),
            (1e-5, "1.0000000000000001e-05"), (0.0001, "0.0001"), (1e300, "1.0000000000000001e+300"),
            (.leastNonzeroMagnitude, "4.9406564584124654e-324"), (.infinity, "inf"), (-.infinity, "-inf"),
            (99_999_999_999_999_999.5, "1e+17"), (123456.789, "123456.789"),
        ])
    func doubles(_ value: Double, _ spelled: String) {
        #expect(text(value) == spelled)
    }

    @Test("any double is spelled as C spells it")
    func likeC() {
        var generator = SeededGenerator(state: 42)
        for index in 0..<20_000 {
            let bits = generator.next()
            let value =
                index.isMultiple(of: 2)
                ? Double(bitPattern: bits) : Double(Int64(bitPattern: bits) % 1_000_000_000) / 1000
            guard value.isFinite else { continue }
            #expect(text(value) == String(format: "%.17g", value))
        }
    }

    @Test(
        "whole numbers are read as strictly as the server reads them",
        arguments: [
            ("0", 0), ("-1", -1), ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min), ("", nil),
            ("-", nil), ("-0", nil), ("01", nil), ("+1", nil), (" 1", nil), ("1 ", nil), ("9223372036854775808", nil),
            ("1.0", nil),
        ] as [(String, Int64?)])
    func integers(_ text: String, _ number: Int64?) {
        #expect(RedisInteger.parse(Array(text.utf8)) == number)
    }
}
