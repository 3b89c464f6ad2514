// Operations on queues, locks and sequences.

import Capabilities

extension StoreState {
    // MARK: Queues

    func perform(_ operation: QueueOperation, _ now: Int64) throws(Failure) -> Answer {
        switch operation {
        case .put(let name, let payload, let delay):
            let queue = queue(name, creates: true) ?? WorkQueue(generation: generation)
            lastItem += 1
            let item = QueueItem(
                key: Numbers.text(of: Int64(bitPattern: lastItem)), payload: payload, time: Self.time(now, delay),
                isReserved: false)
            add(item, to: queue, now)
            journal.queueItem(name, item)
            if !waiting.isEmpty { waiting.noteReady(WaitingRoom.name(queue: name)) }
            return .bytes(item.key)
        case .reserve(let name, let visibility, _):
            return reserve(name, visibility, now).map { .pairs([$0]) } ?? .missing
        case .acknowledge(let name, let id):
            guard let queue = queue(name, creates: false), let index = queue.items.find(id),
                queue.items[index].isReserved, queue.items[index].time > now
            else { return .flag(false) }
            removeItem(id, from: queue, name)
            journal.queueRemove(name, id: id)
            return .flag(true)
        case .release(let name, let id, let delay):
            guard let queue = queue(name, creates: false), let index = queue.items.find(id),
                queue.items[index].isReserved, queue.items[index].time > now
            else { return .flag(false) }
            queue.items[index].isReserved = false
            queue.items[index].time = Self.time(now, delay)
            journal.queueTime(name, queue.items[index])
            enqueue(queue.items[index], in: queue, now)
            if !waiting.isEmpty { waiting.noteReady(WaitingRoom.name(queue: name)) }
            return .flag(true)
        }
    }

    /// Reserves the item that is next; nil when there is none now.
    func reserve(_ name: [UInt8], _ visibility: Int64, _ now: Int64) -> Pair? {
        guard let queue = queue(name, creates: false) else { return nil }
        promote(queue, now)
        while let id = queue.ready.popFirst() {
            // An item that was acknowledged or reserved meanwhile has left its id behind.
            guard let index = queue.items.find(id), !queue.items[index].isReserved, queue.items[index].time <= now
            else {
                continue
            }
            queue.items[index].isReserved = true
            queue.items[index].time = Self.time(now, visibility)
            let item = queue.items[index]
            queue.times.insert(QueueTime(time: item.time, id: id))
            journal.queueTime(name, item)
            return Pair(id, item.payload)
        }
        return nil
    }

    /// Lets a reservation end whose answer nobody takes.
    func giveBack(_ name: [UInt8], id: [UInt8], _ now: Int64) {
        guard let queue = queue(name, creates: false), let index = queue.items.find(id) else { return }
        queue.items[index].isReserved = false
        queue.items[index].time = now
        queue.ready.prepend(id)
        journal.queueTime(name, queue.items[index])
        if !waiting.isEmpty { waiting.noteReady(WaitingRoom.name(queue: name)) }
    }

    /// Moves the items whose time has come to those that can be had.
    private func promote(_ queue: WorkQueue, _ now: Int64) {
        while let first = queue.times.first, first.time <= now {
            queue.times.removeFirst()
            guard let index = queue.items.find(first.id), queue.items[index].time == first.time else { continue }
            queue.items[index].isReserved = false
            queue.ready.append(first.id)
        }
    }

    /// The queue, to be changed.
    func queue(_ name: [UInt8], creates: Bool) -> WorkQueue? {
        if let index = queues.find(name) {
            if queues[index].queue.generation != generation {
                queues[index].queue = WorkQueue(queues[index].queue, generation: generation)
            }
            return queues[index].queue
        }
        guard creates else { return nil }
        let queue = WorkQueue(generation: generation)
        queues.insert(NamedQueue(key: name, queue: queue))
        memory += MemorySize.entry + MemorySize.bytes(name)
        return queue
    }

