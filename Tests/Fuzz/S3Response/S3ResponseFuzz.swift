// Fuzzes a stream of S3 responses and their exchanges: whole and split, they must read the same.

import S3Wire
import Wire

/// What one pass over a stream found; two passes over the same bytes must find the same.
private struct Pass {
    let request: S3RequestHead
    var heads: [S3ResponseHead] = []
    var outcomes: [S3Outcome] = []
    var error: String?
    private var exchange = S3Exchange()
    private var scanner = S3HeadScanner(.server)
    private var framer: S3Framer?
    private var kept: [UInt8] = []

    init(_ request: S3RequestHead) {
        self.request = request
        begin()
    }

    private mutating func begin() {
        exchange.requestHeadReceived(request, command: .getObject, at: 1)
        if !request.framing.isEmpty { exchange.requestBodyStarted() }
    }

    mutating func feed(_ piece: Span<UInt8>) {
        guard error == nil else { return }
        var offset = 0
        do {
            while try step(piece, at: &offset) {}
            precondition(offset == piece.count)
        } catch let broken {
            error = broken.code
            precondition(broken.side == .server)
        }
    }

    mutating func finish() {
        guard error == nil, framer != nil else { return }
        do {
            guard let end = try framer?.finish() else { return }
            exchange.responseBodyEnded(end, at: 3)
            settle()
        } catch let broken {
            error = broken.code
        }
    }

    private mutating func step(_ bytes: Span<UInt8>, at offset: inout Int) throws(WireError) -> Bool {
        let start = offset
        if framer != nil {
            guard let end = try framer?.next(bytes, at: &offset) else { return false }
            framer = nil
            exchange.responseBodyEnded(end, at: 3)
            settle()
            return true
        }
        guard let length = try scanner.next(bytes, at: &offset) else {
            kept += bytes.array(start..<offset)
            precondition(kept.count == scanner.headLength)
            return false
        }
        kept += bytes.array(start..<offset)
        precondition(kept.count == length)
        let bytesOfHead = kept
        kept = []
        let head = try S3ResponseHead(bytesOfHead.span, answering: request.method)
        heads.append(head)
        switch try exchange.responseHeadReceived(head, at: 2) {
        case .interimReceived: break
        case .bodyFollows(let framing): framer = S3Framer(framing, side: .server)
        case .responseEnded: settle()
        }
        return true
    }

    private mutating func settle() {
        if exchange.awaitsRequestBody { exchange.requestBodyAbandoned(payload: 0) }
        guard let outcome = exchange.outcome else { preconditionFailure("an exchange without an outcome") }
        outcomes.append(outcome)
        begin()
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzS3Response(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let requests = [
        "GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD /b/k HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
        "DELETE /b/k HTTP/1.0\r\n\r\n",
    ]
    guard let request = try? S3RequestHead(Array(requests[Int(input[0]) % requests.count].utf8).span) else { return 0 }
    let bytes = Array(input.dropFirst())
    var whole = Pass(request)
    whole.feed(bytes.span)
    whole.finish()
    var split = Pass(request)
    var index = 0
    while index < bytes.count {
        let end = min(bytes.count, index + 1 + Int(bytes[index]) % 23)
        split.feed(Array(bytes[index..<end]).span)
        index = end
    }
    split.finish()
    precondition(whole.heads == split.heads)
    precondition(whole.outcomes == split.outcomes)
    precondition(whole.error == split.error)
    return 0
}
