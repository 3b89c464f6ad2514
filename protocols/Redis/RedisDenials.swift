// Which commands a listener does not let through.

import Wire

/// Commands, and subcommands of commands, by the names that the server knows them by.
package struct RedisDenials: Sendable {
    /// What names one: `flushall`, or `config set`.
    package struct Entry: Equatable, Hashable, Sendable, CustomStringConvertible {
        /// In lower case.
        package let name: String
        /// In lower case; nil for the whole command.
        package let subcommand: String?

        /// One or two words of printable ASCII with a space or, as ACL has it, `|` between; nil for all else.
        package init?(_ text: String) {
            let words = text.split(whereSeparator: { $0 == " " || $0 == "|" }).map { $0.lowercased() }
            let isPrintable = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
            guard isPrintable, (1...2).contains(words.count), text.utf8.count <= RedisLimits.deniedName.maximum else {
                return nil
            }
            name = words[0]
            subcommand = words.count > 1 ? words[1] : nil
        }

        package var description: String { subcommand.map { "\(name) \($0)" } ?? name }
    }

    /// By command id.
    private var whole = [Bool](repeating: false, count: RedisCommand.count)
    private var parts = [[RedisText]](repeating: [], count: RedisCommand.count)
    /// Those that are on no list of ours, such as modules'.
    private var others: [(name: [UInt8], subcommand: RedisText?)] = []

    package init(_ entries: [Entry]) {
        for entry in entries {
            let subcommand = entry.subcommand.map(Self.text)
            let id = Self.id(entry.name)
            guard id != 0 else {
                others.append((Array(entry.name.utf8), subcommand))
                continue
            }
            if let subcommand { parts[id].append(subcommand) } else { whole[id] = true }
        }
    }

    /// Whether a command of the list is called `name`, which is in lower case.
    package static func isKnown(_ name: String) -> Bool { id(name) != 0 }

    private static func id(_ name: String) -> Int {
        Int(RedisCommandTable.shared.command(named: text(name)).rawValue)
    }

    private static func text(_ word: String) -> RedisText {
        var text = RedisText()
        for byte in word.utf8 { text.append(byte) }
        return text
    }

    /// Whether `command`, found in `bytes`, is denied.
    ///
    /// A name with a zero byte, which a server may take for another, is not for here: see
    /// ``RedisWholeCommand/isNameAmbiguous(in:)``.
    package func deny(_ command: RedisWholeCommand, in bytes: Bytes) -> Bool {
        let id = Int(command.command.rawValue)
        if whole[id] { return true }
        if id == 0 {
            guard !others.isEmpty, let name = command.argument(0, in: bytes) else { return false }
            return denyOther(bytes.extracting(name)) { command.word(1, in: bytes) }
        }
        return !parts[id].isEmpty && parts[id].contains(command.word(1, in: bytes))
    }

    /// Whether a command of these words is denied; `command` is what the list knows it by.
    package func deny(_ command: RedisCommand, name: [UInt8], first: [UInt8]?) -> Bool {
        let id = Int(command.rawValue)
        func word() -> RedisText {
            let bytes = first ?? []
            return RedisWholeCommand.word(0..<bytes.count, in: bytes.span)
        }
        if id == 0 { return !others.isEmpty && denyOther(name.span, word) }
        return whole[id] || !parts[id].isEmpty && parts[id].contains(word())
    }

    /// Whether it takes more than the name to tell.
    package func dependsOnSubcommand(_ command: RedisCommand) -> Bool {
        let id = Int(command.rawValue)
        return id == 0 ? others.contains { $0.subcommand != nil } : !parts[id].isEmpty
    }

    /// What was denied, as errors say it: the command's name and, where it takes that to tell, its subcommand.
    package func label(_ command: RedisCommand, _ name: String, subcommand: @autoclosure () -> String?) -> String {
        guard dependsOnSubcommand(command), !whole[Int(command.rawValue)], let subcommand = subcommand() else {
            return name
        }
        return "\(name) \(subcommand)"
    }

    private func denyOther(_ name: Bytes, _ subcommand: () -> RedisText) -> Bool {
        others.contains { entry in
            guard entry.name.count == name.count else { return false }
            for place in 0..<name.count where name[place].asciiLowercased != entry.name[place] { return false }
            guard let denied = entry.subcommand else { return true }
            return denied == subcommand()
        }
    }
}

extension RedisErrorReply {
    /// The reply to a command called `name` that `listener` does not let through, with the code that an ACL would give.
    package static func denied(_ name: String, at listener: String) -> [UInt8] {
        compose("'\(name)' is denied on listener '\(listener)'", code: "NOPERM")
    }
}
