// HTTP/1.1 responses (RFC 9112): heads, bodies by length, in chunks or up to the end, and streams of lines.

import Multiplex

/// Cuts what comes into responses; of a stream, into its lines.
final class HTTPCodec: FrameCodec {
    /// The longest head, as servers commonly bound them.
    private static let longestHead = 64 << 10
    /// The longest line with a chunk's size.
    private static let longestChunkLine = 1024

    private let program: Program
    private let reader: MessageReader
    private let message: Message
    private let bodySlot: Int?
    private let statusSlot: Int?
    /// Header fields that the file asks for.
    private let fields: [(header: [UInt8], slot: Int, filters: [Filter])]

    /// The head that was read, while its body is not complete.
    private var head: Head?
    /// How much of the chunks was looked at, from the response's start, and what was in them.
    private var chunkIndex = 0
    private var body: [UInt8] = []
    /// In a stream: what is left of the chunk, and the beginning of a line.
    private var isStreaming = false
    private var chunkLeft = 0
    private var mustEndChunk = false

    private struct Head {
        var size = 0
        var status = 0
        var length: Int?
        var isChunked = false
        var closes = false
    }

    init(_ program: Program, _ http: HTTPProgram, _ message: Message) {
        self.program = program
        bodySlot = http.bodySlot
        statusSlot = http.statusSlot
        fields = http.fields
        self.message = message
        reader = MessageReader(program: program, message: message)
    }

    func cut(_ bytes: Span<UInt8>, from start: Int, for exchange: Exchange?) -> FrameCut {
        if isStreaming { return cutStream(bytes, start, exchange) }
        if head == nil {
            guard let size = headSize(bytes, start) else {
                return bytes.count - start > Self.longestHead
                    ? .broken("an HTTP head of more than \(Self.longestHead) bytes") : .partial(needs: 0)
            }
            guard var head = Self.head(bytes, start, size) else {
                return .broken("a head that is no HTTP/1.1 response")
            }
            if let exchange = exchange as? DeclaredExchange, exchange.step.asksHead, head.status >= 200 {
                head.length = 0
                head.isChunked = false
            }
            // 1xx is a word on the way (RFC 9110, 15.2); a change of protocols was never asked for.
            if head.status < 200 { return .frame(end: start + size, .nobody) }
            self.head = head
            chunkIndex = size
            body = []
        }
        guard let head else { return .broken("no head") }
        if head.isChunked, (exchange as? DeclaredExchange)?.step.isStream ?? false, head.status == 200 {
            isStreaming = true
            chunkLeft = 0
            mustEndChunk = false
            return .frame(end: start + head.size, .nobody)
        }
        if head.isChunked { return cutChunks(bytes, start, head, exchange) }
        guard let length = head.length else {
            return bytes.count - start > program.limits.frame
                ? .broken("a response of more than \(program.limits.frame) bytes") : .partial(needs: 0)
        }
        guard length <= program.limits.frame else { return .broken("a response of \(length) bytes") }
        let size = head.size + length
        guard bytes.count - start >= size else { return .partial(needs: size) }
        return complete(bytes, start, size, head, exchange, owned: nil)
    }

    func cutAtEnd(_ bytes: Span<UInt8>, from start: Int, for exchange: Exchange?) -> FrameCut {
        guard var head, head.length == nil, !head.isChunked, !isStreaming else { return .partial(needs: 0) }
        head.closes = true
        return complete(bytes, start, bytes.count - start, head, exchange, owned: nil)
    }

    private func complete(
        _ bytes: Span<UInt8>, _ start: Int, _ size: Int, _ head: Head, _ exchange: Exchange?, owned: [UInt8]?
    ) -> FrameCut {
        self.head = nil
        let frame = bytes.extracting(start..<start + size)
        message.reset()
        message.isLast = head.closes
        if let statusSlot { message.set(statusSlot, .number(Int64(head.status))) }
        if let bodySlot {
            message.set(bodySlot, owned.map { .bytes($0) } ?? .range(start: head.size, count: size - head.size))
        }
        guard readFields(frame, head.size) else { return .broken("a header field that cannot be read") }
        // Errors often come as text where answers come as JSON: they are known by their status.
        let isValue = head.status < 300 && (exchange as? DeclaredExchange)?.step.takesPayload ?? false
        let isReadable = isValue || reader.readPayload(frame)
        guard isReadable || head.status >= 300 else {
            return .broken("a body that is no \(program.payload?.format.rawValue ?? "bytes")")
        }
        guard reader.recognise(frame) else {
            return .broken("a response (\(head.status)) that the file has no message for")
        }
        return .frame(end: start + size, reader.owner(for: exchange, frame))
    }

