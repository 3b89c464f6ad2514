// A named bound, with who set it.

/// A bound on something a peer may send: every length, count and depth is compared with one before it is used.
package struct Limit: Sendable, Equatable {
    /// The name that errors and documents use.
    package let name: StaticString
    /// The largest value that is still accepted.
    package let maximum: Int
    /// The document or source file that sets the value, or why we chose it.
    package let source: StaticString

    @inlinable
    package init(_ name: StaticString, _ maximum: Int, source: StaticString) {
        self.name = name
        self.maximum = maximum
        self.source = source
    }

    /// Whether `value` is within the bound.
    @inlinable
    package func allows(_ value: Int) -> Bool { value <= maximum }

    package static func == (left: Limit, right: Limit) -> Bool {
        left.name.description == right.name.description && left.maximum == right.maximum
    }
}
