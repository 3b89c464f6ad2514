// Reads what protects a backend from its clients, and them from it.

extension ConfigurationDecoder {
    /// Reads the limits and the circuit breaker of `backend`.
    mutating func safety(_ section: ConfigurationSection, of backend: inout BackendConfiguration) {
        backend.pendingCommands = wholeNumber(.pendingCommands, in: section)
        backend.pendingBytes = parsed(.pendingBytes, in: section) { text throws(ValueError) in
            try SizeText.parse(text)
        }
        backend.circuitBreaker = self.section(.circuitBreaker, in: section).map { circuitBreaker($0) }
        guard backend.protocol != .redis || backend.mode != .shared else { return }
        for key in [ConfigurationKey.pendingCommands, .pendingBytes] where section.has(key) {
            add(
                """
                commands wait together only where clients share connections (Redis, mode: shared); a client with its own \
                is stopped at 256 KiB, so bound their number with the listener's connections: remove this key
                """,
                at: section.path(of: key))
        }
    }

    private mutating func circuitBreaker(_ section: ConfigurationSection) -> CircuitBreakerSettings {
        let failures = wholeNumber(.breakerFailures, in: section)
        let pause = duration(.breakerPause, in: section)
        let slowStart = duration(.slowStart, in: section)
        return CircuitBreakerSettings(
            failures: failures ?? ConfigurationDefaults.breakerFailures,
            pause: pause.flatMap(\.self) ?? ConfigurationDefaults.breakerPause, slowStart: slowStart ?? nil)
    }
}
