// How rate limits meet the commands of a routed client.

import Reactor
import RedisWire
import Wire

extension RoutedClient {
    /// Whether `command`, which goes to a backend, may go now; it is not counted yet.
    func rateVerdict(on command: RedisWholeCommand, in bytes: Span<UInt8>) -> RateVerdict {
        guard limits != nil else { return .passes }
        let route = route(of: command, in: bytes)
        return noted(limits?.verdict(on: command.command, route: route, at: worker.now) ?? .passes)
    }

    /// Counts `command`, which goes to a backend.
    func spend(_ command: RedisWholeCommand, in bytes: Span<UInt8>) {
        guard limits != nil else { return }
        let route = route(of: command, in: bytes)
        limits?.spend(route: route, at: worker.now)
        if isDelayed {
            isDelayed = false
            metrics.delayed &+= 1
        }
    }

    private func route(of command: RedisWholeCommand, in bytes: Span<UInt8>) -> Int {
        limits?.dependsOnRoute == true ? router.route(of: command, in: bytes, state) : 0
    }

    /// Whether the client has closed its side while a command of it waits: who is gone would keep others waiting.
    ///
    /// What it sends meanwhile is read up to what is held of one command; the end is found behind it.
    func hasGivenUp() throws(IOError) -> Bool {
        while client.isReadable, RedisLimits.sharedCommand.allows(held.count) {
            guard case .bytes(let count) = try client.receive() else { break }
            metrics.bytesFromClients &+= UInt64(count)
            worker.withReceived(count) { hold($0) }
        }
        return client.hasEnded
    }

    static let gaveUp = RedisErrorReply.busy(
        "this command waited for its rate limit, and was not sent: the client has closed its side")

    private func noted(_ verdict: RateVerdict) -> RateVerdict {
        if case .waits(let due) = verdict {
            passDue = due
            isDelayed = true
        }
        return verdict
    }

    /// What becomes of a command that belongs on the client's own connection, which has to be free for the answer if it is
    /// refused.
    func passing(_ command: RedisWholeCommand, in bytes: Span<UInt8>) -> OwnVerdict {
        guard limits != nil else { return .pass }
        guard rateVerdict(on: command, in: bytes) == .passes else { return .hold }
        spend(command, in: bytes)
        return .pass
    }

    /// The same of one that is too long to be held: it is never refused, since that would take reading it to its end.
    func passingOdd() -> OwnVerdict {
        guard limits != nil else { return .pass }
        guard oddMayPass() else { return .hold }
        limits?.spend(route: session.listener.routes.count - 1, at: worker.now)
        isDelayed = false
        return .pass
    }

    /// Whether such a command does not have to wait.
    func oddMayPass() -> Bool {
        let verdict = limits?.verdict(on: .multi, route: session.listener.routes.count - 1, at: worker.now) ?? .passes
        return noted(verdict) == .passes
    }
}
