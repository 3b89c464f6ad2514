// Where adapters write their requests.

/// The bytes that a connection sends at the end of the turn.
public struct OutputBuffer: Sendable {
    @usableFromInline package private(set) var bytes: [UInt8] = []

    public init() {}

    public var count: Int { bytes.count }

    @inlinable public mutating func append(_ byte: UInt8) { bytes.append(byte) }

    @inlinable public mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    @inlinable public mutating func append(_ more: ArraySlice<UInt8>) { bytes.append(contentsOf: more) }

    @inlinable public mutating func append(_ more: Span<UInt8>) {
        more.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    /// Appends the UTF-8 of `text`.
    @inlinable public mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Appends `number` in decimal figures.
    public mutating func append(decimal number: Int64) {
        if number < 0 { bytes.append(0x2D) }
        append(decimal: number.magnitude)
    }

    /// Appends `number` in decimal figures.
    public mutating func append(decimal number: UInt64) {
        guard number > 9 else { return bytes.append(0x30 &+ UInt8(truncatingIfNeeded: number)) }
        let start = bytes.count
        var rest = number
        while rest > 0 {
            bytes.append(0x30 &+ UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        var low = start
        var high = bytes.count - 1
        while low < high {
            bytes.swapAt(low, high)
            low += 1
            high -= 1
        }
    }

    /// Appends the bytes of `number`, the highest first.
    @inlinable public mutating func append<Number: FixedWidthInteger>(bigEndian number: Number) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends the bytes of `number`, the lowest first.
    @inlinable public mutating func append<Number: FixedWidthInteger>(littleEndian number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Puts `byte` in the place of an earlier one; for lengths that are known only at the end.
    public mutating func replace(at index: Int, with byte: UInt8) {
        precondition(index >= 0 && index < bytes.count, "only what was appended can be replaced")
        bytes[index] = byte
    }

    /// Appends what `write` puts into the free room of `capacity` bytes.
    mutating func removeAll(keeping capacity: Int) {
        bytes.removeAll(keepingCapacity: bytes.capacity <= capacity)
    }
}
