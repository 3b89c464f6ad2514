// The bounds on what a Redis peer may send, with who set each.

import Wire

/// The bounds of the Redis wire; none of them makes the gateway refuse a byte, they only end the noting of facts.
package enum RedisLimits {
    /// Bytes of an inline command without its line feed.
    ///
    /// The server complains once more than 64 KiB wait without a line feed, but it looks only after a read, and a
    /// read may fill what the query buffer has spare, which the string library caps at 1 MiB.
    package static let inlineLine = Limit(
        "inline-line", 64 * 1024 + 1024 * 1024,
        source: "redis src/server.h PROTO_INLINE_MAX_SIZE, plus src/sds.h SDS_MAX_PREALLOC")

    /// Arguments of one command, its name included.
    package static let arguments = Limit(
        "arguments", 0x7FFF_FFFF, source: "redis src/networking.c processMultibulkBuffer: INT_MAX")

    /// Characters of a count or length line after its mark.
    ///
    /// The server waits for up to 64 KiB without a carriage return and then complains; no line over 20 characters can
    /// be a 64-bit number, so it is known to fail long before.
    package static let headerLine = Limit(
        "header-line", 20, source: "redis src/util.c string2ll: a signed 64-bit number")

    /// Bytes of one bulk string, in both directions.
    ///
    /// `proto-max-bulk-len` is the server's own setting, so the server judges it and not we.
    package static let bulkLength = Limit(
        "bulk-length", .max, source: "redis src/config.c: proto-max-bulk-len may be set up to LONG_MAX")

    /// Bytes of a reply that is one line: status, error, number.
    ///
    /// A MONITOR line quotes every argument at up to four bytes a byte, of commands of up to 1 GiB.
    package static let replyLine = Limit(
        "reply-line", 4 * 1024 * 1024 * 1024,
        source: "ours: four times redis client-query-buffer-limit, because MONITOR quotes whole commands")

    /// Elements of one aggregate reply; pairs of a map count one.
    package static let replyElements = Limit(
        "reply-elements", .max / 2, source: "ours: a map's elements are twice its pairs and must still be a number")

    /// Aggregates inside aggregates in one reply.
    package static let replyDepth = Limit(
        "reply-depth", 32, source: "ours: hiredis reads 9 levels, COMMAND DOCS nests 8")

    /// Runs of commands that wait for replies and are remembered one by one.
    package static let pendingRuns = Limit(
        "pending-runs", 256, source: "ours: memory of an exchange; later commands are counted, not timed")

    /// Further runs kept for commands whose replies cannot simply be counted.
    package static let pendingReserve = Limit(
        "pending-reserve", 256, source: "ours: SUBSCRIBE, HELLO and the like behind a full pipeline")

    /// Bytes of an error reply that we compose, its end of line included.
    package static let errorReply = Limit(
        "error-reply", 512, source: "ours: a client shows it as one line")

    // Where many clients share a connection.

    /// Bytes of a command that is held back until it is whole; longer ones get a connection of their own.
    package static let sharedCommand = Limit(
        "shared-command", 128 * 1024, source: "ours: what one read brings; memory of a client that stops half-way")

    /// Looks at a command that is not whole before it is no longer waited for.
    package static let partialLooks = Limit(
        "partial-looks", 64, source: "ours: each look begins at the command's start again")

    /// Milliseconds that a command which is not whole is waited for; then the server may say what is wrong with it.
    package static let partialPatience = Limit(
        "partial-patience", 1000, source: "ours: a server complains about some commands before their end")

    /// Commands of one client that wait for replies on a shared connection.
    package static let sharedWindow = Limit(
        "shared-window", 1024, source: "ours: how far one client can be ahead of another")

    /// Bytes of a reply after which its client gets a connection of its own, which is read as fast as the client reads.
    package static let sharedReply = Limit(
        "shared-reply", 256 * 1024, source: "ours: what a socket's queue takes before its feeder stops")

    /// Replies below `sharedReply` in a row after which such a client shares again.
    package static let smallReplies = Limit(
        "small-replies", 64, source: "ours: so that a client of large values does not change at every reply")

    /// Bytes of replies that wait for a client of a shared connection before the client is cut.
    package static let sharedBacklog = Limit(
        "shared-backlog", 64 * 1024 * 1024,
        source: "ours: twice redis client-output-buffer-limit of a subscriber; the others must not wait")

    /// Bytes of a command whose arguments are kept as part of an identity or a label.
    package static let keptLogin = Limit(
        "kept-login", 4 * 1024, source: "ours: memory of a client; tokens for AUTH reach 2 KiB")

    /// Bytes of the name of a command, or of two words, that a configuration denies.
    package static let deniedName = Limit(
        "denied-name", 128, source: "ours: the longest name of redis-server has 20 letters")

    // Where the gateway asks a cluster's nodes, or sentinels.

    /// Bytes of the place in a MOVED or ASK.
    package static let redirect = Limit(
        "redirect", 300, source: "ours: a slot, a host name of 253 bytes (RFC 1035) and a port")

    /// Bytes of a reply that the gateway has asked for itself.
    package static let askedReply = Limit(
        "asked-reply", 4 * 1024 * 1024, source: "ours: CLUSTER SLOTS of 16384 ranges has some 3 MiB")

    /// Shards of a cluster.
    package static let clusterShards = Limit(
        "cluster-shards", 1000, source: "redis cluster specification: the suggested most nodes")

    /// Ranges of slots in a reply to CLUSTER SLOTS.
    package static let clusterRanges = Limit(
        "cluster-ranges", 16384, source: "redis src/cluster.h CLUSTER_SLOTS: each in a range of its own")

    /// Nodes of a shard.
    package static let shardNodes = Limit(
        "shard-nodes", 64, source: "ours: memory of a map")

    /// Times that one command follows MOVED, ASK or TRYAGAIN before the error goes to the client.
    package static let redirections = Limit(
        "redirections", 16, source: "ours: as jedis and lettuce have 5, and TRYAGAIN is waited out as well")

    // Where the gateway is the server: what a command reader refuses, as the server does.

    /// Bytes of one argument that a translated session takes.
    package static let translatedBulk = Limit(
        "translated-bulk", 512 * 1024 * 1024, source: "redis.conf: proto-max-bulk-len")

    /// Bytes of one command, or of all that a transaction has queued.
    package static let queryBuffer = Limit(
        "query-buffer", 1024 * 1024 * 1024, source: "redis.conf: client-query-buffer-limit")

    /// Bytes of a line that is still without its end: an inline command, a count or a length.
    package static let unfinishedLine = Limit(
        "unfinished-line", 64 * 1024, source: "redis src/server.h PROTO_INLINE_MAX_SIZE")

    /// Arguments of a command before the client has logged in.
    package static let strangerArguments = Limit(
        "stranger-arguments", 10, source: "redis src/networking.c processMultibulkBuffer")

    /// Bytes of an argument before the client has logged in.
    package static let strangerBulk = Limit(
        "stranger-bulk", 16 * 1024, source: "redis src/networking.c processMultibulkBuffer")

    /// Items that a random pick with repetition gives.
    package static let randomPicks = Limit(
        "random-picks", 1 << 20, source: "ours: memory of a reply that the request does not bound")
}
