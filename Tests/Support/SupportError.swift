// The error of every helper here, and conversions of time that they share.

import Foundation

/// What went wrong, in words for the person who reads the test log.
package struct SupportError: Error, CustomStringConvertible, Sendable {
    package var description: String

    package init(_ description: String) { self.description = description }

    /// Names the failed system call and its cause.
    static func system(_ call: String) -> SupportError {
        SupportError("\(call): \(String(cString: strerror(errno)))")
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    package var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}

/// Runs blocking work on a thread that may block, so that no thread of Swift's own pool is held up.
package func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result { try work() }) }.start()
    }
}
