// The records of what has changed, in the memory that the next write to the log takes.

import Capabilities

/// Records since the last write, behind room for the head of the frame that they become.
struct Journal {
    /// Whether changes are recorded; not while a log is replayed.
    var isRecording = false
    private(set) var buffer: [UInt8] = []
    /// How many records there were since the start.
    private(set) var count: UInt64 = 0

    init() { reset(reusing: []) }

    var isEmpty: Bool { buffer.count == Frame.headSize }

    /// The records so far, as a frame whose head is not filled in; `memory` is used for the next ones.
    mutating func take(reusing memory: [UInt8]) -> [UInt8] {
        let taken = buffer
        reset(reusing: memory)
        return taken
    }

    private mutating func reset(reusing memory: [UInt8]) {
        buffer = memory
        // A buffer that one large change has grown is given back.
        buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 20)
        buffer.append(contentsOf: repeatElement(0, count: Frame.headSize))
    }

    // MARK: Parts

    private mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            buffer.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        buffer.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func fixed(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { buffer.append(contentsOf: $0) }
    }

    private mutating func time(_ value: Int64) { fixed(UInt64(bitPattern: value)) }

    private mutating func bytes(_ bytes: [UInt8]) {
        number(UInt64(bytes.count))
        buffer.append(contentsOf: bytes)
    }

    private mutating func list(_ items: [[UInt8]]) {
        number(UInt64(items.count))
        for item in items { bytes(item) }
    }

    private mutating func head(_ kind: RecordKind, _ database: Int, _ key: [UInt8]) {
        count += 1
        buffer.append(kind.rawValue)
        buffer.append(UInt8(truncatingIfNeeded: database))
        bytes(key)
    }

    private mutating func head(_ kind: RecordKind, _ name: [UInt8]) {
        count += 1
        buffer.append(kind.rawValue)
        bytes(name)
    }

    // MARK: Keys

    mutating func set(_ database: Int, _ key: [UInt8], _ value: [UInt8], expiry: Int64) {
        guard isRecording else { return }
        head(.set, database, key)
        time(expiry)
        bytes(value)
    }

    mutating func delete(_ database: Int, _ key: [UInt8]) {
        guard isRecording else { return }
        head(.delete, database, key)
    }

    mutating func expire(_ database: Int, _ key: [UInt8], _ expiry: Int64) {
        guard isRecording else { return }
        head(.expire, database, key)
        time(expiry)
    }

    mutating func overwrite(_ database: Int, _ key: [UInt8], offset: Int, _ value: [UInt8]) {
        guard isRecording else { return }
        head(.overwrite, database, key)
        number(UInt64(offset))
        bytes(value)
    }

    mutating func rename(_ database: Int, _ key: [UInt8], to target: [UInt8]) {
        guard isRecording else { return }
        head(.rename, database, key)
        bytes(target)
    }

    mutating func copy(_ database: Int, _ key: [UInt8], to target: [UInt8], in other: Int) {
        guard isRecording else { return }
        head(.copy, database, key)
        buffer.append(UInt8(truncatingIfNeeded: other))
        bytes(target)
    }

    mutating func clear(_ database: Int) {
        guard isRecording else { return }
        head(.clear, database, [])
    }

    // MARK: Collections

    mutating func hashSet(_ database: Int, _ key: [UInt8], _ pairs: [Pair]) {
        guard isRecording else { return }
        head(.hashSet, database, key)
        number(UInt64(pairs.count))
        for pair in pairs {
            bytes(pair.name)
            bytes(pair.value)
        }
    }

    mutating func push(_ database: Int, _ key: [UInt8], _ side: ListSide, _ items: [[UInt8]]) {
        guard isRecording else { return }
        head(.push, database, key)
        buffer.append(side.code)
        list(items)
    }

    mutating func pop(_ database: Int, _ key: [UInt8], _ side: ListSide, _ items: Int) {
        guard isRecording, items > 0 else { return }
        head(.pop, database, key)
        buffer.append(side.code)
        number(UInt64(items))
    }

    mutating func rotate(_ database: Int, _ key: [UInt8], _ take: ListSide, _ put: ListSide) {
        guard isRecording else { return }
        head(.rotate, database, key)
        buffer.append(take.code)
        buffer.append(put.code)
    }

    mutating func listSet(_ database: Int, _ key: [UInt8], _ index: Int, _ item: [UInt8]) {
        guard isRecording else { return }
        head(.listSet, database, key)
        number(UInt64(index))
        bytes(item)
    }

    mutating func listInsert(_ database: Int, _ key: [UInt8], _ index: Int, _ item: [UInt8]) {
        guard isRecording else { return }
        head(.listInsert, database, key)
        number(UInt64(index))
        bytes(item)
    }

    mutating func listRemove(_ database: Int, _ key: [UInt8], _ indexes: [Int]) {
        guard isRecording else { return }
        head(.listRemove, database, key)
        number(UInt64(indexes.count))
        for index in indexes { number(UInt64(index)) }
    }

    /// One of ``RecordKind/hashDelete``, ``RecordKind/setAdd``, ``RecordKind/setRemove`` and
    /// ``RecordKind/sortedSetRemove``; nothing when there are no names.
    mutating func names(_ kind: RecordKind, _ database: Int, _ key: [UInt8], _ names: [[UInt8]]) {
        guard isRecording, !names.isEmpty else { return }
        head(kind, database, key)
        list(names)
    }

    mutating func sortedSetAdd(_ database: Int, _ key: [UInt8], _ members: [ScoredMember]) {
        guard isRecording, !members.isEmpty else { return }
        head(.sortedSetAdd, database, key)
        number(UInt64(members.count))
        for member in members {
            fixed(member.score.bitPattern)
            bytes(member.member)
        }
    }

    /// A key that is not there becomes this value, without an expiry.
    mutating func whole(_ database: Int, _ key: [UInt8], _ value: Value) {
        guard isRecording else { return }
        switch value {
        case .bytes(let bytes): set(database, key, bytes, expiry: .max)
        case .integer(let number): set(database, key, Numbers.text(of: number), expiry: .max)
        case .hash(let hash):
            head(.hashSet, database, key)
            number(UInt64(hash.fields.count))
            for chunk in hash.fields.chunks {
                for field in chunk {
                    bytes(field.key)
                    bytes(field.value)
                }
            }
        case .list(let value):
            head(.push, database, key)
            buffer.append(ListSide.right.code)
            number(UInt64(value.items.count))
            for index in 0..<value.items.count { bytes(value.items[index] ?? []) }
        case .set(let set):
            head(.setAdd, database, key)
            number(UInt64(set.members.count))
            for chunk in set.members.chunks { for member in chunk { bytes(member.key) } }
        case .sortedSet(let set):
            head(.sortedSetAdd, database, key)
            number(UInt64(set.scores.count))
            for chunk in set.scores.chunks {
                for score in chunk {
                    fixed(score.score.bitPattern)
                    bytes(score.key)
                }
            }
        }
    }

    // MARK: Queues, locks, sequences

    mutating func queueItem(_ queue: [UInt8], _ item: QueueItem) {
        guard isRecording else { return }
        head(.queueItem, queue)
        bytes(item.key)
        bytes(item.payload)
        time(item.time)
        buffer.append(item.isReserved ? 1 : 0)
    }

    mutating func queueTime(_ queue: [UInt8], _ item: QueueItem) {
        guard isRecording else { return }
        head(.queueTime, queue)
        bytes(item.key)
        time(item.time)
        buffer.append(item.isReserved ? 1 : 0)
    }

    mutating func queueRemove(_ queue: [UInt8], id: [UInt8]) {
        guard isRecording else { return }
        head(.queueRemove, queue)
        bytes(id)
    }

    mutating func lock(_ held: HeldLock) {
        guard isRecording else { return }
        head(.lock, held.key)
        bytes(held.owner)
        time(held.expiry)
    }

    mutating func unlock(_ name: [UInt8]) {
        guard isRecording else { return }
        head(.unlock, name)
    }

    mutating func sequence(_ sequence: NumberSequence) {
        guard isRecording else { return }
        head(.sequence, sequence.key)
        time(sequence.last)
    }

    mutating func run(_ run: UInt64) {
        guard isRecording else { return }
        head(.run, [])
        fixed(run)
    }

    mutating func lastItem(_ id: UInt64) {
        guard isRecording else { return }
        head(.lastItem, [])
        fixed(id)
    }
}

extension ListSide {
    /// The byte that stands for it in the log.
    var code: UInt8 { self == .left ? 0 : 1 }
}
