// What PostgreSQL sessions tell a shadow of their statements and transactions, as these go on.

import PostgresWire
import Reactor

extension Shadow {
    /// Takes in a unit of which more is to come; false where it cannot even be followed.
    ///
    /// Where there is no room for what it asks it is only followed: `isSent` is false then.
    func open(_ unit: PostgresShadowJob) -> Bool {
        state.withLock { state in
            if unit.isSent, !state.isClosed, state.admitted < Self.jobLimit, state.bytes < byteLimit {
                state.admitted += 1
            } else {
                unit.isSent = false
                guard state.tracked < Self.trackedLimit else { return false }
                state.tracked += 1
            }
            if state.databases.count < PostgresShadowTables.databaseLimit || state.databases[unit.database] != nil {
                state.databases[unit.database] = unit.identity
            }
            unit.start = state.keys.mark()
            return true
        }
    }

    /// Notes what the next statement of a unit reads or writes, before the primary can have done it; `reads` where what it
    /// reads decides what it writes.
    func extend(_ unit: PostgresShadowJob, _ reach: PostgresReach, writes: Bool, reads: Bool = false) {
        guard !settings.follows else { return }
        state.withLock { state in
            let effect =
                state.tables[unit.database]?.effect(of: reach, writes: writes, isOwn: unit.isOwn)
                ?? PostgresShadowTables.unknown(reach, writes: writes, anyTable(of: unit.database))
            if reads { unit.needs = Array(effect.reads.union(unit.needs)) }
            Self.extend(unit, effect, &state)
        }
    }

    /// Notes what the next statement of a unit makes or changes, which is known from now on.
    func extend(_ unit: PostgresShadowJob, _ definition: PostgresDefinition, _ reach: PostgresReach) {
        unit.definesTables = true
        guard !settings.follows else { return }
        state.withLock { state in
            let any = anyTable(of: unit.database)
            var effect = PostgresShadowTables.Effect(writes: [any])
            if let name = definition.made {
                let key = hash(Array(name.utf8).span, unit.database, opening: [UInt8(ascii: "t")])
                // The rows had another name, under which they may have differed.
                if definition.isRenaming { state.keys.markStale([key]) }
                if state.tables[unit.database]?.define(name, key, reach) == false { effect.isWide = true }
            }
            state.tables[unit.database]?.change(reach)
            if let known = state.tables[unit.database] { effect.writes.formUnion(known.named(in: reach)) }
            Self.extend(unit, effect, &state)
        }
    }

    private static func extend(_ unit: PostgresShadowJob, _ effect: PostgresShadowTables.Effect, _ state: inout State) {
        let written = effect.writes.subtracting(unit.keys)
        let new = effect.reads.subtracting(unit.reads).subtracting(unit.keys).union(written)
        // Whether the others come before it or after only the primary knows.
        if state.keys.isWritten(new) || state.keys.isTouched(new, since: unit.start) { unit.isRaced = true }
        unit.reads.formUnion(effect.reads)
        if !written.isEmpty {
            let written = Array(written)
            if unit.keys.isEmpty { _ = state.keys.begin(written) } else { state.keys.extend(written) }
            unit.keys += written
        }
        if effect.isWide, !unit.isWide {
            unit.isWide = true
            state.keys.beginWide()
        }
    }

    /// Whether rows that are written to a table are the same in whatever order they come, as far as that is known.
    func isOrderFree(_ table: String, in database: String) -> Bool {
        state.withLock { $0.tables[Array(database.utf8)]?.isOrderFree(table) ?? false }
    }

    /// What stands for all tables of a database whose tables are not known.
    func anyTable(of database: [UInt8]) -> UInt64 { hash(database.span, []) }

    /// Makes room for so many bytes more of a unit; false where there is none.
    func charge(_ unit: PostgresShadowJob, _ count: Int) -> Bool {
        state.withLock { state in
            guard state.bytes + count <= byteLimit else { return false }
            state.bytes += count
            unit.charged += count
            return true
        }
    }

    /// A unit that was to go to the candidate is only followed from now on.
    func spoil(_ unit: PostgresShadowJob) {
        guard unit.isSent else { return }
        state.withLock { state in
            state.admitted -= 1
            state.bytes -= unit.charged
            state.tracked += 1
        }
        unit.isSent = false
        unit.charged = 0
    }

    /// Whether what a unit reads is known to be something else at the candidate.
    func isLost(_ unit: PostgresShadowJob) -> Bool { state.withLock { $0.keys.isLost(unit.reads) } }

