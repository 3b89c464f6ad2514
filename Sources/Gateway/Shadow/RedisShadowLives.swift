// Which keys end by themselves about now, when two servers that are alike may answer a write differently.

import RedisWire
import Wire

/// The ends of lives that clients have given to keys.
///
/// The candidate hears of a life later than the primary, so there the key ends later: a write in between finds it there and
/// not here, and leaves something else behind. A read of it is asked again, and tells by itself; a write cannot be.
struct RedisShadowLives {
    private var ends: [UInt64: UInt64] = [:]
    /// Until when keys may end whose lives were not kept.
    private var unknownUntil: UInt64 = 0
    private var cleanAt: UInt64 = 0

    /// Keys whose lives are kept.
    static let limit = 1 << 16
    /// Nanoseconds around a life's end in which it may have ended at one server only: a life is known in whole seconds, and the
    /// candidate may be behind.
    static let before: UInt64 = 1_500_000_000
    static let after: UInt64 = 10_000_000_000

    /// Notes the lives that `command` gives to keys; `now` in nanoseconds, `second` since 1970.
    mutating func note(_ command: Span<UInt8>, _ keys: [UInt64], now: UInt64, second: UInt32) {
        guard let seconds = Self.seconds(of: command, second: second) else { return }
        let (life, isLong) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (end, isLonger) = now.addingReportingOverflow(life)
        // Nobody waits for that one.
        guard !isLong, !isLonger else { return }
        if ends.count >= Self.limit, cleanAt <= now {
            cleanAt = now &+ 1_000_000_000
            ends = ends.filter { $0.value &+ Self.after > now }
        }
        for key in keys {
            if ends.count < Self.limit || ends[key] != nil {
                ends[key] = end
            } else {
                unknownUntil = max(unknownUntil, end)
            }
        }
    }

    /// Whether one of `keys` may have ended at one server and not at the other.
    func mayBeEnding(_ keys: [UInt64], now: UInt64) -> Bool {
        if unknownUntil > 0, now <= unknownUntil &+ Self.after { return true }
        return keys.contains { key in ends[key].map { $0 <= now &+ Self.before && now <= $0 &+ Self.after } ?? false }
    }

    /// The life that a command gives to its keys or their fields, in seconds, rounded up; nil where it gives none.
    static func seconds(of command: Span<UInt8>, second: UInt32) -> Int? {
        guard case .whole(let whole) = RedisWholeCommand.find(in: command, at: 0) else { return nil }
        if let expiry = RedisUsageTable.shared.expiries[Int(whole.command.rawValue)] {
            let words = 3..<max(3, min(whole.argumentCount, wordLimit))
            let isTime =
                whole.command == RedisUsageTable.shared.restore
                && words.contains { whole.word($0, in: command) == absolute }
            let unit = isTime ? .atMillisecond : expiry.unit
            return whole.argument(expiry.place, in: command).flatMap { unit.seconds($0, in: command, now: second) }
        }
        guard let options = RedisUsageTable.shared.options[Int(whole.command.rawValue)] else { return nil }
        for place in 2..<max(2, min(whole.argumentCount - 1, wordLimit)) {
            guard let unit = options.option(called: whole.word(place, in: command))?.expiry,
                let number = whole.argument(place + 1, in: command)
            else { continue }
            return unit.seconds(number, in: command, now: second)
        }
        return nil
    }

    private static let absolute = RedisText("absttl")
    /// Words of one command that are looked at: SET with all of its options has ten.
    private static let wordLimit = 16
}
