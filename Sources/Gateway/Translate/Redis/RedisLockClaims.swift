// Which connection took which lock, so that a second one with the same owner does not get it as well.

import Digest
import Synchronization

/// The locks of one backend that this process took for SET with NX, by database, name and owner.
///
/// A lock of a backend is its owner's, whoever speaks for it; a key that SET made with NX is nobody's a second time. Clients
/// that all write the same value would share the lock, so the gateway remembers the connection that took it, and when it
/// will have run out. Other processes do not know, so that to the backend the owner is the value with a mark behind it that
/// no other start of a gateway has: between them a lock is one's even if all write the same value.
final class RedisLockClaims: Sendable {
    /// Locks that are remembered, and bytes of their names and owners; more are refused until some have run out.
    private static let most = 65_536
    private static let mostBytes = 64 << 20

    struct Name: Hashable {
        var database: Int
        var name: [UInt8]
    }

    /// Who took a lock, and until when it is that connection's, in milliseconds since 1970.
    struct Claim: Equatable {
        var session: UInt64
        var until: Int64
    }

    enum Outcome: Equatable {
        /// The connection may ask the backend; `before` is its own claim that it had already.
        case claimed(before: Claim?)
        /// Another connection has it under the same owner.
        case taken
        /// No more can be remembered.
        case full
    }

    private struct State {
        var claims: [Name: [[UInt8]: Claim]] = [:]
        var count = 0
        var byteCount = 0
        /// When the first of those that are left has run out, as of the last look at all of them.
        var earliest = Int64.min

        mutating func set(_ claim: Claim?, _ name: Name, _ owner: [UInt8]) {
            let was = claims[name]?[owner] != nil
            guard was || claim != nil else { return }
            claims[name, default: [:]][owner] = claim
            if claims[name]?.isEmpty == true { claims[name] = nil }
            guard was != (claim != nil) else { return }
            let size = name.name.count + owner.count
            count += was ? -1 : 1
            byteCount += was ? -size : size
        }

        mutating func forgetPast(_ now: Int64) {
            guard earliest <= now else { return }
            earliest = .max
            for (name, owners) in claims {
                for (owner, claim) in owners {
                    if claim.until <= now { set(nil, name, owner) } else { earliest = min(earliest, claim.until) }
                }
            }
        }
    }
    private let state = Mutex(State())
    // Of one length always, so that no value and mark are those of another value. Text, since owners stand in lines.
    private let mark = [0x40] + hexadecimal(randomBytes(8))

    /// The owner that the backend knows for a client's value.
    func owner(_ value: [UInt8]) -> [UInt8] { value + mark }

    /// Claims a lock before the backend is asked for it, so that of two connections one asks.
    func claim(_ name: Name, owner: [UInt8], _ claim: Claim, now: Int64) -> Outcome {
        state.withLock { state in
            let present = state.claims[name]?[owner]
            if let present, present.until > now {
                guard present.session == claim.session else { return .taken }
            }
            let size = name.name.count + owner.count
            if present == nil, state.count >= Self.most || state.byteCount + size > Self.mostBytes {
                state.forgetPast(now)
                guard state.count < Self.most, state.byteCount + size <= Self.mostBytes else { return .full }
            }
            state.earliest = min(state.earliest, claim.until)
            state.set(claim, name, owner)
            return .claimed(before: present)
        }
    }

    /// Puts `claim` in the place of what is there: nil when the lock is nobody's of that owner.
    func put(_ claim: Claim?, _ name: Name, owner: [UInt8]) {
        state.withLock { $0.set(claim, name, owner) }
    }

    /// The lock was given more time, by whichever connection.
    func extend(_ name: Name, owner: [UInt8], until: Int64) {
        state.withLock { state in
            guard var claim = state.claims[name]?[owner] else { return }
            claim.until = until
            state.earliest = min(state.earliest, until)
            state.set(claim, name, owner)
        }
    }

    /// The owners whose locks of this name have not run out.
    func owners(of name: Name, now: Int64) -> [[UInt8]] {
        state.withLock { state in
            state.claims[name]?.filter { $0.value.until > now }.map(\.key) ?? []
        }
    }
}
