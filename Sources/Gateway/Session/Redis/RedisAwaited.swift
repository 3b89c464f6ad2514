// Commands whose replies are still to come, for whoever follows a client and minds some of them.

/// A queue in which commands that mean something have an entry, and the others between them are counted.
///
/// A client with a long pipeline of commands that nobody minds takes no more room than one.
struct RedisAwaited<Entry> {
    private struct Place {
        var entry: Entry?
        var count = 1
    }

    private var places: [Place] = []
    private var head = 0
    /// Commands, with those that mean nothing.
    private(set) var count = 0

    /// Places that stay allocated when the queue is empty.
    private static var keptPlaces: Int { 64 }
    /// Places that were passed before they are taken out.
    private static var passedPlaces: Int { 1024 }

    /// What the next reply is to; nil for one that means nothing, or when nothing is awaited.
    var first: Entry? { head < places.count ? places[head].entry : nil }

    /// A command is sent; nil when nobody minds it.
    mutating func append(_ entry: Entry?) {
        count += 1
        if entry == nil, head < places.count, places[places.count - 1].entry == nil {
            places[places.count - 1].count += 1
        } else {
            places.append(Place(entry: entry))
        }
    }

    /// The next reply has come: what it is to; nil as for ``first``.
    mutating func removeFirst() -> Entry? {
        guard head < places.count else { return nil }
        count -= 1
        if places[head].count > 1 {
            places[head].count -= 1
            return nil
        }
        var entry: Entry?
        swap(&entry, &places[head].entry)
        head += 1
        if head == places.count {
            places.removeAll(keepingCapacity: places.capacity <= Self.keptPlaces)
            head = 0
        } else if head >= Self.passedPlaces, head * 2 > places.count {
            places.removeFirst(head)
            head = 0
        }
        return entry
    }

    /// Nothing is awaited any more; `body` hears of all that was.
    mutating func removeAll(_ body: (Entry) -> Void) {
        let left = places[head...]
        places = []
        head = 0
        count = 0
        for place in left { if let entry = place.entry { body(entry) } }
    }
}
