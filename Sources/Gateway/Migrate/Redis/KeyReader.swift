// Reads what keys hold, many at a time.

/// Reads contents over a link; a key that changes while it is read gives one of its contents or an error to try again.
struct KeyReader {
    let link: RedisMigrationLink
    /// Whether types that only the server itself understands can be taken in its own form.
    let canDump: Bool
    /// Whether it is the place that keys are copied from.
    ///
    /// At the other one a key that is refused passes for missing, so that writing it is tried, and refused with its name.
    let isServing: Bool

    /// Elements that are asked for at a time.
    private static let piece = 1000
    /// Bytes of strings that are asked for at a time, a larger one being asked for alone, and bytes of collections above
    /// which no further one is read.
    private static let bytesAtOnce = 32 << 20
    /// Bytes of a collection above which it is not moved: all of it is held in memory.
    private static let bytesAtMost = 256 << 20
    /// Bytes of a string, "Strings" of redis.io; what a place says beyond it is not to be counted with.
    private static let stringLimit: Int64 = 512 << 20

    /// What the first of `keys` hold, as many as can be held in memory and one at the least; nil where one changed its type
    /// while it was read.
    func read(_ keys: [[UInt8]], in database: UInt32) async throws(LinkProblem) -> [KeyContent?] {
        let heads = try await link.ask(
            keys.flatMap { [[Self.word("TYPE"), $0], [Self.word("PTTL"), $0], [Self.word("STRLEN"), $0]] }, in: database
        )
        var bytes = 0
        var count = 0
        while count < keys.count {
            // A backend that does not tell has small strings, or bounds them itself.
            bytes += Int(min(max(0, heads[3 * count + 2].integer ?? 1024), Self.stringLimit))
            if count > 0, bytes > Self.bytesAtOnce { break }
            count += 1
        }
        // A backend that has strings only has no TYPE either.
        let types = (0..<count).map { heads[3 * $0].error == nil ? heads[3 * $0].text : "string" }
        let strings = (0..<count).filter { Self.isString(types[$0]) }
        let answers = try await link.ask(strings.map { first(types[$0], keys[$0]) }, in: database)
        var answered = answers[...]
        var contents: [KeyContent?] = []
        var gathered = 0
        for (place, type) in types.enumerated() {
            let key = keys[place]
            let answer: RedisNode
            if Self.isString(type) {
                answer = answered.removeFirst()
            } else {
                // How large it is shows only when it is there, so it is asked for alone.
                if place > 0, gathered > Self.bytesAtOnce { break }
                answer = try await link.ask([first(type, key)], in: database)[0]
            }
            var content: KeyContent?
            if let value = try await value(type, key, answer, in: database) {
                let left = heads[3 * place + 1].integer
                content = KeyContent(
                    value: value, life: left.flatMap { $0 >= 0 ? $0 : nil }, tellsLife: left != nil)
                gathered += value.byteCount
                if case .hash(let fields) = value { try await readLives(of: fields, key, in: database, &content) }
            }
            contents.append(content)
        }
        return contents
    }

    private static func isString(_ type: String) -> Bool { type == "string" || type == "none" }

    private static func tooLarge(_ type: String) -> KeyContent.Value { .foreign("\(type) of more than 256 MiB") }

