// Searches, comparisons and numbers over bytes that a peer sent.

import Testing
import Wire

@Suite("Bytes")
struct BytesTests {
    @Test("the first place of a byte is found at or after the start, or not at all")
    func firstIndex() {
        let bytes: [UInt8] = [1, 2, 3, 2]
        #expect(bytes.first(of: 2, from: 0) == 1)
        #expect(bytes.first(of: 2, from: 1) == 1)
        #expect(bytes.first(of: 2, from: 2) == 3)
        #expect(bytes.first(of: 1, from: 1) == nil)
        #expect(bytes.first(of: 2, from: 4) == nil)
        #expect(bytes.first(of: 2, from: 9) == nil)
        #expect([UInt8]().first(of: 0, from: 0) == nil)
    }

    @Test("text is compared exactly, and a range outside the bytes is no match")
    func equals() {
        let bytes = Array("xGETx".utf8)
        #expect(bytes.equals("GET", in: 1..<4))
        #expect(!bytes.equals("get", in: 1..<4))
        #expect(!bytes.equals("GET", in: 0..<3))
        #expect(!bytes.equals("GET", in: 1..<5))
        #expect(!bytes.equals("ETx", in: 3..<6))
        #expect(!bytes.equals("GET", in: -1..<2))
        #expect(bytes.equals("", in: 5..<5))
    }

    @Test("text is compared in any case of ASCII letters, and of nothing else")
    func equalsIgnoringCase() {
        let bytes = Array("GeT-[1]".utf8)
        #expect(bytes.equalsIgnoringCase("get-[1]", in: 0..<7))
        #expect(!bytes.equalsIgnoringCase("get-{1}", in: 0..<7))
        #expect(!bytes.equalsIgnoringCase("get-[1]", in: 1..<8))
    }

    @Test("a number of four bytes is read big end first, and never past the end")
    func bigEndian() {
        let bytes: [UInt8] = [0x80, 0, 0, 1, 2]
        #expect(bytes.bigEndianUInt32(at: 0) == 0x8000_0001)
        #expect(bytes.bigEndianUInt32(at: 1) == 0x0000_0102)
        #expect(bytes.bigEndianUInt32(at: 2) == nil)
        #expect(bytes.bigEndianUInt32(at: -1) == nil)
        #expect(bytes.bigEndianUInt32(at: .max) == nil)
    }

    @Test("copies and texts are of the range, and empty when it lies outside")
    func copies() {
        let bytes = Array("abc\u{E9}".utf8)
        #expect(bytes.copy(1..<3) == Array("bc".utf8))
        #expect(bytes.copy(1..<9) == [])
        #expect(bytes.copy(-1..<1) == [])
        #expect(bytes.text(0..<5) == "abc\u{E9}")
        #expect(bytes.text(3..<4) == "\u{FFFD}")
    }

    @Test("only ASCII letters change their case, and only digits are digits")
    func classes() {
        for byte in UInt8.min...UInt8.max {
            let isUpper = (0x41...0x5A).contains(byte)
            let isLower = (0x61...0x7A).contains(byte)
            #expect(byte.asciiLowercased == (isUpper ? byte + 32 : byte))
            #expect(byte.asciiUppercased == (isLower ? byte - 32 : byte))
            #expect(byte.isASCIIDigit == (0x30...0x39).contains(byte))
        }
        #expect([UInt8.carriageReturn, .lineFeed] == Array("\r\n".unicodeScalars.map { UInt8($0.value) }))
    }
}

@Suite("Decimal numbers")
struct DecimalAccumulatorTests {
    private func read(_ text: String) -> Int? {
        var number = DecimalAccumulator()
        for byte in text.utf8 { guard number.append(byte) else { return nil } }
        return number.digits == text.utf8.count ? number.value : nil
    }

    @Test("digits become a number up to the largest, and beyond it none")
    func range() {
        #expect(read("0") == 0)
        #expect(read("007") == 7)
        #expect(read("9223372036854775807") == Int.max)
        #expect(read("9223372036854775808") == nil)
        #expect(read("92233720368547758070") == nil)
        #expect(read(String(repeating: "9", count: 400)) == nil)
    }

    @Test("what is no digit is refused and changes nothing", arguments: Array("+- .,x/:\u{0}".utf8))
    func refused(byte: UInt8) {
        var number = DecimalAccumulator()
        #expect(append(0x34, to: &number))
        let before = number
        #expect(!append(byte, to: &number))
        #expect(number == before)
    }

    @Test("a digit too many leaves the number as it was")
    func overflow() {
        var number = DecimalAccumulator()
        for digit in "922337203685477580".utf8 { #expect(append(digit, to: &number)) }
        let before = number
        #expect(!append(0x38, to: &number))
        #expect(number == before)
    }
}

/// The macros of the tests cannot hold a span or change a number, so these do.
extension [UInt8] {
    fileprivate func first(of byte: UInt8, from start: Int) -> Int? { span.firstIndex(of: byte, from: start) }
    fileprivate func equals(_ text: StaticString, in range: Range<Int>) -> Bool { span.equals(text, in: range) }
    fileprivate func equalsIgnoringCase(_ text: StaticString, in range: Range<Int>) -> Bool {
        span.equalsIgnoringCase(text, in: range)
    }
    fileprivate func bigEndianUInt32(at offset: Int) -> UInt32? { span.bigEndianUInt32(at: offset) }
    fileprivate func copy(_ range: Range<Int>) -> [UInt8] { span.array(range) }
    fileprivate func text(_ range: Range<Int>) -> String { span.text(range) }
}

private func append(_ byte: UInt8, to number: inout DecimalAccumulator) -> Bool { number.append(byte) }
