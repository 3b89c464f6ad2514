// What a record of the log can say: effects, each of which gives the same state whenever it is replayed in order.

/// The first byte of a record; the numbers are on disk and never change their meaning.
enum RecordKind: UInt8 {
    // A database, a key, and:
    /// its expiry and its value as bytes.
    case set = 1
    case delete = 2
    /// its expiry.
    case expire = 3
    /// an offset and the bytes that are there now.
    case overwrite = 4
    /// fields and values.
    case hashSet = 5
    /// fields.
    case hashDelete = 6
    /// a side and items.
    case push = 7
    /// a side and a count.
    case pop = 8
    /// an index and an item.
    case listSet = 9
    /// an index and an item.
    case listInsert = 10
    /// indexes.
    case listRemove = 11
    /// the sides that an item is taken from and put at.
    case rotate = 12
    /// members.
    case setAdd = 13
    /// members.
    case setRemove = 14
    /// scores and members.
    case sortedSetAdd = 15
    /// members.
    case sortedSetRemove = 16
    /// the key that it becomes.
    case rename = 17
    /// a database and the key that becomes a copy of it.
    case copy = 18
    /// nothing; the key is empty.
    case clear = 19

    // No database; a name, and:
    /// an id, a payload, the time from which it can be reserved, and whether it is reserved until then.
    case queueItem = 32
    /// an id, a time, and whether it is reserved until then.
    case queueTime = 33
    /// an id.
    case queueRemove = 34
    /// an owner and a time.
    case lock = 35
    case unlock = 36
    /// the last number that was given out.
    case sequence = 37

    // Neither:
    /// How often the store was started: versions of different runs differ in it.
    case run = 48
    /// The id of the last item of any queue.
    case lastItem = 49
}
