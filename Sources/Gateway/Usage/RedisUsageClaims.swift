// What commands say that holds only if the server accepts them: who a login makes of the client, and names of commands.

import RedisWire
import Wire

/// Claims that wait for their replies, in the order of their commands; few at a time, the others are not made.
struct RedisUsageClaims {
    /// What is believed once the server has accepted the command.
    enum Claim {
        /// The client is this user; HELLO may name the client as well.
        case login(user: String, name: String?)
        /// A command that is in no table has this name; a look at it stands for so many.
        case command(name: String, weight: UInt64)
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
    private var waiting: [Waiting] = []
    private(set) var waitingLogins = 0

    var hasMade: Bool { made != nil }
    var isWaiting: Bool { !waiting.isEmpty }

    mutating func make(_ claim: Claim?) { made = claim }

    /// Takes the claim that was made last.
    mutating func take() -> Claim? {
        defer { made = nil }
        return made
    }

    /// The command whose claim was made last was sent, and its reply is the one at `place` from here, 1 being the next; nil when
    /// none comes.
    mutating func sent(_ command: RedisCommand, replyAt place: Int?) {
        guard let claim = take(), let place, place > 0, waiting.count < Self.limit else { return }
        waiting.append(Waiting(claim: claim, command: command, ahead: place))
        if case .login = claim { waitingLogins += 1 }
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
        guard case .login = first.claim else { return reply.isError ? nil : first.claim }
        waitingLogins -= 1
        return reply.isError || reply.text == Self.queued ? nil : first.claim
    }

    /// Replies can no longer be told apart.
    mutating func drop() {
        made = nil
        waiting = []
        waitingLogins = 0
    }

    private static let queued = RedisText("QUEUED")

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
