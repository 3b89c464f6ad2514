// What is judged before a command is looked at: whether it exists, its number of words, and who may send it when.

import Capabilities
import RedisWire

extension RedisTranslator {
    /// The entry of the command, or the error that the server answers before the command's own turn.
    ///
    /// Source: redis src/server.c processCommand, in its order.
    func admit(_ line: RedisCommandLine) throws(RedisErrorText) -> RedisCommandEntry {
        do throws(RedisErrorText) {
            guard let entry = RedisCommandSet.shared[line.command] else {
                throw line.command == .unknown
                    ? .unknownCommand(line.name, line.arguments)
                    : gate.redisRefusal(of: line.command.name.description)
            }
            guard entry.takes(line.count) else { throw .wrongArity(entry.name) }
            if entry.hasSubcommands { try RedisSubcommands.check(entry.name, line) }
            guard client.isLoggedIn || entry.flags.contains(.noAuth) else { throw .noAuthentication }
            if let denials = session.listener.denials,
                denials.deny(line.command, name: line.name, first: line.arguments.first)
            {
                session.metrics.count(refusal: "denied")
                let subcommand = line.arguments.first.map { String(decoding: $0, as: UTF8.self).lowercased() }
                let label = denials.label(line.command, entry.name, subcommand: subcommand)
                throw RedisErrorText(line: RedisErrorReply.denied(label, at: session.listener.name))
            }
            try count(line.command)
            if subscriptions.count > 0, !out.isRESP3, !entry.isForSubscribers {
                throw RedisErrorText(
                    "ERR Can't execute '\(entry.fullName(line))': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
                        + "are allowed in this context")
            }
            return entry
        } catch {
            if transaction.isOpen { transaction.isBroken = true }
            guard line.command == .exec else { throw error }
            // An EXEC that is not even begun ends the transaction, and what was watched for it.
            transaction.close()
            throw .execAborted(because: error)
        }
    }
}

extension RedisCommandEntry {
    /// Whether its first argument is the name of a command within it.
    var hasSubcommands: Bool {
        switch action {
        case .session(.client), .session(.config): true
        case .session(.command): true
        case .translate: name == "pubsub" || name == "script"
        case .session: false
        }
    }

    /// Its name, with that of the command within it: `pubsub|numsub`.
    fileprivate func fullName(_ line: RedisCommandLine) -> String {
        guard hasSubcommands, let first = line.arguments.first else { return name }
        return "\(name)|\(String(decoding: first, as: UTF8.self).lowercased())"
    }

    /// Whether a RESP2 client with subscriptions may send it.
    fileprivate var isForSubscribers: Bool {
        switch action {
        case .session(.subscribe), .session(.psubscribe), .session(.unsubscribe), .session(.punsubscribe),
            .session(.ping), .session(.quit), .session(.reset):
            true
        default: false
        }
    }

    /// Whether MULTI queues it.
    var isQueuedInMulti: Bool {
        switch action {
        case .session(.exec), .session(.discard), .session(.multi), .session(.watch), .session(.quit), .session(.reset):
            false
        default: true
        }
    }
}

/// The commands within CLIENT, CONFIG, COMMAND, PUBSUB and SCRIPT.
enum RedisSubcommands {
    /// Words that each takes, its own name and the command's included; negative for so many or more.
    private static let arities: [String: [String: Int]] = [
        "client": [
            "caching": 3, "getname": 2, "getredir": 2, "help": 2, "id": 2, "info": 2, "kill": -3, "list": -2,
            "no-evict": 3, "no-touch": 3, "pause": -3, "reply": 3, "setinfo": 4, "setname": 3, "tracking": -3,
            "trackinginfo": 2, "unblock": -3, "unpause": 2,
        ],
        "config": ["get": -3, "help": 2, "resetstat": 2, "rewrite": 2, "set": -4],
        "command": [
            "count": 2, "docs": -2, "getkeys": -4, "getkeysandflags": -4, "help": 2, "info": -2, "list": -2,
        ],
        "pubsub": [
            "channels": -2, "help": 2, "numpat": 2, "numsub": -2, "shardchannels": -2, "shardnumsub": -2,
        ],
        "script": ["debug": 3, "exists": -3, "flush": -2, "help": 2, "kill": 2, "load": 3],
    ]

    /// Throws what the server answers to a name that it does not know, or to a wrong number of words.
    static func check(_ command: String, _ line: RedisCommandLine) throws(RedisErrorText) {
        guard let first = line.arguments.first else { return }
        let name = String(decoding: first, as: UTF8.self).lowercased()
        guard let arity = arities[command]?[name] else { throw .unknownSubcommand(first, of: command) }
        guard arity >= 0 ? line.count == arity : line.count >= -arity else { throw .wrongArity("\(command)|\(name)") }
    }
}
