// The configuration keys of what protects a backend from its clients, and them from it.

extension ConfigurationKey {
    static let safetyKeys = [pendingCommands, pendingBytes, circuitBreaker, breakerFailures, breakerPause, slowStart]

    static let pendingCommands = ConfigurationKey(
        "backends.NAME.pending-commands", .wholeNumber(1...10_000_000),
        default: .described("each client waits for its own replies"),
        """
        Redis with `mode: shared`: commands that may be under way on the shared connections of each worker (and node of \
        a cluster); further ones are answered with `-BUSY fairlead: …` at once.
        """)
    static let pendingBytes = ConfigurationKey(
        "backends.NAME.pending-bytes", .size,
        default: .described("clients wait at 1MiB"),
        """
        Redis with `mode: shared`: bytes of commands that may wait to be sent on a shared connection; further ones are \
        answered with `-BUSY fairlead: …` at once.
        """)
    static let circuitBreaker = ConfigurationKey(
        "backends.NAME.circuit-breaker", .section, default: .described("the backend is always asked"),
        "When a backend that fails is left alone: clients get an error at once instead of waiting for `connect-timeout`."
    )
    static let breakerFailures = ConfigurationKey(
        "backends.NAME.circuit-breaker.failures", .wholeNumber(1...1000),
        default: .value("\(ConfigurationDefaults.breakerFailures)"),
        "Attempts to connect, or to get an answer within `response-timeout`, that fail in a row before it is left alone."
    )
    static let breakerPause = ConfigurationKey(
        "backends.NAME.circuit-breaker.pause", .duration(mayBeOff: false),
        default: .value(DurationText.render(ConfigurationDefaults.breakerPause)),
        "How long it is left alone before one attempt is made; twice as long after each that fails, up to 30 s.")
    static let slowStart = ConfigurationKey(
        "backends.NAME.circuit-breaker.slow-start", .duration(mayBeOff: true), default: .value("off"),
        """
        How long it takes after a success until nothing is held back: connections begin with 10 a second, and commands \
        under way on a worker's shared connections with 16; both double each tenth of it.
        """)
}
