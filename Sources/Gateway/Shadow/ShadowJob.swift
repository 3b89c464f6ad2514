// One request that goes to the candidate, with the answer that the client got, whatever the protocol.

/// A request on its way from a session to the shadow's runner; whoever holds it is the only one to touch it.
class ShadowJob: @unchecked Sendable {
    /// The request as the client spelled it.
    final let bytes: [UInt8]
    /// The hashes of the keys that it is about.
    final var keys: [UInt64]
    final var isWrite: Bool
    /// Whether its answer depends on all keys.
    final let isAboutAll: Bool
    /// Whether only what it says of keys is compared that are known to be the same at both, and were not written since it began.
    final var isPartial = false
    /// Whether it goes to the candidate; another is only followed, because nobody else may write its keys meanwhile.
    final var isSent: Bool
    /// Whether it leaves its keys in a state that does not depend on what they held.
    final var isWhole: Bool
    /// When it began, for ``ShadowKeys/end(_:began:_:)``.
    final var start: UInt64 = 0
    /// Of a write: whether both servers answer it alike.
    final var isReliable = true
    /// Of a write: whether its answer does not depend on what its keys held.
    final var isIndependent = false
    /// Keys that it reads on its way to a write: they must be the same on both, and stay so until it is answered.
    final var needs: [UInt64] = []
    final var needsVersion: UInt64 = 0

    init(
        _ bytes: [UInt8], keys: [UInt64], isWrite: Bool = false, isWhole: Bool = false, isAboutAll: Bool = false,
        isSent: Bool = true
    ) {
        self.bytes = bytes
        self.keys = keys
        self.isWrite = isWrite
        self.isWhole = isWhole
        self.isAboutAll = isAboutAll
        self.isSent = isSent
    }

    /// Bytes of the request that are kept, or will be.
    var size: Int { bytes.count }
    /// Bytes of the answer that are kept.
    var replySize: Int { 0 }
}