    private static func word(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// The command that gives all of a value, or the first of it.
    private func first(_ type: String, _ key: [UInt8]) -> [[UInt8]] {
        func command(_ words: String...) -> [[UInt8]] { [Self.word(words[0]), key] + words.dropFirst().map(Self.word) }
        switch type {
        case "list": return command("LRANGE", "0", "\(Self.piece - 1)")
        case "set": return command("SSCAN", "0", "COUNT", "\(Self.piece)")
        case "hash": return command("HSCAN", "0", "COUNT", "\(Self.piece)")
        case "zset": return command("ZSCAN", "0", "COUNT", "\(Self.piece)")
        case "string", "none": return command("GET")
        default: return canDump ? command("DUMP") : command("EXISTS")
        }
    }

    private func value(
        _ type: String, _ key: [UInt8], _ answer: RedisNode, in database: UInt32
    ) async throws(LinkProblem) -> KeyContent.Value? {
        if let error = answer.error { return try refused(error) }
        switch type {
        case "string", "none": return answer.bytes.map { .string($0) } ?? .missing
        case "list": return try await list(key, answer, in: database)
        case "set", "hash", "zset": return try await scanned(type, key, answer, in: database)
        default: return canDump ? answer.bytes.map { .opaque($0) } ?? .missing : .foreign(type)
        }
    }

    /// What stands for a value in whose place came an error; nil when it has another type by now.
    func refused(_ error: String) throws(LinkProblem) -> KeyContent.Value? {
        if error.hasPrefix("WRONGTYPE") { return nil }
        // It is not about the key.
        if error.contains(" fairlead: ") || Self.unready.contains(where: { error.hasPrefix($0) }) {
            throw LinkProblem(description: "'\(link.name)': \(error)")
        }
        return isServing ? .unreadable(error) : .missing
    }

    /// Whether the place, which has refused to delete `key`, has nothing there.
    ///
    /// Where it is a name that the place never takes, nothing was ever written: then reading is refused for this name, and
    /// not for another one.
    func lacks(_ key: [UInt8], in database: UInt32) async throws(LinkProblem) -> Bool {
        let answers = try await link.ask([key, Self.anyName].map { [Self.word("GET"), $0] }, in: database)
        guard let error = answers[0].error else { return answers[0] == .null }
        guard error.hasPrefix("ERR "), try refused(error) != nil else { return false }
        return answers[1].error.map { $0.hasPrefix("WRONGTYPE") } ?? true
    }

    /// A name that is taken where any is.
    private static let anyName = word("a")

    private static let unready = ["LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "NOAUTH"]

    private func list(
        _ key: [UInt8], _ first: RedisNode, in database: UInt32
    ) async throws(LinkProblem) -> KeyContent.Value? {
        var items = first.elements?.compactMap(\.bytes) ?? []
        var last = items.count
        var bytes = items.reduce(0) { $0 + $1.count }
        while last == Self.piece {
            let more = try await link.ask(
                [
                    [
                        Self.word("LRANGE"), key, Self.word("\(items.count)"),
                        Self.word("\(items.count + Self.piece - 1)"),
                    ]
                ],
                in: database)
            if let error = more[0].error { return try refused(error) }
            guard let elements = more[0].elements else { return nil }
            last = elements.count
            items += elements.compactMap(\.bytes)
            bytes += elements.reduce(0) { $0 + ($1.bytes?.count ?? 0) }
            if bytes > Self.bytesAtMost { return Self.tooLarge("list") }
        }
        return items.isEmpty ? .missing : .list(items)
    }

    private func scanned(
        _ type: String, _ key: [UInt8], _ first: RedisNode, in database: UInt32
    ) async throws(LinkProblem) -> KeyContent.Value? {
        let command = ["set": "SSCAN", "hash": "HSCAN"][type] ?? "ZSCAN"
        var elements: [[UInt8]] = []
        var bytes = 0
        var page = first
        while true {
            if let error = page.error { return try refused(error) }
            guard let parts = page.elements, parts.count == 2, let cursor = parts[0].bytes,
                let items = parts[1].elements
            else { return nil }
            elements += items.compactMap(\.bytes)
            bytes += items.reduce(0) { $0 + ($1.bytes?.count ?? 0) }
            if bytes > Self.bytesAtMost { return Self.tooLarge(type) }
            if cursor == [0x30] { break }
            page = try await link.ask(
                [[Self.word(command), key, cursor, Self.word("COUNT"), Self.word("\(Self.piece)")]], in: database)[0]
        }
        guard !elements.isEmpty else { return .missing }
        if type == "set" { return .set(Set(elements)) }
        // A page may come twice with another value in it: the later one counts.
        var pairs: [[UInt8]: [UInt8]] = [:]
        for place in stride(from: 0, to: elements.count - 1, by: 2) { pairs[elements[place]] = elements[place + 1] }
        return type == "hash" ? .hash(pairs) : .sortedSet(pairs)
    }
}
