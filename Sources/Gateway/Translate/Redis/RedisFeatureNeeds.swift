// What Redis features need, found by translating samples of them.

import Capabilities
import RedisWire

/// Nothing is kept by hand: a sample of each command and option goes through the translation, and what all samples of a
/// feature need is what the feature needs.
enum RedisFeatureNeeds {
    static func of(_ kind: String, _ name: String) -> FeatureNeed {
        switch kind {
        case "command": command(name)
        case "option": option(name)
        case "subcommand": subcommand(name)
        case "shape": shape(name)
        case "module", "unknown": .refused
        case "state": name == "transaction" ? .capabilities(CapabilitySet(.keyValueTransaction)) : .nothing
        case "protocol": .nothing
        default: .untold
        }
    }

    // MARK: Features

    private static func command(_ name: String) -> FeatureNeed {
        guard let entry = entry(name) else { return .refused }
        switch name {
        case "eval", "evalsha", "script":
            return .partly(entry.needs, scriptGap)
        case "client", "config", "command": return .nothing
        default: break
        }
        // The plainest form is what the entry says; a form without an argument may need more or less.
        return .capabilities(entry.needs)
    }

    private static func option(_ name: String) -> FeatureNeed {
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, let entry = entry(parts[0]) else { return .refused }
        guard case .translate = entry.action else { return .capabilities(entry.needs) }
        let id = Int(entry.command.rawValue)
        guard let options = RedisUsageTable.shared.options[id],
            let option = options.words.first(where: { $0.word.description == parts[1] })
        else { return .untold }
        var needs: CapabilitySet?
        for other in [nil] + options.words.map(Optional.init) {
            for filling in Filling.all {
                for words in samples(entry, options.place, option, beside: other, filling) {
                    guard let found = translated(words) else { continue }
                    needs = needs.map { $0.intersection(found) } ?? found
                }
            }
        }
        return needs.map { .capabilities($0) } ?? .refused
    }

    private static func subcommand(_ name: String) -> FeatureNeed {
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, let entry = entry(parts[0]) else { return .refused }
        switch (parts[0], parts[1]) {
        case ("client", "setname"), ("client", "getname"), ("client", "setinfo"), ("client", "id"), ("client", "info"),
            ("client", "list"), ("client", "reply"), ("client", "getredir"), ("client", "no-evict"),
            ("client", "no-touch"),
            ("config", "get"), ("command", "count"), ("command", "list"), ("command", "info"), ("command", "docs"),
            ("command", "getkeys"):
            return .nothing
        case ("script", "exists"), ("script", "flush"), ("script", "load"): return command("script")
        case ("pubsub", "channels"), ("pubsub", "numsub"), ("pubsub", "numpat"): return .capabilities(entry.needs)
        default: return .refused
        }
    }

    /// What is refused of scripts, whatever a backend can do.
    static let scriptGap = "scripts other than those that release, extend or compare a lock are refused"

    private static func shape(_ name: String) -> FeatureNeed {
        switch name {
        case "select.other": return .capabilities(CapabilitySet(.keyValueDatabases))
        case "eval.lock-script", "script.lock-script": return .capabilities(CapabilitySet(.lockRelease))
        case "eval.other-script", "script.other-script": return .refused
        default: break
        }
        if let (kind, name) = unqueued(name) {
            guard case .capabilities(let needs) = of(kind, name) else { return .refused }
            return .capabilities(needs.union(CapabilitySet(.keyValueTransaction)))
        }
        guard let command = name.split(separator: ".").first.map(String.init), let entry = entry(command) else {
            return .refused
        }
        guard case .translate = entry.action else { return .capabilities(entry.needs) }
        if let form = forms[name] { return translated(form).map { .capabilities($0) } ?? .refused }
        let single = RedisUsageTable.shared.single[Int(entry.command.rawValue)].count
        // One more key or member, or one more pair.
        for count in [single + 1, single + 2] {
            if let needs = translated([command] + fillers(count - 1)) { return .capabilities(needs) }
        }
        return .capabilities(entry.needs)
    }

    /// What MULTI holds in the form called `name`: `("command", "incr")` of `incr.queued`; nil for any other form.
    private static func unqueued(_ name: String) -> (kind: String, name: String)? {
        guard FeatureNeeds.isQueued(name) else { return nil }
        let name = String(name.dropLast(FeatureNeeds.queued.count))
        return (name.contains(".") ? "shape" : "command", name)
    }

