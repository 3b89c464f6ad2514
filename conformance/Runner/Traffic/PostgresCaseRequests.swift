// The requests of PostgreSQL cases.

extension PostgresDriver: RequestWriter {
    package func requests(
        of action: Tree, client: String, expecting expectation: Tree?
    ) throws(SuiteProblem) -> [CaseRequest] {
        let bytes =
            client == "raw" ? try Self.sent(by: PostgresRawAction(action)) : try Self.sent(by: LibpqAction(action))
        return bytes.isEmpty ? [] : [CaseRequest(bytes, isToFail: expectation?.expectsError ?? false)]
    }

    package func opening(_ options: Tree?, client: String) throws(SuiteProblem) -> [CaseRequest] {
        if options?["login"]?.text == "none" { return [] }
        return [CaseRequest(try Self.startup(options?.entries ?? []))]
    }

    private static func sent(by action: PostgresRawAction) throws(SuiteProblem) -> [UInt8] {
        switch action.kind {
        case .send(let bytes): return bytes
        case .login(let entries): return try startup(entries)
        case .read, .startTLS, .info, .finish: return []
        }
    }

    private static func sent(by action: LibpqAction) throws(SuiteProblem) -> [UInt8] {
        switch action {
        case .statement(let statement), .post(let statement): return statement.messages(isInPipeline: false)
        case .pipeline(let items):
            return items.flatMap { item -> [UInt8] in
                switch item {
                case .statement(let statement): statement.messages(isInPipeline: true)
                case .sync: PostgresRequest.message(UInt8(ascii: "S"), [])
                case .flush: PostgresRequest.message(UInt8(ascii: "H"), [])
                }
            }
        case .copyIn(let text, let data, let failure):
            let end = failure.map { PostgresRequest.message(UInt8(ascii: "f"), $0 + [0]) }
            return PostgresRequest.message(UInt8(ascii: "Q"), text + [0])
                + data.flatMap { PostgresRequest.message(UInt8(ascii: "d"), $0) }
                + (end ?? PostgresRequest.message(UInt8(ascii: "c"), []))
        case .copyOut(let text): return PostgresRequest.message(UInt8(ascii: "Q"), text + [0])
        case .connect(let words): return PostgresRequest.startup(words)
        case .readResults, .readNotification, .readNotices, .cancel, .info, .parameter: return []
        }
    }

    /// The first packet of a connection that is opened by these words; those that only say how to log in are not sent.
    private static func startup(_ entries: [Tree.Entry]) throws(SuiteProblem) -> [UInt8] {
        let kept: Set<String> = ["login", "password", "channel", "tamper", "sslmode", "version"]
        var version: (Int64, Int64) = (3, 0)
        var words: [(name: String, value: [UInt8])] = []
        for entry in entries {
            if entry.key == "version" { version = try PostgresRequest.version(entry.value) }
            if !kept.contains(entry.key) { words.append((entry.key, try Payload.bytes(entry.value))) }
        }
        return PostgresRequest.startup(version: version, words)
    }
}

extension LibpqStatement {
    /// The messages that libpq makes of it; in a pipeline a Sync stands by itself.
    fileprivate func messages(isInPipeline: Bool) -> [UInt8] {
        let sync = isInPipeline ? [] : PostgresRequest.message(UInt8(ascii: "S"), [])
        switch kind {
        case .simple(let text) where !isInPipeline: return PostgresRequest.message(UInt8(ascii: "Q"), text + [0])
        case .simple(let text), .parameters(let text): return parse([], text) + execution(of: []) + sync
        case .prepare(let name, let text): return parse(name, text) + sync
        case .execute(let name): return execution(of: name) + sync
        case .describe(let name): return describe("S", name) + sync
        case .describePortal(let name): return describe("P", name) + sync
        }
    }

    private func parse(_ name: [UInt8], _ text: [UInt8]) -> [UInt8] {
        var writer = PostgresWriter()
        writer.text(name)
        writer.text(text)
        writer.int16(Int64(types.count))
        for type in types { writer.int32(Int64(type)) }
        return PostgresRequest.message(UInt8(ascii: "P"), writer.bytes)
    }

    /// Bind, Describe and Execute of the unnamed portal.
    private func execution(of name: [UInt8]) -> [UInt8] {
        var bind = PostgresWriter()
        bind.text([])
        bind.text(name)
        bind.int16(Int64(formats.count))
        for format in formats { bind.int16(Int64(format)) }
        bind.int16(Int64(values.count))
        for value in values { bind.value(value) }
        bind.int16(1)
        bind.int16(Int64(resultFormat))
        var execute = PostgresWriter()
        execute.text([])
        execute.int32(0)
        return PostgresRequest.message(UInt8(ascii: "B"), bind.bytes) + describe("P", [])
            + PostgresRequest.message(UInt8(ascii: "E"), execute.bytes)
    }

    private func describe(_ kind: Character, _ name: [UInt8]) -> [UInt8] {
        PostgresRequest.message(UInt8(ascii: "D"), Array("\(kind)".utf8) + name + [0])
    }
}
