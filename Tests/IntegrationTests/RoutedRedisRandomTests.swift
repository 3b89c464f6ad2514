// Many clients with random commands over three backends: each hears what it would hear alone, faults or not.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("replies of several backends never cross", .serialized, .blocking)
struct RoutedRedisRandomTests {
    /// Seconds that each test plays; `make soak` sets more.
    private static let seconds = Double(ProcessInfo.processInfo.environment["FAIRLEAD_SOAK_SECONDS"] ?? "") ?? 4
    /// Fixed, so that a failure comes again; `make soak` sets another.
    private static let seed = UInt64(ProcessInfo.processInfo.environment["FAIRLEAD_SOAK_SEED"] ?? "") ?? 20_261

    /// One client: what it has stored, and what it must hear.
    private struct Player {
        let name: String
        var random: SeededGenerator
        let connection: RawConnection
        /// The values that are known; a key that a failed command has touched is not among them.
        var values: [String: String?] = [:]
        var count = 0

        mutating func key() -> String {
            let prefix = ["", "a:", "a:deep:", "b:"].randomElement(using: &random) ?? ""
            return "\(prefix)\(name):\(Int.random(in: 0..<6, using: &random))"
        }

        static func bulk(_ text: String?) -> String { text.map { "$\($0.utf8.count)\r\n\($0)\r\n" } ?? "$-1\r\n" }

        /// Sends up to 20 commands at once; replies have to be right, or errors where `mayFail`.
        mutating func play(mayFail: Bool) throws {
            var commands: [(words: [String], keys: [String], expected: String?)] = []
            for _ in 0..<Int.random(in: 1...20, using: &random) { commands.append(contentsOf: next()) }
            try connection.send(commands.flatMap { RawConnection.command($0.words) })
            for (words, keys, expected) in commands {
                let reply = try connection.reply()
                if mayFail, reply.hasPrefix("-") {
                    // Done or not, nobody knows; and replies foretold from it do not count.
                    for key in keys { values[key] = nil }
                    isShaken.formUnion(keys)
                    continue
                }
                guard let expected, isShaken.isDisjoint(with: keys) else { continue }
                guard reply == expected else {
                    throw SupportError("\(name) sent \(words), expected \(expected), got \(reply)")
                }
            }
            for key in isShaken { values[key] = nil }
            isShaken = []
        }

        /// Keys that a failed command of this pipeline has touched.
        private var isShaken: Set<String> = []

        init(_ name: String, seed: UInt64, port: Int) throws {
            self.name = name
            random = SeededGenerator(state: seed)
            connection = try RawConnection(port: port)
        }

        private func known(_ keys: [String]) -> [String?]? {
            var result: [String?] = []
            for key in keys {
                guard let value = values[key] else { return nil }
                result.append(value)
            }
            return result
        }

        private mutating func next() -> [(words: [String], keys: [String], expected: String?)] {
            count += 1
            let word = "\(name)#\(count)" + String(repeating: "v", count: Int.random(in: 0..<300, using: &random))
            let one = key()
            switch Int.random(in: 0..<10, using: &random) {
            case 0...2:
                values[one] = word
                return [(["SET", one, word], [one], "+OK\r\n")]
            case 3...5: return [(["GET", one], [one], known([one]).map { Self.bulk($0[0]) })]
            case 6:
                let keys = (0..<5).map { _ in key() }
                let expected = known(keys).map { "*5\r\n" + $0.map(Self.bulk).joined() }
                return [(["MGET"] + keys, keys, expected)]
            case 7:
                let keys = Array(Set((0..<3).map { _ in key() })).sorted()
                let expected = known(keys).map { values in ":\(values.compactMap(\.self).count)\r\n" }
                for key in keys { values[key] = .some(nil) }
                return [(["DEL"] + keys, keys, expected)]
            case 8:
                let before = known([one]).map { Self.bulk($0[0]) }
                values[one] = word
                // Four replies or, when the backend fails, any number of errors among them: they count one by one.
                return [
                    (["MULTI"], [one], "+OK\r\n"), (["GET", one], [one], "+QUEUED\r\n"),
                    (["SET", one, word], [one], "+QUEUED\r\n"),
                    (["EXEC"], [one], before.map { "*2\r\n\($0)+OK\r\n" }),
                ]
            default: return [(["ECHO", word], [], Self.bulk(word))]
            }
        }
    }

