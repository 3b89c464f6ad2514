// A client with random commands and a model of what it must hear, for the randomised tests of shared connections.

import Foundation
import TestSupport

/// One client: it draws commands from a seed, knows each reply beforehand, and takes no other.
///
/// Its keys and values carry its own name, so a reply that belongs to somebody else is never the one it awaits.
struct SharedPlayer {
    let name: String
    private var random: SeededGenerator
    private let port: Int
    private var connection: RawConnection
    /// What the model holds, by database and key.
    private var strings: [Int: [String: String]] = [:]
    private var database = 0
    private var isThree = false
    private var epoch = 0
    private var count = 0
    private(set) var replies = 0
    /// Whether connections are lost meanwhile, so that nobody knows what a command has done.
    private let isInTrouble: Bool
    /// What it publishes with.
    private var mouth: RawConnection?

    init(_ name: String, seed: UInt64, port: Int, isInTrouble: Bool = false) throws {
        self.name = name
        self.port = port
        self.isInTrouble = isInTrouble
        random = SeededGenerator(state: seed)
        connection = try RawConnection(port: port)
    }

    /// Commands as bytes, and the replies they must get.
    private struct Batch {
        var bytes: [UInt8] = []
        var expected = ""
        var replies = 0

        mutating func add(_ words: [String], _ reply: String) {
            bytes += RawConnection.command(words)
            expected += reply
            if !reply.isEmpty { replies += 1 }
        }
    }