    // MARK: Heads

    /// Takes the header fields that the file asks for; false when one is not what its filters expect.
    private func readFields(_ frame: Span<UInt8>, _ size: Int) -> Bool {
        guard !fields.isEmpty else { return true }
        var index = 0
        while index < size {
            var end = index
            while end < size, frame[end] != 0x0D { end += 1 }
            for field in fields where Self.isNamed(field.header, frame, index, end) {
                let value = Self.trimmed(frame, index + field.header.count + 1, end)
                if field.filters.isEmpty {
                    message.set(field.slot, .range(start: value.lowerBound, count: value.count))
                    continue
                }
                let bytes = Value.bytes(Message.copy(frame, value.lowerBound, value.count))
                switch Filters.decode(bytes, field.filters, program.encoder.escapes) {
                case .bytes(let bytes)?, .decimal(let bytes)?: message.set(field.slot, .bytes(bytes))
                case .number(let number)?: message.set(field.slot, .number(number))
                case .flag(let flag)?: message.set(field.slot, .flag(flag))
                case .absent?: break
                case nil: return false
                }
            }
            index = end + 2
        }
        return true
    }

    /// Whether a line's name is `name`, which is in small letters.
    private static func isNamed(_ name: [UInt8], _ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard end - start > name.count, bytes[start + name.count] == 0x3A else { return false }
        for index in name.indices {
            let byte = bytes[start + index]
            let small = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            if small != name[index] { return false }
        }
        return true
    }

    private func headSize(_ bytes: Span<UInt8>, _ start: Int) -> Int? {
        let bound = min(bytes.count, start + Self.longestHead)
        var index = start + 3
        while index < bound {
            if bytes[index] == 0x0A, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A, bytes[index - 3] == 0x0D {
                return index + 1 - start
            }
            index += 1
        }
        return nil
    }

    private static func head(_ bytes: Span<UInt8>, _ start: Int, _ size: Int) -> Head? {
        let end = start + size - 2
        var head = Head()
        head.size = size
        // "HTTP/1.1 200": the version has one digit behind the point, the status three.
        guard size >= 16, has("http/1.", bytes, start), bytes[start + 8] == 0x20,
            let status = Decimal.parse(bytes.extracting((start + 9)..<(start + 12))), (100..<600).contains(status)
        else { return nil }
        head.status = Int(status)
        head.closes = bytes[start + 7] == 0x30
        var index = start
        while index < end, bytes[index] != 0x0A { index += 1 }
        index += 1
        while index < end {
            var lineEnd = index
            while lineEnd < end, bytes[lineEnd] != 0x0D { lineEnd += 1 }
            guard field(bytes, index, lineEnd, &head) else { return nil }
            index = lineEnd + 2
        }
        if head.status == 204 || head.status == 304 {
            head.length = 0
            head.isChunked = false
        }
        return head.isChunked && head.length != nil ? nil : head
    }

    /// Takes what matters for framing from one field line.
    private static func field(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ head: inout Head) -> Bool {
        if has("content-length:", bytes, start) {
            let value = trimmed(bytes, start + 15, end)
            guard let number = Decimal.parse(bytes.extracting(value)), number >= 0,
                head.length == nil || head.length == Int(number)
            else {
                return false
            }
            head.length = Int(number)
        } else if has("transfer-encoding:", bytes, start) {
            let value = trimmed(bytes, start + 18, end)
            guard value.count == 7, has("chunked", bytes, value.lowerBound) else { return false }
            head.isChunked = true
        } else if has("connection:", bytes, start) {
            let value = trimmed(bytes, start + 11, end)
            if value.count == 5, has("close", bytes, value.lowerBound) { head.closes = true }
        }
        return true
    }

    private static func trimmed(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Range<Int> {
        var (start, end) = (start, end)
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return start..<max(start, end)
    }

    /// Whether `word`, in small letters, stands at `start`, in letters of any size.
    private static func has(_ word: StaticString, _ bytes: Span<UInt8>, _ start: Int) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count - start >= count else { return false }
        return word.withUTF8Buffer { text in
            for index in 0..<count {
                let byte = bytes[start + index]
                let small = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
                if small != text[index] { return false }
            }
            return true
        }
    }

