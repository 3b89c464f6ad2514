// The check of the commands that a listener denies: a name that is misspelled would deny nothing.

import Capabilities
import RedisWire

/// Checks `deny`.
enum DenyChecks {
    /// Commands that have subcommands, by COMMAND INFO of redis-server 7.0.
    private static let containers: Set<String> = [
        "acl", "client", "cluster", "command", "config", "debug", "function", "latency", "memory", "module", "object",
        "pubsub", "script", "sentinel", "slowlog", "xgroup", "xinfo",
    ]

    static func findings(_ listener: ListenerConfiguration) -> [ConfigurationChecks.Finding] {
        let key = "listeners.\(listener.name).deny"
        guard !listener.denied.isEmpty else { return [] }
        if listener.protocol != .redis {
            return [.init(key: key, message: "only Redis listeners know commands by these names: remove it")]
        }
        let known = RedisCommand.names.map(\.description)
        return listener.denied.enumerated().compactMap { index, entry in
            let key = "\(key)[\(index)]"
            if RedisDenials.isKnown(entry.name) {
                guard let subcommand = entry.subcommand, !containers.contains(entry.name) else { return nil }
                return .init(
                    key: key,
                    message: """
                        \(entry.name.uppercased()) has no subcommands, so \"\(subcommand)\" would never be met: write \
                        \(entry.name.uppercased()) to deny it whole
                        """)
            }
            // A module's command has a dot, and one that was renamed may be called anything; what reads like a known one is a slip.
            guard entry.name.allSatisfy(\.isLetter), let nearest = NearestWord.to(entry.name, among: known) else {
                return nil
            }
            return .init(
                key: key,
                message: "no command is called \"\(entry.name)\" (did you mean \"\(nearest)\"?): it would deny nothing")
        }
    }
}
