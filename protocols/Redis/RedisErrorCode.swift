// The first word of an error reply as a small number, so that metrics have a bounded set of labels.

/// The code of an error reply, one of `names`; what no server defines is `other`.
package struct RedisErrorCode: Equatable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt8

    /// Every code by id; scripts and modules may invent more, and those are `other`.
    ///
    /// Taken from the `shared` errors and the reply calls of redis 7.2.
    package static let names: [StaticString] = [
        "other", "ERR", "WRONGTYPE", "MOVED", "ASK", "TRYAGAIN", "CROSSSLOT", "CLUSTERDOWN", "LOADING", "BUSY",
        "BUSYKEY", "BUSYGROUP", "NOSCRIPT", "NOTBUSY", "UNKILLABLE", "READONLY", "MASTERDOWN", "MISCONF",
        "NOREPLICAS", "NOAUTH", "NOPERM", "WRONGPASS", "NOPROTO", "OOM", "EXECABORT", "NOGROUP", "UNBLOCKED",
        "INPROG", "NOGOODSLAVE", "IOERR", "DENIED", "NOMASTERLINK", "NOTREADY", "INVALIDOBJ", "NOADDR",
    ]
    private static let texts = names.map { RedisText($0) }

    package static let other = RedisErrorCode(rawValue: 0)
    package static let err = RedisErrorCode(rawValue: 1)

    private init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The code spelled `text`, or `other`.
    package init(_ text: RedisText) {
        self.rawValue = UInt8(truncatingIfNeeded: Self.texts.firstIndex(of: text) ?? 0)
    }

    /// How many ids there are.
    package static var count: Int { names.count }

    /// The code as the server spells it, fit for a metric label.
    package var name: StaticString { Int(rawValue) < Self.names.count ? Self.names[Int(rawValue)] : Self.names[0] }

    package var description: String { name.description }
}
