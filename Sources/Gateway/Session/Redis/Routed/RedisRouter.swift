// What decides where the commands of one client go, when there is more than one place.

import RedisWire
import Wire

/// A place that commands can go to: the shared connections of one worker to one backend.
final class RoutedLane {
    let backend: Backend
    let upstreams: SharedUpstreams
    /// Its place among the lanes of its router; small, and no other's while the lane is in use.
    let index: Int

    init(_ backend: Backend, _ upstreams: SharedUpstreams, index: Int) {
        self.backend = backend
        self.upstreams = upstreams
        self.index = index
    }
}

/// Who a client is to a router.
struct RoutedState: Equatable {
    /// The user that it has logged in as; `default` before.
    var user: [UInt8] = RoutedState.defaultUser
    var database: [UInt8] = Array("0".utf8)

    static let defaultUser = Array("default".utf8)
}

/// Where a command goes.
enum RedisDecision {
    /// It has no key and may go anywhere; this is where it goes if nothing else decides.
    case anywhere(RoutedLane)
    /// All of its keys, or what it is about, lead there.
    case lane(RoutedLane)
    /// It goes there in other words: what the configuration asks for.
    case rewritten(RoutedLane, [UInt8])
    /// Its parts go to several lanes, and their replies are made one.
    case split(RedisSplit)
    /// It cannot go anywhere: a whole error reply.
    case refused([UInt8])
    /// It can be decided once every reply before it is here.
    case later
}

/// A command that has to be sent again.
struct RedisRedirection {
    var lane: RoutedLane
    /// Sent right before it on the same connection, and answered to nobody: ASKING.
    var opening: [UInt8]?
    /// Nanoseconds before it is sent, where what stands in the way takes a while.
    var pause: UInt64 = 0
}

/// Decides where the commands of one client go; each routed client has its own.
///
/// A decision must depend on the bytes of the command and on the client's state only, and have no effect: it may be asked
/// for more than once.
protocol RedisRouter: AnyObject {
    /// Whether every command goes on the client's own connection, as `mode: session` has it.
    var keepsOwn: Bool { get }
    /// Whether everything goes to one place, whatever it is about.
    var hasOnePlace: Bool { get }
    /// Whether the user decides where commands go.
    var dependsOnUser: Bool { get }
    /// Whether commands are kept until they are answered, so that ``redirection(after:_:from:attempt:)`` is asked.
    var redirects: Bool { get }

    /// Where commands without a key go for a client in `state`.
    func home(_ state: RoutedState) -> RoutedLane
    /// Where `command` goes for a client in `state`.
    func decide(_ command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState) -> RedisDecision

    /// The place, among the listener's routes, of the one that `command` belongs to: its first key's.
    func route(of command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState) -> Int

    /// An own connection, which nothing is sent again for, was answered with an error.
    func noticed(_ code: RedisErrorCode)
    /// An own connection to `lane` could not be made, or was lost while a reply was owed.
    func noticed(failureOf lane: RoutedLane)

    /// Where a command goes that was answered with `error`, a whole error line; nil: the error is the client's.
    ///
    /// `attempt` counts from 1 the times that it was sent.
    func redirection(
        after error: Span<UInt8>, _ command: Span<UInt8>, from lane: RoutedLane, attempt: Int
    ) -> RedisRedirection?
    /// Where a command goes whose connection failed before any of its reply came; nil: the client gets an error.
    func redirection(
        after failure: GatewayFailure, _ command: Span<UInt8>, from lane: RoutedLane, attempt: Int
    ) -> RedisRedirection?
}

extension RedisRouter {
    var keepsOwn: Bool { false }
    var hasOnePlace: Bool { false }
    var dependsOnUser: Bool { false }
    var redirects: Bool { false }

    func route(of command: RedisWholeCommand, in bytes: Span<UInt8>, _ state: RoutedState) -> Int { 0 }

    func noticed(_ code: RedisErrorCode) {}
    func noticed(failureOf lane: RoutedLane) {}

    func redirection(
        after error: Span<UInt8>, _ command: Span<UInt8>, from lane: RoutedLane, attempt: Int
    ) -> RedisRedirection? { nil }

    func redirection(
        after failure: GatewayFailure, _ command: Span<UInt8>, from lane: RoutedLane, attempt: Int
    ) -> RedisRedirection? { nil }
}
