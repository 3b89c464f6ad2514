// The configuration keys of a listener's shadow.

import PostgresWire
import RedisWire
import S3Wire

extension ConfigurationKey {
    static let shadowKeys = [
        shadow, shadowBackend, shadowShare, shadowWrites, shadowScratchPrefix, shadowScratchDatabase, shadowMasks,
        shadowLearnNoise, shadowFollows,
    ]

    static let shadow = ConfigurationKey(
        "listeners.NAME.shadow", .section, default: .described("none"),
        """
        A candidate that is asked as well, and whose replies are compared with those that the clients get and then \
        dropped. See [Shadowing](#shadowing).
        """)
    static let shadowBackend = ConfigurationKey(
        "listeners.NAME.shadow.backend", .backendName, default: .required,
        """
        The candidate: a backend of the same protocol, or one with an adapter. Its `login` is used, no client's; a PostgreSQL \
        backend without one has to let the client's user in without a password.
        """)
    static let shadowShare = ConfigurationKey(
        "listeners.NAME.shadow.share", .percentage, default: .value("100%"),
        "How much goes there. Keys are picked, not commands, so that what is written under a key and read again stays together."
    )
    static let shadowWrites = ConfigurationKey(
        "listeners.NAME.shadow.writes", .words, default: .described("none; all with a scratch place"),
        "First bytes of the keys under which writes go to the candidate too. It has to hold there what the primary holds."
    )
    static let shadowScratchPrefix = ConfigurationKey(
        "listeners.NAME.shadow.scratch-prefix", .text, default: .described("none"),
        """
        Redis only: what the candidate's keys begin with: writes go there, and reads of keys that were written whole. \
        Not together with `scratch-database`.
        """)
    static let shadowScratchDatabase = ConfigurationKey(
        "listeners.NAME.shadow.scratch-database", .wholeNumber(0...2_147_483_647), default: .described("none"),
        "The same with a database of the candidate's in place of a prefix; only what clients do in database 0 goes there."
    )
    static let shadowMasks = ConfigurationKey(
        "listeners.NAME.shadow.masks", .words, default: .value("[lifetime, last-modified, message-text]"),
        """
        Differences that are none. Redis: \(RedisReplyMask.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")); \
        S3: \(S3ReplyMask.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")); \
        PostgreSQL: \(PostgresReplyMask.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")); `[]` for none of them.
        """)
    static let shadowLearnNoise = ConfigurationKey(
        "listeners.NAME.shadow.learn-noise", .boolean, default: .value("true"),
        "Whether a command that the primary, asked twice at once, has answered differently three times is no longer compared."
    )
    static let shadowFollows = ConfigurationKey(
        "listeners.NAME.shadow.follows", .boolean, default: .value("false"),
        """
        Whether the candidate gets all writes by another way, such as replication. Otherwise keys that a client has \
        written are not compared, unless the write went to the candidate too.
        """)
}
