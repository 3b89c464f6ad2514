// An operation that was begun, and whoever hears later what came of it: no task waits for it.

/// Whoever has operations begun; it hears of them on the worker's thread on which they were begun.
public protocol OperationCaller: AnyObject, Sendable {
    /// Called once for each operation that was begun, perhaps before the call that began it has returned.
    func operationEnded(_ id: UInt64, _ result: Result<Answer, Failure>)
}

/// An operation under way: whose it is, and what that caller knows it by.
public struct PendingOperation: Sendable {
    public let caller: any OperationCaller
    /// The caller's own number for it.
    public let id: UInt64
    /// Whether it has to take effect after those of the same service that were begun before it and are not over, and give
    /// its answer after theirs.
    public let followsOthers: Bool

    public init(_ caller: any OperationCaller, id: UInt64, followsOthers: Bool = false) {
        self.caller = caller
        self.id = id
        self.followsOthers = followsOthers
    }

    /// Tells the caller; once.
    public func end(_ result: Result<Answer, Failure>) { caller.operationEnded(id, result) }
}
