// The check of the commands that a listener denies: a name that is misspelled would deny nothing.

import Capabilities
import RedisWire

/// Checks `deny`.
enum DenyChecks {
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
                return entry.subcommand.flatMap { complaint(about: $0, of: entry.name) }.map {
                    .init(key: key, message: $0)
                }
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

    /// Why a subcommand would never be met; nil where it may be.
    private static func complaint(about subcommand: String, of name: String) -> String? {
        let command = name.uppercased()
        guard RedisContainers.isContainer(name) else {
            return
                "\(command) has no subcommands, so \"\(subcommand)\" would never be met: write \(command) to deny it whole"
        }
        let known = RedisContainers.of(name)
        guard !known.isEmpty, !known.contains(subcommand) else { return nil }
        return """
            \(command) has no subcommand \"\(subcommand)\"\(NearestWord.clause(for: subcommand, among: known)), so it would deny \
            nothing; it has \(known.joined(separator: ", "))
            """
    }
}
