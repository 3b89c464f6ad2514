// What can go wrong with a socket, sorted so that a session can tell its client the cause.

import CLinux
import Glibc

/// A failure of a socket, a name look-up or a TLS handshake.
package enum IOError: Error, Sendable, Equatable {
    /// A system call failed; `call` is its name and `code` the `errno`.
    case system(call: String, code: Int32)
    /// A host name has no address; `reason` is the resolver's own text.
    case resolution(host: String, reason: String)
    /// A TLS handshake or record failed; `reason` is OpenSSL's own text.
    case tls(reason: String)
    /// The peer ended the connection in the middle of a TLS stream, without saying so.
    case truncated
    /// The time for this step is over; `step` names it.
    case timedOut(step: String)
    /// The session is being ended from outside.
    case cancelled

    /// A short, fixed name for metrics.
    package var code: String {
        switch self {
        case .system(_, ECONNREFUSED): "connection-refused"
        case .system(_, ECONNRESET), .system(_, EPIPE): "connection-reset"
        case .system(_, EMFILE), .system(_, ENFILE): "no-descriptors"
        case .system(_, EHOSTUNREACH), .system(_, ENETUNREACH): "unreachable"
        case .system(_, ENOENT): "no-such-socket"
        case .system(_, ETIMEDOUT): "timed-out"
        case .system: "system-error"
        case .resolution: "name-not-resolved"
        case .tls: "tls-failed"
        case .truncated: "tls-truncated"
        case .timedOut: "timed-out"
        case .cancelled: "cancelled"
        }
    }

    /// The failure of the call that was just made.
    static func last(_ call: StaticString) -> IOError {
        // Before anything else can change it.
        let code = fl_errno()
        return .system(call: call.description, code: code)
    }
}

extension IOError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .system(let call, let code): "\(call): \(IOError.text(of: code))"
        case .resolution(let host, let reason): "cannot resolve '\(host)': \(reason)"
        case .tls(let reason): "TLS: \(reason)"
        case .truncated: "TLS: the peer closed without a close_notify"
        case .timedOut(let step): "\(step) timed out"
        case .cancelled: "cancelled"
        }
    }

    /// The system's text for an `errno`.
    package static func text(of code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            guard let base = buffer.baseAddress, let text = fl_error_text(code, base, buffer.count) else {
                return "error \(code)"
            }
            return String(cString: text)
        }
    }
}
