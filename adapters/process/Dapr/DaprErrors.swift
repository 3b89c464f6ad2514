// How Dapr's components say that an ETag does not match.

import Capabilities
import SwiftProtobuf

/// What an ETag had to do with a failed call.
enum ETagFault: Equatable {
    /// FAILED_PRECONDITION: the key has another ETag.
    case mismatch
    /// INVALID_ARGUMENT: the ETag is none that this component gives out.
    case invalid(String)

    /// Both come with one detail, a google.rpc.BadRequest with one violation, whose field is `etag`
    /// (pkg/components/state/pluggable.go of Dapr's runtime).
    init?(_ status: CallStatus) {
        guard status.code == CallStatus.Code.failedPrecondition || status.code == CallStatus.Code.invalidArgument,
            let details = RpcStatus(received: status.details)?.details, details.count == 1,
            details[0].typeURL.split(separator: "/").last == "google.rpc.BadRequest",
            let violations = RpcBadRequest(received: details[0].value.array)?.fieldViolations, violations.count == 1,
            violations[0].field == "etag"
        else { return nil }
        self =
            status.code == CallStatus.Code.failedPrecondition
            ? .mismatch : .invalid("the component does not take this version: \(violations[0].description_p)")
    }
}

/// A call of a component that failed.
enum DaprFailure: Error {
    case etag(ETagFault)
    case other(Failure)

    init(_ ending: CallEnding, _ method: Method) {
        if case .finished(let status) = ending, let fault = ETagFault(status) {
            self = .etag(fault)
        } else {
            self = .other(ending.failure(of: method))
        }
    }

    /// The failure where no ETag was sent.
    var failure: Failure {
        switch self {
        case .etag(.mismatch): .backend("the component speaks of an ETag that it was not given")
        case .etag(.invalid(let text)): .invalid(text)
        case .other(let failure): failure
        }
    }
}
