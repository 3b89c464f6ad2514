// Requests by libpq: statements, pipelines and COPY.

import CPostgres

extension LibpqConnection {
    // MARK: Statements

    func send(
        _ statement: LibpqStatement, isInPipeline: Bool, _ deadline: Deadline
    ) throws(DriverFailure) {
        let connection = try open()
        let isSent: Int32
        switch statement.kind {
        case .simple(let text) where !isInPipeline:
            isSent = CTexts([text]).withPointers { PQsendQuery(connection, $0[0]) }
        case .simple(let text), .parameters(let text):
            isSent = Self.call(text, statement) { text, values, lengths, formats in
                PQsendQueryParams(
                    connection, text, Int32(statement.values.count),
                    statement.types.isEmpty ? nil : statement.typesOfAll,
                    values, lengths, formats, statement.resultFormat)
            }
        case .prepare(let name, let text):
            isSent = CTexts([name, text]).withPointers {
                PQsendPrepare(connection, $0[0], $0[1], Int32(statement.types.count), statement.types)
            }
        case .execute(let name):
            isSent = Self.call(name, statement) { name, values, lengths, formats in
                PQsendQueryPrepared(
                    connection, name, Int32(statement.values.count), values, lengths, formats, statement.resultFormat)
            }
        case .describe(let name):
            isSent = CTexts([name]).withPointers { PQsendDescribePrepared(connection, $0[0]) }
        case .describePortal(let name):
            isSent = CTexts([name]).withPointers { PQsendDescribePortal(connection, $0[0]) }
        }
        guard isSent == 1 else { throw try refusal() }
        if statement.isRowByRow { PQsetSingleRowMode(connection) }
    }

    private typealias Texts = UnsafePointer<UnsafePointer<CChar>?>?
    private static func call(
        _ text: [UInt8], _ statement: LibpqStatement,
        _ body: (UnsafePointer<CChar>?, Texts, UnsafePointer<Int32>, UnsafePointer<Int32>) -> Int32
    ) -> Int32 {
        let lengths = statement.values.map { Int32(clamping: $0?.count ?? 0) }
        return CTexts([text]).withPointers { text in
            CTexts(statement.values).withPointers { values in
                body(text[0], values.baseAddress, lengths, statement.formats)
            }
        }
    }

    /// All results of one request: the only one, or their list.
    func answers(_ deadline: Deadline) throws(DriverFailure) -> Value {
        let values = try results(deadline)
        return values.count == 1 ? values[0] : .list(values)
    }

    private func results(_ deadline: Deadline) throws(DriverFailure) -> [Value] {
        var values: [Value] = []
        while let result = try next(deadline) {
            let status = PQresultStatus(result)
            values.append(LibpqResult.take(result))
            // A COPY would go on for ever here; its own actions know how to end it.
            if [PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH].contains(status) { return values }
        }
        return try settled(values)
    }

    /// Of a connection that broke only what the server said is an answer.
    private func settled(_ values: [Value]) throws(DriverFailure) -> [Value] {
        guard PQstatus(try open()) == CONNECTION_BAD else { return values }
        let said = values.filter { value in
            if case .typed("error", let inner) = value { inner["sqlstate"] != nil } else { true }
        }
        guard said.isEmpty else { return said }
        throw DriverFailure(.closed, values.first?["message"]?.asText ?? "the server closed the connection")
    }

    // MARK: Pipelines

    func pipeline(_ items: [LibpqAction.PipelineItem], _ deadline: Deadline) throws(DriverFailure) -> Value {
        let connection = try open()
        guard PQenterPipelineMode(connection) == 1 else { throw try refusal() }
        // Every list that is read ends where its requests do, so a pipeline without its sync gets one.
        var items = items
        if case .sync? = items.last {} else { items.append(.sync) }
        var values: [Value] = []
        var waiting: [LibpqAction.PipelineItem] = []
        for item in items {
            switch item {
            case .statement(let statement): try send(statement, isInPipeline: true, deadline)
            case .sync: guard PQpipelineSync(connection) == 1 else { throw try refusal() }
            case .flush: guard PQsendFlushRequest(connection) == 1 else { throw try refusal() }
            }
            if case .flush = item {
                for item in waiting { values += try pipelined(item, deadline) }
                waiting = []
            } else {
                waiting.append(item)
            }
        }
        for item in waiting { values += try pipelined(item, deadline) }
        guard PQexitPipelineMode(connection) == 1 else { throw try refusal() }
        return .list(values)
    }

