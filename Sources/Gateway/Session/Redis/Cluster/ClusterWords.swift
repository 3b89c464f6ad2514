// Commands that a cluster behind one plain endpoint answers otherwise than one server does.

import RedisWire
import Wire

/// What is refused, and what goes to every master.
enum ClusterWords {
    /// As redis src/cluster.c spells it.
    static let crossSlot = Array("-CROSSSLOT Keys in request don't hash to the same slot\r\n".utf8)
    static let asking = Array("*1\r\n$6\r\nASKING\r\n".utf8)
    static let notLearnt = Array(
        "-TRYAGAIN fairlead: no node has told which nodes there are; the user needs the right to CLUSTER SLOTS\r\n".utf8
    )
    static let scanBroken = Array(
        "-ERR fairlead: the cluster's map has changed since this SCAN began, or the cursor is none of it: begin again with 0\r\n"
            .utf8)
    /// As redis src/db.c spells it.
    static let invalidCursor = Array("-ERR invalid cursor\r\n".utf8)
    static let scanImpossible = Array("-ERR fairlead: there are no masters to scan, or more than 1024\r\n".utf8)
    /// What a server outside a cluster answers, so that no client takes the endpoint for a node.
    private static let noCluster = Array("-ERR This instance has cluster support disabled\r\n".utf8)

    /// The whole reply to a command that cannot be served for a cluster; nil: it can.
    static func refusal(_ command: RedisWholeCommand, in bytes: Span<UInt8>) -> [UInt8]? {
        switch rules[Int(command.command.rawValue)] {
        case .plain, .everywhere: return nil
        case .disabled: return noCluster
        case .oneNode:
            return RedisErrorReply.compose(
                "\(command.command) is about one server, and behind this endpoint is a cluster: ask its nodes")
        case .subcommand:
            guard refused.contains(command.word(1, in: bytes)) else { return nil }
            return RedisErrorReply.compose(
                "\(command.command) \(command.word(1, in: bytes)) would reach one node only, and behind this endpoint is a "
                    + "cluster: ask its nodes")
        }
    }

    /// How the replies of all masters become one, for a command without a key that goes to each; nil for others.
    static func merge(_ command: RedisWholeCommand, in bytes: Span<UInt8>) -> RedisSplit.Merge? {
        guard rules[Int(command.command.rawValue)] == .everywhere else { return nil }
        if command.command == dbSize { return .sum }
        if command.command == keys { return .elements }
        if command.command == randomKey { return .anyKey }
        if command.command == script || command.command == function {
            return toAll.contains(command.word(1, in: bytes)) ? .allOK : nil
        }
        return .allOK
    }

    /// Whether an error says that a replica cannot answer now.
    static func isUnfit(_ error: Span<UInt8>) -> Bool {
        error.count > 12
            && (error.equals("-MASTERDOWN ", in: 0..<12) || error.equals("-LOADING ", in: 0..<9))
    }

    /// Whether a command is about channels that are not a slot's: all clients take them to the same node, so that what
    /// PUBLISH and PUBSUB count is right as far as they come through this gateway.
    static func isChannels(_ command: RedisCommand) -> Bool { channels[Int(command.rawValue)] }

    private static let channels: [Bool] = RedisCommand.names.map {
        ["subscribe", "psubscribe", "unsubscribe", "punsubscribe", "publish", "pubsub"].contains($0.description)
    }

    private enum Rule {
        case plain
        /// About being a node of a cluster.
        case disabled
        case oneNode
        /// Some of its subcommands are refused.
        case subcommand
        /// It, or some of its subcommands, goes to every master.
        case everywhere
    }

    static let scan = RedisCommand("scan")
    private static let dbSize = RedisCommand("dbsize")
    private static let keys = RedisCommand("keys")
    private static let randomKey = RedisCommand("randomkey")
    private static let script = RedisCommand("script")
    private static let function = RedisCommand("function")
    private static let toAll = [RedisText("load"), RedisText("flush"), RedisText("delete"), RedisText("restore")]
    /// Of CONFIG, CLIENT, ACL and MODULE: what changes one node, or counts on the client's connection carrying all commands.
    private static let refused = [
        RedisText("set"), RedisText("rewrite"), RedisText("resetstat"), RedisText("tracking"), RedisText("caching"),
        RedisText("reply"), RedisText("setuser"), RedisText("deluser"), RedisText("load"), RedisText("save"),
        RedisText("loadex"), RedisText("unload"),
    ]

    /// By command id.
    private static let rules: [Rule] = RedisCommand.names.map { name in
        switch name.description {
        case "cluster", "readonly", "readwrite", "asking": .disabled
        case "wait", "waitaof", "monitor", "sync", "psync", "shutdown", "replicaof", "slaveof", "failover", "save",
            "bgsave", "bgrewriteaof", "swapdb":
            .oneNode
        case "config", "client", "acl", "module": .subcommand
        case "keys", "randomkey", "dbsize", "flushall", "flushdb", "script", "function": .everywhere
        default: .plain
        }
    }
}
