// The capabilities of keys and values, in words.

extension Capability {
    var keyValueDescription: CapabilityDescription {
        switch self {
        case .keyValueGet:
            CapabilityDescription(
                "Reads a value.", in: "key", out: "the bytes, or nothing", "Sees every write that was answered before.",
                bounds: [.keyBytes])
        case .keyValueSet:
            CapabilityDescription(
                "Writes a value over whatever was there, and takes its expiry away.", in: "key, bytes", out: "done",
                "Whole or not at all; durable when answered.", bounds: [.keyBytes, .valueBytes])
        case .keyValueDelete:
            CapabilityDescription(
                "Deletes a key with its value.", in: "key", out: "whether it was there",
                "Durable when answered.", bounds: [.keyBytes])
        case .keyValueExists:
            CapabilityDescription("Tells whether a key is there.", in: "key", out: "yes or no", "As `kv.get`.")
        case .keyValueScan:
            CapabilityDescription(
                "Lists keys page by page, all or those that match a glob.", in: "cursor, pattern, page size",
                out: "keys and the next cursor",
                "A key that is there during the whole scan comes at least once; keys may come twice.",
                bounds: [.pageItems])
        case .keyValueCount:
            CapabilityDescription(
                "Counts the keys.", in: "nothing", out: "a number", "Exact at the time of the answer.")
        case .keyValueType:
            CapabilityDescription(
                "Tells what kind of value a key holds.", in: "key", out: "string, list, set, zset, hash or nothing",
                "As `kv.get`.")
        case .keyValueRandom:
            CapabilityDescription("Gives any key.", in: "nothing", out: "a key, or nothing", "Every key can come.")
        case .keyValueTTL:
            CapabilityDescription(
                "Lets a key go at a time, tells that time, moves it or takes it away.",
                in: "key, time in milliseconds, condition on the present expiry",
                out: "the time, or whether it was set",
                "To the millisecond: a key is never seen after its time. Kept or cleared as the writing operation says.",
                bounds: [.expirySeconds])
        case .keyValueConditionalSet:
            CapabilityDescription(
                "Writes only if the key is there, or only if it is not.", in: "key, bytes, present or absent",
                out: "whether it was written", "Atomic: of many writers of an absent key one succeeds.",
                bounds: [.keyBytes, .valueBytes])
        case .keyValueCompareAndSet:
            CapabilityDescription(
                "Reads a value with its version, and writes or deletes only if the version still holds.",
                in: "key, version, bytes", out: "whether it was done",
                "Atomic. A version never comes back, not even with the same bytes.", bounds: [.keyBytes, .valueBytes])
        case .keyValueExchange:
            CapabilityDescription(
                "Writes or deletes and gives what was there.", in: "key, bytes or nothing",
                out: "the old bytes, or nothing",
                "Atomic.", bounds: [.keyBytes, .valueBytes])
        case .keyValueIncrement:
            CapabilityDescription(
                "Adds a whole number to a value that is one.", in: "key, number of 64 bits with sign", out: "the sum",
                "Atomic; an overflow changes nothing.")
        case .keyValueIncrementFloat:
            CapabilityDescription(
                "Adds a decimal number to a value that is one.", in: "key, number as text", out: "the sum as text",
                "Atomic; 17 digits behind the point.")
        case .keyValueAppend:
            CapabilityDescription(
                "Adds bytes to the end of a value.", in: "key, bytes", out: "the new length", "Atomic.",
                bounds: [.valueBytes])
        case .keyValueRange:
            CapabilityDescription(
                "Reads or overwrites a part of a value, and tells its length.", in: "key, positions, bytes",
                out: "bytes or a length", "Atomic; gaps are filled with zero bytes.", bounds: [.valueBytes])
        case .keyValueRename:
            CapabilityDescription(
                "Moves a value with its expiry to another key.", in: "two keys, whether to replace",
                out: "whether it was moved",
                "Atomic.")
        case .keyValueCopy:
            CapabilityDescription(
                "Copies a value with its expiry to another key.", in: "two keys, whether to replace",
                out: "whether it was copied", "Atomic.")
        case .keyValueClear:
            CapabilityDescription("Deletes every key.", in: "one database or all", out: "done", "Atomic.")
        case .keyValueDatabases:
            CapabilityDescription(
                "Keeps several numbered sets of keys apart.", in: "number", out: "done",
                "A key of one database is never seen in another.", bounds: [.databases])
        case .keyValueMultiKey:
            CapabilityDescription(
                "Reads, writes, deletes or counts several keys in one request.", in: "keys, bytes",
                out: "one answer a key",
                "Atomic, unless `not-atomic`.", bounds: [.batch])
        default:
            CapabilityDescription(
                "Performs several operations as one, if watched keys have not changed.",
                in: "operations, marks of keys",
                out: "one answer an operation, or nothing", "Atomic and isolated; durable as a whole.", bounds: [.batch]
            )
        }
    }
}
