// Cursors of SQL: DECLARE, FETCH and MOVE, and what becomes of portals when their transaction ends.

import Capabilities
import PostgresWire

/// What DECLARE says of a cursor.
struct PostgresCursorOptions: Sendable, Equatable {
    var isBinary = false
    var isScrollable = false
    /// NO SCROLL, which PostgreSQL holds a cursor to.
    var isForwardOnly = false
    var isHoldable = false
}

/// Where FETCH and MOVE go; a count is nil for all rows.
enum PostgresCursorStep: Sendable, Equatable {
    case forward(Int?)
    case backward(Int?)
    case absolute(Int)
    case relative(Int)
}

extension PostgresTranslatedSession {
    func declare(
        _ name: String, _ text: [UInt8], _ options: PostgresCursorOptions, _ source: [UInt8]
    ) async throws(SQLFailure) {
        guard options.isHoldable || block == .open || block == .implicit else {
            throw SQLFailure("25P01", "DECLARE CURSOR can only be used in transaction blocks")
        }
        try check(CapabilitySet(.sqlCursor))
        let key = Array(name.utf8)
        guard portals[key] == nil else { throw SQLFailure("42P03", "cursor \"\(name)\" already exists") }
        guard PostgresLimits.namedObjects.allows(portals.count + 1) else {
            throw SQLFailure("53400", "this session has \(PostgresLimits.namedObjects.maximum) portals already")
        }
        let prepared = try await prepare(text, types: [], mayBeCached: false)
        guard let statement = prepared.statement, statement.columns != nil, !statement.command.writes else {
            throw SQLFailure("42601", "DECLARE CURSOR takes a query that gives rows and changes nothing")
        }
        let portal = PostgresPortal(prepared, [], options.isBinary ? [1] : [])
        portal.source = source
        portal.options = options
        let cursor = try open(portal, statement)
        try await cursor.describe()
        if options.isScrollable { portal.kept = PostgresKeptRows(width: cursor.columns?.count ?? 0) }
        add(portal, key)
        out.commandComplete("DECLARE CURSOR")
    }

    /// Adds a portal under a name that is free.
    func add(_ portal: PostgresPortal, _ name: [UInt8]) {
        lastPortal += 1
        portal.number = lastPortal
        portals[name] = portal
    }

    // MARK: FETCH and MOVE

    func fetch(
        _ name: String, _ step: PostgresCursorStep, moves: Bool, formats: [UInt16]
    ) async throws(SQLFailure) {
        guard let portal = portals[Array(name.utf8)], let statement = portal.prepared.statement else {
            throw Self.noCursor(name)
        }
        let columns = portal.described ?? Self.settled(portal.cursor?.columns ?? statement.columns) ?? []
        let view = PostgresPortal(portal.prepared, [], portal.options.isBinary ? [1] : formats)
        let count: Int
        switch step {
        case .forward(let wanted) where wanted != 0 && !(wanted.map { $0 < 0 } ?? false) && portal.kept == nil:
            count = try await stream(portal, view, statement, wanted, moves: moves)
        default:
            guard let kept = portal.kept, portal.options.isScrollable || Self.goesForward(step) else {
                if portal.options.isForwardOnly {
                    throw SQLFailure(
                        "55000", "cursor can only scan forward",
                        hint: "Declare it with SCROLL option to enable backward scan.")
                }
                throw .refused(.sqlCursor, "cursors without SCROLL go forward only here")
            }
            var rows = try await numbers(portal, kept, step)
            count = rows.count
            if moves { rows = [] }
            for number in rows {
                try send(kept.row(number), columns, view)
                try await relieve()
            }
        }
        out.commandComplete("\(moves ? "MOVE" : "FETCH") \(count)")
    }

    private static func goesForward(_ step: PostgresCursorStep) -> Bool {
        guard case .forward(let count) = step else { return false }
        return count.map { $0 > 0 } ?? true
    }

    /// Rows that come from the backend and are not kept; how many.
    private func stream(
        _ portal: PostgresPortal, _ view: PostgresPortal, _ statement: any SQLStatement, _ wanted: Int?, moves: Bool
    ) async throws(SQLFailure) -> Int {
        let cursor = try open(portal, statement)
        if portal.prepared.readsObjects, portal.rows == 0 { tellObjects() }
        (view.batch, view.sent, view.rows) = (portal.batch, portal.sent, portal.rows)
        let before = portal.rows
        if moves {
            try await skip(view, cursor, limit: wanted ?? 0)
        } else {
            _ = try await rows(view, cursor, limit: wanted ?? 0, hasRows: true)
        }
        (portal.batch, portal.sent, portal.rows) = (view.batch, view.sent, view.rows)
        return view.rows - before
    }

    private func skip(_ portal: PostgresPortal, _ cursor: any SQLCursor, limit: Int) async throws(SQLFailure) {
        var left = limit > 0 ? limit : Int.max
        while left > 0 {
            if portal.sent == portal.batch.rowCount {
                guard !portal.batch.isLast else { return }
                portal.batch = try await cursor.fetch(limit > 0 ? left : 0)
                portal.sent = 0
                continue
            }
            portal.sent += 1
            portal.rows += 1
            left -= 1
        }
    }

