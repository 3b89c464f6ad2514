// Commands that concern the session itself, or all of its backend.

import Capabilities

/// A command that a session answers, with a backend's help or without.
enum RedisSessionCommand: Sendable, Equatable {
    case ping, echo, time, quit, reset
    case hello, auth, select, client
    case command, info, config
    case multi, exec, discard, watch, unwatch
    case subscribe, psubscribe, unsubscribe, punsubscribe

    private static let always: RedisCommandFlags = [.noScript, .loading, .stale, .fast, .allowBusy]
    private static let listening: RedisCommandFlags = [.pubsub, .noScript, .loading, .stale]
    private static let transaction = CapabilitySet(.keyValueTransaction)

    static let entries: [RedisCommandEntry] = [
        .init("ping", -1, .fast, .connection, .ping),
        .init("echo", 2, [.loading, .stale, .fast], .connection, .echo),
        .init("time", 1, [.loading, .stale, .fast], .server, .time),
        .init("quit", -1, always.union(.noAuth), .connection, .quit),
        .init("reset", 1, always.union(.noAuth), .connection, .reset),
        .init("hello", -1, always.union(.noAuth), .connection, .hello),
        .init("auth", -2, always.union(.noAuth), .connection, .auth),
        .init("select", 2, [.loading, .stale, .fast], .connection, .select),
        .init("client", -2, [], .connection, .client),
        .init("command", -1, [.loading, .stale], .connection, .command),
        .init("info", -1, [.loading, .stale, .dangerous], .server, .info),
        .init("config", -2, [], .server, .config),
        .init("multi", 1, always, .transactions, .multi, needs: transaction),
        .init("exec", 1, [.noScript, .loading, .stale, .skipSlowlog], .transactions, .exec, needs: transaction),
        .init("discard", 1, always, .transactions, .discard, needs: transaction),
        .init("watch", -2, always, .transactions, .watch, keys: .all, needs: transaction),
        .init("unwatch", 1, always, .transactions, .unwatch, needs: transaction),
        .init("subscribe", -2, listening, .pubsub, .subscribe, needs: CapabilitySet(.busSubscribe)),
        .init("psubscribe", -2, listening, .pubsub, .psubscribe, needs: CapabilitySet(.busPattern)),
        .init("unsubscribe", -1, listening, .pubsub, .unsubscribe, needs: CapabilitySet(.busSubscribe)),
        .init("punsubscribe", -1, listening, .pubsub, .punsubscribe, needs: CapabilitySet(.busPattern)),
    ]
}
