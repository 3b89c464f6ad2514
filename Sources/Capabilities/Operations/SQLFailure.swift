// Why a SQL call failed, in the terms of SQL: a code that drivers know, and words.

/// A failed SQL call; nothing of the statement was done unless the code is of class 08.
public struct SQLFailure: Error, Sendable, Equatable {
    /// The SQLSTATE, five characters (PostgreSQL documentation, appendix A).
    public var state: String
    public var message: String
    public var detail: String?
    public var hint: String?
    /// Where in the statement, in bytes from zero.
    public var offset: Int?
    /// Which row of a copied batch, from zero.
    public var row: Int?
    public var table: String?
    public var column: String?
    public var constraint: String?
    /// What the backend cannot do, when that is why; the message then is the reason.
    public var refused: Capability?

    public init(
        _ state: String, _ message: String, detail: String? = nil, hint: String? = nil, offset: Int? = nil
    ) {
        self.state = state
        self.message = message
        self.detail = detail
        self.hint = hint
        self.offset = offset
    }

    /// The backend cannot do this: `0A000` with the capability's name and a sentence.
    public static func refused(_ capability: Capability, _ reason: String, offset: Int? = nil) -> SQLFailure {
        var failure = SQLFailure("0A000", reason, offset: offset)
        failure.refused = capability
        return failure
    }

    /// The same with the place moved by `bytes`.
    public func moved(by bytes: Int) -> SQLFailure {
        var moved = self
        moved.offset = offset.map { $0 + bytes }
        return moved
    }

    /// The statement was ended by a request to cancel it.
    public static let cancelled = SQLFailure("57014", "canceling statement due to user request")
}