    private func pipelined(_ item: LibpqAction.PipelineItem, _ deadline: Deadline) throws(DriverFailure) -> [Value] {
        var values: [Value] = []
        while let result = try next(deadline) {
            values.append(LibpqResult.take(result))
            // Nothing ends the answer to a sync: it is one result.
            if case .sync = item { return values }
        }
        return try settled(values)
    }

    // MARK: COPY

    func copyIn(
        _ text: [UInt8], _ data: [[UInt8]], _ failure: [UInt8]?, _ deadline: Deadline
    ) throws(DriverFailure) -> Value {
        let connection = try open()
        guard let (begun, response) = try beginCopy(text, PGRES_COPY_IN, deadline) else { return try answers(deadline) }
        guard begun else { return response }
        for piece in data {
            try put(deadline) {
                piece.withUnsafeBytes {
                    PQputCopyData(connection, $0.bindMemory(to: CChar.self).baseAddress, Int32(clamping: piece.count))
                }
            }
        }
        try put(deadline) {
            guard let failure else { return PQputCopyEnd(connection, nil) }
            return CTexts([failure]).withPointers { PQputCopyEnd(connection, $0[0]) }
        }
        return try ended(response, [], deadline)
    }

    private func put(_ deadline: Deadline, _ call: () -> Int32) throws(DriverFailure) {
        while true {
            switch call() {
            case 1: return try flush(deadline)
            case 0: try flush(deadline)
            default: throw try refusal()
            }
        }
    }

    func copyOut(_ text: [UInt8], _ deadline: Deadline) throws(DriverFailure) -> Value {
        let connection = try open()
        guard let (begun, response) = try beginCopy(text, PGRES_COPY_OUT, deadline) else {
            return try answers(deadline)
        }
        guard begun else { return response }
        var rows: [Value] = []
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let count = PQgetCopyData(connection, &buffer, 1)
            if count > 0 {
                rows.append(.bytes(LibpqResult.bytes(buffer, Int(count))))
                PQfreemem(buffer)
            } else if count == 0 {
                try consume(deadline)
            } else {
                break
            }
        }
        return try ended(response, [.init("rows", .list(rows))], deadline)
    }

    /// Sends a COPY; whether it began, with the server's response, or what came instead.
    private func beginCopy(
        _ text: [UInt8], _ wanted: ExecStatusType, _ deadline: Deadline
    ) throws(DriverFailure) -> (Bool, Value)? {
        guard CTexts([text]).withPointers({ PQsendQuery(connection, $0[0]) }) == 1 else { throw try refusal() }
        guard let result = try next(deadline) else { return nil }
        let hasBegun = PQresultStatus(result) == wanted
        let value = LibpqResult.take(result)
        if hasBegun { return (true, value) }
        _ = try results(deadline)
        return (false, value)
    }

    /// The end of a COPY: how it began, what came and its tag, or the error that ended it.
    private func ended(
        _ response: Value, _ more: [Value.Field], _ deadline: Deadline
    ) throws(DriverFailure) -> Value {
        let values = try results(deadline)
        guard values.count == 1, let tag = values[0]["tag"] else {
            return values.count == 1 ? values[0] : .list(values)
        }
        let begun = [
            response["format"].map { Value.Field("format", $0) }, response["columns"].map { .init("columns", $0) },
        ]
        return .fields(begun.compactMap { $0 } + more + [.init("tag", tag)])
    }
}

extension LibpqStatement {
    /// A type for each value; 0 leaves one to the server.
    fileprivate var typesOfAll: [UInt32] {
        types + Array(repeating: 0, count: max(values.count - types.count, 0))
    }
}

/// Texts as C wants them, each with an end of its own.
struct CTexts {
    private let joined: [UInt8]
    /// Where each begins; nil for a null.
    private let starts: [Int?]

    init(_ texts: [[UInt8]?]) {
        var joined: [UInt8] = []
        var starts: [Int?] = []
        for text in texts {
            guard let text else {
                starts.append(nil)
                continue
            }
            starts.append(joined.count)
            joined += text
            joined.append(0)
        }
        self.joined = joined
        self.starts = starts
    }

    /// Hands out the texts' addresses, with a null behind them.
    func withPointers<Answer>(_ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Answer) -> Answer {
        joined.withUnsafeBytes { joined in
            let first = joined.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = starts.map { start in start.flatMap { start in first.map { $0 + start } } } + [nil]
            return pointers.withUnsafeBufferPointer { body($0) }
        }
    }
}
