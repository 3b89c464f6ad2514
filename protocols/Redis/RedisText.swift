// A short text that is kept inline: a command name, an error code, the kind of a push.

/// Up to 24 bytes kept without a heap; what is longer keeps its first 24 and says so.
package struct RedisText: Equatable, Hashable, Sendable, CustomStringConvertible {
    package static let capacity = 24

    @usableFromInline var low: UInt64 = 0
    @usableFromInline var middle: UInt64 = 0
    @usableFromInline var high: UInt64 = 0
    /// Bytes kept; `capacity + 1` once one did not fit.
    @usableFromInline var length: UInt8 = 0

    package init() {}

    /// The first bytes of `text`.
    package init(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { append(text.utf8Start[index]) }
    }

    /// Bytes kept.
    package var count: Int { min(Int(length), Self.capacity) }
    package var isEmpty: Bool { length == 0 }
    /// Whether bytes were left out because the text was too long.
    package var isTruncated: Bool { Int(length) > Self.capacity }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        let shift = UInt64(length & 7) &* 8
        if length < 8 {
            low |= UInt64(byte) &<< shift
        } else if length < 16 {
            middle |= UInt64(byte) &<< shift
        } else if length < 24 {
            high |= UInt64(byte) &<< shift
        } else {
            length = UInt8(Self.capacity) &+ 1
            return
        }
        length &+= 1
    }

    /// The text up to its first zero byte, which is where the server's comparisons of subcommands and options end.
    ///
    /// Source: redis uses strcasecmp for them, as in src/t_stream.c xreadCommand.
    package var upToZero: RedisText {
        var text = RedisText()
        for index in 0..<count {
            let byte = byte(at: index)
            if byte == 0 { return text }
            text.append(byte)
        }
        return self
    }

    /// The byte at `index`, or zero beyond the end.
    package func byte(at index: Int) -> UInt8 {
        let word = index < 8 ? low : index < 16 ? middle : high
        return index >= 0 && index < count ? UInt8(truncatingIfNeeded: word &>> (UInt64(index & 7) &* 8)) : 0
    }

    package var description: String {
        String(decoding: (0..<count).map(byte(at:)), as: UTF8.self)
    }
}
