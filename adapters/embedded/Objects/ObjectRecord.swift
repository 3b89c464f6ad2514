// What stands behind an object's bytes in its file.

import Capabilities
import Digest

/// Everything that is stored of an object, a part or an upload besides its bytes.
///
/// It lies behind the bytes in the same file, so the two cannot disagree: the file gets its name, by rename, when both are
/// complete. From the end of the file, all numbers little-endian: `FLOBJ001`, the CRC-32C of the record, the record's length
/// (4 bytes each), the record.
struct ObjectRecord: Sendable, Equatable {
    /// The key; of a part, that of its upload.
    var key: [UInt8]
    var info: ObjectInfo
    /// The upload whose parts hold the bytes, which then are not in this file; empty when they are.
    var uploadID: [UInt8] = []
    /// The numbers of the parts, in order, as many as ``ObjectInfo/partSizes``.
    var partNumbers: [Int] = []
    /// Of an upload: the check that its parts have to have.
    var checksum: ObjectChecksum.Algorithm?
    /// Of an upload: whether the object's check is that of all its bytes.
    var checksumIsOfWhole = false

    private static let magic = Array("FLOBJ001".utf8)
    private static let tailBytes = 16
    /// The longest record: ten thousand parts, the longest key and metadata come to less than a quarter.
    private static let most = 1 << 20

    init(key: [UInt8], info: ObjectInfo) {
        self.key = key
        self.info = info
    }

    // MARK: Writing

    /// The record and what leads to it, to be appended to the bytes.
    var bytes: [UInt8] {
        var writer = ObjectRecordWriter()
        writer.number(1)
        writer.bytes(key)
        writer.number(UInt64(bitPattern: info.size))
        writer.number(UInt64(bitPattern: info.modified))
        writer.bytes(info.etag)
        for pairs in [info.metadata.fields, info.metadata.user] {
            writer.number(UInt64(pairs.count))
            for pair in pairs {
                writer.bytes(pair.name)
                writer.bytes(pair.value)
            }
        }
        writer.number(UInt64(info.checksums.count))
        for checksum in info.checksums {
            writer.number(checksum.algorithm.number)
            writer.bytes(checksum.value)
            writer.number(UInt64(checksum.parts ?? 0))
        }
        writer.bytes(uploadID)
        writer.number(UInt64(partNumbers.count))
        for (number, size) in zip(partNumbers, info.partSizes) {
            writer.number(UInt64(number))
            writer.number(UInt64(bitPattern: size))
        }
        writer.number(checksum?.number ?? 0)
        writer.number(checksumIsOfWhole ? 1 : 0)
        var check = CRC(.crc32c)
        check.update(writer.written)
        let tail = [UInt32(truncatingIfNeeded: check.value), UInt32(writer.written.count)].flatMap { number in
            (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
        }
        return writer.written + tail + Self.magic
    }

    // MARK: Reading

    /// Reads the record of `file`; throws when it is not whole.
    init(_ file: ObjectFile) throws(ObjectFailure) {
        let size = try file.size()
        // Most records are in the last bytes; one read then is enough.
        let guess = min(size, 1024)
        var end = try file.read(Int(guess), at: size - guess)
        guard end.count >= Self.tailBytes, end.suffix(8) == Self.magic[...] else { throw Self.damaged }
        let length = Int(Self.number(end, end.count - 12))
        guard length <= Self.most, Int64(length + Self.tailBytes) <= size else { throw Self.damaged }
        let check = Self.number(end, end.count - 16)
        if end.count < length + Self.tailBytes {
            let count = length + Self.tailBytes
            end = try file.read(count, at: size - Int64(count))
            guard end.count == count else { throw Self.damaged }
        }
        let record = Array(end[(end.count - Self.tailBytes - length)..<(end.count - Self.tailBytes)])
        var crc = CRC(.crc32c)
        crc.update(record)
        guard crc.value == UInt64(check), let parsed = Self(record),
            parsed.info.size >= 0,
            !parsed.uploadID.isEmpty || parsed.info.size + Int64(length + Self.tailBytes) == size
        else { throw Self.damaged }
        self = parsed
    }

    private static let damaged = ObjectFailure.general(.backend("a file of the object store is damaged"))

    private static func number(_ bytes: [UInt8], _ index: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << (8 * UInt32($1)) }
    }

