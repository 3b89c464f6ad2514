// The raw client: HTTP/1.1 over the runner's own bytes, signed by the runner's own signer.

/// One connection; it is opened anew when an answer has ended it, as clients do.
final class S3RawConnection: DriverConnection {
    private let target: Target
    private let bucket: String
    private var transport: Transport?
    private var reader = S3ResponseReader()
    /// Whether an answer has come on this connection: then the server may have closed it while it was idle.
    private var isUsed = false
    /// The methods of requests whose answers have not been read.
    private var unread: [String] = []

    init(_ target: Target, bucket: String, deadline: Deadline) throws(DriverFailure) {
        self.target = target
        self.bucket = bucket
        transport = try Transport(target, deadline: deadline)
    }

    func close() {
        transport?.close()
        forget()
    }

    func cut() {
        transport?.cut()
        forget()
    }

    private func forget() {
        transport = nil
        reader = S3ResponseReader()
        isUsed = false
        unread = []
    }

    func perform(_ action: Tree, deadline: Deadline, evidence: inout Evidence) throws(DriverFailure) -> Value {
        let wanted: S3Action
        do throws(SuiteProblem) { wanted = try S3Action(action, bucket: bucket) } catch {
            throw DriverFailure(.mistaken, error.message)
        }
        switch wanted.kind {
        case .exchange(let request):
            if wanted.answers == 1, wanted.sentOnly == nil, unread.isEmpty {
                return try exchange(request, wanted, deadline, &evidence).value(asBytes: wanted.wantsBytes)
            }
            try post(request, wanted, deadline, &evidence)
            return wanted.sentOnly == nil ? try readAll(wanted, deadline, &evidence) : .null
        case .raw(let bytes, let method):
            for _ in 0..<max(wanted.answers, 1) { unread.append(method) }
            try send(bytes, deadline, &evidence)
            return try readAll(wanted, deadline, &evidence)
        case .read: return try readAll(wanted, deadline, &evidence)
        }
    }

    /// A signed request of the driver's own, and its answer.
    func ask(
        _ request: S3Request, _ rules: S3SigningRules = S3SigningRules(), form: S3Form? = nil, deadline: Deadline
    ) throws(DriverFailure) -> S3Response {
        var evidence = Evidence()
        return try exchange(request, rules: rules, form: form, deadline: deadline, &evidence)
    }

    // MARK: Requests

    private func exchange(
        _ request: S3Request, _ action: S3Action, _ deadline: Deadline, _ evidence: inout Evidence
    ) throws(DriverFailure) -> S3Response {
        try exchange(
            request, rules: action.rules, form: action.form, isChunked: action.isChunked, waits: action.waits,
            deadline: deadline, &evidence)
    }

    private func exchange(
        _ request: S3Request, rules: S3SigningRules, form: S3Form? = nil, isChunked: Bool = false, waits: Bool = false,
        deadline: Deadline, _ evidence: inout Evidence
    ) throws(DriverFailure) -> S3Response {
        let (head, body) = bytes(of: request, rules, form, isChunked: isChunked, waits: waits)
        let mayBeStale = isUsed
        do throws(DriverFailure) {
            return try exchange(request.method, head, body, waits, deadline, &evidence)
        } catch {
            // A kept connection that ends without a byte of an answer was idle for too long: RFC 9112, 9.3.1.
            let isStale = mayBeStale && error.kind == .closed && reader.isEmpty
            cut()
            guard isStale else { throw error }
            return try exchange(request.method, head, body, waits, deadline, &evidence)
        }
    }

