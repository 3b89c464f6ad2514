// A connection to a Redis target, read by hiredis or by the raw reader.

/// One connection.
final class RedisConnection: DriverConnection {
    private let transport: Transport
    private let hiredis: HiredisReader?
    private var raw = RedisReplyReader()

    init(_ target: Target, isRaw: Bool, deadline: Deadline) throws(DriverFailure) {
        transport = try Transport(target, deadline: deadline)
        hiredis = isRaw ? nil : HiredisReader()
    }

    func close() { transport.close() }
    func cut() { transport.cut() }

    func perform(_ action: Tree, deadline: Deadline, evidence: inout Evidence) throws(DriverFailure) -> Value {
        let wanted: RedisAction
        do throws(SuiteProblem) { wanted = try RedisAction(action) } catch {
            throw DriverFailure(.mistaken, error.message)
        }
        let asBytes = RedisAction.wantsBytes(action)
        switch wanted {
        case .commands(let commands, let isPipeline):
            try send(commands, deadline, &evidence)
            return try read(commands.count, isPipeline, asBytes, deadline, &evidence)
        case .post(let commands):
            try send(commands, deadline, &evidence)
            return .null
        case .raw(let bytes, let replies):
            evidence.sent(bytes)
            try transport.send(bytes, deadline: deadline)
            return replies == 0 ? .null : try read(replies, replies > 1, asBytes, deadline, &evidence)
        case .read(let count): return try read(count, count > 1, asBytes, deadline, &evidence)
        }
    }

    /// Sends one command and gives its reply.
    func ask(_ words: String..., deadline: Deadline) throws(DriverFailure) -> Value {
        try ask(words.map { Array($0.utf8) }, deadline: deadline)
    }

    /// Sends one command whose words may be any bytes, and gives its reply.
    func ask(_ words: [[UInt8]], deadline: Deadline) throws(DriverFailure) -> Value {
        var evidence = Evidence()
        try send([words], deadline, &evidence)
        return try read(1, false, false, deadline, &evidence)
    }

    private func send(
        _ commands: [[[UInt8]]], _ deadline: Deadline, _ evidence: inout Evidence
    ) throws(DriverFailure) {
        var bytes: [UInt8] = []
        for command in commands { bytes += try HiredisReader.format(command) }
        evidence.sent(bytes)
        try transport.send(bytes, deadline: deadline)
    }

    private func read(
        _ count: Int, _ isList: Bool, _ asBytes: Bool, _ deadline: Deadline, _ evidence: inout Evidence
    ) throws(DriverFailure) -> Value {
        var values: [Value] = []
        var all: [UInt8] = []
        while values.count < count {
            let (value, bytes) = try reply(deadline, &evidence)
            values.append(value)
            all += bytes
        }
        if asBytes { return .bytes(all) }
        return isList ? .list(values) : values[0]
    }

    private func reply(
        _ deadline: Deadline, _ evidence: inout Evidence
    ) throws(DriverFailure) -> (Value, [UInt8]) {
        while true {
            if let hiredis {
                if let value = try hiredis.next() { return (value, []) }
            } else if let (value, bytes) = try raw.next() {
                return (value, bytes)
            }
            let bytes = try transport.receive(deadline: deadline)
            evidence.received(bytes)
            if let hiredis { hiredis.feed(bytes) } else { raw.append(bytes) }
        }
    }
}
