// In which databases the commands of one client may be carried out.

/// Follows SELECT and RESET from when they are sent until they are answered: rather too many databases than too few.
///
/// What a transaction selects shows only to the server, so the client may be there, and where it was, until a SELECT
/// outside of any is accepted.
struct RedisClientDatabase {
    /// What waits for its reply.
    private struct Asked {
        /// Nil when it cannot be told.
        let database: UInt32?
        /// Whether it takes the client there once it is accepted, and does not only allow that a later command does.
        let isCertain: Bool
    }

    private var possible: [UInt32] = [0]
    private var isAnywhere = false
    private var asked: [Asked] = []
    /// Those behind ``asked``, of which there is no room to know more.
    private var uncounted = 0
    /// Those of which the database cannot be told.
    private var untold = 0

    /// Databases, and commands that wait, beyond which any database is meant.
    private static let limit = 32

    /// How many databases ``subscript(_:)`` gives, one of them perhaps twice; nil when it may be any.
    var count: Int? { isAnywhere || uncounted > 0 || untold > 0 ? nil : possible.count + asked.count }

    subscript(place: Int) -> UInt32 {
        // Of those that were asked for, all are told while there is a count.
        place < possible.count ? possible[place] : asked[place - possible.count].database ?? 0
    }

    /// A command is sent that goes to `database`; nil when which it is cannot be told.
    mutating func asks(for database: UInt32?, isCertain: Bool) {
        guard uncounted == 0, asked.count < Self.limit else {
            uncounted += 1
            return
        }
        if database == nil { untold += 1 }
        asked.append(Asked(database: database, isCertain: isCertain))
    }

    /// The oldest of such commands is answered.
    mutating func answered(isError: Bool) {
        guard !asked.isEmpty else {
            uncounted = max(0, uncounted - 1)
            if !isError { isAnywhere = true }
            return
        }
        let first = asked.removeFirst()
        if first.database == nil { untold -= 1 }
        guard !isError else { return }
        guard let database = first.database else {
            isAnywhere = true
            return
        }
        if first.isCertain {
            possible = [database]
            isAnywhere = false
        } else if !possible.contains(database) {
            if possible.count < Self.limit { possible.append(database) } else { isAnywhere = true }
        }
    }
}