    private func exchange(
        _ method: String, _ head: [UInt8], _ body: [UInt8], _ waits: Bool, _ deadline: Deadline,
        _ evidence: inout Evidence
    ) throws(DriverFailure) -> S3Response {
        var response: S3Response
        if waits {
            try send(head, deadline, &evidence)
            let transport = try connected(deadline)
            response = try withSource(transport, deadline, &evidence) { (reader, more) throws(DriverFailure) in
                try reader.head(more)
            }
            if response.status == 100 {
                try send(body, deadline, &evidence)
                response = try read(method, deadline, &evidence)
                response.interim.insert(100, at: 0)
                return response
            }
            // The server has decided without the body: what it waits for now nobody can tell, so the connection ends.
            response = try withSource(transport, deadline, &evidence) {
                [response] (reader, more) throws(DriverFailure) in
                var response = response
                try reader.readBody(&response, method: method, more)
                return response
            }
            close()
            return response
        }
        do throws(DriverFailure) { try send(head + body, deadline, &evidence) } catch {
            // A server that answers before it has read all may close behind its answer, which is still to be seen.
            guard error.kind == .closed, !body.isEmpty, transport != nil else { throw error }
            do throws(DriverFailure) { return try read(method, deadline, &evidence) } catch _ { throw error }
        }
        return try read(method, deadline, &evidence)
    }

    /// Sends a request, or its head and a part of its body, without reading.
    private func post(
        _ request: S3Request, _ action: S3Action, _ deadline: Deadline, _ evidence: inout Evidence
    ) throws(DriverFailure) {
        let (head, body) = bytes(
            of: request, action.rules, action.form, isChunked: action.isChunked, waits: false)
        unread.append(request.method)
        try send(head + body.prefix(action.sentOnly ?? body.count), deadline, &evidence)
    }

    private func bytes(
        of request: S3Request, _ rules: S3SigningRules, _ form: S3Form?, isChunked: Bool, waits: Bool
    ) -> (head: [UInt8], body: [UInt8]) {
        S3Signer(rules, for: target).bytes(of: request, form: form, for: target, isChunked: isChunked, waits: waits)
    }

    // MARK: Bytes

    private func connected(_ deadline: Deadline) throws(DriverFailure) -> Transport {
        if let transport { return transport }
        let transport = try Transport(target, deadline: deadline)
        self.transport = transport
        return transport
    }

    private func send(_ bytes: [UInt8], _ deadline: Deadline, _ evidence: inout Evidence) throws(DriverFailure) {
        let transport = try connected(deadline)
        evidence.sent(bytes)
        try transport.send(bytes, deadline: deadline)
    }

    private func withSource<Result>(
        _ transport: Transport, _ deadline: Deadline, _ evidence: inout Evidence,
        _ body: (inout S3ResponseReader, () throws(DriverFailure) -> [UInt8]) throws(DriverFailure) -> Result
    ) throws(DriverFailure) -> Result {
        try body(&reader) { () throws(DriverFailure) -> [UInt8] in
            let bytes = try transport.receive(deadline: deadline)
            evidence.received(bytes)
            return bytes
        }
    }

    private func read(
        _ method: String, _ deadline: Deadline, _ evidence: inout Evidence
    ) throws(DriverFailure) -> S3Response {
        let transport = try connected(deadline)
        let response = try withSource(transport, deadline, &evidence) { (reader, more) throws(DriverFailure) in
            try reader.next(method: method, more)
        }
        isUsed = true
        if response.closes { close() }
        return response
    }

    /// The next answers: one as it is, several as a list.
    private func readAll(
        _ action: S3Action, _ deadline: Deadline, _ evidence: inout Evidence
    ) throws(DriverFailure) -> Value {
        if action.answers == 0 { return .null }
        guard transport != nil else { throw DriverFailure(.closed, "the peer closed the connection") }
        var values: [Value] = []
        for _ in 0..<action.answers {
            let method = unread.isEmpty ? "GET" : unread.removeFirst()
            values.append(try read(method, deadline, &evidence).value(asBytes: action.wantsBytes))
            if transport == nil, values.count < action.answers {
                throw DriverFailure(.closed, "the peer closed the connection after \(values.count) answers")
            }
        }
        return values.count == 1 ? values[0] : .list(values)
    }
}
