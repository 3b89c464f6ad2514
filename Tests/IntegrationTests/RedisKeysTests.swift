// What the wire module says of keys, slots and traits is what a real server says.

import RedisWire
import TestSupport
import Testing
import Wire

@Suite("keys, slots and traits as the server has them")
struct RedisKeysTests {
    private static func whole(_ bytes: [UInt8]) -> RedisWholeCommand? {
        guard case .whole(let whole) = RedisWholeCommand.find(in: bytes.span, at: 0) else { return nil }
        return whole
    }

    private static func keys(_ words: [String]) -> [String] {
        let bytes = RawConnection.command(words)
        guard let whole = whole(bytes) else { return [] }
        var cursor = RedisKeyCursor(RedisKeys.of(whole, in: bytes.span), of: whole, in: bytes.span)
        var keys: [String] = []
        while let range = cursor.next(in: bytes.span) { keys.append(String(decoding: bytes[range], as: UTF8.self)) }
        return keys
    }

    /// Every command of the server with its arity and flags; those with subcommands once for each.
    private static func commands(_ connection: RawConnection) throws -> [(words: [String], arity: Int, flags: [String])]
    {
        try RedisValue(connection.ask("COMMAND")).items.flatMap { command -> [([String], Int, [String])] in
            let parts = command.items
            let whole = ([parts[0].string], parts[1].integer, parts[2].items.map(\.string))
            return [whole]
                + parts[9].items.map {
                    (
                        $0.items[0].string.split(separator: "|").map(String.init), $0.items[1].integer,
                        $0.items[2].items.map(\.string)
                    )
                }
        }
    }

    private static let pool = [
        "a", "b", "c", "", "0", "1", "2", "3", "4", "9", "STORE", "storedist", "STREAMS", "KEYS", "LIMIT", "BLOCK",
        "COUNT", "GET", "BY", "usage", "AUTH", "AUTH2", "GROUP", "NOACK", "COPY", "REPLACE",
        // The server compares an option up to a zero byte.
        "STORE\0", "storedist\0x", "LIMIT\0", "GET\0", "BY\0\0", "streams\0 and more than is ever kept of a word",
    ]

    /// Where GETKEYS is not the measure: it leaves channels out, and reads some wrong commands in its own way.
    private static func isPeculiar(_ command: [String]) -> Bool {
        switch command[0] {
        case "ssubscribe", "sunsubscribe", "spublish", "migrate", "xread", "xreadgroup": true
        case "pfmerge": command.count == 2
        case "georadius", "georadiusbymember": command.count { $0.lowercased().hasPrefix("store") } > 1
        default: false
        }
    }

