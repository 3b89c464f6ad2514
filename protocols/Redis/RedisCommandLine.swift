// A whole command with its arguments, as a translator takes it.

/// A command and the bytes of its arguments, which are free of framing, quotes and escapes.
package struct RedisCommandLine: Sendable, Equatable {
    /// The command by its name, in any case.
    package internal(set) var command = RedisCommand.unknown
    /// The name as it was spelled.
    package internal(set) var name: [UInt8] = []
    /// What follows the name.
    package internal(set) var arguments: [[UInt8]] = []

    var hasName = false

    package init() {}

    /// A command made of words, the name first.
    package init(_ words: [[UInt8]]) {
        guard let name = words.first else { return }
        self.name = name
        arguments = Array(words.dropFirst())
        hasName = true
        command = Self.command(named: name)
    }

    /// Words, the name included, as the server counts them.
    @inlinable package var count: Int { arguments.count &+ 1 }

    /// Bytes of all words.
    package var byteCount: Int { arguments.reduce(name.count) { $0 &+ $1.count } }

    /// Forgets the command but keeps the memory.
    mutating func reset() {
        command = .unknown
        name.removeAll(keepingCapacity: true)
        // One command with many words must not keep its array for as long as the session lasts.
        arguments.removeAll(keepingCapacity: arguments.capacity <= 64)
        hasName = false
    }

    /// Finds out which command `name` is.
    static func command(named name: [UInt8]) -> RedisCommand {
        guard name.count <= RedisText.capacity else { return .unknown }
        var text = RedisText()
        for byte in name { text.append(byte.asciiLowercased) }
        return RedisCommandTable.shared.command(named: text)
    }
}

extension RedisCommandLine: RedisArgumentSink {
    mutating func begin() {
        if hasName { arguments.append([]) }
    }

    mutating func keepIfWanted(_ byte: UInt8) {
        if hasName { arguments[arguments.count - 1].append(byte) } else { name.append(byte) }
    }

    mutating func end() {
        guard !hasName else { return }
        hasName = true
        command = Self.command(named: name)
    }
}
