// The check of rate limits against what their listener speaks.

/// Checks `rate-limit`.
enum RateLimitChecks {
    static func findings(_ listener: ListenerConfiguration) -> [ConfigurationChecks.Finding] {
        guard listener.rateLimit != nil, listener.protocol != .redis else { return [] }
        return [
            .init(
                key: "listeners.\(listener.name).rate-limit",
                message: "only Redis listeners count commands: remove it; `connections` bounds what this one takes")
        ]
    }
}