    @Test("every subcommand that the server knows is known")
    func subcommands() async throws {
        let server = try await RedisServer.start()
        let commands = try Self.commands(RawConnection(port: server.port)).map(\.words)
        let parts = commands.filter { $0.count == 2 }
        #expect(parts.count > 100)
        for words in parts { #expect(RedisContainers.of(words[0]).contains(words[1]), "\(words)") }
        let containers = Set(parts.map { $0[0] })
        for words in commands where !containers.contains(words[0]) {
            #expect(RedisContainers.of(words[0]).isEmpty, "\(words)")
        }
    }

    @Test("COMMAND GETKEYS agrees on every command with random arguments")
    func getKeys() async throws {
        let server = try await RedisServer.start()
        let connection = try RawConnection(port: server.port)
        var random = SeededGenerator(state: 20_26)
        var compared = 0
        var withKeys = 0
        for (words, arity, _) in try Self.commands(connection) {
            let least = abs(arity) - words.count
            for round in 0..<40 {
                let more = arity < 0 ? round % 8 : 0
                let command = words + (0..<(least + more)).map { _ in Self.pool.randomElement(using: &random) ?? "" }
                guard !Self.isPeculiar(command) else { continue }
                try connection.send(RawConnection.command(["COMMAND", "GETKEYS"] + command))
                let reply = try RedisValue(connection.reply())
                if case .error(let text) = reply, text.contains("Invalid command") || text.contains("number of") {
                    continue
                }
                compared += 1
                if !reply.items.isEmpty { withKeys += 1 }
                #expect(Self.keys(command).sorted() == reply.items.map(\.string).sorted(), "\(command): \(reply)")
            }
        }
        #expect(compared > 5000 && withKeys > 2000, "\(compared) compared, \(withKeys) with keys")
        server.stop()
    }

    @Test(
        "COMMAND GETKEYS agrees where keys stand oddly",
        arguments: [
            "EVAL s 2 a b c", "EVALSHA s 0", "EVALSHA s 1 a", "FCALL f 1 a x", "FCALL_RO f 2 a b", "EVAL s x a",
            "XREAD COUNT 1 BLOCK 0 STREAMS a b 0 0", "XREAD STREAMS a", "XREAD STREAMS STREAMS 0",
            "XREADGROUP GROUP streams c NOACK STREAMS a >", "XREADGROUP GROUP g c COUNT 2 STREAMS a b > >",
            "SORT a BY store GET store STORE b STORE c", "SORT a LIMIT store 1 ALPHA", "SORT a STORE",
            "GEORADIUSBYMEMBER a m 3 m STORE b", "GEORADIUS a 1 2 3 m STORE",
            "ZUNIONSTORE d 2 a b WEIGHTS 1 2", "ZINTERSTORE d 1 a", "ZDIFFSTORE d 3 a b", "ZDIFF 2 a b", "ZUNION 1 a",
            "ZINTERCARD 2 a b LIMIT 1", "SINTERCARD 1 a", "LMPOP 2 a b LEFT", "BLMPOP 0 2 a b LEFT", "ZMPOP 1 a MIN",
            "BZMPOP 1 1 a MAX", "OBJECT ENCODING a", "OBJECT HELP", "MEMORY USAGE a SAMPLES 5", "MEMORY DOCTOR",
            "XGROUP CREATE s g $ MKSTREAM", "XINFO STREAM s FULL", "XGROUP HELP", "BITOP AND d a b", "PFMERGE d a b",
            "COPY a b DB 1", "SMOVE a b m", "LCS a b LEN", "MSET a 1 b 2", "BLPOP a b 0",
            "BLMOVE a b LEFT RIGHT 0",
            "MIGRATE h 1 a 0 10 COPY", "SDIFFSTORE d a b", "ZRANGESTORE d a 0 1",
            "GEOSEARCHSTORE d a FROMMEMBER m BYBOX 1 1 m",
            "RENAME a b", "GETEX a EX 1", "WATCH a b", "PUBLISH c m", "SUBSCRIBE c", "SCAN 0", "PFDEBUG ENCODING a",
        ])
    func odd(_ text: String) async throws {
        let server = try await RedisServer.start()
        let connection = try RawConnection(port: server.port)
        let words = text.split(separator: " ").map(String.init)
        try connection.send(RawConnection.command(["COMMAND", "GETKEYS"] + words))
        let reply = try RedisValue(connection.reply())
        #expect(Self.keys(words).sorted() == reply.items.map(\.string).sorted(), "\(reply)")
        server.stop()
    }

    @Test("MIGRATE finds its keys behind KEYS, not behind a password called so")
    func migrate() {
        #expect(Self.keys(["MIGRATE", "h", "1", "", "0", "9", "KEYS", "a", "b"]) == ["a", "b"])
        #expect(Self.keys(["MIGRATE", "h", "1", "", "0", "9", "AUTH", "keys", "KEYS", "a"]) == ["a"])
        #expect(Self.keys(["MIGRATE", "h", "1", "", "0", "9", "AUTH2", "keys", "keys", "KEYS", "a"]) == ["a"])
    }

    @Test("the flags in COMMAND INFO agree with the traits")
    func traits() async throws {
        let server = try await RedisServer.start()
        let connection = try RawConnection(port: server.port)
        let scripts: Set = ["eval", "evalsha", "fcall", "function"]
        for (words, _, flags) in try Self.commands(connection) {
            let command = words + ["x", "y"]
            let bytes = RawConnection.command(command)
            let whole = try #require(Self.whole(bytes))
            let traits = RedisTraits.of(whole, in: bytes.span)
            let parts = words.count > 1 || flags.contains("readonly") || flags.contains("write")
            #expect(traits.contains(.known), "\(words)")
            if flags.contains("write") {
                #expect(
                    traits.contains(.writes) || RedisSharing.of(whole, in: bytes.span) == .alone, "\(words) writes")
            }
            #expect(!traits.contains(.readsOnly) || !traits.contains(.writes), "\(words)")
            if flags.contains("readonly") { #expect(traits.contains(.readsOnly), "\(words) reads only") }
            if parts, traits.contains(.readsOnly) {
                #expect(flags.contains("readonly") || words.last == "help", "\(words) does not only read: \(flags)")
            }
            if parts, traits.contains(.writes), !scripts.contains(words[0]), words.last != "help" {
                #expect(flags.contains("write"), "\(words) does not write: \(flags)")
            }
        }
        server.stop()
    }

    @Test("CLUSTER KEYSLOT agrees on keys of every shape")
    func slots() async throws {
        let server = try await RedisServer.start(
            .init(arguments: ["--cluster-enabled", "yes", "--cluster-port", "\(try FreePort.take())"]))
        let connection = try RawConnection(port: server.port)
        var random = SeededGenerator(state: 7)
        var keys = ["", "foo", "{}", "{}{a}", "{a}", "x{a}y{b}", "}{a}", "{a", "a}", "foo{{bar}}zap", "{\u{e9}}1"]
        for _ in 0..<500 {
            keys.append(
                String(
                    (0..<Int.random(in: 1...12, using: &random)).map { _ in
                        "{}ab\u{e9}\0 ".randomElement(using: &random) ?? "a"
                    }))
        }
        for key in keys {
            let reply = try RedisValue(connection.ask("CLUSTER", "KEYSLOT", key))
            #expect(reply == .number(RedisSlot(of: Array(key.utf8)).number), "\(key.debugDescription)")
        }
        server.stop()
    }
}