    /// The unit has ended at the primary: it goes to the candidate, in the order of these ends; else the reason is given why not.
    func finish(_ unit: PostgresShadowJob) -> ShadowDrop? {
        let isSent = unit.isSent
        let (drop, runner): (ShadowDrop?, Waker?) = state.withLock { state in
            // It would write something else there.
            let isMisled = state.keys.isStale(unit.needs)
            let isTaken = isSent && !state.isClosed && !isMisled
            let others = unit.reads.subtracting(unit.keys)
            let isRaced =
                unit.isRaced || state.keys.isWritten(others) || state.keys.isTouched(others, since: unit.start)
            unit.isReliable = !isRaced && !state.keys.isStale(Array(others))
            if !unit.keys.isEmpty {
                let isSame = state.keys.end(
                    unit.keys, began: unit.start, isTaken ? .shadowed(isWhole: false) : .lost, .ofAll(isKnown: isRaced))
                unit.isReliable = unit.isReliable && isSame
            }
            if unit.isWide { state.keys.endWide() }
            if unit.definesTables, !isTaken { state.keys.markAllStale() }
            if unit.changesTables || unit.definesTables && !isTaken {
                state.tables[unit.database] = nil
            } else if unit.definesTables {
                state.outdated.insert(unit.database)
            }
            if !unit.isWrite { unit.keys = Array(unit.reads) }
            guard isTaken else {
                if isSent { state.admitted -= 1 } else { state.tracked -= 1 }
                state.bytes -= unit.charged
                unit.charged = 0
                return (isSent ? isMisled ? .stale : .queueFull : nil, state.runner)
            }
            state.jobs.append(unit)
            return (nil, state.jobs.count == 1 ? state.runner : nil)
        }
        runner?.wakeFromHere()
        return drop
    }

    // MARK: - What the runner does

    /// Databases whose tables are not known, with somebody who has asked for something there.
    var unknownDatabases: [PostgresShadowIdentity] {
        guard !settings.follows else { return [] }
        return state.withLock { state in
            state.databases.filter { state.tables[$0.key] == nil || state.outdated.contains($0.key) }.map(\.value)
        }
    }

    /// Now, where nobody is writing; nil else.
    var quietTime: UInt64? {
        state.withLock { state in
            state.keys.isWriting || state.keys.wideWrites > 0 || state.jobs.contains(where: \.isWrite)
                ? nil : state.keys.clock
        }
    }

    /// Knows the tables of a database from now on, if nobody has written since `time`.
    func install(_ tables: PostgresShadowTables, for database: [UInt8], at time: UInt64) -> Bool {
        state.withLock { state in
            let any = anyTable(of: database)
            guard !state.keys.isWriting, !state.jobs.contains(where: \.isWrite),
                !state.keys.isTouched([any], since: time)
            else { return false }
            // What stood for all of them stands for none.
            if state.keys.isStale([any]) { state.keys.markAllStale() }
            state.keys.markSame(any)
            state.tables[database] = tables
            state.outdated.remove(database)
            return true
        }
    }

    /// Tables of PostgreSQL databases that are told apart, and those of them that are known to differ or in doubt.
    var tableCounts: (known: Int, stale: Int) {
        state.withLock { state in
            let tables = state.tables.values.flatMap(\.list)
            return (tables.count, tables.count { state.keys.isStale([$0.key]) })
        }
    }

    /// A table that differs at the candidate and can be copied now, with the time; whether there are others that cannot.
    func staleTable(
        _ isWanted: (PostgresShadowTables.Table) -> Bool
    ) -> (found: (PostgresShadowTables.Table, PostgresShadowIdentity, time: UInt64)?, hasOthers: Bool) {
        state.withLock { state in
            var hasOthers = false
            var awaited: Set<UInt64>?
            for (database, tables) in state.tables where !state.outdated.contains(database) {
                guard let identity = state.databases[database] else { continue }
                for table in tables.list where state.keys.isStale([table.key]) && isWanted(table) {
                    let waiting = awaited ?? Set(state.jobs.filter(\.isWrite).flatMap(\.keys))
                    awaited = waiting
                    if !waiting.contains(table.key), state.keys.isQuiet(table.key) {
                        return ((table, identity, state.keys.clock), true)
                    }
                    hasOthers = true
                }
            }
            return (nil, hasOthers)
        }
    }

    /// What was written before `time` to a table is at both; false where somebody has written since.
    func markSame(_ table: PostgresShadowTables.Table, at time: UInt64) -> Bool {
        state.withLock { state in
            guard state.keys.isQuiet(table.key), !state.keys.isTouched([table.key], since: time) else { return false }
            state.keys.markSame(table.key)
            return true
        }
    }
}
