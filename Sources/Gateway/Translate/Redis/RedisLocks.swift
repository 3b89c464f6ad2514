// SET with NX and a time, and DEL, where a backend has locks instead of conditional sets.

import Capabilities

extension RedisTranslator {
    /// Whether SET with NX and a time takes a lock of the backend.
    var takesLocks: Bool { !gate.permits(.keyValueConditionalSet) && gate.permits(.lockAcquire) }

    /// Takes a lock: `flag`, whether this connection has it now.
    func takeLock(
        _ name: [UInt8], owner: [UInt8], milliseconds: Int64, _ call: CallContext
    ) async throws(Failure) -> Answer {
        let locks = gate.backend.locks
        let place = RedisLockClaims.Name(database: call.database, name: name)
        let (until, overflowed) = call.now.addingReportingOverflow(milliseconds)
        let claim = RedisLockClaims.Claim(session: session.id, until: overflowed ? .max : until)
        let before: RedisLockClaims.Claim?
        switch locks.claim(place, owner: owner, claim, now: call.now) {
        case .claimed(let own): before = own
        case .taken: return .flag(false)
        case .full:
            throw .refused(
                .lockAcquire, reason: "the gateway remembers as many locks as it can; some have to end first")
        }
        do throws(Failure) {
            let acquire = LockOperation.acquire(
                name: name, owner: locks.owner(owner), ttlMilliseconds: milliseconds)
            let answer = try await gate.perform(.lock(acquire), call)
            if answer != .flag(true) { locks.put(nil, place, owner: owner) }
            return answer
        } catch {
            switch error {
            // It may have been taken: then it is this connection's, and nobody else's before its time is over.
            case .indeterminate, .backend, .protocolBroken, .cancelled: break
            default: locks.put(before, place, owner: owner)
            }
            throw error
        }
    }

    /// Gives up the lock, or with a time extends it, whichever connection took it: whether `owner` had it.
    func changeLock(
        _ name: [UInt8], owner: [UInt8], milliseconds: Int64?, _ call: CallContext
    ) async throws(Failure) -> Bool {
        let locks = gate.backend.locks
        let place = RedisLockClaims.Name(database: call.database, name: name)
        // A lock that no SET took is its owner's by the value alone.
        let known = takesLocks ? locks.owner(owner) : owner
        guard let milliseconds else {
            let isDone = try await gate.perform(.lock(.release(name: name, owner: known)), call) == .flag(true)
            if isDone { locks.put(nil, place, owner: owner) }
            return isDone
        }
        let extend = LockOperation.extend(name: name, owner: known, ttlMilliseconds: milliseconds)
        let isDone = try await gate.perform(.lock(extend), call) == .flag(true)
        let (until, overflowed) = call.now.addingReportingOverflow(milliseconds)
        if isDone { locks.extend(place, owner: owner, until: overflowed ? .max : until) }
        return isDone
    }

    /// Whether one of `keys` is a lock that this process took.
    func haveLocks(_ keys: [[UInt8]], _ database: Int) -> Bool {
        keys.contains { key in
            !gate.backend.locks.owners(of: .init(database: database, name: key), now: context.now).isEmpty
        }
    }

    /// Deletes keys, and ends locks that are named like them, whoever has them: `integer`, how many names had either.
    func deleteWithLocks(_ keys: [[UInt8]], _ call: CallContext) async throws(Failure) -> Answer {
        var total: Int64 = 0
        for key in keys {
            var wasThere = false
            for owner in gate.backend.locks.owners(of: .init(database: call.database, name: key), now: call.now) {
                if try await changeLock(key, owner: owner, milliseconds: nil, call) { wasThere = true }
            }
            let deletion = Operation.keyValue(.delete(keys: [key]))
            if gate.permits(deletion.needs), try await gate.perform(deletion, call) == .integer(1) { wasThere = true }
            if wasThere { total += 1 }
        }
        return .integer(total)
    }
}
