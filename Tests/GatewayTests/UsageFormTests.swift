// What the recorder sees of databases and scripts, which the names of their commands do not tell.

import Testing

@testable import Gateway

@Suite("forms of commands that a recorder sees")
struct UsageFormTests {
    private static func forms(_ words: String...) throws -> [String] {
        let bytes = Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
        return try UsageReading().features(of: bytes, on: "redis").filter { $0.hasPrefix("redis.shape.") }.sorted()
    }

    @Test("another database than the first is a form of SELECT")
    func databases() throws {
        #expect(try Self.forms("SELECT", "3") == ["redis.shape.select.other"])
        for number in ["0", "-1", "03", "x", "", "99999999999999999999"] {
            #expect(try Self.forms("SELECT", number) == [], "\(number)")
        }
    }

    private static let release =
        "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end"

    @Test("scripts that release a lock are told from others, wherever their text is given")
    func scripts() throws {
        #expect(try Self.forms("EVAL", Self.release, "1", "k", "owner") == ["redis.shape.eval.lock-script"])
        #expect(try Self.forms("SCRIPT", "LOAD", Self.release) == ["redis.shape.script.lock-script"])
        #expect(try Self.forms("EVAL", "return 1", "0") == ["redis.shape.eval.other-script"])
        #expect(try Self.forms("SCRIPT", "LOAD", "return 1") == ["redis.shape.script.other-script"])
        #expect(
            try Self.forms("EVAL", String(repeating: " ", count: 3000) + Self.release, "1", "k", "owner")
                == ["redis.shape.eval.other-script"])
        #expect(try Self.forms("EVAL", Self.release, "2", "k", "l", "owner") == ["redis.shape.eval.other-script"])
        #expect(try Self.forms("SCRIPT", "EXISTS", Self.release) == [])
        #expect(try Self.forms("EVALSHA", String(repeating: "a", count: 40), "0") == [])
    }
}