    // MARK: Chunks

    /// A chunk's size line at `start`: the size, and where its data begins; nil while it is not complete, -1 when wrong.
    private func chunkLine(_ bytes: Span<UInt8>, _ start: Int) -> (size: Int, data: Int)? {
        var index = start
        var size = 0
        var digits = 0
        while index < bytes.count, let digit = Codes.hexValue(bytes[index]) {
            guard digits < 8 else { return (-1, start) }
            size = size << 4 | Int(digit)
            digits += 1
            index += 1
        }
        // What follows the size on its line has no meaning for anybody here (RFC 9112, 7.1.1).
        while index < bytes.count, bytes[index] != 0x0A {
            guard index - start < Self.longestChunkLine else { return (-1, start) }
            index += 1
        }
        guard index < bytes.count else { return nil }
        return digits > 0 && bytes[index - 1] == 0x0D ? (size, index + 1) : (-1, start)
    }

    private func cutChunks(_ bytes: Span<UInt8>, _ start: Int, _ head: Head, _ exchange: Exchange?) -> FrameCut {
        while true {
            guard let (size, data) = chunkLine(bytes, start + chunkIndex) else {
                return bytes.count - start - chunkIndex > Self.longestChunkLine
                    ? .broken("a chunk without a size") : .partial(needs: 0)
            }
            guard size >= 0, body.count + size <= program.limits.frame else {
                return .broken("a chunk whose size is none, or more than \(program.limits.frame) bytes in chunks")
            }
            if size == 0 {
                // Trailers end with an empty line, as heads do.
                var index = data
                while true {
                    var lineEnd = index
                    while lineEnd < bytes.count, bytes[lineEnd] != 0x0A { lineEnd += 1 }
                    guard lineEnd < bytes.count else {
                        return bytes.count - data > Self.longestHead
                            ? .broken("trailers without end") : .partial(needs: 0)
                    }
                    let isEmpty = lineEnd - index <= 1
                    index = lineEnd + 1
                    if isEmpty { break }
                }
                let whole = body
                body = []
                return complete(bytes, start, index - start, head, exchange, owned: whole)
            }
            let chunkEnd = data + size + 2
            guard chunkEnd <= bytes.count else { return .partial(needs: chunkEnd - start) }
            guard bytes[chunkEnd - 2] == 0x0D, bytes[chunkEnd - 1] == 0x0A else {
                return .broken("a chunk that is longer than its size")
            }
            body += Message.copy(bytes, data, size)
            chunkIndex = chunkEnd - start
        }
    }

    // MARK: Streams

    private func cutStream(_ bytes: Span<UInt8>, _ start: Int, _ exchange: Exchange?) -> FrameCut {
        if mustEndChunk {
            guard bytes.count - start >= 2 else { return .partial(needs: 2) }
            guard bytes[start] == 0x0D, bytes[start + 1] == 0x0A else {
                return .broken("a chunk that is longer than its size")
            }
            mustEndChunk = false
            return .frame(end: start + 2, .nobody)
        }
        if chunkLeft == 0 {
            guard let (size, data) = chunkLine(bytes, start) else { return .partial(needs: 0) }
            guard size > 0, size <= program.limits.frame else {
                return .broken(size == 0 ? "the end of a stream that has none" : "a chunk whose size is none")
            }
            chunkLeft = size
            return .frame(end: data, .nobody)
        }
        let end = start + min(chunkLeft, bytes.count - start)
        var index = start
        while index < end, bytes[index] != 0x0A { index += 1 }
        let hasLine = index < end
        let taken = hasLine ? index + 1 : end
        chunkLeft -= taken - start
        mustEndChunk = chunkLeft == 0
        guard body.count + (taken - start) <= program.limits.frame else {
            return .broken("a line of more than \(program.limits.frame) bytes")
        }
        body += Message.copy(bytes, start, index - start)
        guard hasLine else { return .frame(end: taken, .nobody) }
        let line = body
        body = []
        message.reset()
        if let statusSlot { message.set(statusSlot, .number(200)) }
        if let bodySlot { message.set(bodySlot, .bytes(line)) }
        let frame = bytes.extracting(start..<taken)
        guard reader.readPayload(frame) else {
            return .broken("a line that is no \(program.payload?.format.rawValue ?? "bytes")")
        }
        guard reader.recognise(frame) else { return .broken("a line that the file has no message for") }
        return .frame(end: taken, .oldest)
    }
}
