// Visits the arguments of a whole command in one pass.

import Wire

/// Where the arguments of a command lie, one after another; finding each by its index would start anew each time.
package struct RedisArgumentWalk {
    private let end: Int
    private var offset: Int
    /// Arguments given so far, the name included.
    package private(set) var count = 0

    /// The arguments of `command`, which was found in `bytes`.
    package init(_ command: RedisWholeCommand, in bytes: Bytes) {
        end = command.range.upperBound
        offset = command.range.lowerBound
        skipHeader(bytes)
    }

    /// Where the next argument lies; nil behind the last.
    package mutating func next(in bytes: Bytes) -> Range<Int>? {
        guard offset < end else { return nil }
        let length = skipHeader(bytes)
        guard length >= 0, length <= end &- offset else { return nil }
        defer {
            offset &+= length &+ 2
            count &+= 1
        }
        return offset..<(offset &+ length)
    }

    /// Goes behind a count or a length, which has been found to be well spelled; what it says.
    @discardableResult
    private mutating func skipHeader(_ bytes: Bytes) -> Int {
        offset &+= 1
        var value = 0
        while offset < end, bytes[offset].isASCIIDigit {
            value = value &* 10 &+ Int(bytes[offset] &- 0x30)
            offset &+= 1
        }
        offset &+= 2
        return value
    }
}
