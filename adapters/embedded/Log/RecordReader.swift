// Reading the records of a frame and doing again what they say.

import Capabilities

/// A record that does not say what its kind has to say.
struct MalformedRecord: Error {
    /// Where in the frame's records it begins.
    let offset: Int
}

/// The records of one frame, one after another.
struct RecordReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    private var start = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Applies every record to `state`, in which no time passes meanwhile.
    mutating func apply(to state: StoreState) throws(MalformedRecord) {
        while offset < bytes.count {
            start = offset
            guard let kind = RecordKind(rawValue: try byte()) else { throw MalformedRecord(offset: start) }
            if kind.rawValue < RecordKind.queueItem.rawValue {
                let number = Int(try byte())
                guard number < StoreState.databaseCount else { throw MalformedRecord(offset: start) }
                let key = try string()
                do {
                    try apply(kind, to: state.databases[number], key)
                } catch {
                    // The store's own operations never leave records that its state contradicts.
                    throw MalformedRecord(offset: start)
                }
            } else {
                try apply(kind, to: state, try string())
            }
        }
    }

    // MARK: Parts

    private mutating func byte() throws(MalformedRecord) -> UInt8 {
        guard offset < bytes.count else { throw MalformedRecord(offset: start) }
        defer { offset += 1 }
        return bytes[offset]
    }

    private mutating func number() throws(MalformedRecord) -> Int {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 63 else { throw MalformedRecord(offset: start) }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { break }
            shift += 7
        }
        guard value <= UInt64(Int.max) else { throw MalformedRecord(offset: start) }
        return Int(value)
    }

    private mutating func fixed() throws(MalformedRecord) -> UInt64 {
        guard bytes.count - offset >= 8 else { throw MalformedRecord(offset: start) }
        defer { offset += 8 }
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    private mutating func time() throws(MalformedRecord) -> Int64 { Int64(bitPattern: try fixed()) }

    private mutating func string() throws(MalformedRecord) -> [UInt8] {
        let count = try number()
        guard count <= bytes.count - offset else { throw MalformedRecord(offset: start) }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    private mutating func side() throws(MalformedRecord) -> ListSide { try byte() == 0 ? .left : .right }

    private mutating func strings() throws(MalformedRecord) -> [[UInt8]] {
        var items: [[UInt8]] = []
        for _ in 0..<(try number()) { items.append(try string()) }
        return items
    }

    // MARK: Keys

    /// Nothing expires while a log is replayed: what had expired says so in a record of its own.
    private static let never = Int64.min

    private mutating func apply(_ kind: RecordKind, to database: Database, _ key: [UInt8]) throws {
        let hash = SeededHash.of(key)
        switch kind {
        case .set:
            let expiry = try time()
            let value = Value.bytes(try string())
            if let index = database.table.find(key, hash) {
                database.replace(index, value)
                database.setExpiry(index, expiry)
            } else {
                database.insert(key, hash, value, expiry: expiry)
            }
        case .delete: if let index = database.table.find(key, hash) { database.remove(at: index, hash) }
        case .expire:
            let expiry = try time()
            if let index = database.table.find(key, hash) { database.setExpiry(index, expiry) }
        case .overwrite:
            let place = try number()
            let value = try string()
            guard place <= longestString else { throw MalformedRecord(offset: start) }
            let index = database.table.find(key, hash) ?? database.insert(key, hash, .bytes([]))
            database.write(index, offset: place, value)
        case .rename: database.move(key, try string())
        case .copy:
            let number = Int(try byte())
            guard number < StoreState.databaseCount else { throw MalformedRecord(offset: start) }
            database.duplicate(key, try string(), in: database.state.databases[number])
        case .clear: database.clear()
        case .hashSet:
            let count = try number()
            try change(HashValue.self, key, in: database, creates: true) { hash, reader in
                for _ in 0..<count { _ = hash.set(try reader.string(), try reader.string()) }
            }
        case .hashDelete:
            let fields = try strings()
            try change(HashValue.self, key, in: database) { hash, _ in for field in fields { _ = hash.remove(field) } }
        case .setAdd:
            let count = try number()
            try change(SetValue.self, key, in: database, creates: true) { set, reader in
                for _ in 0..<count { _ = set.insert(try reader.string()) }
            }
        case .setRemove:
            let members = try strings()
            try change(SetValue.self, key, in: database) { set, _ in for member in members { _ = set.remove(member) } }
        case .sortedSetAdd:
            let count = try number()
            try change(SortedSetValue.self, key, in: database, creates: true) { set, reader in
                for _ in 0..<count {
                    let score = Double(bitPattern: try reader.fixed())
                    set.set(try reader.string(), score)
                }
            }
        case .sortedSetRemove:
            let members = try strings()
            try change(SortedSetValue.self, key, in: database) { set, _ in
                for member in members { _ = set.remove(member) }
            }
        default: try applyToList(kind, database, key)
        }
    }

    private mutating func applyToList(_ kind: RecordKind, _ database: Database, _ key: [UInt8]) throws {
        switch kind {
        case .push:
            let side = try side()
            let count = try number()
            try change(ListValue.self, key, in: database, creates: true) { list, reader in
                for _ in 0..<count { list.push(try reader.string(), side) }
            }
        case .pop:
            let side = try side()
            let count = try number()
            try change(ListValue.self, key, in: database) { list, _ in
                for _ in 0..<min(count, list.items.count) { _ = list.pop(side) }
            }
        case .rotate:
            let take = try side()
            let put = try side()
            try change(ListValue.self, key, in: database) { list, _ in
                if let item = list.pop(take) { list.push(item, put) }
            }
        case .listSet:
            let index = try number()
            let item = try string()
            try change(ListValue.self, key, in: database) { list, _ in list.set(index, item) }
        case .listInsert:
            let index = try number()
            let item = try string()
            try change(ListValue.self, key, in: database) { list, reader in
                guard index <= list.items.count else { throw MalformedRecord(offset: reader.start) }
                list.insert(item, at: index)
            }
        case .listRemove:
            var indexes: [Int] = []
            for _ in 0..<(try number()) { indexes.append(try number()) }
            try change(ListValue.self, key, in: database) { list, _ in list.remove(at: indexes) }
        default: throw MalformedRecord(offset: start)
        }
    }

    private mutating func change<C: Collection>(
        _: C.Type, _ key: [UInt8], in database: Database, creates: Bool = false,
        _ body: (C, inout RecordReader) throws -> Void
    ) throws {
        guard let open = try database.open(C.self, key, Self.never, creates: creates) else {
            throw MalformedRecord(offset: start)
        }
        try body(open.value, &self)
        database.close(open, key, changed: true)
    }

    // MARK: Queues, locks, sequences

    private mutating func apply(_ kind: RecordKind, to state: StoreState, _ name: [UInt8]) throws(MalformedRecord) {
        switch kind {
        case .queueItem:
            let item = QueueItem(
                key: try string(), payload: try string(), time: try time(), isReserved: try byte() == 1)
            guard let queue = state.queue(name, creates: true) else { return }
            state.add(item, to: queue, Self.never)
            state.lastItem = max(state.lastItem, UInt64(clamping: Numbers.integer(item.key) ?? 0))
        case .queueTime:
            let id = try string()
            let time = try time()
            let isReserved = try byte() == 1
            guard let queue = state.queue(name, creates: false), let index = queue.items.find(id) else { return }
            queue.items[index].time = time
            queue.items[index].isReserved = isReserved
            state.enqueue(queue.items[index], in: queue, Self.never)
        case .queueRemove:
            let id = try string()
            if let queue = state.queue(name, creates: false) { state.removeItem(id, from: queue, name) }
        case .lock: state.put(HeldLock(key: name, owner: try string(), expiry: try time()))
        case .unlock: state.locks.remove(name)
        case .sequence: state.put(NumberSequence(key: name, last: try time()))
        case .run: state.run = max(state.run, try fixed())
        case .lastItem: state.lastItem = max(state.lastItem, try fixed())
        default: throw MalformedRecord(offset: start)
        }
    }
}
