// The owner of one file descriptor.

import Glibc

/// A file descriptor that closes when its owner lets go of it.
package struct Descriptor: ~Copyable {
    package let number: Int32

    package init(_ number: Int32) { self.number = number }

    deinit { close(number) }

    /// Gives the number away; the taker closes it.
    package consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }
}