    /// Puts an item into a queue, without a word to the journal.
    func add(_ item: QueueItem, to queue: WorkQueue, _ now: Int64) {
        guard !queue.items.contains(item.key) else { return }
        memory += Self.size(item)
        queue.items.insert(item)
        enqueue(item, in: queue, now)
    }

    /// Notes when an item can be had.
    func enqueue(_ item: QueueItem, in queue: WorkQueue, _ now: Int64) {
        if !item.isReserved, item.time <= now {
            queue.ready.append(item.key)
        } else {
            queue.times.insert(QueueTime(time: item.time, id: item.key))
        }
    }

    /// Takes an item out of a queue, and an empty queue away, without a word to the journal.
    func removeItem(_ id: [UInt8], from queue: WorkQueue, _ name: [UInt8]) {
        guard let item = queue.items.remove(id) else { return }
        memory -= Self.size(item)
        if queue.items.isEmpty, queues.remove(name) != nil { memory -= MemorySize.entry + MemorySize.bytes(name) }
    }

    private static func size(_ item: QueueItem) -> Int {
        3 * MemorySize.element + MemorySize.bytes(item.key) + MemorySize.bytes(item.payload)
    }

    /// So many milliseconds after `now`; a negative delay is none.
    static func time(_ now: Int64, _ delay: Int64) -> Int64 {
        let (sum, overflowed) = now.addingReportingOverflow(max(0, delay))
        return overflowed ? .max : sum
    }

    // MARK: Locks

    func perform(_ operation: LockOperation, _ now: Int64) throws(Failure) -> Answer {
        switch operation {
        case .acquire(let name, let owner, let ttl):
            let index = locks.find(name)
            if let index, locks[index].expiry > now, !Bytes.equal(locks[index].owner, owner) { return .flag(false) }
            return .flag(try hold(name, owner, ttl, now))
        case .release(let name, let owner):
            guard let index = locks.find(name), locks[index].expiry > now, Bytes.equal(locks[index].owner, owner) else {
                return .flag(false)
            }
            locks.remove(name)
            journal.unlock(name)
            return .flag(true)
        case .extend(let name, let owner, let ttl):
            guard let index = locks.find(name), locks[index].expiry > now, Bytes.equal(locks[index].owner, owner) else {
                return .flag(false)
            }
            return .flag(try hold(name, owner, ttl, now))
        }
    }

    private func hold(_ name: [UInt8], _ owner: [UInt8], _ ttl: Int64, _ now: Int64) throws(Failure) -> Bool {
        guard ttl > 0 else { throw .invalid("a lock's time to live must be positive") }
        let held = HeldLock(key: name, owner: owner, expiry: Self.time(now, ttl))
        put(held)
        journal.lock(held)
        return true
    }

    /// Notes who holds a lock, without a word to the journal.
    func put(_ held: HeldLock) {
        if let index = locks.find(held.key) { locks[index] = held } else { locks.insert(held) }
    }

    /// Forgets a few locks whose time has passed.
    func dropExpiredLocks(_ now: Int64) {
        guard !locks.isEmpty else { return }
        for _ in 0..<16 where !locks.isEmpty {
            let held = locks[random.below(locks.count)]
            guard held.expiry <= now else { continue }
            locks.remove(held.key)
            journal.unlock(held.key)
        }
    }

    // MARK: Sequences

    func next(_ name: [UInt8], _ count: Int64) throws(Failure) -> Int64 {
        guard count > 0 else { throw .invalid("a sequence gives out at least one number at a time") }
        let index = sequences.find(name)
        let (last, overflowed) = (index.map { sequences[$0].last } ?? 0).addingReportingOverflow(count)
        guard !overflowed else { throw .overflow }
        let sequence = NumberSequence(key: name, last: last)
        put(sequence)
        journal.sequence(sequence)
        return last
    }

    /// Notes a sequence's last number, without a word to the journal.
    func put(_ sequence: NumberSequence) {
        if let index = sequences.find(sequence.key) {
            sequences[index] = sequence
        } else {
            sequences.insert(sequence)
        }
    }
}
