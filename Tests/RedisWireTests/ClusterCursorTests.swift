// The cursor of a scan over all masters, and the pages that carry it.

import Testing

@testable import RedisWire

@Suite("the cursor of a scan over a cluster")
struct ClusterCursorTests {
    private static func cursor(_ text: String) -> RedisClusterCursor? {
        let bytes = Array(text.utf8)
        return RedisClusterCursor(bytes.span, 0..<bytes.count)
    }

    private static func page(_ cursor: RedisClusterCursor, _ reply: String, of masters: Int) -> String? {
        let bytes = Array(reply.utf8)
        return cursor.page(bytes.span, of: masters).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("holds three numbers in one, and takes them out again")
    func numbers() throws {
        for master in [0, 1, 1023] {
            for mark in [UInt16(0), 1, .max] {
                for own: UInt64 in [0, 1, (1 << 38) - 1] {
                    let cursor = try #require(RedisClusterCursor(master: master, mark: mark, own: own))
                    #expect(Self.cursor("\(cursor.number)") == cursor)
                }
            }
        }
        #expect(RedisClusterCursor(master: 1024, mark: 0, own: 0) == nil)
        #expect(RedisClusterCursor(master: 0, mark: 0, own: 1 << 38) == nil)
        #expect(RedisClusterCursor(master: -1, mark: 0, own: 0) == nil)
        #expect(Self.cursor("0")?.number == 0)
    }

    @Test(
        "is a number of 64 bits",
        arguments: ["", "x", "-1", "+1", " 1", "18446744073709551616", "000000000000000000000"])
    func wrong(text: String) { #expect(Self.cursor(text) == nil) }

    @Test("stays at its master, goes to the next, and ends behind the last")
    func pages() throws {
        let first = try #require(RedisClusterCursor(master: 0, mark: 7, own: 0))
        let going = try #require(RedisClusterCursor(master: 0, mark: 7, own: 12)).number
        #expect(
            Self.page(first, "*2\r\n$2\r\n12\r\n*1\r\n$1\r\na\r\n", of: 2)
                == "*2\r\n$\("\(going)".count)\r\n\(going)\r\n*1\r\n$1\r\na\r\n")
        let next = try #require(RedisClusterCursor(master: 1, mark: 7, own: 0)).number
        #expect(
            Self.page(first, "*2\r\n$1\r\n0\r\n*0\r\n", of: 2)
                == "*2\r\n$\("\(next)".count)\r\n\(next)\r\n*0\r\n")
        #expect(Self.page(first, "*2\r\n$1\r\n0\r\n*0\r\n", of: 1) == "*2\r\n$1\r\n0\r\n*0\r\n")
    }

    @Test(
        "takes nothing for a page that is none",
        arguments: [
            "", "+OK\r\n", "*2\r\n", "*3\r\n$1\r\n0\r\n*0\r\n*0\r\n", "*2\r\n$-1\r\n*0\r\n", "*2\r\n$1\r\nx\r\n*0\r\n",
            "*2\r\n:0\r\n*0\r\n", "*2\r\n$20\r\n99999999999999999999\r\n*0\r\n", "*2\r\n$12\r\n274877906944\r\n*0\r\n",
        ])
    func strange(reply: String) throws {
        let cursor = try #require(RedisClusterCursor(master: 0, mark: 0, own: 0))
        #expect(Self.page(cursor, reply, of: 2) == nil)
    }
}
