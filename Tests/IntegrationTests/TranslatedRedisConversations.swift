// Conversations that a client may have with a Redis server, errors and all.

import Testing

/// Conversations that are held with the translated front and with a real server.
enum TranslatedRedisConversations {
    struct Conversation: CustomTestStringConvertible, Sendable {
        let name: String
        var password: String?
        var bytes: [UInt8]
        /// Whether the server says nothing and closes.
        var isAnsweredByClosing = false
        var testDescription: String { name }

        /// Commands, one a line, their words between spaces.
        init(_ name: String, _ script: String, password: String? = nil) {
            self.name = name
            self.password = password
            bytes = script.split(separator: "\n").flatMap { line in
                RawConnection.command(line.split(separator: " ").map(String.init))
            }
        }

        init(_ name: String, commands: [[String]]) {
            self.name = name
            bytes = commands.flatMap(RawConnection.command)
        }

        /// Bytes as they are.
        init(_ name: String, raw: String, isAnsweredByClosing: Bool = false) {
            self.name = name
            bytes = Array(raw.utf8)
            self.isAnsweredByClosing = isAnsweredByClosing
        }
    }

    static let all = framing + transactions + listening + connections + values

    private static let framing = [
        Conversation(
            "inline commands",
            raw: "SET a \"x y\\n\"\r\nGET a\r\n\r\nGET a\n*1\r\n$4\r\nPING\r\nset b 'q'\r\nGET b\r\n"),
        Conversation("nothing is no command", raw: "*0\r\n*-1\r\nPING\r\n"),
        Conversation("unbalanced quotes", raw: "PING\r\nSET a \"x\r\n"),
        Conversation("no dollar", raw: "*1\r\n+PING\r\n"), Conversation("no count", raw: "*abc\r\n"),
        Conversation("too many arguments", raw: "*2147483648\r\n"),
        Conversation("no length", raw: "*1\r\n$abc\r\n"), Conversation("a negative length", raw: "*1\r\n$-1\r\n"),
        Conversation("too long an argument", raw: "PING\r\n*1\r\n$536870913\r\n"),
        Conversation("HTTP", raw: "POST / HTTP/1.1\r\nHost: a\r\n", isAnsweredByClosing: true),
        Conversation("nothing after QUIT", raw: "PING\r\nQUIT\r\nPING\r\n"),
        Conversation(
            "unknown commands",
            "foo\nfoo a b c\nxyzzy " + Array(repeating: "abcdefghijklmnop", count: 12).joined(separator: " ")),
        Conversation(
            "strangers", "ping\nget a\nfoo\nget\nauth x\nhello 3\nauth pw\nget a\nreset\nget a", password: "pw"),
    ]

    private static let transactions = [
        Conversation(
            "transactions",
            """
            multi
            set a 1
            get a
            incr a
            lpush a x
            exec
            get a
            exec
            discard
            multi
            multi
            get
            set b 1
            exec
            exec
            multi
            set a 2
            discard
            get a
            multi
            exec
            """),
        Conversation(
            "errors in transactions",
            """
            multi
            foo
            exec
            multi
            get a b
            exec
            multi
            incrby a abc
            set a b ex 0
            zadd z 1
            ping
            echo hi
            blpop q 0
            blmove q r left right 0
            exec
            watch a
            set a 1
            multi
            get a
            exec
            watch a
            multi
            set a 2
            watch b
            exec
            watch b
            unwatch
            set b 1
            multi
            get b
            exec
            """),
        Conversation(
            "databases in transactions",
            """
            multi
            set a 1
            select 1
            set a 2
            get a
            exec
            get a
            select 0
            get a
            select 1
            del a
            multi
            select 99
            get a
            exec
            """),
        Conversation(
            "a watched key that changed",
            """
            watch k
            set k 1
            multi
            set k 2
            exec
            get k
            """),
        Conversation(
            "subscribing in a transaction",
            """
            multi
            subscribe a
            unsubscribe a
            exec
            """),
        Conversation(
            "an EXEC that is not even begun",
            """
            exec x
            watch k
            multi
            set k 1
            exec x
            exec
            get k
            subscribe a
            exec
            pubsub numsub a
            get a
            """),
        Conversation(
            "the bus in a transaction",
            """
            multi
            publish a x
            pubsub numsub a
            pubsub channels
            exec
            multi
            subscribe a
            pubsub numsub a
            unsubscribe a
            pubsub numsub a
            exec
            """),
    ]

    private static let listening = [
        Conversation(
            "subscriptions in RESP2",
            """
            subscribe a b a
            ping
            ping x
            get a
            set
            unsubscribe a
            unsubscribe
            get a
            unsubscribe
            punsubscribe
            psubscribe p* q*
            punsubscribe p*
            punsubscribe zzz
            reset
            get a
            """),
        Conversation(
            "subscriptions in RESP3",
            """
            hello 3
            subscribe a
            ping
            ping x
            get a
            publish a hi
            psubscribe a*
            publish a hi
            unsubscribe
            punsubscribe
            unsubscribe
            """),
        Conversation(
            "who listens",
            """
            pubsub channels a b
            pubsub channels
            pubsub numsub
            pubsub numsub a b
            pubsub numpat
            publish a b
            """),
        Conversation(
            "silenced subscriptions",
            """
            client reply off
            subscribe a
            unsubscribe a
            client reply on
            """),
    ]

