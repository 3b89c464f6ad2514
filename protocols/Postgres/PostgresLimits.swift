// The bounds on what a PostgreSQL client or server may send, each with who set it.

import Wire

/// The bounds of the PostgreSQL front.
///
/// A message's length counts its own four bytes and not the type byte, as the protocol does.
package enum PostgresLimits {
    /// The smallest legal length of a typed message: the length field itself.
    package static let messageMinimum = 4

    /// The shortest untyped first packet: a length and a code.
    package static let startupMinimum = 8

    /// The longest untyped first packet, its length field included.
    package static let startupPacket = Limit(
        "postgres-startup-packet", 10_004,
        source: "pqcomm.h MAX_STARTUP_PACKET_LENGTH 10000, compared after the length field is taken off")

    /// The shortest cancel key.
    package static let cancelKeyMinimum = 4

    /// The longest cancel key.
    package static let cancelKey = Limit(
        "postgres-cancel-key", 256, source: "protocol 3.2, BackendKeyData and CancelRequest")

    /// A message that carries text or data.
    package static let largeMessage = Limit(
        "postgres-large-message", largest, source: "libpq.h PQ_LARGE_MESSAGE_LIMIT, which is MaxAllocSize - 1")

    /// A client message that carries only names.
    package static let smallMessage = Limit(
        "postgres-small-message", small, source: "libpq.h PQ_SMALL_MESSAGE_LIMIT, applied in postgres.c SocketBackend")

    /// A message of the authentication exchange, either way.
    package static let authenticationMessage = Limit(
        "postgres-authentication-message", authentication, source: "libpq/auth.h PG_MAX_AUTH_TOKEN_LENGTH 65535")

    /// A server's message: it may hold a row of the largest size PostgreSQL can build.
    package static let serverMessage = Limit(
        "postgres-server-message", server, source: "memutils.h MaxAllocSize, rounded up to 1 GiB")

    /// How much of a statement's text is looked at to find its first word.
    package static let statementPrefix = Limit(
        "postgres-statement-prefix", prefix, source: "ours: comments before a statement are short")

    /// How much of an ErrorResponse is looked at to find its severity and SQLSTATE.
    package static let errorPrefix = Limit(
        "postgres-error-prefix", prefix, source: "ours: elog.c sends severity and SQLSTATE first")

    /// How many requests an exchange remembers one by one.
    package static let trackedRequests = Limit(
        "postgres-tracked-requests", tracked, source: "ours: 4 KiB a session; longer pipelines are counted, not timed")

    /// The longest text of one field in an error that the gateway writes.
    package static let errorField = Limit(
        "postgres-error-field", 1024, source: "ours: libpq reads at most 30000 bytes of an error while connecting")

    /// A client's message that the gateway answers itself, and so holds whole.
    package static let translatedMessage = Limit(
        "postgres-translated-message", 64 << 20, source: "ours: values of a translated backend are smaller than this")

    /// The longest text of one field in a report on a translated statement, in bytes.
    package static let reportField = Limit(
        "postgres-report-field", 8192, source: "ours: long enough for any message, short enough for any log")

    /// Prepared statements, and portals, of one translated session.
    package static let namedObjects = Limit(
        "postgres-named-objects", 10_000, source: "ours: what a driver's cache never reaches")

    // The same numbers as plain constants: a named limit is made at first use, and asking whether it is made
    // already costs more than reading a row.
    static let largest = 0x3FFF_FFFE
    static let small = 10_000
    static let authentication = 65_535
    static let server = 0x4000_0000
    static let prefix = 1024
    static let tracked = 256
}
