// What of two servers' answers to a COPY is compared.

import Testing

@testable import PostgresWire

@Suite("the rows of a COPY")
struct ComparableReplyTests {
    private func message(_ type: Unicode.Scalar, _ body: [UInt8]) -> [UInt8] {
        [UInt8(ascii: type), 0, 0, UInt8((body.count + 4) >> 8), UInt8((body.count + 4) & 255)] + body
    }

    /// An answer with these pieces of data, up to ReadyForQuery.
    private func answer(_ format: UInt8, _ pieces: [[UInt8]]) -> [UInt8] {
        message("H", [format, 0, 2, 0, format, 0, format]) + pieces.flatMap { message("d", $0) } + message("c", [])
            + message("C", Array("COPY 2\0".utf8)) + message("Z", [0x49])
    }

    private func compare(
        _ one: [UInt8], _ other: [UInt8], _ order: PostgresRowOrder = .unordered
    ) throws -> PostgresReplyDifference? {
        let (one, other) = (try reply(one), try reply(other))
        return PostgresReplyComparison.difference(one, other, order, masks: [])
    }

    private func reply(_ bytes: [UInt8]) throws -> PostgresComparableReply {
        let reply = PostgresComparableReply(bytes.span)
        return try #require(reply)
    }

    private func text(_ pieces: String...) -> [UInt8] { answer(0, pieces.map { Array($0.utf8) }) }

    private static let head =
        Array("PGCOPY\n\u{FF}\r\n\0".unicodeScalars.map { UInt8($0.value) }) + [0, 0, 0, 0, 0, 0, 0, 0]
    private static let ones: [UInt8] = [0, 2, 0, 0, 0, 1, 0x61, 0xFF, 0xFF, 0xFF, 0xFF]
    private static let others: [UInt8] = [0, 2, 0, 0, 0, 1, 0x62, 0, 0, 0, 0]

    @Test("are lines, wherever the server cuts them, in any order where there is none")
    func lines() throws {
        #expect(try reply(text("a\t1\n", "b\t2\n")).rows.count == 2)
        #expect(try compare(text("a\t1\n", "b\t2\n"), text("b\t2\na", "\t1\n")) == nil)
        #expect(try compare(text("a\t1\n", "b\t2\n"), text("b\t2\n", "a\t1\n"), .ordered)?.kind == .order)
        #expect(try compare(text("a\t1\n", "b\t2\n"), text("a\t1\n", "b\t3\n"))?.place == "line 1")
        #expect(try compare(text("a\t1\n"), text("a\t1\n", "\n"))?.kind == .rows)
        #expect(try reply(text()).rows == [] && reply(text("\n")).rows == [[]])
    }

    @Test("are those of the binary format, each by its columns")
    func binary() throws {
        let both = answer(1, [Self.head + Self.ones, Self.others, [0xFF, 0xFF]])
        #expect(try reply(both).rows == [Self.ones, Self.others])
        #expect(try compare(both, answer(1, [Self.head + Self.others + Self.ones, [0xFF, 0xFF]])) == nil)
        let found = try compare(both, answer(1, [Self.head + Self.ones, Self.ones, [0xFF, 0xFF]]))
        #expect(found?.kind == .value && found?.place == "row 1, column 0")
        #expect(try compare(both, text("a\t\\N\n", "b\t\n"))?.kind == .format)
    }

    @Test("are one piece where they are laid out in no way, and no beginning traps")
    func broken() throws {
        let data = Self.head + Self.ones + Self.others + [0xFF, 0xFF]
        for count in 0..<data.count { #expect(try reply(answer(1, [Array(data[..<count])])).rows.count == 1) }
        #expect(try reply(answer(1, [data + [0]])).rows == [data + [0]])
        let whole = answer(1, [data])
        for count in 0..<whole.count { _ = PostgresComparableReply(Array(whole[..<count]).span) }
    }

    @Test("what was done is told where there are no rows")
    func summaries() throws {
        let done = message("C", Array("INSERT 0 1\0".utf8)) + message("Z", [0x49])
        let failed = message("E", Array("C23514\0Mcanary\0\0".utf8)) + message("Z", [0x49])
        let found = try compare(done, failed)
        #expect(found?.kind == .error && found?.primary == "INSERT 0 1" && found?.candidate == "error 23514")
        #expect(try compare(text("a\n"), failed)?.primary == "1 rows")
    }

    @Test("count only, where which of them come is the server's choice")
    func counted() throws {
        #expect(try compare(text("a\n"), text("b\n"), .counted) == nil)
        #expect(try compare(text("a\n"), text("b\n", "c\n"), .counted)?.kind == .rows)
    }
}
