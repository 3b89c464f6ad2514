// How far the replies of two servers to one command have to agree.

/// What the protocol leaves open in the reply to a command, so that two right servers may differ in it.
package enum RedisReplyRule: UInt8, Equatable, Sendable, CaseIterable {
    /// Nothing.
    case exact
    /// The order of the elements, as in SMEMBERS.
    case unordered
    /// The order of the pairs that the elements make, as in HGETALL.
    case unorderedPairs
    /// Everything but the types and the number of elements: picks at random, and pages of a scan.
    case shape
    /// What is left of a life, in seconds or in milliseconds, which runs between the two questions.
    case seconds, milliseconds
}

/// Differences that somebody has declared to be none.
package enum RedisReplyMask: String, Equatable, Hashable, Sendable, CaseIterable {
    /// What is left of a life may differ by two seconds.
    case lifetime
    /// Numbers with fractions are compared as numbers, whatever their spelling.
    case numberText = "number-text"
    /// Of an error only the code, its first word, is compared.
    case errorText = "error-text"
    /// One error is as good as another.
    case errorCode = "error-code"
    /// The order of an array's elements is not compared.
    case order
    /// The nulls of RESP2 and RESP3 are one.
    case nullType = "null-type"
    /// A status and a bulk string with the same bytes are one.
    case statusType = "status-type"
}

/// What differs between two replies to one command.
package enum RedisDifferenceKind: String, Equatable, Hashable, Sendable, CaseIterable {
    /// The type of a value.
    case type
    /// The bytes of a value, or a number.
    case value
    /// The candidate has null where the primary has a value, or the other way round.
    case missing, extra
    /// The candidate has an error where the primary has none, or the other way round.
    case unexpectedError = "unexpected-error", missingError = "missing-error"
    case errorCode = "error-code", errorText = "error-text"
    /// The candidate's adapter says that its backend lacks a capability.
    case refused
    /// The same elements in another order.
    case order
    /// The number of elements.
    case length
    /// What is left of a life, beyond the tolerance.
    case lifetime
    /// The same number, spelled otherwise.
    case numberText = "number-text"
    /// No reply at all: bytes that are none.
    case broken
}

/// One difference between two replies, without a byte of their values.
package struct RedisReplyDifference: Equatable, Sendable {
    package var kind: RedisDifferenceKind
    /// Where: the indices of the elements, from the outside.
    package var path: [Int] = []
    /// The first byte that differs, where bytes were compared.
    package var offset: Int?
    /// What each side has there: type and size.
    package var primary: String
    package var candidate: String

    package init(
        kind: RedisDifferenceKind, path: [Int] = [], offset: Int? = nil, primary: String, candidate: String
    ) {
        self.kind = kind
        self.path = path
        self.offset = offset
        self.primary = primary
        self.candidate = candidate
    }
}
