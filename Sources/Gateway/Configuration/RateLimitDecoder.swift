// Reads a rate limit.

extension ConfigurationDecoder {
    /// The limit below `keys.section`; nil when there is none, or when it could not be read.
    mutating func rateLimit(_ keys: ConfigurationKey.RateLimitKeys, in parent: ConfigurationSection) -> RateLimit? {
        guard let section = section(keys.section, in: parent) else { return nil }
        let commands = wholeNumber(keys.commands, in: section)
        let burst = wholeNumber(keys.burst, in: section)
        let owner: RateLimit.Owner? = choice(keys.owner, in: section)
        let excess: RateLimit.Excess? = choice(keys.excess, in: section)
        guard let commands else { return nil }
        var limit = RateLimit(commands: commands, burst: burst)
        limit.owner = owner ?? limit.owner
        limit.excess = excess ?? limit.excess
        return limit
    }
}
