// Several connections to the embedded store and to a real server, with the same commands in the same order.

import TestSupport

/// A game: what one connection changes, watches or publishes, the others hear of as they would from the real server.
final class TranslatedRedisGame {
    private var players: [TranslatedRedisPlayer] = []
    private var generator: TranslatedRedisGenerator
    private let both: TranslatedRedis
    private let seed: UInt64
    /// What was sent last, for whoever has to find out why.
    private var history: [String] = []

    init(_ both: TranslatedRedis, seed: UInt64) throws {
        self.both = both
        self.seed = seed
        generator = TranslatedRedisGenerator(
            seed: seed, forms: TranslatedRedisGrammar.forms + TranslatedRedisGrammar.sessions)
        for number in 0..<3 { players.append(try TranslatedRedisPlayer(both.pair(), "\(number)")) }
        _ = try players[0].play(["FLUSHALL"])
        _ = try players[0].play(["SCRIPT", "FLUSH"])
        _ = try players[1].play(["HELLO", "3"])
    }

    /// Plays so many commands; throws what was different, with the seed.
    func play(commands: Int) throws {
        for index in 0..<commands {
            let player = players[generator.connection(of: players.count)]
            let isOpen = player.isInTransaction
            let words = generator.next { !isOpen || TranslatedRedisPlayer.canBeQueued($0) }
            history.append("\(player.name): \(words)")
            try check(try player.play(words), index)
        }
        for player in players { try check(try player.finish(), commands) }
    }

    private func check(_ difference: String?, _ index: Int) throws {
        guard let difference else { return }
        throw SupportError(
            "seed \(seed), command \(index): \(difference)\nafter\n\(history.suffix(30).joined(separator: "\n"))")
    }
}

/// One connection of a game, to both servers.
final class TranslatedRedisPlayer {
    let name: String
    private let real: RawConnection
    private let translated: RawConnection
    private var realMessages: [ReplyTree] = []
    private var translatedMessages: [ReplyTree] = []
    /// Commands that EXEC will perform; nil outside of a transaction.
    private var queued: [[String]]?
    private var count = 0

    init(_ pair: (translated: RawConnection, real: RawConnection), _ name: String) {
        self.name = name
        (translated, real) = pair
    }

    var isInTransaction: Bool { queued != nil }

    /// Whether a form may come in a transaction: scripts are refused there, HELLO has no fixed reply, and how many replies
    /// UNSUBSCRIBE without names has is not known.
    static func canBeQueued(_ form: String) -> Bool {
        !form.hasPrefix("EVAL") && !form.hasPrefix("SCRIPT") && !form.hasPrefix("HELLO")
            && !form.hasSuffix("UNSUBSCRIBE")
    }

    /// Sends a command to both and compares what they say: what is different, or nil.
    func play(_ words: [String]) throws -> String? {
        let command = words[0].uppercased()
        if queued != nil, !Self.ends(words) {
            let expected = try ask(real, words, &realMessages)
            let actual = try ask(translated, words, &translatedMessages)
            if expected.text == "+QUEUED" { queued?.append(words) }
            return compare([expected], [actual], [words])
        }
        count += 1
        let token = "token\(count)"
        let expected = try ask(real, words, until: token, &realMessages)
        let actual = try ask(translated, words, until: token, &translatedMessages)
        defer {
            if command == "MULTI", expected.first?.text == "+OK" {
                queued = [["PING", token]]
            } else if queued != nil {
                queued = nil
            }
        }
        if let queued, command == "EXEC", let expected = Self.parts(expected), let actual = Self.parts(actual) {
            return compare(expected, actual, queued.flatMap(Self.repeated))
        }
        if words.count == 1, command.hasSuffix("UNSUBSCRIBE") {
            return Self.names(expected) == Self.names(actual) ? nil : "\(Self.text(actual)), not \(Self.text(expected))"
        }
        return compare(expected, actual, expected.map { _ in words })
    }

    /// Ends what is open and compares the messages that have come.
    func finish() throws -> String? {
        if queued != nil, let difference = try play(["DISCARD"]) { return difference }
        if let difference = try play(["PING"]) { return difference }
        // Another worker may be about to hand some over.
        while translatedMessages.count < realMessages.count, translated.hasInput(within: 10_000) {
            var within: [ReplyTree] = []
            translatedMessages.append(try ReplyTree(from: translated, messages: &within))
        }
        let expected = Self.ordered(realMessages)
        let actual = Self.ordered(translatedMessages)
        return actual == expected ? nil : "connection \(name) has the messages \(actual), not \(expected)"
    }

