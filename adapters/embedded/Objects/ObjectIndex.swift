// The objects of a bucket in the order of their keys.

import Capabilities
import Synchronization

/// One version of an object, as the index holds it.
final class StoredObject: Sendable {
    let key: [UInt8]
    let size: Int64
    let etag: [UInt8]
    let modified: Int64
    /// The parts that hold its bytes; nil when its own file does.
    let parts: ObjectParts?

    init(_ record: ObjectRecord, parts: ObjectParts?) {
        key = record.key
        size = record.info.size
        etag = record.info.etag
        modified = record.info.modified
        self.parts = parts
    }

    var summary: ObjectSummary { ObjectSummary(key: key, size: size, etag: etag, modified: modified) }
}

/// The folder with the parts of an object, which is there as long as somebody reads from it.
final class ObjectParts: Sendable {
    let id: [UInt8]
    let folder: String
    private let threads: ObjectThreads
    /// Whether the object has been replaced or deleted: the folder goes when the last reader is done.
    let isDropped = Atomic(false)

    init(id: [UInt8], folder: String, threads: ObjectThreads) {
        self.id = id
        self.folder = folder
        self.threads = threads
    }

    deinit {
        guard isDropped.load(ordering: .acquiring) else { return }
        let folder = folder
        threads.submit { ObjectFiles.remove(folder) }
    }

    func path(_ number: Int) -> String { "\(folder)/\(number)" }
}

/// Sorted by key, in blocks, so that an insertion moves a few hundred pointers and not all of them.
///
/// It lives in memory and is made anew from the objects' files at the start: there is then nothing on disk that could
/// disagree with them, and a put writes one file. That costs a few hundred bytes an object, and at the start an open and a
/// read of each, measured as 28 µs.
struct ObjectIndex: Sendable {
    private static let blockSize = 512

    private var blocks: [[StoredObject]] = []
    private(set) var count = 0

    init() {}

    /// Makes an index of `objects`, in any order, each key once.
    init(_ objects: [StoredObject]) {
        let sorted = objects.sorted { ObjectIndex.precedes($0.key, $1.key) }
        count = sorted.count
        for start in stride(from: 0, to: sorted.count, by: Self.blockSize / 2) {
            blocks.append(Array(sorted[start..<min(start + Self.blockSize / 2, sorted.count)]))
        }
    }

    /// A place between two keys.
    struct Position {
        fileprivate var block: Int
        fileprivate var offset: Int
    }

    static func precedes(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.withUnsafeBytes { one in
            other.withUnsafeBytes { other in
                var index = 0
                let shared = min(one.count, other.count)
                while index < shared {
                    if one[index] != other[index] { return one[index] < other[index] }
                    index += 1
                }
                return one.count < other.count
            }
        }
    }

    /// The first place whose key is `key` or comes after it.
    func position(of key: [UInt8]) -> Position {
        // The block before the first one that begins behind the key.
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if Self.precedes(key, blocks[middle][0].key) { high = middle } else { low = middle + 1 }
        }
        guard low > 0 else { return Position(block: 0, offset: 0) }
        let block = low - 1
        var start = 0
        var end = blocks[block].count
        while start < end {
            let middle = (start + end) / 2
            if Self.precedes(blocks[block][middle].key, key) { start = middle + 1 } else { end = middle }
        }
        return start < blocks[block].count ? Position(block: block, offset: start) : Position(block: low, offset: 0)
    }

    /// The object at `position`; nil at the end.
    subscript(position: Position) -> StoredObject? {
        position.block < blocks.count ? blocks[position.block][position.offset] : nil
    }

    func position(after position: Position) -> Position {
        position.offset + 1 < blocks[position.block].count
            ? Position(block: position.block, offset: position.offset + 1)
            : Position(block: position.block + 1, offset: 0)
    }

    subscript(key: [UInt8]) -> StoredObject? {
        guard let object = self[position(of: key)], object.key == key else { return nil }
        return object
    }

    /// Puts `object` in and gives what it replaces.
    mutating func insert(_ object: StoredObject) -> StoredObject? {
        var position = position(of: object.key)
        if let present = self[position], present.key == object.key {
            blocks[position.block][position.offset] = object
            return present
        }
        count += 1
        guard !blocks.isEmpty else {
            blocks = [[object]]
            return nil
        }
        if position.offset == 0, position.block > 0 {
            // Between two blocks: the end of the earlier one, so that rising keys fill blocks.
            position = Position(block: position.block - 1, offset: blocks[position.block - 1].count)
        }
        blocks[position.block].insert(object, at: position.offset)
        if blocks[position.block].count > Self.blockSize {
            let half = blocks[position.block].count / 2
            let rest = Array(blocks[position.block][half...])
            blocks[position.block].removeSubrange(half...)
            blocks.insert(rest, at: position.block + 1)
        }
        return nil
    }

    mutating func remove(_ key: [UInt8]) -> StoredObject? {
        let position = position(of: key)
        guard let object = self[position], object.key == key else { return nil }
        blocks[position.block].remove(at: position.offset)
        if blocks[position.block].isEmpty { blocks.remove(at: position.block) }
        count -= 1
        return object
    }

    // MARK: Listing

    /// One page; groups are stepped over without looking at the keys in them.
    func page(_ listing: ObjectListing) -> ObjectPage {
        var page = ObjectPage([])
        var last: [UInt8] = []
        var position = position(of: Self.precedes(listing.prefix, listing.after) ? listing.after : listing.prefix)
        while let object = self[position], object.key.starts(with: listing.prefix) {
            if object.key == listing.after {
                position = self.position(after: position)
                continue
            }
            let group = Self.group(of: object.key, listing.prefix.count, listing.delimiter)
            guard group == nil || group != listing.after else {
                guard let next = listing.after.successorOfPrefix else { return page }
                position = self.position(of: next)
                continue
            }
            guard page.objects.count + page.groups.count < listing.limit else {
                // A page without room is the client's wish, not a beginning.
                if listing.limit > 0 { page.next = last }
                return page
            }
            if let group {
                page.groups.append(group)
                last = group
                guard let next = group.successorOfPrefix else { return page }
                position = self.position(of: next)
            } else {
                page.objects.append(object.summary)
                last = object.key
                position = self.position(after: position)
            }
        }
        return page
    }

    /// What `key` is shown as when it has the delimiter behind the prefix.
    static func group(of key: [UInt8], _ prefixCount: Int, _ delimiter: [UInt8]) -> [UInt8]? {
        guard !delimiter.isEmpty, key.count >= prefixCount + delimiter.count else { return nil }
        for start in prefixCount...(key.count - delimiter.count)
        where key[start] == delimiter[0] && key[start...].starts(with: delimiter) {
            return Array(key[..<(start + delimiter.count)])
        }
        return nil
    }
}

extension [UInt8] {
    /// The first byte string behind all that begin with this one; nil when there is none.
    var successorOfPrefix: [UInt8]? {
        var next = self
        while let last = next.last {
            if last < 0xFF {
                next[next.count - 1] = last + 1
                return next
            }
            next.removeLast()
        }
        return nil
    }
}
