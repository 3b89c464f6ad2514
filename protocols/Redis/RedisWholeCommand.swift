// Finds commands that lie whole in a buffer, byte for byte as the protocol spells them.

import Wire

/// Where one command lies in the bytes that were looked at, and which it is.
package struct RedisWholeCommand: Equatable, Sendable {
    package var command: RedisCommand
    /// Arguments, the name included.
    package var argumentCount: Int
    package var range: Range<Int>

    /// What a look at a place found.
    package enum Finding: Equatable, Sendable {
        case whole(RedisWholeCommand)
        /// So far it is a command, but its end has not come.
        case partial
        /// An inline command, an empty one, one that says it exceeds `RedisLimits.sharedCommand`, or one spelled as only a
        /// lenient server reads it.
        case irregular
    }

    /// The command that begins at `start`.
    ///
    /// Stricter than the server and than `RedisRequestFramer`: what a connection of many clients carries must mean the
    /// same to every server, or one client's bytes could end it for all.
    package static func find(in bytes: Bytes, at start: Int) -> Finding {
        var offset = start
        let count: Int
        switch header(0x2A, in: bytes, at: &offset) {
        case .value(let value) where value > 0: count = value
        case .partial: return .partial
        default: return .irregular
        }
        var command = RedisCommand.unknown
        for index in 0..<count {
            let length: Int
            switch header(0x24, in: bytes, at: &offset) {
            case .value(let value): length = value
            case .partial: return .partial
            case .irregular: return .irregular
            }
            // Compared before anything is added: the length comes from the client.
            guard length <= bytes.count &- offset else { return .partial }
            if index == 0 { command = name(in: bytes, offset..<(offset &+ length)) }
            offset &+= length
            guard bytes.count &- offset >= 2 else { return .partial }
            guard bytes[offset] == .carriageReturn, bytes[offset &+ 1] == .lineFeed else { return .irregular }
            offset &+= 2
        }
        return .whole(RedisWholeCommand(command: command, argumentCount: count, range: start..<offset))
    }

    /// The argument at `index`, the name being 0, of the bytes in which this command was found; nil when it has none.
    package func argument(_ index: Int, in bytes: Bytes) -> Range<Int>? {
        guard index >= 0, index < argumentCount else { return nil }
        var offset = range.lowerBound
        guard case .value = Self.header(0x2A, in: bytes, at: &offset) else { return nil }
        for place in 0...index {
            guard case .value(let length) = Self.header(0x24, in: bytes, at: &offset) else { return nil }
            if place == index { return offset..<(offset &+ length) }
            offset &+= length &+ 2
        }
        return nil
    }

    /// Where the first argument's length stands.
    func firstArgument(in bytes: Bytes) -> Int {
        var offset = range.lowerBound
        guard case .value = Self.header(0x2A, in: bytes, at: &offset) else { return range.upperBound }
        return offset
    }

    /// The bytes of the argument whose length stands at `offset`.
    @inline(__always)
    static func payload(in bytes: Bytes, at offset: Int) -> Range<Int>? {
        var offset = offset
        guard case .value(let length) = header(0x24, in: bytes, at: &offset) else { return nil }
        return offset..<(offset &+ length)
    }

    /// The argument at `index` in lower case, up to a zero byte as the server compares it; empty when there is none.
    package func word(_ index: Int, in bytes: Bytes) -> RedisText {
        argument(index, in: bytes).map { Self.word($0, in: bytes) } ?? RedisText()
    }

    /// The same of the argument that lies in `range`.
    package static func word(_ range: Range<Int>, in bytes: Bytes) -> RedisText {
        var text = RedisText()
        for place in range {
            if text.isTruncated { break }
            text.append(bytes[place].asciiLowercased)
        }
        return text.upToZero
    }

    /// Whether the name holds a zero byte: a server may take what stands before it for the whole name, and so run a command
    /// that is not known here.
    ///
    /// It depends on the server's hash table: redis src/server.c dictSdsCaseHash takes all bytes, dictSdsKeyCaseCompare
    /// those before the zero.
    package func isNameAmbiguous(in bytes: Bytes) -> Bool {
        guard command == .unknown, let name = argument(0, in: bytes) else { return false }
        for place in name where bytes[place] == 0 { return true }
        return false
    }

    /// A copy of the argument at `index`; empty when there is none.
    package func value(_ index: Int, in bytes: Bytes) -> [UInt8] {
        bytes.array(argument(index, in: bytes) ?? 0..<0)
    }

    // MARK: - Pieces

    enum Header {
        case value(Int)
        case partial, irregular
    }

    /// Digits without sign or leading zero after `mark` and before CR LF; no command with more than
    /// `RedisLimits.sharedCommand` bytes or arguments is waited for.
    @inline(__always)
    static func header(_ mark: UInt8, in bytes: Bytes, at offset: inout Int) -> Header {
        let count = bytes.count
        guard offset < count else { return .partial }
        guard bytes[offset] == mark else { return .irregular }
        offset &+= 1
        let first = offset
        var value = 0
        while offset < count, bytes[offset].isASCIIDigit {
            value = value &* 10 &+ Int(bytes[offset] &- 0x30)
            offset &+= 1
            guard offset &- first <= 10 else { return .irregular }
        }
        guard offset < count else { return .partial }
        guard offset > first, bytes[offset] == .carriageReturn, bytes[first] != 0x30 || offset &- first == 1 else {
            return .irregular
        }
        offset &+= 1
        guard offset < count else { return .partial }
        guard bytes[offset] == .lineFeed else { return .irregular }
        offset &+= 1
        return RedisLimits.sharedCommand.allows(value) ? .value(value) : .irregular
    }

    @inline(__always)
    private static func name(in bytes: Bytes, _ range: Range<Int>) -> RedisCommand {
        guard range.count <= RedisText.capacity else { return .unknown }
        var text = RedisText()
        for index in range { text.append(bytes[index].asciiLowercased) }
        return RedisCommandTable.shared.command(named: text)
    }
}