    /// The rows that a step gives, in their order; moves the cursor (portalcmds.c and pquery.c, DoPortalRunFetch).
    private func numbers(
        _ portal: PostgresPortal, _ kept: PostgresKeptRows, _ step: PostgresCursorStep
    ) async throws(SQLFailure) -> [Int] {
        switch step {
        case .forward(let count?) where count < 0: return try await numbers(portal, kept, .backward(-count))
        case .backward(let count?) where count < 0: return try await numbers(portal, kept, .forward(-count))
        case .forward(0), .backward(0), .relative(0):
            return (1...max(1, kept.count)).contains(kept.position) && kept.count > 0 ? [kept.position] : []
        case .forward(let count):
            let first = kept.position + 1
            try await load(portal, kept, count.map { first.addingReportingOverflow($0 - 1) }.map { $1 ? .max : $0 })
            let last = count.map { min(kept.count, first.addingReportingOverflow($0 - 1).partialValue) } ?? kept.count
            let isShort = count.map { last - first + 1 < $0 } ?? true
            kept.position = isShort ? kept.count + 1 : last
            return first <= last ? Array(first...last) : []
        case .backward(let count):
            let first = min(kept.position, kept.count + 1) - 1
            let last = max(1, count.map { first - $0 + 1 } ?? 1)
            guard first >= last else {
                kept.position = 0
                return []
            }
            let isShort = count.map { first - last + 1 < $0 } ?? true
            kept.position = isShort ? 0 : last
            return Array((last...first).reversed())
        case .absolute(let number): return try await jump(portal, kept, number)
        case .relative(let number):
            let (target, overflow) = kept.position.addingReportingOverflow(number)
            guard !overflow, target > 0 else {
                kept.position = number < 0 ? 0 : kept.position
                return []
            }
            return try await jump(portal, kept, target)
        }
    }

    /// Goes to a row; one below zero is counted from the end.
    private func jump(
        _ portal: PostgresPortal, _ kept: PostgresKeptRows, _ number: Int
    ) async throws(SQLFailure) -> [Int] {
        try await load(portal, kept, number < 0 ? nil : number)
        let target = number < 0 ? kept.count + 1 + number : number
        guard target > 0 else {
            kept.position = 0
            return []
        }
        kept.position = min(target, kept.count + 1)
        return target <= kept.count ? [target] : []
    }

    /// Reads rows until there are `count`, or all.
    func load(_ portal: PostgresPortal, _ kept: PostgresKeptRows, _ count: Int?) async throws(SQLFailure) {
        guard let statement = portal.prepared.statement else { return }
        while !kept.isComplete, count.map({ kept.count < $0 }) ?? true {
            let cursor = try open(portal, statement)
            if portal.prepared.readsObjects, kept.count == 0 { tellObjects() }
            try kept.add(try await cursor.fetch(count.map { $0 - kept.count } ?? 0))
        }
    }

    // MARK: Portals and transactions

    /// Has the rest of a portal's rows kept, so that nothing that comes can change them.
    private func keepRest(_ portal: PostgresPortal) async throws(SQLFailure) {
        guard !portal.isDone, let statement = portal.prepared.statement, let columns = statement.columns else { return }
        if portal.kept == nil {
            let kept = PostgresKeptRows(width: columns.count)
            try kept.add(portal.batch, from: portal.sent)
            portal.kept = kept
        }
        guard let kept = portal.kept else { return }
        try await load(portal, kept, nil)
        portal.described = portal.described ?? Self.settled(portal.cursor?.columns)
        await portal.cursor?.close()
    }

    /// Has open portals' rows kept before a statement changes something: a portal sees what was when it was opened.
    func keepSight(but running: PostgresPortal) async throws(SQLFailure) {
        for portal in portals.values where portal !== running && !(portal.prepared.statement?.command.writes ?? true) {
            try await keepRest(portal)
        }
    }

    /// Ends the portals of a transaction that is committed, but for cursors WITH HOLD.
    func commitPortals() async throws(SQLFailure) {
        for portal in portals.values where portal.options.isHoldable && !portal.isHeld {
            try await keepRest(portal)
            portal.isHeld = true
        }
        await closePortals { !$0.isHeld }
    }

    /// Ends the portals of a transaction that is taken back.
    func rollBackPortals() async { await closePortals { !$0.isHeld } }

    /// Ends the portals that are younger than a savepoint; the older ones go on where they are.
    func rollBackPortals(after number: Int) async {
        await closePortals { $0.number > number && !$0.isHeld }
        for portal in portals.values where !portal.isHeld {
            do throws(SQLFailure) {
                try await keepRest(portal)
            } catch {
                await closePortals { $0 === portal }
            }
        }
    }

    func closeAllPortals() async { await closePortals { _ in true } }

    private func closePortals(where isOver: (PostgresPortal) -> Bool) async {
        guard !portals.isEmpty else { return }
        for (name, portal) in portals where isOver(portal) {
            portals[name] = nil
            await portal.cursor?.close()
        }
    }
}