    /// Samples of what options are together.
    private static let forms = [
        "set.nx-with-time": ["set", "1", "1", "nx", "px", "1"],
        "lmove.right-to-left": ["lmove", "1", "1", "right", "left"],
        "blmove.right-to-left": ["blmove", "1", "1", "right", "left", "1"],
    ]

    // MARK: Samples

    private static func entry(_ name: String) -> RedisCommandEntry? {
        RedisCommandSet.shared[RedisCommandLine([Array(name.utf8)]).command]
    }

    /// The words of a sample that are no names.
    private struct Filling {
        /// A key, a value, a number, a score or an index; or an end of all strings in their order.
        var base = "1"
        /// What belongs to an option.
        var own = "1"
        /// Whether the option has one word more than it is known to have.
        var hasMore = false

        static let all = ["1", "-"].flatMap { base in
            ["1", "sum"].flatMap { own in [false, true].map { Filling(base: base, own: own, hasMore: $0) } }
        }
    }

    private static func fillers(_ count: Int, of word: String = "1") -> [String] {
        Array(repeating: word, count: max(0, count))
    }

    /// Commands with `option`, of which some are right.
    private static func samples(
        _ entry: RedisCommandEntry, _ place: RedisUsageTable.Options.Place, _ option: RedisUsageTable.Option,
        beside other: RedisUsageTable.Option?, _ filling: Filling
    ) -> [[String]] {
        let base = [entry.name] + fillers(abs(entry.arity) - 1, of: filling.base)
        func spelled(_ option: RedisUsageTable.Option) -> [String] {
            [option.word.description] + fillers(option.arity, of: filling.own)
        }
        let own = spelled(option) + (filling.hasMore ? [filling.own] : [])
        let groups = other.map { [spelled($0) + own, own + spelled($0)] } ?? [own]
        return groups.flatMap { words -> [[String]] in
            switch place {
            case .from(let place): return [padded(base, to: place) + words]
            case .leading(let place):
                let base = padded(base, to: place)
                let rest = Array(base[min(place, base.count)...])
                // Before what else there is, or in its place.
                return (0...rest.count).map { Array(base.prefix(place)) + words + rest.dropFirst($0) }
            case .counted(let place):
                var counted = Array(padded(base, to: place + 2).prefix(place + 2))
                counted[place] = "1"
                return [counted + words]
            }
        }
    }

    private static func padded(_ words: [String], to count: Int) -> [String] {
        words + fillers(count - words.count)
    }

    /// What the operation needs that `words` become; nil when they are no command that is translated.
    private static func translated(_ words: [String]) -> CapabilitySet? {
        guard let (entry, found) = translation(of: words) else { return nil }
        switch found {
        case .perform(let operation, _): return operation.needs
        case .idiom: return entry.needs
        case .reply(.error): return nil
        case .reply: return entry.needs
        case .refuse, .unsupported: return nil
        }
    }

    private static func translation(of words: [String]) -> (RedisCommandEntry, RedisTranslation)? {
        let line = RedisCommandLine(words.map { Array($0.utf8) })
        guard let entry = RedisCommandSet.shared[line.command], entry.takes(line.count),
            case .translate(let translate) = entry.action,
            let translation = try? translate(line, RedisTranslationContext())
        else { return nil }
        return (entry, translation)
    }

    // MARK: Stand-ins

    /// What a backend that `permits` these capabilities does where it is asked for the plainest form of `feature`, such as
    /// `redis.command.lpush`, in place of what is asked; nil when that is nothing.
    static func standIn(_ kind: String, _ name: String, _ permits: (Capability) -> Bool) -> RedisTranslation? {
        let words: [String]
        switch kind {
        case "command":
            guard let entry = entry(name) else { return nil }
            words = [name] + fillers(abs(entry.arity) - 1)
        case "shape":
            if let (kind, name) = unqueued(name) { return standIn(kind, name, permits) }
            guard let form = forms[name] else { return nil }
            words = form
        default: return nil
        }
        guard case .perform(let operation, _)? = translation(of: words)?.1 else { return nil }
        return RedisIdiom.standIn(for: operation, now: 0, permits)
    }
}
