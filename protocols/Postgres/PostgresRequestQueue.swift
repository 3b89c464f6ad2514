// The requests of a client that are still to be answered, in order, in a bounded ring.

/// One thing that the server will answer, or that marks a place in the order of answers.
struct PostgresRequest: Sendable, Equatable {
    enum Kind: UInt8, Sendable {
        /// The startup packet, ended by the first ReadyForQuery.
        case startup
        /// A simple query, ended by a ReadyForQuery.
        case query
        /// A function call, ended by a ReadyForQuery.
        case functionCall
        /// An Execute and the messages before it, ended by CommandComplete, PortalSuspended or EmptyQueryResponse.
        case execute
        /// Extended messages that a simple query followed without Execute or Sync; ended by their own answers.
        case group
        /// A Sync, ended by a ReadyForQuery.
        case sync
        /// A CopyDone or CopyFail that was sent before the server asked for data.
        case copyEnd
        /// Requests beyond the bound, of which only the ReadyForQuery messages are counted.
        case run
    }

    var start: UInt64
    var command: PostgresCommand
    var kind: Kind
    /// For a Sync: whether its segment has no Execute, so that the Sync itself makes an outcome.
    var reports = false
    /// Answers (ParseComplete and the like) still to come before its own; for a run, ReadyForQuery messages.
    var expected: UInt32

    /// Whether a ReadyForQuery ends it.
    var endsWithReadyForQuery: Bool {
        switch kind {
        case .startup, .query, .functionCall, .sync, .run: true
        case .execute, .group, .copyEnd: false
        }
    }
}

/// A first-in-first-out ring that grows by doubling up to `PostgresLimits.trackedRequests`.
struct PostgresRequestQueue: Sendable {
    private var slots: [PostgresRequest]
    private var head = 0
    private(set) var count = 0

    private static let blank = PostgresRequest(start: 0, command: .unknown, kind: .sync, expected: 0)

    init() { slots = [PostgresRequest](repeating: Self.blank, count: 8) }

    var isEmpty: Bool { count == 0 }

    /// The request at `place`, 0 being the oldest; `place` must be below `count`.
    subscript(_ place: Int) -> PostgresRequest {
        get { slots[(head &+ place) & (slots.count &- 1)] }
        set { slots[(head &+ place) & (slots.count &- 1)] = newValue }
    }

    /// Adds a request; the caller has checked that the queue is not full.
    mutating func append(_ request: PostgresRequest) {
        if count == slots.count { grow() }
        slots[(head &+ count) & (slots.count &- 1)] = request
        count &+= 1
    }

    /// Removes the oldest request; the caller has checked that there is one.
    mutating func removeFirst() {
        head = (head &+ 1) & (slots.count &- 1)
        count &-= 1
    }

    /// Removes the request at `place`, closing the gap.
    mutating func remove(at place: Int) {
        var index = place
        while index + 1 < count {
            self[index] = self[index + 1]
            index += 1
        }
        count &-= 1
    }

    private mutating func grow() {
        var larger = [PostgresRequest](repeating: Self.blank, count: slots.count * 2)
        for place in 0..<count { larger[place] = self[place] }
        slots = larger
        head = 0
    }
}
