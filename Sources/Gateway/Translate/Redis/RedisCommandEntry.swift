// What the gateway knows of a command that it translates.

import Capabilities
import RedisWire

/// A row of the table of commands.
struct RedisCommandEntry: Sendable {
    typealias Translate =
        @Sendable (RedisCommandLine, RedisTranslationContext) throws(RedisErrorText) -> RedisTranslation

    /// Who answers it.
    enum Action: Sendable {
        case translate(Translate)
        case session(RedisSessionCommand)
    }

    let name: String
    let command: RedisCommand
    /// Words with the name; negative for so many or more.
    let arity: Int
    let flags: RedisCommandFlags
    let keys: RedisKeyPositions
    let group: RedisCommandGroup
    /// What its plainest form needs; a backend that has not all of it does not have the command.
    let needs: CapabilitySet
    let action: Action

    init(
        _ name: StaticString, _ arity: Int, _ flags: RedisCommandFlags, _ keys: RedisKeyPositions,
        _ group: RedisCommandGroup, _ needs: CapabilitySet, _ translate: @escaping Translate
    ) {
        self.name = name.description
        command = RedisCommand(name)
        self.arity = arity
        self.flags = flags
        self.keys = keys
        self.group = group
        self.needs = needs
        action = .translate(translate)
    }

    init(
        _ name: StaticString, _ arity: Int, _ flags: RedisCommandFlags, _ group: RedisCommandGroup,
        _ action: RedisSessionCommand, keys: RedisKeyPositions = .none, needs: CapabilitySet = CapabilitySet()
    ) {
        self.name = name.description
        command = RedisCommand(name)
        self.arity = arity
        self.flags = flags
        self.keys = keys
        self.group = group
        self.needs = needs
        self.action = .session(action)
    }

    /// Whether a command of so many words can be this one.
    @inline(__always)
    func takes(_ words: Int) -> Bool { arity >= 0 ? words == arity : words >= -arity }
}

/// What clients ask about a command; the names are those of COMMAND INFO.
struct RedisCommandFlags: OptionSet, Sendable {
    let rawValue: UInt32

    static let write = RedisCommandFlags(rawValue: 1)
    static let readOnly = RedisCommandFlags(rawValue: 1 << 1)
    static let denyOOM = RedisCommandFlags(rawValue: 1 << 2)
    static let pubsub = RedisCommandFlags(rawValue: 1 << 3)
    static let noScript = RedisCommandFlags(rawValue: 1 << 4)
    static let blocking = RedisCommandFlags(rawValue: 1 << 5)
    static let loading = RedisCommandFlags(rawValue: 1 << 6)
    static let stale = RedisCommandFlags(rawValue: 1 << 7)
    static let fast = RedisCommandFlags(rawValue: 1 << 8)
    static let noAuth = RedisCommandFlags(rawValue: 1 << 9)
    static let movableKeys = RedisCommandFlags(rawValue: 1 << 11)
    static let dangerous = RedisCommandFlags(rawValue: 1 << 12)
    static let allowBusy = RedisCommandFlags(rawValue: 1 << 13)
    static let noMandatoryKeys = RedisCommandFlags(rawValue: 1 << 14)
    static let skipMonitor = RedisCommandFlags(rawValue: 1 << 15)
    static let skipSlowlog = RedisCommandFlags(rawValue: 1 << 16)

    /// Those that COMMAND INFO shows, with their names there.
    static let shown: [(RedisCommandFlags, StaticString)] = [
        (.write, "write"), (.readOnly, "readonly"), (.denyOOM, "denyoom"), (.pubsub, "pubsub"),
        (.noScript, "noscript"), (.blocking, "blocking"), (.loading, "loading"), (.stale, "stale"), (.fast, "fast"),
        (.noAuth, "no_auth"), (.movableKeys, "movablekeys"), (.allowBusy, "allow_busy"),
        (.noMandatoryKeys, "no_mandatory_keys"),
        (.skipMonitor, "skip_monitor"), (.skipSlowlog, "skip_slowlog"),
    ]
}

/// Where a command's keys stand among its words.
enum RedisKeyPositions: Sendable, Equatable {
    case none
    /// From word `first` to word `last` (negative from the end), each `step` words.
    case words(first: Int, last: Int, step: Int)
    /// So many as word `count` says, behind it; and perhaps one before.
    case counted(at: Int, first: Int = 0)

    static let one = RedisKeyPositions.words(first: 1, last: 1, step: 1)
    static let two = RedisKeyPositions.words(first: 1, last: 2, step: 1)
    static let all = RedisKeyPositions.words(first: 1, last: -1, step: 1)
    static let allButLast = RedisKeyPositions.words(first: 1, last: -2, step: 1)
    static let pairs = RedisKeyPositions.words(first: 1, last: -1, step: 2)
}

/// The groups of COMMAND DOCS, each with its category of access.
enum RedisCommandGroup: String, Sendable {
    case generic, string, hash, list, set
    case sortedSet = "sorted-set"
    case pubsub, transactions, connection, server, scripting

    /// The category as COMMAND INFO spells it; nil where there is none.
    var category: String? {
        switch self {
        case .generic: "@keyspace"
        case .sortedSet: "@sortedset"
        case .transactions: "@transaction"
        case .server: nil
        default: "@\(rawValue)"
        }
    }
}
