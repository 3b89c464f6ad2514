// Deadlines of many sessions, in slots of a few milliseconds.

/// A hashed wheel of wakers: one entry a session, looked at again when its slot comes round.
///
/// A session moves its deadline at every read, so that has to be free: an entry stays where it is and, when its
/// slot is reached, is put where the deadline has moved to meanwhile.
struct TimerWheel {
    /// The width of a slot in nanoseconds; deadlines fire at most this much late.
    static let tick: UInt64 = 8_000_000
    private static let slotCount = 1024

    private struct Entry {
        var waker: Waker
        /// What the waker's `armed` was set to; another value there means that an earlier entry has taken over.
        let armed: UInt64
    }

    private var slots: [[Entry]]
    private var occupied: [UInt64]
    private var current: UInt64
    private(set) var count = 0

    init(now: UInt64) {
        slots = Array(repeating: [], count: Self.slotCount)
        occupied = Array(repeating: 0, count: Self.slotCount / 64)
        current = now / Self.tick
    }

    /// Notes that `waker` wants to be looked at when `time` has come.
    mutating func insert(_ waker: Waker, at time: UInt64) {
        // Round up, so that a deadline has passed when its slot is reached; a far one waits a whole turn.
        let due = max(time / Self.tick &+ 1, current &+ 1)
        let slotTick = min(due, current &+ UInt64(Self.slotCount - 1))
        let slot = Int(slotTick % UInt64(Self.slotCount))
        // Every deadline from here on is looked at in time by this entry.
        waker.armed = (slotTick &- 1) &* Self.tick
        slots[slot].append(Entry(waker: waker, armed: waker.armed))
        occupied[slot / 64] |= 1 << UInt64(slot % 64)
        count += 1
    }

    /// Wakes every waker whose deadline has passed.
    mutating func advance(to now: UInt64) {
        let target = now / Self.tick
        guard target > current else { return }
        guard count > 0 else {
            current = target
            return
        }
        let last = min(target, current &+ UInt64(Self.slotCount))
        var step = current &+ 1
        current = target
        while step <= last {
            let slot = Int(step % UInt64(Self.slotCount))
            step &+= 1
            guard occupied[slot / 64] & (1 << UInt64(slot % 64)) != 0 else { continue }
            var due = slots[slot]
            slots[slot] = []
            occupied[slot / 64] &= ~(1 << UInt64(slot % 64))
            count -= due.count
            for index in due.indices where !isKnownUniquelyReferenced(&due[index].waker) {
                look(at: due[index], now: now)
            }
        }
    }

    /// Wakes the waker or puts it where its deadline is now; a waker whose session is gone never comes here.
    private mutating func look(at entry: Entry, now: UInt64) {
        let waker = entry.waker
        guard waker.armed == entry.armed else { return }
        waker.armed = .max
        if waker.deadline <= now {
            waker.wake()
        } else if waker.deadline != .max {
            insert(waker, at: waker.deadline)
        }
    }

    /// The milliseconds until the next occupied slot, or nil when there is none.
    func millisecondsToNext(now: UInt64) -> Int32? {
        guard count > 0 else { return nil }
        let start = Int((current &+ 1) % UInt64(Self.slotCount))
        var distance = 0
        while distance < Self.slotCount {
            let slot = (start + distance) % Self.slotCount
            let word = occupied[slot / 64] >> UInt64(slot % 64)
            if word != 0 {
                distance += word.trailingZeroBitCount
                break
            }
            distance += 64 - slot % 64
        }
        let due = (current &+ 1 &+ UInt64(distance)) &* Self.tick
        return due <= now ? 0 : Int32(clamping: (due - now) / 1_000_000 + 1)
    }
}
