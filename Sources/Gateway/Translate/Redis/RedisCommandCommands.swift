// COMMAND and its subcommands, answered from the effective manifest.

import Capabilities
import RedisWire

extension Gate {
    /// Whether the backend has the plainest form of a command, or something in its place.
    func offers(_ entry: RedisCommandEntry) -> Bool {
        // It promises all keys or none, which is what several sets one after another cannot.
        if entry.name == "msetnx", manifest[.keyValueMultiKey].weakenings.contains(.notAtomic) { return false }
        return permits(entry.needs) || standIn(for: entry) != nil
    }

    /// What the backend does in place of a command that it does not have; nil when that is nothing.
    func standIn(for entry: RedisCommandEntry) -> FeatureStandIn? {
        let forms = ["redis.command.\(entry.name)", "redis.shape.\(entry.name).right-to-left"]
        for form in forms {
            if let found = FeatureNeeds.standIn(for: form, { permits($0) }) { return found }
        }
        return nil
    }

    /// How many databases a client may select.
    var redisDatabases: Int {
        permits(.keyValueDatabases) ? manifest[.keyValueDatabases].bounds[.databases] ?? 16 : 1
    }
}

extension RedisTranslator {
    func answerCommand(_ line: RedisCommandLine) throws(RedisErrorText) {
        guard let name = line.arguments.first else { return writeInfo(of: offered) }
        let rest = Array(line.arguments[1...])
        switch true {
        case name.isWord("count"): out.integer(Int64(offered.count))
        case name.isWord("list"): try listCommands(rest)
        case name.isWord("info"):
            if rest.isEmpty { writeInfo(of: offered) } else { writeInfo(of: rest.map(entry(named:))) }
        case name.isWord("docs"):
            let entries = rest.isEmpty ? offered : rest.compactMap(entry(named:))
            out.map(entries.count)
            for entry in entries { writeDocs(of: entry) }
        case name.isWord("getkeys"): try writeKeys(rest)
        case name.isWord("help"): out.write(.help("command"))
        default: throw gate.redisRefusal(of: "command|\(String(decoding: name, as: UTF8.self).lowercased())")
        }
    }

    private var offered: [RedisCommandEntry] { RedisCommandSet.shared.entries.filter(gate.offers) }

    private func entry(named name: [UInt8]) -> RedisCommandEntry? {
        let entry = RedisCommandSet.shared[RedisCommandLine([name]).command]
        return entry.flatMap { gate.offers($0) ? $0 : nil }
    }

    /// `FILTERBY MODULE name`, `FILTERBY ACLCAT category` or `FILTERBY PATTERN glob`.
    private func listCommands(_ filter: [[UInt8]]) throws(RedisErrorText) {
        var names = offered
        if !filter.isEmpty {
            guard filter.count == 3, filter[0].isWord("filterby") else { throw .syntax }
            let value = String(decoding: filter[2], as: UTF8.self).lowercased()
            if filter[1].isWord("module") {
                names = []
            } else if filter[1].isWord("aclcat") {
                names = names.filter { $0.categories.contains("@" + value) }
            } else if filter[1].isWord("pattern") {
                names = names.filter { RedisGlob(filter[2]).matches(Array($0.name.utf8)) }
            } else {
                throw .syntax
            }
        }
        out.array(names.count)
        for entry in names { out.bulk(entry.name) }
    }

    private func writeInfo(of entries: [RedisCommandEntry?]) {
        out.array(entries.count)
        for entry in entries {
            guard let entry else {
                out.null()
                continue
            }
            let flags = RedisCommandFlags.shown.filter { entry.flags.contains($0.0) }
            let (first, last, step) = entry.keys.fixed
            out.array(10)
            out.bulk(entry.name)
            out.integer(Int64(entry.arity))
            out.set(flags.count)
            for flag in flags { out.bytes.append(contentsOf: "+\(flag.1)\r\n".utf8) }
            out.integer(Int64(first))
            out.integer(Int64(last))
            out.integer(Int64(step))
            out.set(entry.categories.count)
            for category in entry.categories { out.bytes.append(contentsOf: "+\(category)\r\n".utf8) }
            let tips = RedisCommandTips.of(entry.name)
            out.set(tips.count)
            for tip in tips { out.bulk(tip) }
            let specifications = RedisKeySpecification.of(entry.name)
            out.set(specifications.count)
            for specification in specifications { out.write(specification) }
            // Subcommands: none are given.
            out.array(0)
        }
    }

