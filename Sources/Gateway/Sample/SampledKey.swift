// Keys of samples in tables whose memory is made once.

/// The name of a key as a sample keeps it.
struct SampledKey: Hashable, Sendable {
    /// Bytes of a key that are kept; longer ones are told apart by their length and a hash.
    static let keptBytes = 128

    /// The first bytes.
    let bytes: [UInt8]
    /// Bytes of the whole key.
    let length: Int
    /// Of the bytes at hand, seeded for the process: the same on each of its workers.
    let hash: Int

    static func == (one: SampledKey, other: SampledKey) -> Bool {
        one.hash == other.hash && one.length == other.length && one.bytes == other.bytes
    }

    func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    static func hash(_ key: Span<UInt8>) -> Int {
        var hasher = Hasher()
        key.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    /// The key for a reader: printable ASCII as it is, other bytes as `\xNN`, and its length where it is cut.
    var text: String {
        var text = ""
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\\"): text += "\\\\"
            case 0x20...0x7E: text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return length > bytes.count ? "\(text)... (\(length) bytes)" : text
    }
}

/// A fixed number of places for names of keys.
struct SampledKeys {
    let capacity: Int
    private(set) var count = 0
    private var hashes: [Int]
    private var lengths: [Int]
    private var bytes: [UInt8]

    init(capacity: Int) {
        self.capacity = capacity
        hashes = Array(repeating: 0, count: capacity)
        lengths = Array(repeating: 0, count: capacity)
        bytes = Array(repeating: 0, count: capacity * SampledKey.keptBytes)
    }

    var isFull: Bool { count == capacity }

    /// The place of the key of `length` bytes that begins with `key`; nil when it has none.
    func place(of key: Span<UInt8>, length: Int, hash: Int) -> Int? {
        for place in 0..<count where hashes[place] == hash && lengths[place] == length {
            if isEqual(key, at: place) { return place }
        }
        return nil
    }

    private func isEqual(_ key: Span<UInt8>, at place: Int) -> Bool {
        let start = place &* SampledKey.keptBytes
        for offset in 0..<min(key.count, SampledKey.keptBytes) where bytes[start &+ offset] != key[offset] {
            return false
        }
        return true
    }

    /// A place for one more key; the table must not be full.
    mutating func append(_ key: Span<UInt8>, length: Int, hash: Int) -> Int {
        count += 1
        replace(count - 1, by: key, length: length, hash: hash)
        return count - 1
    }

    mutating func replace(_ place: Int, by key: Span<UInt8>, length: Int, hash: Int) {
        hashes[place] = hash
        lengths[place] = length
        let start = place &* SampledKey.keptBytes
        for offset in 0..<min(key.count, SampledKey.keptBytes) { bytes[start &+ offset] = key[offset] }
    }

    subscript(_ place: Int) -> SampledKey {
        let start = place * SampledKey.keptBytes
        let kept = min(lengths[place], SampledKey.keptBytes)
        return SampledKey(
            bytes: Array(bytes[start..<(start + kept)]), length: lengths[place], hash: hashes[place])
    }
}
