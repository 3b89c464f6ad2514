// How a call ends, and what that says about whether it was done.

import Capabilities

/// The end of a call.
enum CallEnding: Error, Sendable, Equatable {
    /// The process said so.
    case finished(CallStatus)
    /// The process has not seen it.
    case notSent(String)
    /// It went out, and no answer is coming.
    case unanswered(String)
    /// The process broke the rules of gRPC or of the schema.
    case broken(String)
    /// The message is larger than a message may be, and was not sent.
    case tooLarge(Int)
    /// Whoever began it gave it up.
    case cancelled

    /// What the caller of a capability gets; `what` names the call for a process that does not have it.
    func failure(of method: Method) -> Failure {
        switch self {
        case .notSent(let text): .unavailable(text)
        case .unanswered(let text): .indeterminate(text)
        case .broken(let text): .protocolBroken(text)
        case .tooLarge(let limit): .tooLarge(limit: limit)
        case .cancelled: .cancelled
        case .finished(let status): Self.failure(status, method)
        }
    }

    private static func failure(_ status: CallStatus, _ method: Method) -> Failure {
        switch status.code {
        case CallStatus.Code.ok:
            .protocolBroken("the adapter process ended \(method.name) without an answer")
        case CallStatus.Code.invalidArgument: .invalid(status.message)
        case CallStatus.Code.unimplemented:
            .backend("the adapter process does not implement \(method.name), although it says that it can do this")
        case CallStatus.Code.cancelled, CallStatus.Code.deadlineExceeded, CallStatus.Code.unavailable:
            // gRPC gives these out at both ends and half-way, so nothing is known of what was done.
            .indeterminate("the adapter process gave \(method.name) up: \(status.message)")
        default: .backend(status.message.isEmpty ? "gRPC status \(status.code)" : status.message)
        }
    }
}

/// A method of a gRPC service.
struct Method: Sendable, Equatable {
    /// Package, service and method: `/fairlead.adapter.v1.Adapter/Perform`.
    let path: String

    init(_ service: String, _ name: String) { path = "/\(service)/\(name)" }

    /// The method's own name.
    var name: Substring { path.split(separator: "/").last ?? "" }
}
