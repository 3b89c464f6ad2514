// What a session shows of its application, until and after the application has said who it is.

import Reactor

/// The recorder of one session: a subclass for each protocol.
class SessionUsage {
    final let listener: ListenerUsage
    /// Nil for requests that nobody sends.
    final let client: Socket?
    final let worker: Worker
    @exclusivity(unchecked) final private(set) var block: UsageBlock?
    /// The same, without a count of who holds it at each request: the listener's recorder does, for as long as there is its worker.
    @exclusivity(unchecked) final private(set) var counting: Unmanaged<UsageBlock>?
    /// Features and sizes that were seen before the application was known.
    @exclusivity(unchecked) private var early: [Int] = []
    @exclusivity(unchecked) private var earlySizes: [(size: Int, kind: Int)] = []

    /// Features that are remembered until the application is known: a prelude has fewer.
    private static let earlyLimit = 64
    /// Sizes that are remembered until then: a command has five.
    private static let earlySizeLimit = 5 * earlyLimit

    init(_ listener: ListenerUsage, client: Socket?) {
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

    /// Notes a size, now or once the application is known.
    final func note(size: Int, of kind: Int, weight: UInt64 = 1) {
        if let block {
            block.note(size: size, of: kind, weight: weight)
        } else if earlySizes.count < Self.earlySizeLimit {
            earlySizes.append((size, kind))
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
        counting = Unmanaged.passUnretained(next)
        for feature in early { next.note(feature, weight: 1) }
        for (size, kind) in earlySizes { next.note(size: size, of: kind, weight: 1) }
        early = []
        earlySizes = []
        return next
    }

    /// Seconds since 1970, as of the application's last tick.
    final var second: UInt32 { block?.second ?? listener.second }

    /// Whether what is said here is encrypted.
    final var isEncrypted: Bool { client?.isEncrypted ?? false }

    /// The session is over.
    final func end() {
        block?.leave()
        block = nil
        counting = nil
    }
}