    private init?(_ record: [UInt8]) {
        var reader = ObjectRecordReader(record)
        guard reader.number() == 1, let key = reader.bytes(), let size = reader.signed(),
            let modified = reader.signed(), let etag = reader.bytes(), let fields = reader.pairs(),
            let user = reader.pairs(), let checksums = reader.checksums(), let uploadID = reader.bytes(),
            let partCount = reader.count()
        else { return nil }
        var info = ObjectInfo(
            size: size, etag: etag, modified: modified, metadata: ObjectMetadata(fields: fields, user: user),
            checksums: checksums)
        var numbers: [Int] = []
        for _ in 0..<partCount {
            guard let number = reader.count(), let size = reader.signed(), size >= 0 else { return nil }
            numbers.append(number)
            info.partSizes.append(size)
        }
        guard let algorithm = reader.number(), let whole = reader.number() else { return nil }
        self.init(key: key, info: info)
        self.uploadID = uploadID
        partNumbers = numbers
        checksum = ObjectChecksum.Algorithm(number: algorithm)
        checksumIsOfWhole = whole == 1
    }
}

/// Appends numbers and byte strings: numbers in groups of seven bits, the lowest first.
struct ObjectRecordWriter {
    private(set) var written: [UInt8] = []

    mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            written.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        written.append(UInt8(rest))
    }

    mutating func bytes(_ value: [UInt8]) {
        number(UInt64(value.count))
        written += value
    }
}

/// Takes them apart again; nil where there is nothing of the kind.
struct ObjectRecordReader {
    private let record: [UInt8]
    private var index = 0

    init(_ record: [UInt8]) { self.record = record }

    mutating func number() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard index < record.count else { return nil }
            let byte = record[index]
            index += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    mutating func signed() -> Int64? { number().map { Int64(bitPattern: $0) } }

    /// A number of things of which each takes a byte at least.
    mutating func count() -> Int? { number().flatMap { $0 <= 1 << 20 ? Int($0) : nil } }

    mutating func bytes() -> [UInt8]? {
        guard let count = count(), count <= record.count - index else { return nil }
        defer { index += count }
        return Array(record[index..<index + count])
    }

    mutating func pairs() -> [Pair]? {
        guard let count = count(), count <= record.count else { return nil }
        var pairs: [Pair] = []
        for _ in 0..<count {
            guard let name = bytes(), let value = bytes() else { return nil }
            pairs.append(Pair(name, value))
        }
        return pairs
    }

    mutating func checksums() -> [ObjectChecksum]? {
        guard let count = count(), count <= record.count else { return nil }
        var checksums: [ObjectChecksum] = []
        for _ in 0..<count {
            guard let number = number(), let algorithm = ObjectChecksum.Algorithm(number: number), let value = bytes(),
                let parts = self.count()
            else { return nil }
            checksums.append(ObjectChecksum(algorithm, value, parts: parts == 0 ? nil : parts))
        }
        return checksums
    }
}

extension ObjectChecksum.Algorithm {
    /// What records have for it, from 1.
    private static let numbers: [ObjectChecksum.Algorithm] = [.crc32, .crc32c, .crc64NVME, .sha1, .sha256]

    fileprivate var number: UInt64 { UInt64((Self.numbers.firstIndex(of: self) ?? -1) + 1) }

    fileprivate init?(number: UInt64) {
        guard number >= 1, number <= UInt64(Self.numbers.count) else { return nil }
        self = Self.numbers[Int(number) - 1]
    }
}
