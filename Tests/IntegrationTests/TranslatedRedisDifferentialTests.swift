// The embedded store behind the Redis front answers as a real redis-server does.

import Foundation
import TestSupport
import Testing

@Suite("The translated Redis front beside a real server", .serialized, .blocking)
struct TranslatedRedisDifferentialTests {
    @Test("what COMMAND INFO tells of keys and flags is the same", arguments: [2, 3])
    func commandInfo(_ version: Int) throws {
        let both = try TranslatedRedis()
        let (translated, real) = try both.pair()
        for connection in [translated, real] { _ = try connection.ask("HELLO", "\(version)") }
        try translated.send(RawConnection.command(["COMMAND", "LIST"]))
        guard case .aggregate(_, let names) = try ReplyTree(from: translated) else {
            throw SupportError("COMMAND LIST is no list")
        }
        #expect(names.count > 150)
        for name in names.map({ $0.text.split(separator: "\n").last.map(String.init) ?? "" }) {
            let infos = try [real, translated].map { connection in
                try connection.send(RawConnection.command(["COMMAND", "INFO", name]))
                return try Self.info(try ReplyTree(from: connection))
            }
            #expect(infos[1] == infos[0], "\(name)")
        }
    }

    /// What a client of a cluster uses: everything but subcommands, and sets in one order.
    private static func info(_ reply: ReplyTree) throws -> [String] {
        guard case .aggregate(_, let infos) = reply, case .aggregate(_, let parts)? = infos.first, parts.count == 10
        else { throw SupportError("no information: \(reply.text)") }
        return parts.enumerated().prefix(9).map { index, part in
            guard index == 2 || index == 6, case .aggregate(let mark, let items) = part else { return part.text }
            return "\(mark)\(items.map(\.text).sorted())"
        }
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
