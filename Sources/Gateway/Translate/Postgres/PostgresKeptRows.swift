// Rows of a cursor that were read and may be wanted again.

import Capabilities

/// The rows of one cursor, from the first that was kept, and where the cursor stands among them.
final class PostgresKeptRows {
    /// Bytes of values that one cursor may keep, which bounds what a session's client can have a gateway hold.
    private static let mostBytes = 64 << 20
    /// What a value takes beside its bytes.
    private static let valueBytes = 16

    private let width: Int
    private var values: [SQLValue] = []
    private var bytes = 0
    private(set) var count = 0
    /// Whether the statement has no more rows.
    private(set) var isComplete = false
    /// The row that was given last, counted from one; zero before the first, one more than there are behind the last.
    var position = 0

    init(width: Int) { self.width = width }

    /// Adds what is left of a batch from its row `start` on.
    func add(_ batch: SQLBatch, from start: Int = 0) throws(SQLFailure) {
        if batch.isLast { isComplete = true }
        guard start < batch.rowCount else { return }
        let new = batch.values[(start * width)..<(batch.rowCount * width)]
        for value in new {
            bytes += Self.valueBytes
            switch value {
            case .text(let text): bytes += text.count
            case .bytes(let data): bytes += data.count
            default: break
            }
        }
        guard bytes <= Self.mostBytes else {
            throw .refused(
                .sqlCursor, "a cursor keeps at most \(Self.mostBytes >> 20) MiB of rows that may be read again here")
        }
        values += new
        count += batch.rowCount - start
    }

    /// The values of a row, counted from one.
    func row(_ number: Int) -> ArraySlice<SQLValue> { values[((number - 1) * width)..<(number * width)] }
}
