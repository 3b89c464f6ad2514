// How long a shared connection waits: for an answer, for a word at all, and for somebody to use it.

extension SharedUpstream {
    func expectAnswer(within timeout: UInt64) {
        let (sum, overflowed) = worker.now.addingReportingOverflow(timeout)
        answerDue = overflowed ? .max : sum
        setDeadline()
    }

    func listen(since time: UInt64) {
        heardAt = time
        silenceDue = time &+ Self.silence
        setDeadline()
    }

    func setDeadline() { waker.setDeadline(at: min(answerDue, sweepDue, silenceDue)) }

    /// Tells who wants to know of a backend that owes replies and says nothing; why it is no longer waited for, once it has been replaced.
    func isSilent(owes: Bool) -> GatewayFailure? {
        guard owes else {
            silenceDue = .max
            return nil
        }
        guard heardAt &+ Self.silence <= worker.now else {
            listen(since: heardAt)
            return nil
        }
        if upstreams.waitsUntil <= worker.now {
            return .lost(backend, "it does not answer, and another node has taken its place")
        }
        upstreams.onSilence?()
        silenceDue = worker.now &+ Self.silence
        setDeadline()
        return nil
    }

    func sweepLater() {
        sweepDue = worker.now &+ Self.patience
        setDeadline()
    }
}