    private func writeDocs(of entry: RedisCommandEntry) {
        out.bulk(entry.name)
        out.map(2)
        out.bulk("summary")
        out.bulk(summary(of: entry))
        out.bulk("group")
        out.bulk(entry.group.rawValue)
    }

    /// Which capabilities stand behind a command here, and how.
    private func summary(of entry: RedisCommandEntry) -> String {
        guard !entry.needs.isEmpty else { return "Answered by Fairlead itself." }
        let standIn = gate.permits(entry.needs) ? nil : gate.standIn(for: entry)
        let needs = (standIn?.needs ?? entry.needs).members.map { "\($0.name) (\(gate.manifest[$0].support.rawValue))" }
        let place = standIn.map { " \($0.limit.prefix(1).uppercased())\($0.limit.dropFirst())." } ?? ""
        return
            "Backend '\(gate.backend.name)' (adapter \(gate.manifest.adapter)): \(needs.joined(separator: ", ")).\(place)"
    }

    /// Source: redis src/server.c getKeysSubcommandImpl.
    private func writeKeys(_ words: [[UInt8]]) throws(RedisErrorText) {
        guard let name = words.first, let entry = entry(named: name) else {
            throw RedisErrorText("ERR Invalid command specified")
        }
        guard entry.keys != .none else { throw RedisErrorText("ERR The command has no key arguments") }
        guard entry.takes(words.count) else {
            throw RedisErrorText("ERR Invalid number of arguments specified for command")
        }
        guard let keys = entry.keys.keys(in: words) else {
            throw RedisErrorText("ERR Invalid arguments specified for command")
        }
        out.array(keys.count)
        for key in keys { out.bulk(key) }
    }
}

extension RedisCommandEntry {
    /// The categories of access, derived from flags and group.
    var categories: [String] {
        // What has only subcommands does nothing itself.
        if hasSubcommands, name != "command" { return ["@slow"] }
        var categories: [String] = []
        if let category = group.category { categories.append(category) }
        if flags.contains(.write) { categories.append("@write") }
        if flags.contains(.readOnly) { categories.append("@read") }
        categories.append(flags.contains(.fast) ? "@fast" : "@slow")
        if flags.contains(.blocking) { categories.append("@blocking") }
        if flags.contains(.dangerous) { categories.append("@dangerous") }
        return categories
    }
}

extension RedisKeyPositions {
    /// First, last and step as COMMAND INFO has them; zeros where the place depends on an argument.
    var fixed: (Int, Int, Int) {
        switch self {
        case .none: (0, 0, 0)
        case .words(let first, let last, let step): (first, last, step)
        case .counted(_, let first): first == 0 ? (0, 0, 0) : (first, first, 1)
        }
    }

    /// The keys among `words`, the name included; nil when they are not as many as it says.
    func keys(in words: [[UInt8]]) -> [[UInt8]]? {
        switch self {
        case .none: return []
        case .words(let first, let last, let step):
            let end = last < 0 ? words.count + last : last
            guard first <= end, end < words.count else { return nil }
            return stride(from: first, through: end, by: step).map { words[$0] }
        case .counted(let place, let first):
            guard place < words.count, let count = RedisInteger.parse(words[place]), count > 0 || first > 0,
                count >= 0, count < Int64(words.count - place)
            else { return nil }
            let counted = Array(words[(place + 1)..<(place + 1 + Int(count))])
            return first > 0 ? [words[first]] + counted : counted
        }
    }
}
