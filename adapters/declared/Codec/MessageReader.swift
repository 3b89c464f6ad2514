// What all framings share: the payload's fields, which message it is, and whom it is for.

import Multiplex

/// Finishes a message whose frame and parts are known.
struct MessageReader {
    let program: Program
    let message: Message

    /// Takes the fields out of the payload; false when it is none.
    func readPayload(_ frame: Span<UInt8>) -> Bool {
        guard let payload = program.payload else { return true }
        var start = 0
        var count = frame.count
        if let slot = payload.slot {
            switch message.fields[slot] {
            case .range(let partStart, let partCount): (start, count) = (partStart, partCount)
            case .bytes(let bytes):
                // A body that came in chunks was put together: its fields are copied out of it.
                return readOwned(bytes, payload)
            default: count = 0
            }
        }
        guard count > 0 || payload.format == .bytes else { return true }
        return extract(frame, start, count, payload) && decode(frame, payload)
    }

    private func extract(_ bytes: Span<UInt8>, _ start: Int, _ count: Int, _ payload: PayloadProgram) -> Bool {
        switch payload.format {
        case .bytes: true
        case .json: JSONExtractor.run(bytes, start, start + count, payload.tree, program.limits, into: message)
        case .msgpack:
            MessagePackExtractor.run(bytes, start, start + count, payload.tree, program.limits, into: message)
        }
    }

    private func readOwned(_ bytes: [UInt8], _ payload: PayloadProgram) -> Bool {
        guard !bytes.isEmpty || payload.format == .bytes else { return true }
        guard extract(bytes.span, 0, bytes.count, payload) else { return false }
        for slot in message.fields.indices where slot != payload.slot {
            if case .range(let start, let count) = message.fields[slot], payload.tree.takes(slot) {
                message.set(slot, .bytes(Message.copy(bytes.span, start, count)))
            }
        }
        return decode(bytes.span, payload)
    }

    private func decode(_ frame: Span<UInt8>, _ payload: PayloadProgram) -> Bool {
        for (slot, source, filters) in payload.filters {
            if message.items.contains(where: { $0.slot == slot }) {
                for index in message.items.indices where message.items[index].slot == slot {
                    guard let value = Filters.decode(message.items[index].value, filters, program.encoder.escapes)
                    else { return false }
                    message.items[index].value = value
                }
                continue
            }
            let value = message.value(source ?? slot, frame)
            guard value != .absent else { continue }
            // Bytes that another message has in this place may be no number.
            switch Filters.decode(value, filters, program.encoder.escapes) {
            case .bytes(let bytes): message.set(slot, .bytes(bytes))
            case .decimal(let text): message.set(slot, .decimal(text))
            case .number(let number): message.set(slot, .number(number))
            case .flag(let flag): message.set(slot, .flag(flag))
            case .absent: break
            case nil: if source == nil { return false }
            }
        }
        return true
    }

    /// Finds out which message it is; false when it is none that the file knows.
    func recognise(_ frame: Span<UInt8>) -> Bool {
        let nothing = Inputs()
        for kind in program.messages.indices {
            if program.messages[kind].condition?.holds(message, frame, nothing) ?? true {
                message.kind = kind
                return true
            }
        }
        return false
    }

    /// Whom the message is for.
    func owner(for exchange: Exchange?, _ frame: Span<UInt8>) -> FrameOwner {
        let kind = message.kind
        guard program.isContested[kind] else { return own(frame) }
        if let exchange = exchange as? DeclaredExchange, exchange.step.names[kind] { return own(frame) }
        if program.messages[kind].answer != nil { return .push }
        switch program.messages[kind].outcome {
        case .push: return .push
        case .ignored: return .nobody
        default: return own(frame)
        }
    }

    private func own(_ frame: Span<UInt8>) -> FrameOwner {
        guard let slot = program.idSlot else { return .oldest }
        if let id = message.number(slot, frame) { return .id(UInt64(bitPattern: id)) }
        guard program.messages[message.kind].outcome?.isError ?? false else { return .unnamed(error: nil) }
        let text = program.textSlot.flatMap { message.bytes($0, frame) }.map(Program.shown)
        return .unnamed(error: text ?? "the message \(program.messages[message.kind].name)")
    }
}

extension ExtractionTree {
    /// Whether a node fills `slot`.
    func takes(_ slot: Int) -> Bool { nodes.contains { $0.slots.contains { $0.slot == slot } } }
}
