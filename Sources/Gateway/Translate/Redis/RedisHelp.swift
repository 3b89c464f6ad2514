// What HELP says of the commands that have subcommands, in the words of redis-server 7.0.

/// The texts of HELP, line by line.
///
/// They tell what the protocol has: a subcommand that the backend, or the translation, has not is refused by name.
/// Source: redis src/networking.c addReplyHelp, and the table of each command.
enum RedisHelp {
    /// The lines for `command`, which is given in lower case; none where it has no HELP.
    static func lines(of command: String) -> [String] {
        guard let text = texts[command] else { return [] }
        return ["\(command.uppercased()) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
            + text.split(separator: "\n").map(String.init) + ["HELP", "    Prints this help."]
    }

    private static let texts = [
        "client": client, "command": command, "config": config, "pubsub": pubsub, "script": script,
    ]

    private static let client = """
        CACHING (YES|NO)
            Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.
        GETREDIR
            Return the client ID we are redirecting to when tracking is enabled.
        GETNAME
            Return the name of the current connection.
        ID
            Return the ID of the current connection.
        INFO
            Return information about the current client connection.
        KILL <ip:port>
            Kill connection made from <ip:port>.
        KILL <option> <value> [<option> <value> [...]]
            Kill connections. Options are:
            * ADDR (<ip:port>|<unixsocket>:0)
              Kill connections made from the specified address
            * LADDR (<ip:port>|<unixsocket>:0)
              Kill connections made to specified local address
            * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)
              Kill connections by type.
            * USER <username>
              Kill connections authenticated by <username>.
            * SKIPME (YES|NO)
              Skip killing current connection (default: yes).
        LIST [options ...]
            Return information about client connections. Options:
            * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)
              Return clients of specified type.
        UNPAUSE
            Stop the current client pause, resuming traffic.
        PAUSE <timeout> [WRITE|ALL]
            Suspend all, or just write, clients for <timeout> milliseconds.
        REPLY (ON|OFF|SKIP)
            Control the replies sent to the current connection.
        SETNAME <name>
            Assign the name <name> to the current connection.
        UNBLOCK <clientid> [TIMEOUT|ERROR]
            Unblock the specified blocked client.
        TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]
                 [OPTIN] [OPTOUT] [NOLOOP]
            Control server assisted client side caching.
        TRACKINGINFO
            Report tracking status for the current connection.
        NO-EVICT (ON|OFF)
            Protect current client connection from eviction.
        """

    private static let command = """
        (no subcommand)
            Return details about all Redis commands.
        COUNT
            Return the total number of commands in this Redis server.
        LIST
            Return a list of all commands in this Redis server.
        INFO [<command-name> ...]
            Return details about multiple Redis commands.
            If no command names are given, documentation details for all
            commands are returned.
        DOCS [<command-name> ...]
            Return documentation details about multiple Redis commands.
            If no command names are given, documentation details for all
            commands are returned.
        GETKEYS <full-command>
            Return the keys from a full Redis command.
        GETKEYSANDFLAGS <full-command>
            Return the keys and the access flags from a full Redis command.
        """

    private static let config = """
        GET <pattern>
            Return parameters matching the glob-like <pattern> and their values.
        SET <directive> <value>
            Set the configuration <directive> to <value>.
        RESETSTAT
            Reset statistics reported by the INFO command.
        REWRITE
            Rewrite the configuration file.
        """

    private static let pubsub = """
        CHANNELS [<pattern>]
            Return the currently active channels matching a <pattern> (default: '*').
        NUMPAT
            Return number of subscriptions to patterns.
        NUMSUB [<channel> ...]
            Return the number of subscribers for the specified channels, excluding
            pattern subscriptions(default: no channels).
        SHARDCHANNELS [<pattern>]
            Return the currently active shard level channels matching a <pattern> (default: '*').
        SHARDNUMSUB [<shardchannel> ...]
            Return the number of subscribers for the specified shard level channel(s)
        """

    private static let script = """
        DEBUG (YES|SYNC|NO)
            Set the debug mode for subsequent scripts executed.
        EXISTS <sha1> [<sha1> ...]
            Return information about the existence of the scripts in the script cache.
        FLUSH [ASYNC|SYNC]
            Flush the Lua scripts cache. Very dangerous on replicas.
            When called without the optional mode argument, the behavior is determined by the
            lazyfree-lazy-user-flush configuration directive. Valid modes are:
            * ASYNC: Asynchronously flush the scripts cache.
            * SYNC: Synchronously flush the scripts cache.
        KILL
            Kill the currently executing Lua script.
        LOAD <script>
            Load a script into the scripts cache without executing it.
        """
}
