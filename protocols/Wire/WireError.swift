// What a wire module reports when a peer breaks the rules of its protocol.

/// Whose bytes or behaviour caused a failure; a retry and a blame both depend on it.
package enum Side: Sendable, Equatable {
    /// The peer that opened the session.
    case client
    /// The peer that serves it.
    case server
}

/// A rule of a wire protocol that a peer broke.
///
/// `code` is fixed text, short and in kebab-case, so that it can be a metric label; `detail` says what was
/// expected and what came, for people, and is never used as a label.
package struct WireError: Error, Sendable, Equatable, CustomStringConvertible {
    package let side: Side
    package let code: String
    package let detail: String

    package init(_ side: Side, _ code: StaticString, _ detail: @autoclosure () -> String) {
        self.side = side
        self.code = code.description
        self.detail = detail()
    }

    package var description: String { "\(code): \(detail)" }
}
