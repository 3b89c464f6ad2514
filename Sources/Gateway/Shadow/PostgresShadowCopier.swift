// Finds out which tables there are, and copies those again that are not the same at the candidate.

import PostgresWire
import Reactor
import Wire

/// What a PostgreSQL shadow's runner does between the statements of clients.
final class PostgresShadowCopier {
    private let shadow: Shadow
    private let source: PostgresShadowLinks
    private let target: PostgresShadowLinks
    /// When what has failed is tried again, by database or table, and how long that was put off.
    private var retries: [[UInt8]: (at: UInt64, pause: UInt64)] = [:]

    /// Nanoseconds until what cannot be done now is looked at again, and what has failed, at first and at most.
    private static let shortPause: UInt64 = 20_000_000
    private static let firstPause: UInt64 = 5_000_000_000
    private static let longestPause: UInt64 = 300_000_000_000
    /// Nanoseconds that copying one table may take, and bytes of its rows.
    private static let patience: UInt64 = 30_000_000_000
    private static let byteLimit = 64 << 20
    /// Bytes of what a database says of its tables.
    private static let answerLimit = 4 << 20

    init(_ shadow: Shadow, from source: PostgresShadowLinks, to target: PostgresShadowLinks) {
        self.shadow = shadow
        self.source = source
        self.target = target
    }

    /// Does one thing that is due by `clock`; when there may be another.
    func tend(_ clock: () -> UInt64) async -> UInt64 {
        let now = clock()
        var next = UInt64.max
        for identity in shadow.unknownDatabases {
            let name = Array(identity.database.utf8)
            if let retry = retries[name], retry.at > now {
                next = min(next, retry.at)
            } else {
                await learnTables(identity, name, clock)
                return clock() &+ Self.shortPause
            }
        }
        guard shadow.settings.hasCopy else { return next }
        if let retry = retries[Self.candidate], retry.at > now { return min(next, retry.at) }
        let (found, hasOthers) = shadow.staleTable { table in
            guard let retry = self.retries[Self.name(of: table)], retry.at > now else { return true }
            next = min(next, retry.at)
            return false
        }
        guard let (table, identity, time) = found else { return hasOthers ? min(next, now &+ Self.shortPause) : next }
        let name = await isReachable(identity) ? Self.name(of: table) : Self.candidate
        if name != Self.candidate, await copy(table, identity, since: time) {
            retries[Self.candidate] = nil
            retries[name] = nil
        } else {
            putOff(name, clock)
        }
        return clock() &+ Self.shortPause
    }

    /// Whether the candidate lets the gateway in: the primary waits for nobody who is not there.
    private func isReachable(_ identity: PostgresShadowIdentity) async -> Bool {
        let link = await target.link(Self.plain(identity))
        await link.close()
        do throws(ShadowFailure) {
            _ = try await link.connection.exchanging { () async throws(ShadowFailure) in try await link.opened() }
            return true
        } catch {
            return false
        }
    }

    /// Stands for all tables.
    private static let candidate: [UInt8] = []

    private static func name(of table: PostgresShadowTables.Table) -> [UInt8] {
        Array("\(table.key) \(table.schema).\(table.name)".utf8)
    }

    /// `name` is not looked at again for a while, however long this took.
    private func putOff(_ name: [UInt8], _ clock: () -> UInt64) {
        if retries.count >= 2 * PostgresShadowTables.limit { retries = [:] }
        let pause = min(retries[name].map { $0.pause &* 2 } ?? Self.firstPause, Self.longestPause)
        retries[name] = (clock() &+ pause, pause)
    }

    /// A client as it was when it came.
    private static func plain(_ identity: PostgresShadowIdentity) -> PostgresShadowIdentity {
        var identity = identity
        identity.settings = []
        return identity
    }

    // MARK: - Tables

    private func learnTables(_ identity: PostgresShadowIdentity, _ name: [UInt8], _ clock: () -> UInt64) async {
        guard let time = shadow.quietTime else { return }
        let question = PostgresQuestion.query(Array(PostgresShadowTables.question.utf8))
        let link = await source.link(Self.plain(identity))
        guard let answer = try? await link.ask([question], limit: Self.answerLimit).first,
            let rows = Self.rows(answer),
            let tables = PostgresShadowTables(
                rows, key: { shadow.hash(Array($0.utf8).span, name, opening: [UInt8(ascii: "t")]) })
        else { return putOff(name, clock) }
        if shadow.install(tables, for: name, at: time) { retries[name] = nil }
    }

    /// The rows of an answer, as texts; nil where it is an error.
    private static func rows(_ answer: [UInt8]) -> [[String]]? {
        guard let reply = PostgresComparableReply(answer.span), reply.failure == nil else { return nil }
        return reply.rows.map { row in
            (PostgresComparableReply.values(of: row) ?? []).map { value in
                value.map { String(decoding: row[$0], as: UTF8.self) } ?? ""
            }
        }
    }

