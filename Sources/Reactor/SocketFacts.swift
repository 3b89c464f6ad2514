// What sessions ask a socket at every step, readable from other modules at the price of a load.

/// The readiness of a socket as its session sees it.
///
/// Other modules reach it through inlined getters of ``Socket``. A stored property of a class would be read through
/// the run-time's exclusivity check, which `@exclusivity(unchecked)` takes away in its own module only.
@usableFromInline
struct SocketFacts {
    @usableFromInline var isReadable = false
    @usableFromInline var isCongested = false
    @usableFromInline var isHungUp = false
    @usableFromInline var hasEnded = false
    @usableFromInline var hasWriteFailed = false
    /// Nothing is read meanwhile.
    var isPaused = false
    /// Something may be there to read once it is no longer paused.
    var mayRead = false
    /// Its session ends with what is under way.
    @usableFromInline var isRetired = false

    /// Something may be there to read.
    mutating func becomeReadable() {
        if isPaused { mayRead = true } else { isReadable = true }
    }
}

extension Socket {
    /// Whether a receive may bring something.
    @inlinable package var isReadable: Bool { facts.isReadable }
    /// Whether more is queued than the peer should have waiting: the feeder has to stop.
    @inlinable package var isCongested: Bool { facts.isCongested }
    /// Whether the connection was reset or both directions are closed.
    @inlinable package var isHungUp: Bool { facts.isHungUp }
    /// Whether the end of the peer's bytes was read.
    @inlinable package var hasEnded: Bool { facts.hasEnded }
    /// Whether sending has failed; ``writeError`` says why.
    @inlinable package var hasWriteFailed: Bool { facts.hasWriteFailed }

    /// Whether nothing is read for a while, so that the peer has to wait.
    package var isPaused: Bool { facts.isPaused }

    /// Stops reading; what was read goes on as before.
    package func pause() {
        guard !facts.isPaused else { return }
        facts.isPaused = true
        facts.mayRead = facts.isReadable
        facts.isReadable = false
    }

    /// Reads again, and says so where something may have come.
    package func resume() {
        guard facts.isPaused else { return }
        facts.isPaused = false
        guard facts.mayRead, !hasEnded else { return }
        facts.isReadable = true
        waker.wake()
    }

    /// Whether no further request is to be served to the peer: the session ends between two of them.
    @inlinable package var isRetired: Bool { facts.isRetired }

    /// Ends the session with what is under way, for good; its front says where that ends.
    package func retire() {
        guard !facts.isRetired else { return }
        facts.isRetired = true
        waker.wake()
    }
}