    private static func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }
    private var null: String { isThree ? "_\r\n" : "$-1\r\n" }
    private func bulk(_ text: String?) -> String { text.map(Self.bulk) ?? null }

    private mutating func key() -> String { "\(name):\(epoch):\(Int.random(in: 0..<6, using: &random))" }

    private mutating func value() -> String {
        count += 1
        let sizes = [1, 8, 60, 3000]
        let size = Int.random(in: 0..<400, using: &random) == 0 ? 180_000 : sizes.randomElement(using: &random) ?? 1
        return "\(name)#\(count)" + String(repeating: "x", count: size)
    }

    // MARK: Playing

    /// One exchange: a pipeline of random commands, cut anywhere, and exactly its replies.
    mutating func play() throws {
        var batch = Batch()
        for _ in 0..<Int.random(in: 1...12, using: &random) { draw(into: &batch) }
        try send(batch.bytes)
        let expected = Array(batch.expected.utf8)
        let received = try connection.receive(expected.count)
        guard received == expected else {
            let place = zip(received, expected).prefix { $0 == $1 }.count
            throw SupportError(
                """
                \(name) got \(Self.excerpt(received, place)) instead of \(Self.excerpt(expected, place)), asked: \
                \(Self.excerpt(batch.bytes, 0))
                """)
        }
        replies += 1
        if Int.random(in: 0..<20, using: &random) == 0 { try hear() }
        if Int.random(in: 0..<30, using: &random) == 0 { try leave() }
    }

    /// One exchange while connections are lost: as many replies, or the connection's end, and no word of anybody else.
    mutating func playInTrouble() throws {
        var batch = Batch()
        for _ in 0..<Int.random(in: 1...12, using: &random) { draw(into: &batch) }
        connection.sendAsFarAsTaken(batch.bytes)
        for _ in 0..<batch.replies {
            guard let reply = try? connection.reply() else {
                guard !connection.hasTimedOut else {
                    throw SupportError("\(name) waits for a reply, asked: \(Self.excerpt(batch.bytes, 0))")
                }
                connection = try RawConnection(port: port)
                (database, isThree) = (0, false)
                return
            }
            replies += 1
            for word in reply.matches(of: /(c[0-9]+)[#:]/) where word.1 != name {
                throw SupportError("\(name) got \(reply.prefix(200)), asked: \(Self.excerpt(batch.bytes, 0))")
            }
        }
    }

    /// Hears, between a SUBSCRIBE and an UNSUBSCRIBE, exactly what it publishes to itself over another connection.
    private mutating func hear() throws {
        let mouth = try mouth ?? RawConnection(port: port)
        self.mouth = mouth
        let (channel, mark) = ("\(name):channel", isThree ? ">" : "*")
        var heard = try connection.ask("SUBSCRIBE", channel)
        var expected = "\(mark)3\r\n" + Self.bulk("subscribe") + Self.bulk(channel) + ":1\r\n"
        for _ in 0..<Int.random(in: 1...20, using: &random) {
            let word = value()
            guard try mouth.ask("PUBLISH", channel, word) == ":1\r\n" else {
                throw SupportError("\(name) was not there to hear")
            }
            heard += try connection.reply()
            expected += "\(mark)3\r\n" + Self.bulk("message") + Self.bulk(channel) + Self.bulk(word)
        }
        heard += try connection.ask("UNSUBSCRIBE", channel)
        expected += "\(mark)3\r\n" + Self.bulk("unsubscribe") + Self.bulk(channel) + ":0\r\n"
        guard heard == expected else {
            throw SupportError("\(name) heard \(heard.prefix(300)) instead of \(expected.prefix(300))")
        }
    }

    private static func excerpt(_ bytes: [UInt8], _ place: Int) -> String {
        "'\(String(decoding: bytes[max(0, place - 20)..<min(bytes.count, place + 200)], as: UTF8.self))'"
    }

    private mutating func send(_ bytes: [UInt8]) throws {
        var start = 0
        let pieces = Int.random(in: 0..<4, using: &random) == 0 ? 3 : 1
        for piece in 1...pieces {
            let end = piece == pieces ? bytes.count : Int.random(in: start...bytes.count, using: &random)
            try connection.send(Array(bytes[start..<end]))
            if piece < pieces { usleep(UInt32.random(in: 0..<2000, using: &random)) }
            start = end
        }
    }

    /// Comes back as a new client, sometimes in the middle of a command or with replies still owed.
    private mutating func leave() throws {
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            _ = connection.sendAsFarAsTaken(Array("*3\r\n$3\r\nSET\r\n$5\r\nhal".utf8))
            connection.close()
        case 1:
            _ = connection.sendAsFarAsTaken((0..<40).flatMap { RawConnection.command(["ECHO", "lost \(name) \($0)"]) })
            connection.reset()
        default:
            let words = (0..<40).map { "last \(name) \($0)" }
            try connection.send(words.flatMap { RawConnection.command(["ECHO", $0]) })
            connection.finish()
            let rest = String(decoding: try connection.rest(), as: UTF8.self)
            guard rest == words.map(Self.bulk).joined() else {
                throw SupportError("\(name) half-closed and got \(rest)")
            }
        }
        connection = try RawConnection(port: port)
        database = 0
        isThree = false
        epoch += 1
    }

    // MARK: Commands

    private mutating func draw(into batch: inout Batch) {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<25:
            let (key, value) = (key(), value())
            strings[database, default: [:]][key] = value
            batch.add(["SET", key, value], "+OK\r\n")
        case 25..<50:
            let key = key()
            batch.add(["GET", key], bulk(strings[database]?[key]))
        case 50..<58:
            let keys = [key(), key()]
            batch.add(["MGET"] + keys, "*2\r\n" + keys.map { bulk(strings[database]?[$0]) }.joined())
        case 58..<68:
            let value = value()
            batch.add(["ECHO", value], Self.bulk(value))
        case 68..<72:
            let key = key()
            let existed = strings[database]?.removeValue(forKey: key) != nil
            batch.add(["DEL", key], existed ? ":1\r\n" : ":0\r\n")
        case 72..<77: drawTransaction(into: &batch)
        case 77..<80:
            let next = Int.random(in: 0..<3, using: &random)
            batch.add(["SELECT", "\(next)"], "+OK\r\n")
            database = next
        case 80..<82: drawReset(into: &batch)
        case 82..<85: drawSubscription(into: &batch)
        case 85..<88:
            let list = "\(name):list:\(count)"
            batch.add(["RPUSH", list, name], ":1\r\n")
            batch.add(["BLPOP", list, isInTrouble ? "0.1" : "0"], "*2\r\n" + Self.bulk(list) + Self.bulk(name))
        case 88..<90:
            batch.add(["BLPOP", "\(name):nothing", "0.01"], isThree ? "_\r\n" : "*-1\r\n")
        case 90..<92:
            batch.add(["EVAL", "return ARGV[1]", "0", name], Self.bulk(name))
        case 92..<94:
            batch.bytes += Array("ECHO \(name)\r\n".utf8)
            batch.expected += Self.bulk(name)
            batch.replies += 1
        case 94..<95: batch.add(["CLIENT", "PAUSE", "x"], "-ERR timeout is not an integer or out of range\r\n")
        case 95..<96: batch.bytes += Array("*0\r\n\r\n".utf8)
        case 96..<97 where !isInTrouble: drawSilence(into: &batch)
        case 97..<98:
            batch.add(["NO.SUCH", name], "-ERR unknown command 'NO.SUCH', with args beginning with: '\(name)' \r\n")
        default:
            batch.add(["CLIENT", "SETNAME", name], "+OK\r\n")
            batch.add(["CLIENT", "GETNAME"], Self.bulk(name))
        }
    }

    private mutating func drawTransaction(into batch: inout Batch) {
        let (key, value) = (key(), value())
        if Bool.random(using: &random) { batch.add(["WATCH", key], "+OK\r\n") }
        batch.add(["MULTI"], "+OK\r\n")
        batch.add(["SET", key, value], "+QUEUED\r\n")
        batch.add(["GET", key], "+QUEUED\r\n")
        if Int.random(in: 0..<4, using: &random) == 0 {
            batch.add(["DISCARD"], "+OK\r\n")
        } else {
            strings[database, default: [:]][key] = value
            batch.add(["EXEC"], "*2\r\n+OK\r\n" + Self.bulk(value))
        }
    }

    private mutating func drawReset(into batch: inout Batch) {
        batch.add(["RESET"], "+RESET\r\n")
        database = 0
        isThree = false
    }

    /// Commands without replies; one of them may take the client to another database.
    private mutating func drawSilence(into batch: inout Batch) {
        let isOff = Bool.random(using: &random)
        batch.add(["CLIENT", "REPLY", isOff ? "OFF" : "SKIP"], "")
        let next = Int.random(in: 0..<3, using: &random)
        batch.add(["SELECT", "\(next)"], "")
        database = next
        if isOff { batch.add(["CLIENT", "REPLY", "ON"], "+OK\r\n") }
    }

    private mutating func drawSubscription(into batch: inout Batch) {
        let channel = "\(name):channel"
        let mark = isThree ? ">" : "*"
        batch.add(["SUBSCRIBE", channel], "\(mark)3\r\n" + Self.bulk("subscribe") + Self.bulk(channel) + ":1\r\n")
        batch.add(["UNSUBSCRIBE", channel], "\(mark)3\r\n" + Self.bulk("unsubscribe") + Self.bulk(channel) + ":0\r\n")
    }

    /// Changes the protocol version, which answers with a map that nobody can know beforehand.
    mutating func changeVersion() throws {
        isThree.toggle()
        let reply = try connection.ask("HELLO", isThree ? "3" : "2")
        guard reply.hasPrefix(isThree ? "%" : "*") else { throw SupportError("\(name) asked HELLO and got \(reply)") }
    }
}
