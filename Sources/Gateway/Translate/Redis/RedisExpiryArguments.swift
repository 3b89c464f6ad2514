// Options that say when a key expires, and under which condition.

import Capabilities

/// How an expiry is spelled.
enum RedisTimeUnit: Sendable {
    case seconds, milliseconds, atSecond, atMillisecond

    var isInSeconds: Bool { self == .seconds || self == .atSecond }
    var isRelative: Bool { self == .seconds || self == .milliseconds }

    /// The time in milliseconds since 1970 that a positive number stands for.
    ///
    /// Source: redis src/t_string.c getExpireMillisecondsOrReply.
    func positiveTime(
        _ text: [UInt8], now: Int64, _ command: String
    ) throws(RedisErrorText) -> Int64 {
        let number = try RedisArgument.integer(text)
        guard number > 0, let time = time(number, now: now) else { throw .invalidExpiry(command) }
        return time
    }

    /// The same for any number; nil when it leaves the range.
    func time(_ number: Int64, now: Int64) -> Int64? {
        var time = number
        if isInSeconds {
            let (product, overflowed) = number.multipliedReportingOverflow(by: 1000)
            if overflowed { return nil }
            time = product
        }
        guard isRelative else { return time }
        let (sum, overflowed) = time.addingReportingOverflow(now)
        return overflowed ? nil : sum
    }
}

/// The options of SET and GETEX, before the number in them is looked at.
///
/// Source: redis src/t_string.c parseExtendedStringArgumentsOrReply: one kind of expiry excludes the others, but may
/// come twice, and the last one counts.
struct RedisExpiryOptions {
    private(set) var unit: RedisTimeUnit?
    private(set) var number: [UInt8] = []
    var isKept = false
    var isTakenAway = false

    /// Takes the option at `index`, and its number; false when it is none of these.
    mutating func take(_ arguments: [[UInt8]], at index: inout Int) -> Bool {
        guard !isKept, !isTakenAway, index + 1 < arguments.count, let unit = Self.unit(arguments[index]) else {
            return false
        }
        guard self.unit == nil || self.unit == unit else { return false }
        self.unit = unit
        index += 1
        number = arguments[index]
        return true
    }

    private static func unit(_ word: [UInt8]) -> RedisTimeUnit? {
        if word.isWord("ex") { return .seconds }
        if word.isWord("px") { return .milliseconds }
        if word.isWord("exat") { return .atSecond }
        if word.isWord("pxat") { return .atMillisecond }
        return nil
    }
}

/// The options of EXPIRE and its kin.
///
/// Source: redis src/expire.c parseExtendedExpireArgumentsOrReply.
enum RedisExpireCondition {
    static func parse(_ options: ArraySlice<[UInt8]>) throws(RedisErrorText) -> ExpireCondition {
        var ifNone = false
        var ifSome = false
        var ifLater = false
        var ifEarlier = false
        for option in options {
            if option.isWord("nx") {
                ifNone = true
            } else if option.isWord("xx") {
                ifSome = true
            } else if option.isWord("gt") {
                ifLater = true
            } else if option.isWord("lt") {
                ifEarlier = true
            } else {
                throw .unsupportedOption(option)
            }
        }
        if ifNone, ifSome || ifLater || ifEarlier { throw .expireConditions }
        if ifLater, ifEarlier { throw .expireDirections }
        if ifNone { return .ifNone }
        if ifLater { return ifSome ? .ifSomeAndLater : .ifLater }
        if ifEarlier { return ifSome ? .ifSomeAndEarlier : .ifEarlier }
        return ifSome ? .ifSome : .always
    }
}
