// A connection to a PostgreSQL target by libpq.

import CPostgres
import Foundation

/// One connection of libpq; it never blocks longer than a deadline.
final class LibpqConnection: DriverConnection {
    private let target: Target
    /// Nil until it is opened.
    private(set) var connection: OpaquePointer?
    private let notices = Notices()

    /// What libpq hands over while it reads other things.
    private final class Notices {
        var values: [Value] = []
    }

    init(_ target: Target) { self.target = target }

    deinit { close() }

    func close() {
        if let connection { PQfinish(connection) }
        connection = nil
    }

    /// Resets the connection: libpq itself only knows the polite end.
    func cut() {
        guard let connection else { return }
        let descriptor = PQsocket(connection)
        let nothing = Glibc.open("/dev/null", O_RDWR | O_CLOEXEC)
        if descriptor >= 0, nothing >= 0 {
            var rule = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &rule, socklen_t(MemoryLayout<linger>.size))
            // The socket closes here, with a reset; libpq closes what stands in its place.
            dup2(nothing, descriptor)
        }
        if nothing >= 0 { Glibc.close(nothing) }
        close()
    }

    // MARK: Opening

    /// Connects with `words` of a connection string over the target's own; `ok`, or the error.
    func open(_ words: [(name: String, value: [UInt8])], deadline: Deadline) throws(DriverFailure) -> Value {
        var evidence = Evidence()
        return try open(words, traced: false, deadline: deadline, evidence: &evidence)
    }

    private func open(
        _ words: [(name: String, value: [UInt8])], traced: Bool, deadline: Deadline, evidence: inout Evidence
    ) throws(DriverFailure) -> Value {
        close()
        let all = connectionWords(words)
        let names = CTexts(all.map { Array($0.name.utf8) })
        let values = CTexts(all.map(\.value))
        let opened = names.withPointers { names in
            values.withPointers { values in PQconnectStartParams(names.baseAddress, values.baseAddress, 0) }
        }
        guard let opened else { throw DriverFailure(.unable, "libpq is out of memory") }
        connection = opened
        PQsetNoticeReceiver(
            opened,
            { target, result in
                guard let target, let result else { return }
                Unmanaged<Notices>.fromOpaque(target).takeUnretainedValue().values.append(LibpqResult.report(result))
            }, Unmanaged.passUnretained(notices).toOpaque())
        let trace = traced ? LibpqTrace(opened) : nil
        defer { trace?.end(&evidence) }
        var wanted = PGRES_POLLING_WRITING
        while PQstatus(opened) != CONNECTION_BAD {
            try deadline.wait(PQsocket(connection), for: wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT)
            wanted = PQconnectPoll(opened)
            if wanted == PGRES_POLLING_OK {
                PQsetnonblocking(opened, 1)
                return .text("ok")
            }
            if wanted == PGRES_POLLING_FAILED { break }
        }
        return .typed("error", .fields([.init("message", .text(Self.message(opened)))]))
    }

    /// The words for libpq, as C texts with their ends, and a null behind them.
    private func connectionWords(
        _ words: [(name: String, value: [UInt8])]
    ) -> [(name: String, value: [UInt8])] {
        var all: [String: [UInt8]] = [
            "host": Array((target.unixPath ?? target.host).utf8), "port": Array("\(target.port)".utf8),
            "user": Array((target.user ?? PostgresRawConnection.defaultUser).utf8),
            // Only the target and the case give passwords.
            "passfile": Array("/dev/null/none".utf8),
        ]
        if let password = target.password { all["password"] = Array(password.utf8) }
        if let database = target.database { all["dbname"] = Array(database.utf8) }
        if let mode = target.options["sslmode"] { all["sslmode"] = Array(mode.utf8) }
        if let authority = target.options["ca"] { all["sslrootcert"] = Array(authority.utf8) }
        for word in words { all[word.name == "database" ? "dbname" : word.name] = word.value }
        return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// libpq's own words on what went wrong, without the address that stands before the server's.
    private static func message(_ connection: OpaquePointer) -> String {
        let text = LibpqResult.text(PQerrorMessage(connection)).trimmedEnd
        guard text.hasPrefix("connection to server"), let mark = text.firstRange(of: " failed: ") else { return text }
        return String(text[mark.upperBound...])
    }

    // MARK: Actions

    func perform(_ action: Tree, deadline: Deadline, evidence: inout Evidence) throws(DriverFailure) -> Value {
        let wanted: LibpqAction
        do throws(SuiteProblem) { wanted = try LibpqAction(action) } catch {
            throw DriverFailure(.mistaken, error.message)
        }
        if case .connect(let words) = wanted {
            // Only a password of the case's own may be seen in a report.
            let isOwn = words.contains { $0.name == "password" }
            return try open(words, traced: isOwn, deadline: deadline, evidence: &evidence)
        }
        let connection = try open()
        let trace = LibpqTrace(connection)
        defer { trace.end(&evidence) }
        switch wanted {
        case .statement(let statement):
            try send(statement, isInPipeline: false, deadline)
            return try answers(deadline)
        case .post(let statement):
            try send(statement, isInPipeline: false, deadline)
            try flush(deadline)
            return .null
        case .pipeline(let items): return try pipeline(items, deadline)
        case .copyIn(let text, let data, let failure): return try copyIn(text, data, failure, deadline)
        case .copyOut(let text): return try copyOut(text, deadline)
        case .readResults: return try answers(deadline)
        case .readNotification: return try notification(deadline)
        case .readNotices:
            defer { notices.values = [] }
            return .list(notices.values)
        case .cancel: return try cancel(deadline)
        case .parameter(let name):
            return PQparameterStatus(connection, name).map { .text(String(cString: $0)) } ?? .null
        case .info(let name): return info(name, connection)
        case .connect: return .null
        }
    }

    private func info(_ name: String, _ connection: OpaquePointer) -> Value {
        switch name {
        case "transaction":
            switch PQtransactionStatus(connection) {
            case PQTRANS_IDLE: return .text("idle")
            case PQTRANS_ACTIVE: return .text("active")
            case PQTRANS_INTRANS: return .text("in-transaction")
            case PQTRANS_INERROR: return .text("in-error")
            default: return .text("unknown")
            }
        case "own-pid": return .integer(Int64(PQbackendPID(connection)))
        case "protocol": return .integer(Int64(PQprotocolVersion(connection)))
        case "server-version": return .integer(Int64(PQserverVersion(connection)))
        case "encoding": return .text(LibpqResult.text(pg_encoding_to_char(PQclientEncoding(connection))))
        case "user": return .text(LibpqResult.text(PQuser(connection)))
        case "database": return .text(LibpqResult.text(PQdb(connection)))
        case "tls": return .boolean(PQsslInUse(connection) != 0)
        default: return .boolean(PQconnectionUsedPassword(connection) != 0)
        }
    }

    private func notification(_ deadline: Deadline) throws(DriverFailure) -> Value {
        let connection = try open()
        while true {
            if let notify = PQnotifies(connection) {
                defer { PQfreemem(notify) }
                return .fields([
                    .init("channel", .text(LibpqResult.text(notify.pointee.relname))),
                    .init("payload", .text(LibpqResult.text(notify.pointee.extra))),
                    .init("own", .boolean(notify.pointee.be_pid == PQbackendPID(connection))),
                ])
            }
            try consume(deadline)
        }
    }

    /// Cancels what runs, as PQcancel does it, which knows no deadline: on a thread of its own.
    private func cancel(_ deadline: Deadline) throws(DriverFailure) -> Value {
        guard let handle = PQgetCancel(try open()) else { throw DriverFailure(.closed, "there is nothing to cancel") }
        let ended = DispatchSemaphore(value: 0)
        let box = CancelHandle(handle)
        Thread {
            var words = [CChar](repeating: 0, count: 256)
            box.isDone = PQcancel(box.handle, &words, Int32(words.count)) == 1
            PQfreeCancel(box.handle)
            ended.signal()
        }.start()
        let left = DispatchTime.now() + .milliseconds(Int(deadline.milliseconds))
        guard ended.wait(timeout: left) == .success else {
            throw DriverFailure(.timedOut, "the request to cancel was not taken in time")
        }
        return .boolean(box.isDone)
    }

    /// Handed to the thread that cancels; what it holds is read when that thread has signalled its end.
    private final class CancelHandle: @unchecked Sendable {
        let handle: OpaquePointer
        var isDone = false

        init(_ handle: OpaquePointer) { self.handle = handle }
    }

    // MARK: Waiting

    func open() throws(DriverFailure) -> OpaquePointer {
        guard let connection else { throw DriverFailure(.mistaken, "the connection is not open") }
        return connection
    }

    /// Takes in what comes next; throws `closed` when nothing will.
    func consume(_ deadline: Deadline) throws(DriverFailure) {
        let connection = try open()
        try deadline.wait(PQsocket(connection), for: POLLIN)
        guard PQconsumeInput(connection) == 1 else { throw DriverFailure(.closed, Self.message(connection)) }
    }

    /// Hands everything to the network, reading meanwhile, so that a server that answers early can go on.
    func flush(_ deadline: Deadline) throws(DriverFailure) {
        let connection = try open()
        while true {
            let state = PQflush(connection)
            if state == 0 { return }
            guard state == 1 else { throw DriverFailure(.closed, Self.message(connection)) }
            try deadline.wait(PQsocket(connection), for: POLLIN | POLLOUT)
            // A connection that breaks here says so at the next flush.
            PQconsumeInput(connection)
        }
    }

    /// The next result; nil at the end of a request's.
    func next(_ deadline: Deadline) throws(DriverFailure) -> OpaquePointer? {
        let connection = try open()
        try flush(deadline)
        while PQisBusy(connection) == 1 {
            do throws(DriverFailure) { try consume(deadline) } catch {
                // What was said before the end is still to be read.
                if error.kind != .closed { throw error }
                break
            }
        }
        return PQgetResult(connection)
    }

    /// Why libpq did not take something.
    func refusal() throws(DriverFailure) -> DriverFailure {
        let connection = try open()
        let isGone = PQstatus(connection) == CONNECTION_BAD
        return DriverFailure(isGone ? .closed : .unable, "libpq: \(Self.message(connection))")
    }
}
