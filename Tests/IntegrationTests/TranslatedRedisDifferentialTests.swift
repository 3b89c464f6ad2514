// The embedded store behind the Redis front answers as a real redis-server does.

import Foundation
import TestSupport
import Testing

@Suite("The translated Redis front beside a real server", .serialized, .blocking)
struct TranslatedRedisDifferentialTests {
    @Test("random commands get the same replies", arguments: [2, 3], [UInt64(11), 12, 13, 14])
    func random(_ version: Int, _ seed: UInt64) throws {
        let both = try TranslatedRedis()
        let (translated, real) = try both.pair()
        for connection in [translated, real] {
            try connection.send(RawConnection.command(["HELLO", "\(version)"]))
            _ = try ReplyTree(from: connection)
        }
        var generator = TranslatedRedisGenerator(seed: seed)
        for index in 0..<3000 {
            let words = generator.next()
            try real.send(RawConnection.command(words))
            try translated.send(RawConnection.command(words))
            let expected = try ReplyTree(from: real)
            let actual = try ReplyTree(from: translated)
            let command = words[0].uppercased()
            if TranslatedRedisGrammar.timed.contains(command), Self.areClose(expected, actual) { continue }
            try #require(
                actual.comparable(command) == expected.comparable(command), "seed \(seed), command \(index): \(words)")
        }
    }

    /// Times that were read one after the other.
    private static func areClose(_ one: ReplyTree, _ other: ReplyTree) -> Bool {
        guard let one = Int(one.text.dropFirst()), let other = Int(other.text.dropFirst()), one > 0 else {
            return false
        }
        return abs(one - other) < 30_000
    }

    @Test("whole conversations are the same, byte for byte", arguments: TranslatedRedisConversations.all)
    func conversation(_ conversation: TranslatedRedisConversations.Conversation) throws {
        let both = try TranslatedRedis(password: conversation.password)
        let (translated, real) = try both.pair()
        var replies: [String] = []
        for connection in [real, translated] {
            try connection.send(conversation.bytes)
            connection.finish()
            let text = String(decoding: try connection.rest(), as: UTF8.self)
            // The gateway tells itself as the server's one module, by twelve values.
            replies.append(
                text.replacing(/id\r\n:\d+/, with: "id")
                    .replacing(
                        /modules\r\n\*(0|1\r\n[*%]\d(\r\n(\$\d+\r\n[^\r]*|[:*]\d)){12})\r\n/, with: "modules"))
        }
        #expect(replies[1] == replies[0])
        #expect(!replies[0].isEmpty || conversation.isAnsweredByClosing)
    }

    @Test(
        "a conversation is the same when each byte comes alone", arguments: TranslatedRedisConversations.all.prefix(3))
    func drip(_ conversation: TranslatedRedisConversations.Conversation) throws {
        let both = try TranslatedRedis()
        let whole = try both.gateway.connect()
        try whole.send(conversation.bytes)
        whole.finish()
        let expected = try whole.rest()
        // The second run begins where the first began.
        let clean = try both.gateway.connect()
        try clean.ask("FLUSHALL")
        let dripping = try both.gateway.connect()
        dripping.isDripping = true
        try dripping.send(conversation.bytes)
        dripping.finish()
        #expect(try dripping.rest() == expected)
    }
}
