// The index of objects against a sorted array, and records against what they were written from.

import Capabilities
import Testing

@testable import EmbeddedAdapter

@Suite("The index of objects")
struct ObjectIndexTests {
    static func object(_ key: [UInt8], size: Int64 = 0) -> StoredObject {
        StoredObject(ObjectRecord(key: key, info: ObjectInfo(size: size, etag: [], modified: 0)), parts: nil)
    }

    /// Numbers that are the same in every run.
    struct Numbers {
        var state: UInt64
        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    @Test("insertions and removals in any order leave what a dictionary has, in the order of bytes", arguments: 0..<4)
    func model(seed: Int) {
        var numbers = Numbers(state: UInt64(seed))
        var index = ObjectIndex()
        var model: [[UInt8]: Int64] = [:]
        for step in 0..<6000 {
            let key = (0...numbers.next(4)).map { _ in UInt8(numbers.next(seed == 0 ? 256 : 12)) }
            if numbers.next(3) == 0 {
                #expect(index.remove(key)?.size == model.removeValue(forKey: key))
            } else {
                #expect(index.insert(Self.object(key, size: Int64(step)))?.size == model[key])
                model[key] = Int64(step)
            }
        }
        #expect(index.count == model.count)
        let sorted = model.keys.sorted { $0.lexicographicallyPrecedes($1) }
        var listed: [[UInt8]] = []
        var after: [UInt8] = []
        while true {
            let page = index.page(ObjectListing(bucket: [], prefix: [], delimiter: [], after: after, limit: 7))
            listed += page.objects.map(\.key)
            guard let next = page.next else { break }
            after = next
        }
        #expect(listed == sorted)
        #expect(ObjectIndex(model.keys.shuffled().map { Self.object($0) }).count == model.count)
    }

    /// What a page has to show, by the definition.
    static func expected(_ keys: [[UInt8]], _ listing: ObjectListing) -> [[UInt8]] {
        var shown: [[UInt8]] = []
        for key in keys where key.starts(with: listing.prefix) && listing.after.lexicographicallyPrecedes(key) {
            let rest = key.dropFirst(listing.prefix.count)
            if !listing.delimiter.isEmpty, let cut = rest.firstRange(of: listing.delimiter) {
                let group = Array(key[..<cut.upperBound])
                if group != listing.after, shown.last != group { shown.append(group) }
            } else {
                shown.append(key)
            }
        }
        return shown
    }

    @Test("pages with prefixes and groups show what the definition says, whatever their size", arguments: 1...5)
    func pages(limit: Int) {
        var numbers = Numbers(state: 99)
        let alphabet = Array("ab/-".utf8) + [0xFF]
        var keys: Set<[UInt8]> = []
        for _ in 0..<1500 { keys.insert((0...numbers.next(6)).map { _ in alphabet[numbers.next(alphabet.count)] }) }
        let sorted = keys.sorted { $0.lexicographicallyPrecedes($1) }
        let index = ObjectIndex(sorted.map { Self.object($0) })
        for _ in 0..<60 {
            let prefix = (0..<numbers.next(3)).map { _ in alphabet[numbers.next(alphabet.count)] }
            let delimiter = [[], Array("/".utf8), Array("/-".utf8), [0xFF]][numbers.next(4)]
            var listing = ObjectListing(bucket: [], prefix: prefix, delimiter: delimiter, after: [], limit: limit)
            let expected = Self.expected(sorted, listing)
            var shown: [[UInt8]] = []
            while true {
                let page = index.page(listing)
                #expect(page.objects.count + page.groups.count <= limit)
                shown += (page.objects.map(\.key) + page.groups).sorted { $0.lexicographicallyPrecedes($1) }
                guard let next = page.next else { break }
                listing.after = next
            }
            #expect(shown == expected, "\(prefix) \(delimiter)")
        }
    }

    @Test("a record is read as it was written, and a damaged one is none")
    func records() throws {
        var info = ObjectInfo(
            size: 300, etag: Array("abc-2".utf8), modified: 1_700_000_000_123,
            metadata: ObjectMetadata(fields: [Pair([1], [2, 3])], user: [Pair([], [0xFF]), Pair([7], [])]),
            checksums: [ObjectChecksum(.crc64NVME, [1, 2, 3, 4, 5, 6, 7, 8]), ObjectChecksum(.sha1, [9], parts: 2)],
            partSizes: [100, 200])
        var record = ObjectRecord(key: Array(repeating: 0xFE, count: 1024), info: info)
        record.uploadID = Array("id".utf8)
        record.partNumbers = [1, 10_000]
        record.checksum = .sha256
        record.checksumIsOfWhole = true
        let folder = try ObjectStoreTests.makeFolder()
        defer { ObjectFiles.remove(folder) }
        func read(_ bytes: [UInt8]) throws(ObjectFailure) -> ObjectRecord {
            let path = "\(folder)/record"
            ObjectFiles.remove(path)
            try ObjectFile(creating: path).write(bytes)
            return try ObjectRecord(ObjectFile(reading: path))
        }
        #expect(try read(record.bytes) == record)
        // Of an object with its own bytes, the size has to be that of the file.
        info.partSizes = []
        let plain = ObjectRecord(key: [1], info: info)
        #expect(try read([UInt8](repeating: 0, count: 300) + plain.bytes) == plain)
        #expect(throws: ObjectFailure.self) { try read([UInt8](repeating: 0, count: 299) + plain.bytes) }
        for index in record.bytes.indices {
            var damaged = record.bytes
            damaged[index] ^= 0x40
            #expect(throws: ObjectFailure.self, "byte \(index)") { try read(damaged) }
            #expect(throws: ObjectFailure.self) { try read(Array(record.bytes[..<index])) }
        }
    }
}
