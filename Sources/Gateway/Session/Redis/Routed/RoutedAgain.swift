// Commands of a routed client that are sent again: at once to another place, or later where the place is not ready.

import Reactor
import RedisWire

/// Commands that wait for their time to be sent again.
struct LaterCommands {
    private struct Entry {
        let due: UInt64
        let command: [UInt8]
        let redirection: RedisRedirection
        let ticket: OwedTicket
    }

    private var entries: [Entry] = []

    /// How many wait; each still counts as a reply that the client is owed.
    var count: Int { entries.count }
    /// Nanoseconds of the worker's clock at which the first is due; the largest number when none waits.
    var due: UInt64 { entries.reduce(.max) { min($0, $1.due) } }

    mutating func append(_ command: [UInt8], _ redirection: RedisRedirection, _ ticket: OwedTicket, at due: UInt64) {
        entries.append(Entry(due: due, command: command, redirection: redirection, ticket: ticket))
    }

    /// Takes out those that are due, in the order in which they came.
    mutating func takeDue(at now: UInt64) -> [(command: [UInt8], redirection: RedisRedirection, ticket: OwedTicket)] {
        let due = entries.filter { $0.due <= now }
        entries.removeAll { $0.due <= now }
        return due.map { ($0.command, $0.redirection, $0.ticket) }
    }

    /// Forgets all of them; how many there were.
    mutating func removeAll() -> Int {
        defer { entries = [] }
        return entries.count
    }
}

extension RoutedClient {
    /// Sends `command`, whose reply has `ticket`, where `redirection` says and when it says.
    func sendAgain(_ command: [UInt8], _ redirection: RedisRedirection, _ ticket: OwedTicket) {
        guard redirection.pause > 0 else { return sendNow(command, redirection, ticket) }
        // Until then nobody else knows that the client is owed this reply.
        owed &+= 1
        let due = Self.sum(worker.now, redirection.pause)
        later.append(command, redirection, ticket, at: due)
        if due < resendDue { resendDue = due }
        waker.wake()
    }

    /// Sends what has waited for long enough.
    func sendLater() {
        for (command, redirection, ticket) in later.takeDue(at: worker.now) {
            sendNow(command, redirection, ticket)
            paid(1)
        }
        resendDue = later.due
    }

    /// Lets go of what waits; nobody is left who would get the replies.
    func forgetLater() {
        resendDue = .max
        let count = later.removeAll()
        if count > 0 { paid(count) }
    }

    private func sendNow(_ command: [UInt8], _ redirection: RedisRedirection, _ ticket: OwedTicket) {
        if let opening = redirection.opening {
            submit(.asking, opening.span, to: redirection.lane, ReplySlots.dropping(ticket))
        }
        guard case .whole(let whole) = RedisWholeCommand.find(in: command.span, at: 0) else { return }
        submit(whole.command, command.span, to: redirection.lane, ticket)
    }
}
