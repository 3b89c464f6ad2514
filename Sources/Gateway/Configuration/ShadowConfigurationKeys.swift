// The configuration keys of shadows, which listeners and routes have alike.

import PostgresWire
import RedisWire
import S3Wire

extension ConfigurationKey {
    /// The keys of one shadow.
    struct ShadowKeys {
        let section, backend, share, writes, scratchPrefix, scratchDatabase, scratchSchema, scratchBucket,
            definitions, masks, learnNoise, follows: ConfigurationKey

        var all: [ConfigurationKey] {
            [
                section, backend, share, writes, scratchPrefix, scratchDatabase, scratchSchema, scratchBucket,
                definitions, masks, learnNoise, follows,
            ]
        }
    }

    static let shadow = shadowKeys(
        "listeners.NAME",
        """
        A candidate that is asked as well, and whose replies are compared with those that the clients get and then \
        dropped. Of a Redis listener with routes it is asked what goes to any route that has no shadow of its own. \
        See [Shadowing](#shadowing).
        """)
    static let routeShadow = shadowKeys(
        "listeners.NAME.routes",
        """
        The same for the commands of this route alone. The candidate stands for the route's backend: it gets keys as they \
        get there.
        """)

    private static func shadowKeys(_ parent: String, _ meaning: String) -> ShadowKeys {
        let path = "\(parent).shadow"
        return ShadowKeys(
            section: ConfigurationKey(path, .section, default: .described("none"), meaning),
            backend: ConfigurationKey(
                "\(path).backend", .backendName, default: .required,
                """
                The candidate: a backend of the same protocol, or one with an adapter. Its `login` is used, no client's; a PostgreSQL \
                backend without one has to let the client's user in without a password.
                """),
            share: ConfigurationKey(
                "\(path).share", .percentage, default: .value("100%"),
                "How much goes there. Keys are picked, not commands, so that what is written under a key and read again stays together."
            ),
            writes: ConfigurationKey(
                "\(path).writes", .words, default: .described("none; all with a scratch place"),
                """
                First bytes of the keys under which writes go to the candidate too. It has to hold there what the primary holds. Of S3 \
                they begin with the bucket: `photos/2026/`, and need a `scratch-bucket`; of PostgreSQL they are those of tables' names, and \
                need a `scratch-database` or a `scratch-schema`.
                """
            ),
            scratchPrefix: ConfigurationKey(
                "\(path).scratch-prefix", .text, default: .described("none"),
                """
                Redis only: what the candidate's keys begin with: writes go there, and reads of keys that were written whole. \
                Not together with `scratch-database`.
                """),
            scratchDatabase: ConfigurationKey(
                "\(path).scratch-database", .text, default: .described("none"),
                """
                Redis: the same with a database of the candidate's, by its number, in place of a prefix; only what clients do in database 0, \
                or in the route's, goes there. PostgreSQL: the name of a database, with the client's in place of `*`, such as `*_shadow`; \
                it begins as a copy of the client's, and statements that write rows of one table go there too.
                """),
            scratchSchema: ConfigurationKey(
                "\(path).scratch-schema", .text, default: .described("none"),
                """
                PostgreSQL only: the same with a schema of the client's database at the candidate, in place of a database; for statements \
                that name no schema.
                """),
            scratchBucket: ConfigurationKey(
                "\(path).scratch-bucket", .text, default: .described("none"),
                """
                S3 only: the candidate's bucket, empty at first, to which writes go, and reads of what was written since; requests are signed \
                anew with the candidate's `login`.
                """),
            definitions: ConfigurationKey(
                "\(path).ddl", .boolean, default: .value("false"),
                """
                PostgreSQL only: whether CREATE, ALTER and DROP of tables, indexes, views, sequences and types go to the \
                `scratch-database` or `scratch-schema` too, and are compared.
                """),
            masks: ConfigurationKey(
                "\(path).masks", .words, default: .value("[lifetime, last-modified, message-text]"),
                """
                Differences that are none. Redis: \(names(RedisReplyMask.allCases)); S3: \(names(S3ReplyMask.allCases)); \
                PostgreSQL: \(names(PostgresReplyMask.allCases)); `[]` for none of them.
                """),
            learnNoise: ConfigurationKey(
                "\(path).learn-noise", .boolean, default: .value("true"),
                "Whether a command that the primary, asked twice at once, has answered differently three times is no longer compared."
            ),
            follows: ConfigurationKey(
                "\(path).follows", .boolean, default: .value("false"),
                """
                Whether the candidate gets all writes by another way, such as replication. Otherwise keys that a client has \
                written are not compared, unless the write went to the candidate too.
                """))
    }

    private static func names(_ masks: [some RawRepresentable<String>]) -> String {
        masks.map { "`\($0.rawValue)`" }.joined(separator: ", ")
    }
}
