// A short word gathered byte by byte into three integers, so that comparing it needs no memory.

import Wire

/// Up to 24 bytes of a word; a longer one keeps its true length, up to 255, and so equals no known word.
package struct PostgresWord: Sendable, Equatable {
    package private(set) var head: UInt64 = 0
    private var middle: UInt64 = 0
    private var tail: UInt64 = 0
    package private(set) var length: UInt8 = 0

    package init() {}

    package init(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { append(text.utf8Start[index]) }
    }

    /// Adds one byte at the end.
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        if length < 8 {
            head |= UInt64(byte) &<< (UInt64(length) &* 8)
        } else {
            appendFar(byte)
        }
        if length < .max { length &+= 1 }
    }

    private mutating func appendFar(_ byte: UInt8) {
        if length < 16 {
            middle |= UInt64(byte) &<< (UInt64(length &- 8) &* 8)
        } else if length < 24 {
            tail |= UInt64(byte) &<< (UInt64(length &- 16) &* 8)
        }
    }
}
