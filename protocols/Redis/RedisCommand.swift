// A command's name as a small number, so that metrics have a bounded set of labels.

import Wire

/// A command, known by name or `unknown`; `rawValue` indexes `names`.
package struct RedisCommand: Equatable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The command called `name`, in any case, or `unknown`.
    package init(_ name: StaticString) {
        var text = RedisText()
        for index in 0..<name.utf8CodeUnitCount { text.append(name.utf8Start[index].asciiLowercased) }
        self = RedisCommandTable.shared.command(named: text)
    }

    /// How many ids there are: each is in `0..<count`.
    package static var count: Int { names.count }

    /// The name in lower case, fit for a metric label.
    package var name: StaticString {
        Int(rawValue) < Self.names.count ? Self.names[Int(rawValue)] : Self.names[0]
    }

    package var description: String { name.description }

    package static let unknown = RedisCommand(rawValue: 0)

    // The commands that the framer or the exchange acts on; a test holds these numbers to `names`.
    package static let client = RedisCommand(rawValue: 1)
    package static let hello = RedisCommand(rawValue: 2)
    package static let subscribe = RedisCommand(rawValue: 3)
    package static let psubscribe = RedisCommand(rawValue: 4)
    package static let ssubscribe = RedisCommand(rawValue: 5)
    package static let unsubscribe = RedisCommand(rawValue: 6)
    package static let punsubscribe = RedisCommand(rawValue: 7)
    package static let sunsubscribe = RedisCommand(rawValue: 8)
    package static let monitor = RedisCommand(rawValue: 9)
    package static let reset = RedisCommand(rawValue: 10)
    package static let quit = RedisCommand(rawValue: 11)
    package static let multi = RedisCommand(rawValue: 12)
    package static let exec = RedisCommand(rawValue: 13)
    package static let discard = RedisCommand(rawValue: 14)
    package static let replconf = RedisCommand(rawValue: 15)
    package static let sync = RedisCommand(rawValue: 16)
    package static let psync = RedisCommand(rawValue: 17)
    package static let host = RedisCommand(rawValue: 18)
    package static let post = RedisCommand(rawValue: 19)
    package static let xread = RedisCommand(rawValue: 20)
    package static let xreadgroup = RedisCommand(rawValue: 21)
    package static let blpop = RedisCommand(rawValue: 22)
    package static let brpop = RedisCommand(rawValue: 23)
    package static let brpoplpush = RedisCommand(rawValue: 24)
    package static let blmove = RedisCommand(rawValue: 25)
    package static let blmpop = RedisCommand(rawValue: 26)
    package static let bzpopmin = RedisCommand(rawValue: 27)
    package static let bzpopmax = RedisCommand(rawValue: 28)
    package static let bzmpop = RedisCommand(rawValue: 29)
    package static let wait = RedisCommand(rawValue: 30)
    package static let waitaof = RedisCommand(rawValue: 31)

    // Those that only a connection of many clients has to know; found by name.
    package static let asking = RedisCommand("asking")
    package static let auth = RedisCommand("auth")
    package static let readonly = RedisCommand("readonly")
    package static let readwrite = RedisCommand("readwrite")
    package static let select = RedisCommand("select")
    package static let unwatch = RedisCommand("unwatch")
    package static let watch = RedisCommand("watch")

    /// Whether an argument or the effect of this command has to be looked at.
    @inline(__always)
    var isSpecial: Bool { rawValue &- 1 < Self.waitaof.rawValue }
}

/// Finds a command by its folded name: open addressing over a table made once.
package final class RedisCommandTable: Sendable {
    package static let shared = RedisCommandTable()

    private static let slotBits: UInt64 = 10
    private let slots: [UInt16]
    private let keys: [RedisText]

    private init() {
        var slots = [UInt16](repeating: 0, count: 1 << Int(Self.slotBits))
        let keys = RedisCommand.names.map { RedisText($0) }
        for id in 1..<keys.count {
            var slot = Self.firstSlot(keys[id])
            while slots[slot] != 0 { slot = (slot &+ 1) & (slots.count &- 1) }
            slots[slot] = UInt16(id)
        }
        self.slots = slots
        self.keys = keys
    }

    /// The command whose name is `text`, which is in lower case.
    package func command(named text: RedisText) -> RedisCommand {
        var slot = Self.firstSlot(text)
        while true {
            let id = slots[slot]
            if id == 0 || keys[Int(id)] == text { return RedisCommand(rawValue: id) }
            slot = (slot &+ 1) & (slots.count &- 1)
        }
    }

    @inline(__always)
    private static func firstSlot(_ text: RedisText) -> Int {
        var hash = text.low &* 0x9E37_79B9_7F4A_7C15
        hash ^= text.middle &* 0xC2B2_AE3D_27D4_EB4F
        hash ^= text.high &* 0x1656_67B1_9E37_79F9
        return Int(truncatingIfNeeded: (hash ^ (hash &>> 29)) &>> (64 - slotBits))
    }
}
