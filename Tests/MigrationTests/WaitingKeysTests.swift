// Keys of commands that wait come out in the order in which they went in, within their bounds.

import Testing

@testable import Migration

@Suite("the keys of a client's commands that wait")
struct WaitingKeysTests {
    private func append(_ key: String, _ keys: inout WaitingKeys, database: UInt32 = 0) -> Bool {
        keys.append(Array(key.utf8).span, database: database)
    }

    private func taken(_ count: Int, _ keys: inout WaitingKeys) -> [String] {
        var taken: [String] = []
        keys.removeFirst(count) { database, key in
            taken.append("\(database):" + key.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
        }
        return taken
    }

    @Test("come out as they went in, without those that were taken back")
    func order() {
        var keys = WaitingKeys()
        #expect(append("a", &keys) && append("", &keys, database: 3) && append("c", &keys) && append("dd", &keys))
        keys.removeLast(2)
        #expect(keys.count == 2)
        #expect(append("e", &keys))
        #expect(taken(2, &keys) == ["0:a", "3:"])
        #expect(taken(5, &keys) == ["0:e"])
        #expect(taken(1, &keys) == [])
    }

    @Test("have bounds on their bytes and their number, which free up as they come out")
    func bounds() {
        var keys = WaitingKeys()
        let long = String(repeating: "x", count: WaitingKeys.byteLimit - 1)
        #expect(append(long, &keys) && append("y", &keys) && !append("z", &keys))
        #expect(taken(1, &keys).count == 1)
        for round in 0..<1000 {
            let key = "\(round)" + String(repeating: "k", count: 1000)
            #expect(append(key, &keys) && append(key, &keys))
            #expect(taken(2, &keys) == (round == 0 ? ["0:y", "0:\(key)"] : ["0:\(last(round))", "0:\(key)"]))
        }
        keys.removeAll()
        for _ in 0..<WaitingKeys.keyLimit { #expect(append("", &keys)) }
        #expect(!append("", &keys))
    }

    private func last(_ round: Int) -> String { "\(round - 1)" + String(repeating: "k", count: 1000) }
}
