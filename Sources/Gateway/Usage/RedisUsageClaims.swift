// What commands say that holds only if the server accepts them: who a login makes of the client, and names of commands.

import RedisWire
import Wire

/// Claims that wait for their replies, in the order of their commands; few at a time, the others are not made.
///
/// Who is refused for want of a login has no name: a stranger must not fill the places of a listener's applications.
struct RedisUsageClaims {
    /// What is believed once the server has accepted the command.
    enum Claim {
        /// The client is this user, has this name, or uses this library; nil where nothing is said.
        case identity(user: String?, name: String?, library: String?)
        /// RESET: the client is nobody again; the library stays (Redis, src/networking.c resetClient and its callers).
        case nobody
        /// A command that is in no table has this name; a look at it stands for so many.
        case command(name: String, weight: UInt64)

        var isIdentity: Bool {
            if case .command = self { false } else { true }
        }
    }

    private struct Waiting {
        let claim: Claim
        let command: RedisCommand
        /// Replies until its own has come.
        var ahead: Int
    }

    /// Claims that wait at one time on a connection.
    private static let limit = 16

    /// The claim of the command that was looked at last, which is not known to be sent yet.
    private var made: Claim?
    private var waiting: [Waiting] = [] {
        didSet { isWaiting = !waiting.isEmpty }
    }
    private(set) var waitingIdentities = 0

    // Asked for each command and each reply, nearly always in vain.
    private(set) var hasMade = false
    private(set) var isWaiting = false

    mutating func make(_ claim: Claim?) {
        made = claim
        hasMade = claim != nil
    }

    /// Takes the claim that was made last.
    mutating func take() -> Claim? {
        defer { make(nil) }
        return made
    }

    /// The command whose claim was made last was sent, and its reply is the one at `place` from here, 1 being the next; nil when
    /// none comes.
    mutating func sent(_ command: RedisCommand, replyAt place: Int?) {
        guard let claim = take(), let place, place > 0, waiting.count < Self.limit else { return }
        waiting.append(Waiting(claim: claim, command: command, ahead: place))
        if claim.isIdentity { waitingIdentities += 1 }
    }

    /// A command got its reply; the claim that holds from here on, nil where there is none.
    ///
    /// A reply to another command than was expected means that replies are counted wrongly, and nothing that waits holds. QUEUED is
    /// no login yet, but says that the command is known.
    mutating func answered(_ answer: RedisAnswer, _ reply: RedisReply) -> Claim? {
        for place in waiting.indices { waiting[place].ahead -= 1 }
        guard let first = waiting.first, first.ahead <= 0 else { return nil }
        guard first.ahead == 0, first.command == answer.command, answer.startedAt != nil else {
            drop()
            return nil
        }
        waiting.removeFirst()
        guard first.claim.isIdentity else { return reply.isError ? nil : first.claim }
        waitingIdentities -= 1
        if reply.text == Self.queued { return nil }
        guard case .identity(nil, _, _) = first.claim else { return reply.isError ? nil : first.claim }
        // A server that does not know CLIENT SETINFO refuses it, and yet the client has said what it is.
        return reply.isError && Self.strangers.contains(reply.text) ? nil : first.claim
    }

    /// Replies can no longer be told apart.
    mutating func drop() {
        make(nil)
        waiting = []
        waitingIdentities = 0
    }

    private static let queued = RedisText("QUEUED")
    /// What a server answers to those that may not speak yet.
    private static let strangers = [RedisText("NOAUTH"), RedisText("WRONGPASS"), RedisText("NOPERM")]

    /// The name in `range` in lower case, if it is fit to be one: letters, digits and `.-_`; nil for anything else.
    static func name(_ range: Range<Int>, in bytes: Bytes) -> String? {
        guard !range.isEmpty, range.count <= UsageBlock.nameLength else { return nil }
        var name = ""
        for place in range {
            let byte = bytes[place].asciiLowercased
            switch byte {
            case 0x61...0x7A, 0x30...0x39, 0x2E, 0x2D, 0x5F: name.unicodeScalars.append(Unicode.Scalar(byte))
            default: return nil
            }
        }
        return name
    }
}
