// What a file has to map for each capability, and why it cannot map some.

import Capabilities

/// How capabilities and operations go together.
enum CapabilityMapping {
    /// What a capability needs to be mapped: one of each group of operations; nil for one that no file can map.
    static func groups(_ capability: Capability) -> [[String]]? {
        if reasons[capability] != nil { return nil }
        if let groups = special[capability] { return groups }
        let own = OperationShape.all.filter { $0.capability == capability }.map(\.name)
        return own.isEmpty ? nil : [own]
    }

    /// Where not every operation of the capability will do, or those of another one will.
    private static let special: [Capability: [[String]]] = [
        .keyValueSet: [["set"]], .keyValueExists: [["exists", "get"]], .keyValueRandom: [["keys"]],
        .keyValueType: [["type", "exists", "get"]],
        .keyValueTTL: [
            ["set", "set-with-expiry", "set-keeping-expiry", "expire", "expiry", "persist", "get-and-expire"]
        ],
        .keyValueConditionalSet: [["set-if-absent", "set-if-present"]],
        .keyValueCompareAndSet: [["set-if-version"], ["get-versioned"]],
        .keyValueMultiKey: [["get-many", "get"]], .keyValueDatabases: [],
        .busSubscribe: [["subscribe"]],
        .hashGet: [["hash.get"]], .hashSet: [["hash.set"]], .hashScan: [["hash.all"]], .hashRandom: [["hash.all"]],
        .listPush: [["list.push-left", "list.push-right"]], .listRange: [["list.range"]],
        .setMembers: [["set.members"]], .setScan: [["set.members"]],
        .sortedSetAdd: [["sorted-set.add"]], .sortedSetScore: [["sorted-set.score"]],
        .objectRange: [["object.get-range", "object.get"], ["object.head"]],
        .objectCopy: [["object.copy", "object.put"], ["object.copy", "object.get"]],
        .objectConditional: [["object.get", "object.put-if-absent", "object.put-if-match", "object.delete-if-match"]],
        .objectMetadata: [["object.put"], ["object.head"]],
        .sqlParameters: [["sql.describe"], ["sql.query"]], .sqlPrepared: [["sql.query"]],
        .sortedSetRange: [["sorted-set.range"]], .sortedSetScan: [["sorted-set.range"]],
    ]

    /// Why no file can map a capability.
    static let reasons: [Capability: String] = [
        .keyValueTransaction:
            "several requests would have to become one at the server, and its keys be watched between",
        .listBlocking: "a request that waits would hold up those behind it on its connection",
        .sortedSetBlocking: "a request that waits would hold up those behind it on its connection",
        .setCombine: "the sets of several keys would have to become one at the server, whole or not at all",
        .sortedSetCombine: "the sets of several keys would have to become one at the server, whole or not at all",
        .busInspect: "subscriptions are counted by whoever holds them, and here that is each worker for itself",
        .objectMultipart: "an upload is a state that lasts over many requests, with parts larger than a message",
        .sqlTransaction: "a transaction belongs to one connection, and connections are shared by all sessions",
        .sqlCursor: "a cursor belongs to one connection, and connections are shared by all sessions",
        .sqlCopy: "rows that come as a stream have no end that an exchange could wait for",
    ]

    /// The table of ``reasons`` for the reference.
    static var table: [String] {
        ["| capability | why |", "|---|---|"]
            + Capability.allCases.compactMap { capability in
                reasons[capability].map { "| `\(capability.name)` | \($0) |" }
            }
    }
}
