// A Redis command as an example: its name and options, with sizes in the place of all else.

import RedisWire
import Wire

/// The words of one command as they come.
struct RedisUsageSample {
    private static let mostWords = 16

    /// Commands whose arguments may be passwords: not even the size of one is kept.
    private static let secretive = Set(
        [RedisCommand.auth, .hello]
            + ["acl", "config", "migrate"].map { RedisCommandTable.shared.command(named: RedisText($0)) })

    private let command: RedisCommand
    private let count: Int
    private var words: [String] = []

    /// Nil for a command that shows nothing.
    init?(_ command: RedisCommand, count: Int) {
        guard !Self.secretive.contains(command) else { return nil }
        self.command = command
        self.count = count
    }

    /// The argument at `place` has so many bytes.
    mutating func take(bytes: Int, at place: Int) {
        guard words.count < Self.mostWords else { return }
        if place == 0 {
            words.append(command == .unknown ? "<command, \(bytes) bytes>" : command.description.uppercased())
        } else {
            let isKey = place == 1 && RedisUsage.hasKeyFirst[Int(command.rawValue)]
            words.append(isKey ? "<key, \(bytes) bytes>" : "<\(bytes) bytes>")
        }
    }

    /// The argument at `place` was an option of its command.
    mutating func show(_ option: RedisText, at place: Int) {
        if place < words.count { words[place] = option.description.uppercased() }
    }

    var text: String {
        let more = count > words.count ? " and \(count - words.count) more" : ""
        return words.joined(separator: " ") + more
    }
}
