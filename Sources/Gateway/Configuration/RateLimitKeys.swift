// The configuration keys of rate limits, which listeners and routes have alike.

extension ConfigurationKey {
    /// The keys of one rate limit.
    struct RateLimitKeys {
        let section, commands, burst, owner, excess: ConfigurationKey

        var all: [ConfigurationKey] { [section, commands, burst, owner, excess] }
    }

    static let rateLimit = rateLimitKeys(
        "listeners.NAME",
        """
        Redis only: how many commands this listener takes. Those that open, close or change a client's state (MULTI, EXEC, \
        DISCARD, WATCH, UNWATCH, SELECT, AUTH, HELLO, RESET, QUIT) and those over 128 KiB are counted and never refused.
        """)
    static let routeRateLimit = rateLimitKeys(
        "listeners.NAME.routes",
        "The same for the commands of this route, beside the listener's own; a command belongs where its first key does."
    )

    private static func rateLimitKeys(_ parent: String, _ meaning: String) -> RateLimitKeys {
        let path = "\(parent).rate-limit"
        return RateLimitKeys(
            section: ConfigurationKey(path, .section, default: .described("no limit"), meaning),
            commands: ConfigurationKey(
                "\(path).commands", .wholeNumber(1...RateLimit.most), default: .required, "Commands a second."),
            burst: ConfigurationKey(
                "\(path).burst", .wholeNumber(1...RateLimit.most), default: .described("as `commands`"),
                "Commands that may come at once after a rest."),
            owner: ConfigurationKey(
                "\(path).per", .choice(RateLimit.Owner.allCases.map(\.rawValue)),
                default: .value(RateLimit.Owner.listener.rawValue),
                "Whose commands are counted together: those of all clients, over all workers, or those of one connection."
            ),
            excess: ConfigurationKey(
                "\(path).over", .choice(RateLimit.Excess.allCases.map(\.rawValue)),
                default: .value(RateLimit.Excess.refuse.rawValue),
                """
                What happens to a command above the limit: `-BUSY fairlead: …` in its place, or its client is not read from \
                until the command may pass.
                """))
    }
}