    private static let connections = [
        Conversation(
            "numbers of words",
            """
            get
            set a
            mget
            hset h a
            hset h a b c
            mset a
            mset a b c
            ping a b
            client
            client foo
            client setname
            config get
            config foo
            pubsub foo
            command foo
            echo
            select
            multi x
            """),
        Conversation(
            "HELLO",
            """
            hello 4
            hello abc
            hello 2 foo
            hello 3 setname
            hello 2 auth a
            hello 2 setname a auth default x
            client getname
            hello 2 auth foo x
            """),
        Conversation(
            "AUTH without users",
            """
            auth x
            auth default x
            auth foo x
            auth a b c
            """),
        Conversation(
            "databases",
            """
            select 0
            select 16
            select -1
            select abc
            select 99999999999
            select 15
            set x 1
            dbsize
            flushdb
            flushdb foo
            flushall async sync
            """),
        Conversation(
            "CLIENT",
            """
            client getname
            client setname foo
            client getname
            client setname
            client no-evict on
            client no-evict x
            client getredir
            client list type foo
            client list id abc
            client list foo
            client reply
            """),
        Conversation(
            "RESET",
            """
            multi
            set a 1
            reset
            get a
            hello 3
            reset
            get zz
            client setname q
            reset
            client getname
            """),
        Conversation(
            "CONFIG GET",
            """
            config get databases
            config get save
            hello 3
            config get databases
            config get nosuch
            """),
        Conversation(
            "keys of commands",
            """
            command getkeys get a
            command getkeys mset a 1 b 2
            command getkeys zunionstore d 2 a b
            command getkeys ping
            command getkeys foo
            command getkeys get
            command getkeys blpop a b 0
            command getkeys lmpop 2 a b left
            command info nosuch
            command getkeys zinter 0 a
            """),
        Conversation(
            "silenced replies",
            """
            client reply off
            set a 1
            get a
            client reply on
            get a
            client reply skip
            get a
            get a
            client reply foo
            client reply skip
            client reply on
            get a
            client reply off
            client reply skip
            get a
            client reply on
            ping
            """),
    ]

    private static let values = [
        Conversation(
            "help",
            "client help\nconfig help\ncommand help\npubsub help\nscript help\nclient help x\nhello 3\npubsub help"),
        Conversation(
            "numbers wider than a double",
            """
            incrbyfloat a 1e400
            incrbyfloat a 1e400
            incrbyfloat b 1e5000
            incrbyfloat b inf
            hincrbyfloat h f 1e400
            hincrbyfloat h f -1e400
            """),
        Conversation(
            "errors in scripts",
            commands: [
                ["lpush", "l", "a"], ["set", "k", "v"], ["eval", TranslatedRedisGenerator.release, "1", "l", "v"],
                ["eval", TranslatedRedisGenerator.extend, "1", "k", "v", "abc"],
                ["eval", TranslatedRedisGenerator.extend, "1", "k", "w", "abc"],
                ["eval", TranslatedRedisGenerator.prolong, "1", "k", "v", "abc", "1"], ["expire", "k", "1000"],
                ["eval", TranslatedRedisGenerator.prolong, "1", "k", "v", "abc", "1"],
                ["eval", TranslatedRedisGenerator.prolong, "1", "k", "v", "9223372036854775807", "1"],
                ["evalsha", "b70c2384248f88e6b75b9f89241a180f856ad852", "1", "l", "v"],
            ]),
        Conversation(
            "scans",
            """
            scan abc
            scan 0 count 0
            scan 0 count abc
            scan 0 type
            scan 0 foo bar
            hscan nosuch abc
            hscan nosuch 0 count 0
            set s 1
            hscan s 0 count 0
            sscan s 0
            """),
        Conversation(
            "numbers and bounds",
            """
            set a 9223372036854775807
            incr a
            set a abc
            incr a
            hset h f abc
            hincrby h f 1
            hincrbyfloat h f 1
            zadd z inf a
            zincrby z -inf a
            zadd z incr -inf a
            incrbyfloat a 1
            setrange a -1 x
            append h x
            lset nol 0 x
            lset nol abc x
            rpush l a
            lset l 5 x
            lset l abc x
            lindex nol abc
            lindex l abc
            rename nosuch x
            expire a 9223372036854775807
            expire a 10 nx xx
            expire a 10 gt lt
            expire a 10 foo
            set a b ex 9223372036854775
            set a b ex 9223372036854776
            setex a 0 b
            psetex a -1 b
            getex a ex 0
            getex nosuch ex abc
            lpos l a rank 0
            lpos l a count -1
            lpos l a maxlen -1
            lpos l a foo 1
            copy a a
            """),
        Conversation(
            "shapes in RESP3",
            """
            hello 3
            set a 1
            get nosuch
            hset h a 1
            hgetall h
            hgetall nosuch
            hrandfield h 5 withvalues
            sadd s a
            smembers s
            sinter s nosuch
            spop s 0
            srandmember s 1
            srandmember s -1
            zadd z 1 a 2.5 b
            zrange z 0 -1 withscores
            zscore z a
            zscore z q
            zmscore z a q
            zpopmin nosuch
            zpopmin z
            zpopmin z 5
            zpopmax z 5
            zadd z 1 a
            zrandmember z 1 withscores
            zmpop 1 z min
            lpop nosuch
            lpop nosuch 1
            lmpop 1 nosuch left
            blpop nosuch 0.01
            mget a nosuch
            ttl a
            zrank z q
            zscan z 0
            sscan s 0
            hscan h 0
            lpos l a
            incrbyfloat a 1.5
            zadd z incr 2 a
            zadd z xx incr 2 nosuch
            hincrbyfloat h a 0.5
            hello 2
            zunion 1 z withscores
            multi
            hello 3
            hgetall h
            exec
            hgetall h
            """),
    ]
}
