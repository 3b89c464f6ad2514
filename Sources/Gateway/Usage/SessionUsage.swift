// What a session shows of its application, until and after the application has said who it is.

import Reactor

/// The recorder of one session: a subclass for each protocol.
class SessionUsage {
    final let listener: ListenerUsage
    final let client: Socket
    final let worker: Worker
    @exclusivity(unchecked) final private(set) var block: UsageBlock?
    /// Features that were seen before the application was known.
    @exclusivity(unchecked) private var early: [Int] = []

    /// Features that are remembered until the application is known: a prelude has fewer.
    private static let earlyLimit = 64

    init(_ listener: ListenerUsage, client: Socket) {
        self.listener = listener
        self.client = client
        worker = listener.worker
    }

    /// Notes `feature`, now or once the application is known.
    final func note(_ feature: Int, weight: UInt64 = 1) {
        if let block {
            block.note(feature, weight: weight)
        } else if hasEarlyRoom {
            early.append(feature)
        }
    }

    /// Whether one more feature can be remembered.
    final var hasEarlyRoom: Bool { early.count < Self.earlyLimit }

    /// The application is the one known by `identity`, from here on.
    @discardableResult
    final func become(_ identity: UsageIdentity) -> UsageBlock {
        let next = listener.block(of: identity)
        guard next !== block else { return next }
        block?.leave()
        next.enter()
        block = next
        for feature in early { next.note(feature, weight: 1) }
        early = []
        return next
    }

    /// The session is over.
    final func end() {
        block?.leave()
        block = nil
    }
}
