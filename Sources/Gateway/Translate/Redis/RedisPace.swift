// How a rate limit meets the commands of a client whose backend is private.

import RedisWire

extension RedisTranslator {
    private var route: Int { session.listener.routes.count - 1 }

    /// Counts `command`, which was read; throws what its client hears when there were too many.
    func count(_ command: RedisCommand) throws(RedisErrorText) {
        guard limits != nil else { return }
        if case .refused(let reply) = limits?.verdict(on: command, route: route, at: session.worker.now) {
            session.metrics.count(refusal: "rate-limit")
            throw RedisErrorText(line: reply)
        }
        limits?.spend(route: route, at: session.worker.now)
        if isDelayed {
            isDelayed = false
            session.metrics.delayed &+= 1
        }
    }

    /// Whether one more command may be read now, where those above the limit wait.
    func mayRead() -> Bool {
        guard limits != nil, !kept.isEmpty || session.client.isReadable else { return true }
        // What is refused rather than held back is read and answered.
        let verdict = limits?.verdict(on: .unknown, route: route, at: session.worker.now)
        guard case .waits(let due) = verdict else { return true }
        passDue = due
        isDelayed = true
        return false
    }
}
