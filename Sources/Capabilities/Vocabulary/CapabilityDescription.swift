// What is written about a capability, as data: the page of capabilities is made from it.

/// One capability in words.
public struct CapabilityDescription: Sendable, Equatable {
    /// What it does, in one sentence.
    public var summary: String
    public var inputs: String
    public var outputs: String
    /// What holds when it is `native` without weakenings: atomicity, ordering, durability, precision.
    public var guarantees: String
    /// Which bounds a manifest may set.
    public var bounds: [BoundKind]

    init(_ summary: String, in inputs: String, out outputs: String, _ guarantees: String, bounds: [BoundKind] = []) {
        self.summary = summary
        self.inputs = inputs
        self.outputs = outputs
        self.guarantees = guarantees
        self.bounds = bounds
    }
}

extension Capability {
    /// What it takes, gives and promises.
    public var description: CapabilityDescription {
        switch family {
        case .keyValue: keyValueDescription
        case .hash, .list, .set, .sortedSet: structureDescription
        case .bus, .queue, .lock, .sequence: messagingDescription
        case .object: objectDescription
        case .sql: sqlDescription
        }
    }
}

extension CapabilityFamily {
    /// What its members are about.
    public var summary: String {
        switch self {
        case .keyValue: "Keys and values that are bytes."
        case .hash: "Fields and their values under one key."
        case .list: "Values in the order in which they were put there."
        case .set: "Members without order."
        case .sortedSet: "Members in the order of their scores."
        case .bus: "Messages to whoever listens now."
        case .queue: "Work that one taker has to acknowledge."
        case .lock: "One holder at a time."
        case .sequence: "Numbers that are given out once."
        case .object: "Named bytes of any size, with metadata, in buckets."
        case .sql: "Tables and statements."
        }
    }
}

extension CapabilityFamily {
    /// Which requests of the trusted wires ask for it.
    public var requests: String {
        switch self {
        case .keyValue: "Redis: the commands on strings and keys, and MULTI."
        case .hash: "Redis: the commands on hashes."
        case .list: "Redis: the commands on lists."
        case .set: "Redis: the commands on sets."
        case .sortedSet: "Redis: the commands on sorted sets."
        case .bus: "Redis: PUBLISH, SUBSCRIBE, PSUBSCRIBE, PUBSUB."
        case .queue:
            "Redis, where the backend has no `list.push`: `LPUSH queue item` puts; `RPOP queue` and `BRPOP` reserve and "
                + "acknowledge at once; `RPOPLPUSH queue list`, `LMOVE queue list RIGHT LEFT` and their blocking forms "
                + "reserve for a minute; then `LREM list count item` acknowledges so many of the session's equal items, and "
                + "`RPOPLPUSH list queue` gives back the item that the session took first. Other forms are refused, and so are "
                + "`list.pop`, `list.range`, `list.edit`, `list.move` and `list.blocking` as a whole, even if the backend has "
                + "them: they would find nothing of what is in a queue. A queue is no key: EXISTS, TYPE, DEL, SCAN and KEYS do "
                + "not see it. In MULTI all of it is refused."
        case .lock:
            "Redis, where the backend has no `kv.conditional-set`: `SET name owner NX` with a time takes; and the scripts, by "
                + "EVAL or EVALSHA, with which the documents of Redis and redis-py's Lock release and extend, do so for the "
                + "owner, from any connection to the Fairlead process that took it. A lock is no key: GET, EXISTS, TTL, SET and "
                + "SCAN do not see it. To the backend a lock is its owner's, whoever asks; so Fairlead remembers which connection "
                + "took it, and answers null to any other with the same owner, as Redis does, until the lock is given up or its "
                + "time is over. The connection that has it is told OK again, where Redis says null: clients that share a "
                + "connection need owners of their own. The backend's owner is the value and a mark that each start of Fairlead "
                + "makes anew: of several processes before one backend one gives the lock, even if all clients write the same "
                + "value; another one, or the same one started again, neither releases nor extends it, and it ends with its "
                + "time. DEL ends a lock that the same process has taken, and answers 0 to any other. "
                + "In MULTI all of it is refused. Where SET NX makes a key, the scripts compare it, by `kv.compare-and-set`, "
                + "and are refused without that."
        case .sequence:
            "Redis, where the backend has no `kv.increment`: `INCR name` and `INCRBY name count`. The number is no key's "
                + "value: GET does not find it, and DECR is refused."
        case .object: "S3."
        case .sql: "PostgreSQL."
        }
    }
}

extension Weakening {
    /// What is lost.
    public var summary: String {
        switch self {
        case .notAtomic: "a request for several keys can be done in part, and others can see it half done"
        case .notDurable: "what was answered can be lost when the backend stops"
        case .wholeSeconds: "times count in whole seconds"
        case .atLeastOnce: "a message may come twice"
        case .atMostOnce: "a message may be lost"
        case .eventuallyConsistent: "what was written may not be read back at once"
        case .evicting: "values may be dropped to make room"
        case .unordered: "items come in no particular order"
        case .partial: "some of it is refused by name, or left out of the answer; the note says what"
        }
    }
}
