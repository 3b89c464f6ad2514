// The subcommands of the commands that have some.

/// Commands whose second word says what they do, and those words.
package enum RedisContainers {
    /// The words that may follow `name`, both in lower case; empty for a command without subcommands.
    ///
    /// Those of redis-server 7.0 (its COMMAND, which a test holds this to), of Redis 8 and of Valkey 8. What DEBUG takes is in no
    /// server's table: ``isContainer(_:)``.
    package static func of(_ name: String) -> [String] { table[name] ?? [] }

    /// Whether a word behind the command called `name` is one of its subcommands.
    package static func isContainer(_ name: String) -> Bool { name == "debug" || table[name] != nil }

    private static let table: [String: [String]] = [
        "acl": "cat deluser dryrun genpass getuser help list load log save setuser users whoami",
        "client": """
        caching capa getname getredir help id import-source info kill list no-evict no-touch pause reply setinfo setname tracking \
        trackinginfo unblock unpause
        """,
        "cluster": """
        addslots addslotsrange bumpepoch count-failure-reports countkeysinslot delslots delslotsrange failover flushslots forget \
        getkeysinslot getslotmigrations help info keyslot links meet migration myid myshardid nodes replicas replicate reset \
        saveconfig set-config-epoch setslot shards slaves slot-stats slots
        """,
        "command": "count docs getkeys getkeysandflags help info list",
        "config": "get help resetstat rewrite set",
        "function": "delete dump flush help kill list load restore stats",
        "latency": "doctor graph help histogram history latest reset",
        "memory": "doctor help malloc-stats purge stats usage",
        "module": "help list load loadex unload",
        "object": "encoding freq help idletime refcount",
        "pubsub": "channels help numpat numsub shardchannels shardnumsub",
        "script": "debug exists flush help kill load show",
        "sentinel": """
        ckquorum config debug failover flushconfig get-master-addr-by-name get-primary-addr-by-name help info-cache \
        is-master-down-by-addr is-primary-down-by-addr master masters monitor myid pending-scripts primaries primary remove \
        replicas reset sentinels set simulate-failure slaves
        """,
        "slowlog": "get help len reset",
        "xgroup": "create createconsumer delconsumer destroy help setid",
        "xinfo": "consumers groups help stream",
    ].mapValues { $0.split(separator: " ").map(String.init) }
}
