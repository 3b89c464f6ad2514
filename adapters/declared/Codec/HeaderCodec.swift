// Binary headers, with length prefixes as the simplest of them.

import Multiplex

/// Cuts what comes into headers with their bodies.
final class HeaderCodec: FrameCodec {
    private let program: Program
    private let reader: MessageReader
    private let message: Message
    private let header: HeaderProgram

    init(_ program: Program, _ header: HeaderProgram, _ message: Message) {
        self.program = program
        self.header = header
        self.message = message
        reader = MessageReader(program: program, message: message)
    }

    func cut(_ bytes: Span<UInt8>, from start: Int, for exchange: Exchange?) -> FrameCut {
        guard bytes.count - start >= header.size else { return .partial(needs: header.size) }
        let length = header.number(bytes, start + header.bodyOffset, header.bodyWidth)
        let least = UInt64(header.countsAll ? header.size : 0)
        guard length >= least, length - least <= UInt64(program.limits.frame) else {
            return .broken("a message of \(length) bytes, where \(least) to \(program.limits.frame) can be")
        }
        let size = header.size + Int(length - least)
        guard bytes.count - start >= size else { return .partial(needs: size) }
        let frame = bytes.extracting(start..<start + size)
        message.reset()
        for field in header.fields {
            message.set(field.slot, .number(Int64(bitPattern: header.number(frame, field.offset, field.width))))
        }
        guard readParts(frame) else { return .broken("parts that are longer than their message") }
        // What clients have stored says nothing about the answer.
        let isValue = (exchange as? DeclaredExchange)?.step.takesPayload ?? false
        guard isValue || reader.readPayload(frame) else {
            return .broken("a body that is no \(program.payload?.format.rawValue ?? "bytes")")
        }
        guard reader.recognise(frame) else { return .broken("a message that the file has no name for") }
        return .frame(end: start + size, reader.owner(for: exchange, frame))
    }

    private func readParts(_ frame: Span<UInt8>) -> Bool {
        var index = header.size
        for part in header.parts {
            let left = frame.count - index
            let length = part.isRest ? UInt64(left) : header.number(frame, part.offset, part.width)
            guard length <= UInt64(left) else { return false }
            if let slot = part.slot { message.set(slot, .range(start: index, count: Int(length))) }
            index += Int(length)
        }
        return true
    }
}

/// One message per connection: it ends with the connection.
final class UntilCloseCodec: FrameCodec {
    private let program: Program
    private let reader: MessageReader
    private let message: Message
    private let slot: Int?

    init(_ program: Program, slot: Int?, _ message: Message) {
        self.program = program
        self.slot = slot
        self.message = message
        reader = MessageReader(program: program, message: message)
    }

    func cut(_ bytes: Span<UInt8>, from start: Int, for exchange: Exchange?) -> FrameCut {
        bytes.count - start > program.limits.frame
            ? .broken("a message of more than \(program.limits.frame) bytes") : .partial(needs: 0)
    }

    func cutAtEnd(_ bytes: Span<UInt8>, from start: Int, for exchange: Exchange?) -> FrameCut {
        let frame = bytes.extracting(start...)
        message.reset()
        message.isLast = true
        if let slot { message.set(slot, .range(start: 0, count: frame.count)) }
        guard reader.readPayload(frame), reader.recognise(frame) else {
            return .broken("a message that the file has no name for")
        }
        return .frame(end: bytes.count, reader.owner(for: exchange, frame))
    }
}