    // MARK: - Rows

    /// Whether a table, which nobody was writing at `time`, is the same at both now.
    private func copy(
        _ table: PostgresShadowTables.Table, _ identity: PostgresShadowIdentity, since time: UInt64
    ) async -> Bool {
        let (from, to) = (await source.link(Self.plain(identity)), await target.link(Self.plain(identity)))
        // Both are new, so that nothing else is open on them.
        await from.close()
        do throws(ShadowFailure) {
            let (shadow, schema) = (shadow, target.target.quotedSchema ?? table.schema)
            try await from.connection.exchanging(within: Self.patience) { () async throws(ShadowFailure) in
                let (near, far) = (try await from.opened(), try await to.opened())
                func ask(_ link: PostgresShadowLink, _ socket: Socket, _ text: String) async throws(ShadowFailure)
                    -> [[String]]
                {
                    let question = PostgresQuestion.query(Array(text.utf8))
                    guard let rows = Self.rows(try await link.exchange(question, on: socket, Self.answerLimit)) else {
                        throw .unready
                    }
                    return rows
                }
                _ = try await ask(from, near, "begin isolation level repeatable read read only")
                // What it sees from here on is what there is now.
                let sequences = try await ask(from, near, Self.sequences(of: table))
                // Whoever writes from here on comes behind, in the queue too.
                guard shadow.markSame(table, at: time) else { throw .missing }
                _ = try await ask(to, far, "begin")
                if table.isLinked { _ = try await ask(to, far, "set local session_replication_role = replica") }
                _ = try await ask(to, far, "delete from \(schema).\(table.name)")
                far.send(
                    PostgresQuestion.query(Array("copy \(schema).\(table.name) (\(table.columns)) from stdin".utf8)))
                let rows = "copy (select \(table.columns) from \(table.schema).\(table.name)) to stdout"
                try await from.pour(PostgresQuestion.query(Array(rows.utf8)), into: far, limit: Self.byteLimit)
                guard Self.rows(try await to.exchange(PostgresQuestion.copyDone, on: far, Self.answerLimit)) != nil
                else { throw .unready }
                for row in sequences where row.count == 2 {
                    _ = try await ask(to, far, Self.setting(of: row[0], row[1], "\(schema).\(table.name)"))
                }
                _ = try await ask(to, far, "commit")
                _ = try await ask(from, near, "commit")
            }
            return true
        } catch {
            await to.close()
            shadow.markStale([table.key])
            return error == .missing
        }
    }

    private static func text(_ value: String) -> String { "'\(value.replacing("'", with: "''"))'" }

    /// The columns that are numbered, with the last number given; empty for none yet.
    private static func sequences(of table: PostgresShadowTables.Table) -> String {
        let name = text("\(table.schema).\(table.name)")
        return """
            select a.attname, pg_catalog.pg_sequence_last_value(pg_catalog.pg_get_serial_sequence(\(name), a.attname)::regclass)
            from pg_catalog.pg_attribute a where a.attrelid = \(name)::regclass and a.attnum > 0 and not a.attisdropped
            and pg_catalog.pg_get_serial_sequence(\(name), a.attname) is not null
            """
    }

    private static func setting(of column: String, _ last: String, _ table: String) -> String {
        let sequence = "pg_catalog.pg_get_serial_sequence(\(text(table)), \(text(column)))::regclass"
        return last.isEmpty
            ? "select pg_catalog.setval(seqrelid, seqstart, false) from pg_catalog.pg_sequence where seqrelid = \(sequence)"
            : "select pg_catalog.setval(\(sequence), \(text(last)))"
    }
}

extension PostgresShadowLink {
    /// Sends the rows that `question` copies out on to `target`, which takes them in.
    fileprivate func pour(_ question: [UInt8], into target: Socket, limit: Int) async throws(ShadowFailure) {
        let socket = try await opened()
        socket.send(question)
        var (rest, total) = ([UInt8](), 0)
        while let count = try await connection.receive(on: socket) {
            socket.worker.withReceived(count) { bytes in rest += bytes.array(0..<bytes.count) }
            var (place, isDone, rows) = (0, false, [UInt8]())
            while rest.count - place >= 5, let length = rest.span.bigEndianUInt32(at: place + 1) {
                guard length >= 4 else { throw .broken }
                guard Int(length) <= limit else { throw .large }
                let end = place + 1 + Int(length)
                guard end <= rest.count else { break }
                switch rest[place] {
                case UInt8(ascii: "d"): rows += rest[place..<end]
                case UInt8(ascii: "E"): throw .unready
                case UInt8(ascii: "Z"): isDone = true
                default: break
                }
                place = end
            }
            rest.removeFirst(place)
            total += rows.count
            guard total <= limit else { throw .large }
            target.send(rows)
            try await connection.waitForRoom(on: target)
            if isDone { return }
        }
        throw .down
    }
}
