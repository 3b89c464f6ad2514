// Which keys have to be looked at again behind a command.

import Testing
import Wire

@testable import RedisWire

@Suite("what a command may change")
struct WritesTests {
    /// The keys, or nil for everything.
    private func writes(_ words: String...) throws -> [String]? {
        let bytes = Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
        guard case .whole(let whole) = RedisWholeCommand.find(in: bytes.span, at: 0) else {
            Issue.record("no command")
            return nil
        }
        switch RedisWrites.of(whole, in: bytes.span) {
        case .nothing: return []
        case .everything: return nil
        case .keys(let keys): return (0..<keys.count).compactMap { keys.place($0) }.map { words[$0] }
        }
    }

    @Test("reads, and commands about the connection, change nothing")
    func nothing() throws {
        for words in [
            ["GET", "k"], ["HGETALL", "k"], ["PING"], ["EXEC"], ["MULTI"], ["SELECT", "1"], ["PUBLISH", "c", "m"],
        ] {
            let name = words[0]
            switch words.count {
            case 1: #expect(try writes(name) == [])
            case 2: #expect(try writes(name, words[1]) == [])
            default: #expect(try writes(name, words[1], words[2]) == [])
            }
        }
        #expect(try writes("EVAL_RO", "return 1", "1", "k") == [])
        #expect(try writes("MEMORY", "USAGE", "k") == [])
    }

    @Test("writes change the keys that they name")
    func keys() throws {
        #expect(try writes("SET", "k", "v") == ["k"])
        #expect(try writes("MSET", "a", "1", "b", "2") == ["a", "b"])
        #expect(try writes("RENAME", "a", "b") == ["a", "b"])
        #expect(try writes("BLPOP", "a", "b", "0") == ["a", "b"])
        #expect(try writes("EXPIRE", "k", "1") == ["k"])
        #expect(try writes("GETEX", "k", "PERSIST") == ["k"])
        #expect(try writes("SORT", "k", "STORE", "d") == ["k", "d"])
        #expect(try writes("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">") == ["s"])
        #expect(try writes("EVAL", "script", "2", "a", "b", "v") == ["a", "b"])
        #expect(try writes("COPY", "a", "b", "REPLACE") == ["a", "b"])
    }

    @Test("a count of a HyperLogLog changes it, though the server calls it a read")
    func hyperLogLog() throws {
        #expect(try writes("PFCOUNT", "a", "b") == ["a", "b"])
    }

    @Test("what names no key, or reaches another database, or is not known, changes everything")
    func everything() throws {
        #expect(try writes("FLUSHALL") == nil)
        #expect(try writes("FLUSHDB", "ASYNC") == nil)
        #expect(try writes("SWAPDB", "0", "1") == nil)
        #expect(try writes("MOVE", "k", "1") == nil)
        #expect(try writes("COPY", "a", "b", "REPLACE", "db", "1") == nil)
        #expect(try writes("EVAL", "script", "0") == nil)
        #expect(try writes("FCALL", "f", "0") == nil)
        #expect(try writes("REPLICAOF", "host", "1") == nil)
        #expect(try writes("DEBUG", "POPULATE", "1") == nil)
        #expect(try writes("SOME.MODULE", "k") == nil)
        #expect(try writes("SE\0T", "k", "v") == nil)
    }

    @Test("a write that the server would refuse is not taken for one that changes nothing")
    func irregular() throws {
        #expect(try writes("SET") == nil)
        #expect(try writes("EVAL", "script", "9", "k") == nil)
    }

    @Test("no command that the table knows as a write is without keys or everything")
    func table() {
        for (id, name) in RedisCommand.names.enumerated() where RedisTraits.all[id].contains(.writes) {
            let words = [name.description]
            let bytes = Array("*1\r\n$\(words[0].utf8.count)\r\n\(words[0])\r\n".utf8)
            guard case .whole(let whole) = RedisWholeCommand.find(in: bytes.span, at: 0) else { continue }
            #expect(RedisWrites.of(whole, in: bytes.span) != .nothing, "\(words[0])")
        }
    }
}
