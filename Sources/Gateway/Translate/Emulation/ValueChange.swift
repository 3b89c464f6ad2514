// What single-key operations make of a value: pure, so that a loop around them can begin again.

import Capabilities

/// Decides what an operation does to the value that is there now.
enum ValueChange {
    /// The longest value that an emulated change may make: Redis's own bound, proto-max-bulk-len.
    private static let longest = 512 << 20

    static func decide(
        _ operation: KeyValueOperation, _ current: Emulator.Current, now: Int64
    ) throws(Failure) -> Emulator.Change {
        switch operation {
        case .increment(_, let addend):
            guard let number = Int64Text.parse(current.value ?? [0x30]) else { throw .notAnInteger }
            let (sum, overflowed) = number.addingReportingOverflow(addend)
            guard !overflowed else { throw .overflow }
            return .write(Int64Text.render(sum), .kept, .integer(sum))
        case .incrementFloat(_, let addend):
            let sum = try DecimalText.sum(current.value ?? [0x30], addend)
            return .write(sum, .kept, .bytes(sum))
        case .append(_, let more):
            let value = (current.value ?? []) + more
            guard value.count <= longest else { throw .tooLarge(limit: longest) }
            return .write(value, .kept, .integer(Int64(value.count)))
        case .overwrite(_, let offset, let bytes): return try overwrite(current, offset, bytes)
        case .getAndDelete:
            guard current.value != nil else { return .keep(.missing) }
            return .delete(current.answer)
        case .getAndExpire(_, let expiry):
            guard let value = current.value else { return .keep(.missing) }
            switch expiry {
            case .kept: return .keep(current.answer)
            case .never: return .write(value, .never, current.answer)
            case .at(let time) where time <= now: return .delete(current.answer)
            case .at(let time): return .write(value, .at(time), current.answer)
            }
        case .expire(_, let time, let condition):
            guard let value = current.value, condition.holds(for: time, over: current.expiresAt) else {
                return .keep(.flag(false))
            }
            return time <= now ? .delete(.flag(true)) : .write(value, .at(time), .flag(true))
        case .persist:
            guard let value = current.value, current.expiresAt != nil else { return .keep(.flag(false)) }
            return .write(value, .never, .flag(true))
        default: throw .refused(.keyValueSet, reason: "this cannot be emulated")
        }
    }

    private static func overwrite(
        _ current: Emulator.Current, _ offset: Int64, _ bytes: [UInt8]
    ) throws(Failure) -> Emulator.Change {
        var value = current.value ?? []
        guard !bytes.isEmpty else { return .keep(.integer(Int64(value.count))) }
        guard offset >= 0, offset <= Int64(longest - bytes.count) else { throw .tooLarge(limit: longest) }
        let start = Int(offset)
        if value.count < start + bytes.count {
            value += [UInt8](repeating: 0, count: start + bytes.count - value.count)
        }
        value.replaceSubrange(start..<(start + bytes.count), with: bytes)
        return .write(value, .kept, .integer(Int64(value.count)))
    }
}

/// Parts of values by positions that may count from the end.
enum ByteRange {
    /// The bytes from `first` to `last`, both included, as GETRANGE counts them.
    static func slice(_ value: [UInt8], _ first: Int64, _ last: Int64) -> [UInt8] {
        let count = Int64(value.count)
        if first < 0, last < 0, first > last { return [] }
        let start = max(0, first < 0 ? first + count : first)
        let end = min(count - 1, max(0, last < 0 ? last + count : last))
        guard start <= end, count > 0 else { return [] }
        return Array(value[Int(start)...Int(end)])
    }
}

/// Whole numbers as Redis reads and writes them in values.
enum Int64Text {
    /// The number that `text` is in its only spelling: no sign but a minus, no leading zeros, no spaces.
    static func parse(_ text: [UInt8]) -> Int64? {
        guard text.count <= 20, let number = Int64(String(decoding: text, as: UTF8.self)), render(number) == text
        else { return nil }
        return number
    }

    static func render(_ number: Int64) -> [UInt8] { Array(String(number).utf8) }
}
