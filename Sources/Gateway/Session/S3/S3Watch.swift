// The clock of an exchange: whom it waits for, and since when nothing has moved.

/// Whom an exchange waits for when nothing moves.
enum S3Awaited: Equatable {
    /// More of the request's body, or room for the answer.
    case client
    /// An answer, more of it, or room for the request's body.
    case backend
}

/// When an exchange has waited too long, in nanoseconds of the worker's clock.
struct S3Watch {
    private let client: UInt64
    private let backend: UInt64
    private var since: UInt64
    private(set) var awaited = S3Awaited.client

    /// `idle` bounds every wait but one: a backend that may work for minutes before it speaks (`isPatient`) is bounded
    /// by `response` alone.
    init(idle: UInt64?, response: UInt64?, isPatient: Bool, now: UInt64) {
        client = idle ?? .max
        backend = min(response ?? .max, isPatient ? .max : idle ?? .max)
        since = now
    }

    /// When to look again; `.max` for never.
    var deadline: UInt64 {
        let (sum, overflowed) = since.addingReportingOverflow(awaited == .client ? client : backend)
        return overflowed ? .max : sum
    }

    /// Notes what is waited for, and that the wait begins anew when something moved.
    mutating func waits(for awaited: S3Awaited, moved: Bool, now: UInt64) {
        if moved || awaited != self.awaited { since = now }
        self.awaited = awaited
    }
}
