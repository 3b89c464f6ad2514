// One message of the server, taken apart; the same object serves all messages of a worker.

/// Where a field of the present message is.
enum FieldValue: Sendable {
    case absent
    /// Bytes of the frame.
    case range(start: Int, count: Int)
    case number(Int64)
    case bytes([UInt8])
    case flag(Bool)
    /// A number that is no whole one, as text.
    case decimal([UInt8])
}

/// What a codec found in the frame that it has just cut; valid until the next one is cut.
final class Message {
    /// The place of the message in the file's list; negative when none fits.
    @exclusivity(unchecked) var kind = -1
    /// By slot.
    @exclusivity(unchecked) private(set) var fields: [FieldValue]
    /// Slots below 64 that are not absent, and whether others may be.
    @exclusivity(unchecked) private var touched: UInt64 = 0
    private let hasManySlots: Bool
    /// Items of fields with [*], in their order.
    @exclusivity(unchecked) var items: [(slot: Int, index: Int, value: Value)] = []
    /// Whether the connection ends with this message.
    @exclusivity(unchecked) var isLast = false

    init(slots: Int) {
        fields = Array(repeating: .absent, count: slots)
        hasManySlots = slots > 64
    }

    @inline(__always)
    func set(_ slot: Int, _ value: FieldValue) {
        touched |= 1 << UInt64(truncatingIfNeeded: slot & 63)
        fields[slot] = value
    }

    @inline(__always)
    func forget(_ slot: Int) { fields[slot] = .absent }

    @inline(__always)
    func reset() {
        kind = -1
        isLast = false
        if hasManySlots {
            for slot in fields.indices { fields[slot] = .absent }
        } else {
            while touched != 0 {
                fields[touched.trailingZeroBitCount] = .absent
                touched &= touched &- 1
            }
        }
        if !items.isEmpty { items.removeAll(keepingCapacity: true) }
    }

    /// The field as a value of its own.
    func value(_ slot: Int, _ frame: Span<UInt8>) -> Value {
        switch fields[slot] {
        case .absent: .absent
        case .range(let start, let count): .bytes(Self.copy(frame, start, count))
        case .number(let number): .number(number)
        case .bytes(let bytes): .bytes(bytes)
        case .flag(let flag): .flag(flag)
        case .decimal(let text): .decimal(text)
        }
    }

    /// Whether the message has items of the list.
    func hasItems(_ slot: Int) -> Bool { items.contains { $0.slot == slot } }

    /// The field as bytes; nil when it is absent.
    @inline(__always)
    func bytes(_ slot: Int, _ frame: Span<UInt8>) -> [UInt8]? {
        switch fields[slot] {
        case .absent: nil
        case .range(let start, let count): Self.copy(frame, start, count)
        case .bytes(let bytes): bytes
        case .number, .flag, .decimal: value(slot, frame).asBytes
        }
    }

    @inline(__always)
    func number(_ slot: Int, _ frame: Span<UInt8>) -> Int64? {
        switch fields[slot] {
        case .number(let number): number
        case .range(let start, let count): Decimal.parse(frame.extracting(start..<start + count))
        default: value(slot, frame).asNumber
        }
    }

    @inline(__always)
    static func copy(_ frame: Span<UInt8>, _ start: Int, _ count: Int) -> [UInt8] {
        frame.extracting(start..<start + count).withUnsafeBufferPointer { Array($0) }
    }
}
