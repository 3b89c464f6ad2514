// Keys that are noted are handed out, once, and never before the writes to them are answered.

import Testing

@testable import Migration

@Suite("the keys that a worker's clients write")
struct DirtyKeysTests {
    private func take(_ dirty: inout DirtyKeys) -> (keys: [String], rest: DirtyKeys.Remainder) {
        var keys: [String] = []
        let rest = dirty.take { database, key in
            keys.append("\(database):" + key.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
        }
        return (keys, rest)
    }

    private func begin(_ dirty: inout DirtyKeys, _ keys: String..., database: UInt32 = 0) -> DirtyKeys.Ticket {
        let ticket = dirty.begin()
        for key in keys { dirty.note(Array(key.utf8).span, database: database, ticket) }
        return ticket
    }

    @Test("are handed out once, each once, by database")
    func once() {
        var dirty = DirtyKeys(keyLimit: 8, byteLimit: 64)
        dirty.end(begin(&dirty, "a", "b", "a"))
        dirty.end(begin(&dirty, "a", database: 1))
        #expect(take(&dirty).keys == ["0:a", "0:b", "1:a"])
        let (keys, rest) = take(&dirty)
        #expect(keys.isEmpty)
        #expect(rest == DirtyKeys.Remainder())
    }

    @Test("are kept until every write of their time is answered, and those of later writes are not kept with them")
    func inFlight() {
        var dirty = DirtyKeys(keyLimit: 8, byteLimit: 64)
        let blocked = begin(&dirty, "list")
        #expect(take(&dirty).keys.isEmpty)
        dirty.end(begin(&dirty, "a"))
        let (keys, rest) = take(&dirty)
        #expect(keys == ["0:a"])
        #expect(!rest.isSettled)
        dirty.end(blocked)
        let after = take(&dirty)
        #expect(after.keys == ["0:list"])
        #expect(after.rest.isSettled)
    }

    @Test("are kept with the ticket of their transaction, also when it is older than the last question")
    func transaction() {
        var dirty = DirtyKeys(keyLimit: 8, byteLimit: 64)
        let transaction = begin(&dirty, "a")
        _ = take(&dirty)
        dirty.note(Array("b".utf8).span, database: 0, transaction)
        #expect(take(&dirty).keys.isEmpty)
        dirty.end(transaction)
        #expect(take(&dirty).keys == ["0:a", "0:b"])
    }

    @Test("wait together when every generation has a write that blocks, and none is lost")
    func blocked() {
        var dirty = DirtyKeys(keyLimit: 64, byteLimit: 256)
        var tickets: [DirtyKeys.Ticket] = []
        for number in 10..<30 {
            tickets.append(begin(&dirty, "\(number)"))
            #expect(take(&dirty).keys.isEmpty)
        }
        for ticket in tickets { dirty.end(ticket) }
        var keys = take(&dirty).keys
        let rest = take(&dirty)
        keys += rest.keys
        #expect(keys.sorted() == (10..<30).map { "0:\($0)" })
        #expect(rest.rest.isSettled)
    }

    @Test(
        "become everything beyond the bounds, and are told apart again from the next time on", arguments: [true, false])
    func bounds(byCount: Bool) {
        var dirty = byCount ? DirtyKeys(keyLimit: 2, byteLimit: 64) : DirtyKeys(keyLimit: 8, byteLimit: 2)
        dirty.end(begin(&dirty, "a", "b"))
        #expect(take(&dirty).keys == ["0:a", "0:b"])
        dirty.end(begin(&dirty, "a", "b", "c"))
        let (keys, rest) = take(&dirty)
        #expect(keys.isEmpty)
        #expect(rest.isEverything)
        dirty.end(begin(&dirty, "c"))
        let after = take(&dirty)
        #expect(after.keys == ["0:c"])
        #expect(!after.rest.isEverything)
    }

    @Test("are everything after a write whose answer is lost, once more than it was noted")
    func lost() {
        var dirty = DirtyKeys(keyLimit: 8, byteLimit: 64)
        let ticket = begin(&dirty, "a")
        #expect(take(&dirty).rest.isEverything == false)
        dirty.lose(ticket)
        let (keys, rest) = take(&dirty)
        #expect(keys == ["0:a"])
        #expect(rest == DirtyKeys.Remainder(isEverything: true, isSettled: true))
        #expect(!take(&dirty).rest.isEverything)
    }

    @Test("of a client that is gone come once more behind the next hand-out, and become everything beyond the bounds")
    func twice() {
        var dirty = DirtyKeys(keyLimit: 1 << 14, byteLimit: 1 << 20)
        dirty.beginWait()
        #expect(take(&dirty).rest == DirtyKeys.Remainder(isEverything: false, isSettled: false))
        dirty.endWait()
        dirty.noteTwice(Array("a".utf8).span, database: 2)
        let (keys, rest) = take(&dirty)
        #expect(keys == ["2:a"] && !rest.isSettled)
        let again = take(&dirty)
        #expect(again.keys == ["2:a"] && again.rest.isSettled)
        #expect(take(&dirty).keys.isEmpty)
        for number in 0..<5000 { dirty.noteTwice(Array("\(number)".utf8).span, database: 0) }
        #expect(take(&dirty).rest.isEverything)
    }

    @Test("lose no write in any order of writes, answers and questions")
    func random() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var dirty = DirtyKeys(keyLimit: 32, byteLimit: 128)
            // Writes to each key that were answered after it was last handed out.
            var open: [(DirtyKeys.Ticket, String)] = []
            var stale: Set<String> = []
            for _ in 0..<200 {
                switch Int.random(in: 0..<4, using: &random) {
                case 0, 1:
                    let key = "\(Int.random(in: 0..<16, using: &random))"
                    open.append((begin(&dirty, key), key))
                case 2 where !open.isEmpty:
                    // The server carries it out as late as it may: right before its answer.
                    let (ticket, key) = open.remove(at: Int.random(in: 0..<open.count, using: &random))
                    stale.insert("0:\(key)")
                    dirty.end(ticket)
                default: stale.subtract(take(&dirty).keys)
                }
            }
            for (ticket, key) in open {
                stale.insert("0:\(key)")
                dirty.end(ticket)
            }
            var rest = take(&dirty)
            stale.subtract(rest.keys)
            rest = take(&dirty)
            stale.subtract(rest.keys)
            #expect(stale.isEmpty)
            #expect(rest.rest == DirtyKeys.Remainder())
        }
    }
}
