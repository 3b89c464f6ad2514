// Lines, and the bytes that some of them announce.

import Multiplex

/// Cuts what comes into lines with their bodies.
final class LineCodec: FrameCodec {
    private let program: Program
    private let reader: MessageReader
    private let message: Message
    private let end: [UInt8]
    private let last: UInt8
    private let longest: Int
    /// Whether each line is JSON, or another payload, and whether fields are made of other fields.
    private let isStructured: Bool
    private let hasFields: Bool

    init(_ program: Program, end: [UInt8], longest: Int, _ message: Message) {
        self.program = program
        self.end = end
        self.longest = longest
        self.message = message
        last = end.last ?? 0x0A
        isStructured = program.payload.map { $0.format != .bytes } ?? false
        hasFields = program.payload.map { $0.format == .bytes && !$0.filters.isEmpty } ?? false
        reader = MessageReader(program: program, message: message)
    }

    func cut(_ bytes: Span<UInt8>, from start: Int, for exchange: Exchange?) -> FrameCut {
        guard let lineEnd = lineEnd(bytes, start) else {
            return bytes.count - start > longest + end.count
                ? .broken("a line of more than \(longest) bytes") : .partial(needs: 0)
        }
        message.reset()
        let line = bytes.extracting(start..<lineEnd)
        guard !isStructured || reader.readPayload(line) else {
            return .broken("a line that is no \(program.payload?.format.rawValue ?? "text"): \(Self.shown(line))")
        }
        guard match(line) else { return .broken("a line that the file has no message for: \(Self.shown(line))") }
        var frameEnd = lineEnd + end.count
        if let body = program.messages[message.kind].body {
            guard let count = message.number(body.length, line), count >= 0, count <= Int64(program.limits.frame) else {
                return .broken(
                    "a line with a length that is none, or beyond \(program.limits.frame): \(Self.shown(line))")
            }
            let bodyStart = frameEnd
            frameEnd += Int(count) + body.end.count
            guard frameEnd <= bytes.count else { return .partial(needs: frameEnd - start) }
            for index in body.end.indices where bytes[frameEnd - body.end.count + index] != body.end[index] {
                return .broken("a body that does not end where its length says")
            }
            message.set(body.slot, .range(start: bodyStart - start, count: Int(count)))
        }
        if hasFields, !reader.readPayload(bytes.extracting(start..<frameEnd)) {
            return .broken("fields that cannot be read")
        }
        return .frame(end: frameEnd, reader.owner(for: exchange, line))
    }

    /// Where the end mark of the line begins.
    @inline(__always)
    private func lineEnd(_ bytes: Span<UInt8>, _ start: Int) -> Int? {
        let count = end.count
        return bytes.withUnsafeBufferPointer { bytes in
            var index = start + count - 1
            let bound = min(bytes.count, start + longest + count)
            while index < bound {
                if bytes[index] == last {
                    if count == 1 || count == 2 && bytes[index - 1] == end[0] { return index - count + 1 }
                    if count > 2, bytes[(index - count + 1)...index].elementsEqual(end) { return index - count + 1 }
                }
                index += 1
            }
            return nil
        }
    }

    /// Finds the first message whose pattern and condition fit.
    private func match(_ line: Span<UInt8>) -> Bool {
        let nothing = Inputs()
        for kind in program.byFirstByte[line.count > 0 ? Int(line[0]) : 0] {
            let pattern = program.messages[kind].line
            if !pattern.isEmpty, !match(pattern, line) {
                forget(pattern)
                continue
            }
            if let condition = program.messages[kind].condition, !condition.holds(message, line, nothing) { continue }
            message.kind = kind
            return true
        }
        return false
    }

    /// A pattern that fits in part only must leave nothing behind.
    private func forget(_ steps: [LineStep]) {
        for step in steps {
            switch step {
            case .word(let slot?), .number(let slot), .rest(let slot): message.forget(slot)
            case .literal, .word(nil): break
            }
        }
    }

    private func match(_ steps: [LineStep], _ line: Span<UInt8>) -> Bool {
        var index = 0
        for step in steps {
            switch step {
            case .literal(let literal):
                guard line.count - index >= literal.count else { return false }
                for place in literal.indices where line[index + place] != literal[place] { return false }
                index += literal.count
            case .word(let slot):
                let start = index
                while index < line.count, line[index] != 0x20 { index += 1 }
                guard index > start else { return false }
                if let slot { message.set(slot, .range(start: start, count: index - start)) }
            case .number(let slot):
                let start = index
                while index < line.count, line[index] != 0x20 { index += 1 }
                guard let number = Decimal.parse(line.extracting(start..<index)) else { return false }
                message.set(slot, .number(number))
            case .rest(let slot):
                message.set(slot, .range(start: index, count: line.count - index))
                index = line.count
            }
        }
        return index == line.count
    }

    /// The beginning of what came, for an error.
    static func shown(_ bytes: Span<UInt8>) -> String {
        let text = bytes.extracting(..<min(bytes.count, 60)).withUnsafeBufferPointer { bytes in
            bytes.map { (0x20...0x7E).contains($0) ? Character(Unicode.Scalar($0)) : "." }
        }
        return "\"\(String(text))\""
    }
}
