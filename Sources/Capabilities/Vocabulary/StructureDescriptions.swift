// The capabilities of hashes, lists, sets and sorted sets, in words.

extension Capability {
    var structureDescription: CapabilityDescription {
        switch family {
        case .hash: hashDescription
        case .list: listDescription
        case .set: setDescription
        default: sortedSetDescription
        }
    }

    private var hashDescription: CapabilityDescription {
        switch self {
        case .hashGet:
            CapabilityDescription(
                "Reads fields, all of them, or their number.", in: "key, fields", out: "bytes, pairs or a number",
                "One state of the hash.")
        case .hashSet:
            CapabilityDescription(
                "Sets fields, or one field that is not there.", in: "key, pairs", out: "how many are new", "Atomic.",
                bounds: [.valueBytes, .batch])
        case .hashDelete:
            CapabilityDescription(
                "Deletes fields; a hash without fields is gone.", in: "key, fields", out: "how many there were",
                "Atomic.")
        case .hashIncrement:
            CapabilityDescription(
                "Adds to a field that is a number.", in: "key, field, number", out: "the sum", "Atomic.")
        case .hashScan:
            CapabilityDescription(
                "Lists fields and values page by page.", in: "key, cursor, pattern, page size",
                out: "pairs and a cursor",
                "As `kv.scan`.")
        default:
            CapabilityDescription(
                "Gives any fields.", in: "key, number", out: "fields, with values if asked", "Every field can come.")
        }
    }

    private var listDescription: CapabilityDescription {
        switch self {
        case .listPush:
            CapabilityDescription(
                "Adds values at an end.", in: "key, values, end", out: "the new length",
                "Atomic; the order of arrival is kept.",
                bounds: [.valueBytes, .batch])
        case .listPop:
            CapabilityDescription(
                "Takes values from an end, of the first list that has some.", in: "keys, end, number",
                out: "values, or nothing",
                "Each value goes to one taker.")
        case .listRange:
            CapabilityDescription(
                "Reads values by position, finds positions, counts.", in: "key, positions or a value",
                out: "values or numbers",
                "One state of the list.")
        case .listEdit:
            CapabilityDescription(
                "Changes, inserts, removes and trims values.", in: "key, position or value", out: "a number or done",
                "Atomic.")
        case .listMove:
            CapabilityDescription(
                "Takes a value from one list and adds it to another.", in: "two keys, two ends",
                out: "the value, or nothing",
                "Atomic: the value is always in one of the two.")
        default:
            CapabilityDescription(
                "Waits for a value when there is none.", in: "as pop and move, with a time", out: "as pop and move",
                "The one that waits longest is served first; a taker that went away takes nothing.")
        }
    }

    private var setDescription: CapabilityDescription {
        switch self {
        case .setAdd:
            CapabilityDescription(
                "Adds members.", in: "key, members", out: "how many are new", "Atomic.", bounds: [.batch])
        case .setRemove:
            CapabilityDescription("Removes members.", in: "key, members", out: "how many there were", "Atomic.")
        case .setMembers:
            CapabilityDescription(
                "Tells members, all or any, their number, and whether one is there.", in: "key, members",
                out: "members, flags or a number", "One state of the set.")
        case .setPop:
            CapabilityDescription(
                "Takes any members.", in: "key, number", out: "members", "Each member goes to one taker.")
        case .setMove:
            CapabilityDescription(
                "Moves a member to another set.", in: "two keys, member", out: "whether it was there", "Atomic.")
        case .setCombine:
            CapabilityDescription(
                "Makes the union, intersection or difference of sets, and stores it if asked.",
                in: "keys, a key to store at",
                out: "members or a number", "Atomic.")
        default:
            CapabilityDescription(
                "Lists members page by page.", in: "key, cursor, pattern, page size", out: "members and a cursor",
                "As `kv.scan`.")
        }
    }

    private var sortedSetDescription: CapabilityDescription {
        switch self {
        case .sortedSetAdd:
            CapabilityDescription(
                "Adds members with scores, or adds to scores, under conditions.",
                in: "key, scores and members, conditions",
                out: "a number or the score", "Atomic.", bounds: [.batch])
        case .sortedSetRemove:
            CapabilityDescription(
                "Removes members, or a range of them.", in: "key, members or a range", out: "how many there were",
                "Atomic.")
        case .sortedSetScore:
            CapabilityDescription(
                "Tells scores and ranks.", in: "key, members", out: "numbers", "One state of the set.")
        case .sortedSetRange:
            CapabilityDescription(
                "Reads, counts or stores a range by rank, score or bytes, either way; or any members.",
                in: "key, range",
                out: "members with scores, or a number", "One state of the set; equal scores in the order of the bytes."
            )
        case .sortedSetPop:
            CapabilityDescription(
                "Takes the lowest or highest members, of the first set that has some.", in: "keys, number",
                out: "members with scores", "Each member goes to one taker.")
        case .sortedSetCombine:
            CapabilityDescription(
                "Makes the union, intersection or difference, with weights, and stores it if asked.",
                in: "keys, weights, how scores add up", out: "members with scores, or a number", "Atomic.")
        case .sortedSetBlocking:
            CapabilityDescription(
                "Waits for a member when there is none.", in: "as pop, with a time", out: "as pop",
                "As `list.blocking`.")
        default:
            CapabilityDescription(
                "Lists members and scores page by page.", in: "key, cursor, pattern, page size",
                out: "pairs and a cursor",
                "As `kv.scan`.")
        }
    }
}
