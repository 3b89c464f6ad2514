// What a client has told about itself, and whether it wants replies.

import RedisWire

/// The state of one client that RESET takes back.
struct RedisClientState {
    var isLoggedIn = true
    var user = "default"
    var database = 0
    var name: [UInt8] = []
    var library: [UInt8] = []
    var libraryVersion: [UInt8] = []
    /// The command that came last, for CLIENT LIST.
    private(set) var lastCommand = RedisCommand.unknown
    /// CLIENT REPLY OFF is in force.
    var isMuted = false
    /// CLIENT REPLY SKIP was the command before.
    private var skipsThis = false
    var skipsNext = false
    /// The reply that is being written is shown in any case.
    var showsThisReply = false

    /// Takes in that a command begins; whether its reply is kept from the client.
    mutating func startCommand(_ command: RedisCommand) -> Bool {
        lastCommand = command
        skipped()
        return isMuted || skipsThis
    }

    /// Takes in that a command, or an empty one, has passed.
    mutating func skipped() {
        skipsThis = skipsNext
        skipsNext = false
    }

    /// Back to how a client begins, but for whether it has to log in.
    mutating func reset(isLoggedIn: Bool) {
        let lastCommand = lastCommand
        self = RedisClientState()
        self.lastCommand = lastCommand
        self.isLoggedIn = isLoggedIn
        showsThisReply = true
    }
}