    // MARK: Asking

    /// Whether a command is performed although a transaction is open, and ends it.
    private static func ends(_ words: [String]) -> Bool {
        switch words[0].uppercased() {
        case "EXEC": true
        case "DISCARD", "RESET": words.count == 1
        default: false
        }
    }

    private func ask(
        _ connection: RawConnection, _ words: [String], _ messages: inout [ReplyTree]
    ) throws -> ReplyTree {
        try connection.send(RawConnection.command(words))
        return try ReplyTree.next(from: connection, messages: &messages)
    }

    /// All replies to a command, which are those before the reply to a PING.
    private func ask(
        _ connection: RawConnection, _ words: [String], until token: String, _ messages: inout [ReplyTree]
    ) throws -> [ReplyTree] {
        try connection.send(RawConnection.command(words) + RawConnection.command(["PING", token]))
        let end = ReplyTree.leaf("$\(token.utf8.count)\n\(token)")
        var replies: [ReplyTree] = []
        while true {
            let reply = try ReplyTree.next(from: connection, messages: &messages)
            if reply == end || reply == .aggregate("*", [.leaf("$4\npong"), end]) { return replies }
            if reply.text == "+QUEUED", words[0].uppercased() == "MULTI" { return replies }
            replies.append(reply)
        }
    }

    // MARK: Comparing

    private func compare(_ expected: [ReplyTree], _ actual: [ReplyTree], _ commands: [[String]]) -> String? {
        guard expected.count == commands.count, actual.count == expected.count else {
            return "\(Self.text(actual)), not \(Self.text(expected)), to \(commands)"
        }
        for (index, words) in commands.enumerated() {
            let command = words[0].uppercased()
            if Self.isEqual(expected[index], actual[index], command, words) { continue }
            return "\(actual[index].text), not \(expected[index].text), to \(words)"
        }
        return nil
    }

    private static func isEqual(
        _ expected: ReplyTree, _ actual: ReplyTree, _ command: String, _ words: [String]
    ) -> Bool {
        if TranslatedRedisGrammar.timed.contains(command), expected.isNear(actual) { return true }
        // What the gateway does not know it refuses by name.
        if words.count > 1, words[1] == "return 1", expected.text == ":1" {
            return actual.text.hasPrefix("-ERR UNSUPPORTED command 'eval'")
        }
        if command == "HELLO" { return expected.text.first == actual.text.first }
        return actual.comparable(command) == expected.comparable(command)
    }

    /// The replies within the reply to EXEC, with those that stand behind it since a command had several; nil for none.
    private static func parts(_ replies: [ReplyTree]) -> [ReplyTree]? {
        guard case .aggregate("*", let items)? = replies.first else { return nil }
        return items + replies.dropFirst()
    }

    /// A command once for each of its replies.
    private static func repeated(_ words: [String]) -> [[String]] {
        words[0].uppercased().hasSuffix("SUBSCRIBE") ? words.dropFirst().map { _ in words } : [words]
    }

    /// What UNSUBSCRIBE says, without the order of the names.
    private static func names(_ replies: [ReplyTree]) -> [String] {
        var names: [String] = []
        var rest: [String] = []
        for case .aggregate(_, let items) in replies where items.count == 3 {
            names.append(items[1].text)
            rest.append(items[2].text)
        }
        return rest + names.sorted()
    }

    /// Messages with those of one publication to several patterns in an order of their own.
    private static func ordered(_ messages: [ReplyTree]) -> [String] {
        var groups: [(key: String, texts: [String])] = []
        for case .aggregate(_, let items) in messages {
            let key = items.suffix(2).map(\.text).joined(separator: " ")
            let text = items.dropLast(2).map(\.text).joined(separator: " ")
            if groups.last?.key == key {
                groups[groups.count - 1].texts.append(text)
            } else {
                groups.append((key, [text]))
            }
        }
        return groups.map { "\($0.key): \($0.texts.sorted())" }
    }

    private static func text(_ replies: [ReplyTree]) -> String { replies.map(\.text).joined(separator: ", ") }
}
