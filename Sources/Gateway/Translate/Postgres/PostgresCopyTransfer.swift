// The rows of a COPY between the client and the backend.

import Capabilities
import PostgresWire
import Reactor
import Wire

extension PostgresTranslatedSession {
    func copy(_ command: PostgresCopyCommand, _ text: [UInt8]) async throws(SQLFailure) {
        try check(CapabilitySet(.sqlCopy))
        if command.isIn {
            try await copyIn(command)
        } else {
            try await copyOut(command, text)
        }
    }

    // MARK: To the client

    private func copyOut(_ command: PostgresCopyCommand, _ text: [UInt8]) async throws(SQLFailure) {
        let query: [UInt8]
        switch command.source {
        case .query(let range): query = Array(text[range])
        case .table(let table, let named):
            let columns = try await sql.copied(table, columns: named)
            let list = columns.isEmpty ? "*" : columns.map(SQLQuoting.name).joined(separator: ", ")
            query = Array("SELECT \(list) FROM \(Self.quoted(table))".utf8)
        }
        let statement = try await sql.prepare(query, parameterTypes: [])
        let cursor = try sql.open(statement, [])
        do throws(SQLFailure) {
            try await cursor.describe()
            guard let columns = cursor.columns else {
                throw SQLFailure("0A000", "COPY query must give rows")
            }
            out.copyResponse(isIn: false, columns: columns.count)
            if command.format.hasHeader {
                var line: [UInt8] = []
                command.format.append(columns.map { Array($0.name.utf8) }, to: &line)
                out.copyData(line)
            }
            let count = try await sendRows(cursor, columns, command.format)
            out.copyDone()
            out.commandComplete("COPY \(count)")
        } catch {
            await cursor.close()
            throw error
        }
        await cursor.close()
        statement.close()
    }

    private func sendRows(
        _ cursor: any SQLCursor, _ columns: [SQLColumn], _ format: PostgresCopyFormat
    ) async throws(SQLFailure) -> Int {
        var count = 0
        while true {
            let batch = try await cursor.fetch(0)
            for row in 0..<batch.rowCount {
                let fields = columns.indices.map { index -> [UInt8]? in
                    let value = batch.values[row * columns.count + index]
                    if value == .null { return nil }
                    var text: [UInt8] = []
                    PostgresValueWriter.appendText(value, columns[index], to: &text)
                    return text
                }
                var line: [UInt8] = []
                format.append(fields, to: &line)
                out.copyData(line)
                do {
                    try await connection.relieve()
                } catch {
                    throw SQLFailure("08006", "the client went away")
                }
            }
            count += batch.rowCount
            if batch.isLast { return count }
        }
    }

    private static func quoted(_ name: SQLName) -> String {
        (name.schema.map { SQLQuoting.name($0) + "." } ?? "") + SQLQuoting.name(name.name)
    }

    // MARK: From the client

    private func copyIn(_ command: PostgresCopyCommand) async throws(SQLFailure) {
        guard case .table(let table, let columns) = command.source else { return }
        let target = try await sql.copy(into: table, columns: columns)
        // All rows or none, whatever the client's own block is.
        let isOwn = block == .none
        if isOwn {
            try await sql.begin(settings.transactionMode)
            block = .implicit
        }
        out.copyResponse(isIn: true, columns: target.columns.count)
        do throws(SQLFailure) {
            let count = try await receiveRows(target, command.format)
            await target.close()
            out.commandComplete("COPY \(count)")
        } catch {
            await target.close()
            throw error
        }
    }

    private func receiveRows(_ target: any SQLCopyTarget, _ format: PostgresCopyFormat) async throws(SQLFailure) -> Int
    {
        var reader = PostgresCopyReader(format)
        var rows = CopiedRows(columns: target.columns)
        while true {
            let request: PostgresClientMessage
            do {
                request = try await connection.next()
            } catch let error as WireError {
                throw SQLFailure("08P01", error.detail)
            } catch {
                throw SQLFailure("08006", "the client went away in the middle of COPY")
            }
            if running.wasCancelled { throw .cancelled }
            switch request {
            case .copyData(let range):
                reader.append(connection.input[range])
                try rows.take(from: &reader, atEnd: false)
                if rows.isFull { try await rows.insert(into: target) }
            case .copyDone:
                try rows.take(from: &reader, atEnd: true)
                try await rows.insert(into: target)
                return rows.inserted
            case .copyFail(let range):
                throw SQLFailure("57014", "COPY from stdin failed: \(connection.text(range))")
            case .flush, .sync:
                // Clients send these before they know that rows are wanted; a server leaves them out too.
                break
            default:
                throw SQLFailure("08P01", "unexpected message during COPY from stdin")
            }
        }
    }
}

/// Rows that have come and were not inserted yet.
private struct CopiedRows {
    private static let batchValues = 8192
    private static let batchBytes = 1 << 20

    let columns: [SQLColumn]
    private var values: [SQLValue] = []
    private var bytes = 0
    private var line = 0
    private(set) var inserted = 0

    init(columns: [SQLColumn]) { self.columns = columns }

    var isFull: Bool { values.count >= Self.batchValues || bytes >= Self.batchBytes }

    mutating func take(from reader: inout PostgresCopyReader, atEnd: Bool) throws(SQLFailure) {
        while let fields = try next(&reader, atEnd: atEnd) {
            line = reader.lines
            guard fields.count <= columns.count else {
                throw at(SQLFailure("22P04", "extra data after last expected column"))
            }
            guard fields.count == columns.count else {
                throw at(SQLFailure("22P04", "missing data for column \"\(columns[fields.count].name)\""))
            }
            for (index, field) in fields.enumerated() {
                guard let field else {
                    values.append(.null)
                    continue
                }
                bytes += field.count
                do throws(SQLFailure) {
                    values.append(
                        try PostgresValueReader.value(field, columns[index].type, binary: false, number: index + 1))
                } catch {
                    throw at(error)
                }
            }
        }
    }

    private func next(_ reader: inout PostgresCopyReader, atEnd: Bool) throws(SQLFailure) -> [[UInt8]?]? {
        do throws(WireError) {
            return try reader.next(atEnd: atEnd)
        } catch {
            throw SQLFailure("22P04", error.detail)
        }
    }

    private func at(_ failure: SQLFailure) -> SQLFailure {
        var failure = failure
        failure.row = line
        return failure
    }

    mutating func insert(into target: any SQLCopyTarget) async throws(SQLFailure) {
        guard !values.isEmpty else { return }
        let rows = values.count / max(1, columns.count)
        do throws(SQLFailure) {
            try await target.insert(values)
        } catch {
            var failure = error
            failure.row = error.row.map { line - rows + $0 + 1 }
            throw failure
        }
        inserted += rows
        values = []
        bytes = 0
    }
}
