// A cursor of a PostgreSQL client's, which the candidate will have as well.

import PostgresWire

/// What is known of a cursor that was declared in the transaction that is repeated.
struct PostgresShadowCursor {
    /// What declares it.
    let declaration: [UInt8]
    let isOrdered: Bool
    /// That of its declaration.
    let shape: UInt64
    /// What rows taken from it have to have in common.
    var order = PostgresRowOrder.counted
    /// Whether nothing was taken from it yet.
    private var isFresh = true

    /// Nil where `statement` declares none that another server can have.
    init?(_ statement: PostgresShadowStatement) {
        guard case .declare(_, lasts: false, isRead: true) = statement.reading.cursor else { return nil }
        declaration = statement.text
        isOrdered = statement.reading.isOrdered
        shape = statement.shape
    }

    /// The cursor as the next fetch finds it: which of the rows without an order come next is the server's choice, unless all do.
    mutating func fetch(isAll: Bool) {
        order = isOrdered ? .ordered : isAll && isFresh ? .unordered : .counted
        isFresh = false
    }
}