    private static func together(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
        let problems = Mutex<[String]>([])
        let group = DispatchGroup()
        for index in 0..<count {
            group.enter()
            Thread {
                do { try body(index) } catch { problems.withLock { $0.append("client \(index): \(error)") } }
                group.leave()
            }.start()
        }
        group.wait()
        if let problem = problems.withLock({ $0.first }) { throw SupportError("\(problem), seed \(seed)") }
    }

    @Test("random commands get the replies that each client's own order gives them")
    func model() throws {
        let place = try RoutedRedis(listener: ["split: true"])
        let end = Date(timeIntervalSinceNow: Self.seconds)
        let port = place.gateway.port()
        let rounds = Mutex(0)
        try Self.together(12) { index in
            var player = try Player("c\(index)", seed: Self.seed &+ UInt64(index), port: port)
            while Date() < end {
                try player.play(mayFail: false)
                rounds.withLock { $0 += 1 }
            }
        }
        #expect(rounds.withLock { $0 } > 100)
        #expect(try place.gateway.metrics().sum("fairlead_failures_total") == 0)
        #expect(try place.gateway.metrics().sum("fairlead_framing_lost_total") == 0)
        try place.gateway.settles("nothing left") { $0.isEmpty }
    }

    @Test("a backend that ends and comes back gives errors to its own commands, and nothing is mixed up")
    func faults() throws {
        let place = try RoutedRedis(listener: ["split: true"])
        let end = Date(timeIntervalSinceNow: Self.seconds)
        let port = place.gateway.port()
        let (main, alpha) = (place.main.port, place.alpha.port)
        place.beta.process.stop()
        try Self.together(10) { index in
            switch index {
            case 9:
                // Values do not outlive their server, so its keys are asked for by nobody who remembers.
                while Date() < end {
                    let server = try RedisServer(.init(), port: place.beta.port)
                    usleep(300_000)
                    server.stop()
                    usleep(50_000)
                }
            case 8:
                let controls = try [main, alpha].map { try RawConnection(port: $0) }
                while Date() < end {
                    usleep(30_000)
                    for control in controls { try control.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes") }
                }
            default:
                var random = SeededGenerator(state: Self.seed &+ UInt64(index))
                let connection = try RawConnection(port: port)
                var count = 0
                while Date() < end { try Self.echo("c\(index)", &count, &random, connection) }
            }
        }
        #expect(try place.gateway.metrics().sum("fairlead_failures_total") > 0)
        try place.gateway.settles("nothing left") { $0.isEmpty }
    }

    /// Sends a pipeline whose every reply holds its own word, wherever it comes from: that, or an error.
    private static func echo(
        _ name: String, _ count: inout Int, _ random: inout SeededGenerator, _ connection: RawConnection
    ) throws {
        let words = (0..<Int.random(in: 1...20, using: &random)).map { _ in
            count += 1
            return "\(name)#\(count)" + String(repeating: "y", count: Int.random(in: 0..<200, using: &random))
        }
        let prefixes = words.map { _ in ["", "a:", "b:"].randomElement(using: &random) ?? "" }
        try connection.send(
            zip(words, prefixes).flatMap { word, prefix in
                RawConnection.command(["EVAL", "return ARGV[1]", "1", "\(prefix)\(name)", word])
            })
        for word in words {
            let reply = try connection.reply()
            guard reply == "$\(word.utf8.count)\r\n\(word)\r\n" || reply.hasPrefix("-ERR fairlead: ") else {
                throw SupportError("\(name) asked for \(word) and got \(reply)")
            }
        }
    }
}
