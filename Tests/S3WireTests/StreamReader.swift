// Reads a whole stream of heads and bodies as the gateway does, and writes down what it found.

import S3Wire
import Wire

/// One direction of a connection: scanner, head parser and body framer in turn, with a transcript.
struct StreamReader {
    let side: Side
    /// The methods of the requests that a stream of responses answers, in order.
    private var methods: [S3Method]
    private var scanner: S3HeadScanner
    private var framer: S3Framer?
    private var kept: [UInt8] = []
    private var payload = 0
    private(set) var transcript: [String] = []
    private(set) var isBroken = false
    private(set) var consumed = 0

    init(_ side: Side, answering methods: [S3Method] = []) {
        self.side = side
        self.methods = methods
        scanner = S3HeadScanner(side)
    }

    mutating func feed(_ piece: [UInt8]) {
        guard !isBroken else { return }
        do {
            var offset = 0
            while try step(piece.span, at: &offset) {}
            consumed += offset
        } catch {
            isBroken = true
            transcript.append("error \(error.code)")
        }
    }

    /// Takes the end of the stream.
    mutating func finish() {
        guard !isBroken, var framer else { return }
        do {
            transcript.append("body \(try framer.finish().payload) until the end")
        } catch {
            transcript.append("error \(error.code)")
        }
    }

    private mutating func step(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> Bool {
        if framer != nil {
            guard let end = try framer?.next(bytes, at: &offset) else { return false }
            if framer?.framing.isEmpty == false {
                transcript.append("body \(end.payload)" + (end.trailers > 0 ? " trailers \(end.trailers)" : ""))
            }
            framer = nil
            return true
        }
        let start = offset
        guard let length = try scanner.next(bytes, at: &offset) else {
            let fresh = min(scanner.headLength, offset - start)
            kept += bytes.array(offset - fresh..<offset)
            return false
        }
        if length <= offset - start {
            try take(bytes.extracting(offset - length..<offset))
        } else {
            kept += bytes.array(start..<offset)
            let head = kept
            try take(head.span)
        }
        kept = []
        return true
    }

    private mutating func take(_ head: Bytes) throws(WireError) {
        switch side {
        case .client:
            let parsed = try S3RequestHead(head)
            let resource = S3Resource(parsed, head, baseDomains: S3BaseDomains(["s3.example.com"]))
            let command = S3Command(parsed, head, for: resource)
            transcript.append(
                "\(command.name) \(head.text(parsed.target)) \(parsed.framing)"
                    + (parsed.keepsAlive ? "" : " close") + (parsed.expectsContinue ? " expects-continue" : ""))
            framer = S3Framer(parsed.framing, side: .client)
        case .server:
            let parsed = try S3ResponseHead(head, answering: methods.first ?? .get)
            if !parsed.isInterim, !methods.isEmpty { methods.removeFirst() }
            transcript.append("\(parsed.status) \(parsed.framing)" + (parsed.keepsAlive ? "" : " close"))
            framer = S3Framer(parsed.framing, side: .server)
        }
    }
}

/// A generator of the same numbers every time, so that a failure can be seen again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

/// Feeds `bytes` whole, byte by byte and at random splits, and answers the one transcript they all give.
///
/// When they differ the answer shows the difference, so that any expectation on it fails.
func feedEveryWay(_ bytes: [UInt8], _ side: Side, answering methods: [S3Method] = []) -> [String] {
    var whole = StreamReader(side, answering: methods)
    whole.feed(bytes)
    whole.finish()
    var single = StreamReader(side, answering: methods)
    for byte in bytes { single.feed([byte]) }
    single.finish()
    guard single.transcript == whole.transcript else {
        return ["whole:"] + whole.transcript + ["byte by byte:"] + single.transcript
    }
    var generator = SeededGenerator(UInt64(bytes.count))
    for _ in 0..<16 {
        var reader = StreamReader(side, answering: methods)
        var rest = bytes[...]
        while !rest.isEmpty {
            let size = Int.random(in: 1...min(rest.count, 97), using: &generator)
            reader.feed(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        reader.finish()
        guard reader.transcript == whole.transcript else {
            return ["whole:"] + whole.transcript + ["random splits:"] + reader.transcript
        }
    }
    return whole.transcript
}

/// The transcript of a stream of requests, given as text with CR LF spelled out.
func requests(_ text: String) -> [String] { feedEveryWay(Array(text.utf8), .client) }

/// The transcript of a stream of responses, given as text with CR LF spelled out.
func responses(_ text: String, to methods: S3Method...) -> [String] {
    feedEveryWay(Array(text.utf8), .server, answering: methods)
}
