// Runs encode instructions.

import Multiplex

/// Writes requests; the rules are the adapter's own.
struct Encoder: Sendable {
    var expiry: ExpiryRules
    var escapes: [(from: [UInt8], to: [UInt8])]

    func encode(_ program: borrowing EncodeProgram, _ inputs: borrowing Inputs, into output: inout OutputBuffer) {
        var marks: InlineArray<8, Int> = .init(repeating: 0)
        run(program.steps, program.literals.span, inputs, &marks, into: &output)
    }

    private func run(
        _ steps: borrowing [EncodeStep], _ literals: Span<UInt8>, _ inputs: borrowing Inputs,
        _ marks: inout InlineArray<8, Int>,
        into output: inout OutputBuffer
    ) {
        for index in steps.indices {
            switch steps[index] {
            case .stored(let start, let count): output.append(literals.extracting(start..<start + count))
            case .literal(let bytes): output.append(bytes)
            case .bytes(let slot):
                switch slot {
                case 0: output.append(inputs.first.span)
                case 1: output.append(inputs.second.span)
                default: output.append(inputs.bytes(slot))
                }
            case .byteCount(let slot):
                switch slot {
                case 0: output.append(decimal: UInt64(inputs.first.count))
                case 1: output.append(decimal: UInt64(inputs.second.count))
                default: output.append(decimal: UInt64(inputs.bytes(slot).count))
                }
            case .number(let slot): output.append(decimal: inputs.number(slot))
            case .binary(let slot, let width, let isBig):
                Self.append(UInt64(bitPattern: inputs.number(slot)), width, isBig, &output)
            case .integer(let source, let width, let isBig):
                let number = source.value(inputs).asNumber ?? 0
                Self.append(UInt64(bitPattern: number), width, isBig, &output)
            case .value(let source, let filters, let style):
                write(Filters.encode(source.value(inputs), filters, self, now: inputs.now), style, &output)
            case .each(let items, let between, let inner):
                repeated(inner, items, between, literals, inputs, &marks, &output)
            case .mark(let mark): marks[mark] = output.count
            case .patch(let patch): apply(patch, marks, &output)
            case .patchDecimal(let from, let to, let at):
                var rest = marks[to] - marks[from]
                for place in stride(from: marks[at] - 1, through: marks[at] - 10, by: -1) {
                    output.replace(at: place, with: 0x30 + UInt8(rest % 10))
                    rest /= 10
                }
            }
        }
    }

    private func repeated(
        _ steps: [EncodeStep], _ items: EachItems, _ between: [UInt8], _ literals: Span<UInt8>,
        _ inputs: borrowing Inputs, _ marks: inout InlineArray<8, Int>, _ output: inout OutputBuffer
    ) {
        var each = copy inputs
        let more = inputs.more
        let places = items.places
        for index in 0..<(items == .parameters ? more.parameters.count : more.keys.count) {
            if index > 0, !between.isEmpty { output.append(between) }
            if items == .parameters {
                each.more.parameter = more.parameters[index]
            } else {
                each.set(places.item, more.keys[index])
                if index < more.others.count, places.other >= 0 { each.set(places.other, more.others[index]) }
            }
            run(steps, literals, each, &marks, into: &output)
        }
    }

    private func write(_ value: Value, _ style: ValueStyle, _ output: inout OutputBuffer) {
        switch style {
        case .plain: output.append(value.asBytes)
        case .jsonText:
            var text: [UInt8] = []
            Codes.json(value.asBytes.span, into: &text)
            output.append(text)
        case .jsonValue: writeJSON(value, &output)
        case .percent: output.append(Codes.percent(value.asBytes.span))
        case .msgpackText: MessagePackWriter.text(value.asBytes, &output)
        case .msgpackBinary: MessagePackWriter.binary(value.asBytes, &output)
        case .msgpackNumber: MessagePackWriter.number(value, &output)
        }
    }

    private func writeJSON(_ value: Value, _ output: inout OutputBuffer) {
        switch value {
        case .absent: output.append(Array("null".utf8))
        case .number, .flag: output.append(value.asBytes)
        case .decimal(let text): output.append(text)
        case .bytes(let bytes):
            output.append(UInt8(ascii: "\""))
            write(.bytes(bytes), .jsonText, &output)
            output.append(UInt8(ascii: "\""))
        }
    }

    private func apply(_ patch: LengthPatch, _ marks: borrowing InlineArray<8, Int>, _ output: inout OutputBuffer) {
        let count = UInt64(marks[patch.to] - marks[patch.from] + patch.extra)
        let start = marks[patch.header] + patch.offset
        for index in 0..<patch.width {
            let shift = UInt64((patch.isBig ? patch.width - 1 - index : index) * 8)
            output.replace(at: start + index, with: UInt8(truncatingIfNeeded: count >> shift))
        }
    }

    static func append(_ number: UInt64, _ width: Int, _ isBig: Bool, _ output: inout OutputBuffer) {
        for index in 0..<width {
            let shift = UInt64((isBig ? width - 1 - index : index) * 8)
            output.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

/// The MessagePack that is written (github.com/msgpack/msgpack, spec.md).
enum MessagePackWriter {
    static func text(_ bytes: [UInt8], _ output: inout OutputBuffer) {
        switch bytes.count {
        case 0..<32: output.append(0xA0 | UInt8(bytes.count))
        case 32..<256:
            output.append(0xD9)
            output.append(UInt8(bytes.count))
        case 256..<65536:
            output.append(0xDA)
            output.append(bigEndian: UInt16(bytes.count))
        default:
            output.append(0xDB)
            output.append(bigEndian: UInt32(truncatingIfNeeded: bytes.count))
        }
        output.append(bytes)
    }

    static func binary(_ bytes: [UInt8], _ output: inout OutputBuffer) {
        switch bytes.count {
        case 0..<256:
            output.append(0xC4)
            output.append(UInt8(bytes.count))
        case 256..<65536:
            output.append(0xC5)
            output.append(bigEndian: UInt16(bytes.count))
        default:
            output.append(0xC6)
            output.append(bigEndian: UInt32(truncatingIfNeeded: bytes.count))
        }
        output.append(bytes)
    }

    static func number(_ number: Int64, _ output: inout OutputBuffer) {
        if let small = Int8(exactly: number), small >= -32 { return output.append(UInt8(bitPattern: small)) }
        output.append(0xD3)
        output.append(bigEndian: number)
    }

    /// A whole number, or another one as a double.
    static func number(_ value: Value, _ output: inout OutputBuffer) {
        if let number = value.asNumber { return self.number(number, &output) }
        guard let double = Double(String(decoding: value.asBytes, as: UTF8.self)) else {
            return self.number(0, &output)
        }
        output.append(0xCB)
        output.append(bigEndian: double.bitPattern)
    }

    /// The head of a list or, with `isMapping`, of a mapping.
    static func head(_ count: Int, isMapping: Bool, _ output: inout OutputBuffer) {
        if count < 16 { return output.append((isMapping ? 0x80 : 0x90) | UInt8(count)) }
        output.append(isMapping ? 0xDF : 0xDD)
        output.append(bigEndian: UInt32(truncatingIfNeeded: count))
    }
}
