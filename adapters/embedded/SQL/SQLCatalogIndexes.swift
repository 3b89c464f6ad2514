// What the catalogue says of indexes.

import Capabilities

extension SQLCatalogContents {
    /// An index with what it is of.
    private struct Index {
        var number: Int64
        /// SQLite's name for it.
        var name: String
        var keys: [SQLShownText.Key]
        /// The places of its columns; zero for an expression.
        var places: [Int64]
        var isUnique: Bool
        var isPrimary: Bool
        var isConstraint: Bool
        var condition: String?
    }

    func indexes(_ number: Int64, _ table: String, _ columns: [Column], _ text: SQLShownText?) throws(SQLFailure) {
        let list = try connection.rows(
            """
            SELECT l.name, l."unique", l.origin, m.rowid + \(SQLCatalog.firstNumber), m.sql \
            FROM pragma_index_list(?1) l JOIN main.sqlite_master m ON m.name = l.name AND m.type = 'index' ORDER BY l.seq
            """, [.text(table)])
        var hasPrimary = false
        for row in list {
            guard let given = row[0].string, let index = row[3].integer else { continue }
            let parts = try connection.rows("SELECT name, cid FROM pragma_index_info(?1)", [.text(given)])
            let names = parts.map { $0[0].string ?? "expression" }
            let isPrimary = row[2].string == "pk" || given == "\(table)_pkey"
            hasPrimary = hasPrimary || isPrimary
            let ownName = text?.constraintName(isPrimary ? "primary" : "unique", names)
            let madeName = isPrimary ? "\(table)_pkey" : "\(table)_\(names.joined(separator: "_"))_key"
            let name = given.hasPrefix("sqlite_") ? ownName ?? madeName : given
            let told = row[4].string.flatMap { SQLShownText($0)?.index }
            let keys = told?.keys ?? names.map { SQLShownText.Key(text: SQLText.shown($0), isDescending: false) }
            try add(
                Index(
                    number: index, name: name, keys: keys, places: parts.map { max(0, ($0[1].integer ?? -1) + 1) },
                    isUnique: row[1].integer == 1, isPrimary: isPrimary,
                    isConstraint: isPrimary || row[2].string == "u", condition: told?.condition),
                of: number, table, columns)
        }
        guard !hasPrimary else { return }
        let key = try connection.rows(
            "SELECT name, cid FROM pragma_table_info(?1) WHERE pk ORDER BY pk", [.text(table)])
        guard !key.isEmpty else { return }
        let ownName = text?.constraintName("primary", key.map { $0[0].string ?? "" })
        try add(
            Index(
                number: number + 1_000_000_000, name: ownName ?? "\(table)_pkey",
                keys: key.map { SQLShownText.Key(text: SQLText.shown($0[0].string ?? ""), isDescending: false) },
                places: key.map { ($0[1].integer ?? 0) + 1 }, isUnique: true, isPrimary: true, isConstraint: true),
            of: number, table, columns)
    }

    private func add(_ index: Index, of table: Int64, _ tableName: String, _ columns: [Column]) throws(SQLFailure) {
        try relation(index.number, index.name, kind: "i", columns: index.keys.count)
        let (schema, shown) = SQLSchemaName.split(tableName)
        let name = SQLSchemaName.bare(index.name)
        let list = index.keys.map(\.shown).joined(separator: ", ")
        let definition =
            "CREATE \(index.isUnique ? "UNIQUE " : "")INDEX \(SQLText.shown(name)) ON "
            + "\(SQLText.shown(schema)).\(SQLText.shown(shown)) USING btree (\(list))"
            + (index.condition.map { " WHERE (\($0))" } ?? "")
        let flag: (Bool) -> SQLValue = { .integer($0 ? 1 : 0) }
        let count = SQLValue.integer(Int64(index.keys.count))
        func vector(_ numbers: [Int64]) -> SQLValue { .text(numbers.map(String.init).joined(separator: " ")) }
        // NULL is larger than everything, and so comes first in a falling order (pg_index.h, INDOPTION_DESC and _NULLS_FIRST).
        let options = index.keys.map(\.option)
        try insert(
            "pg_catalog.pg_index",
            [
                .integer(index.number), .integer(table), count, count, flag(index.isUnique), flag(index.isPrimary),
                flag(false), flag(true), flag(false), flag(true), flag(true), flag(true), flag(false),
                vector(index.places), index.places.contains(0) ? .text("expressions") : .null,
                index.condition.map { .text("(\($0))") } ?? .null, vector(options), .text(definition), flag(false),
                vector(options.map { _ in 0 }),
            ])
        for (place, key) in index.keys.enumerated() {
            let column = columns.first { place < index.places.count && $0.place == index.places[place] }
            try attribute(
                Column(
                    name: column?.name ?? key.text.prefix { $0 != "(" }.description, place: Int64(place + 1),
                    type: column?.type ?? SQLDeclaredType(type: .text)),
                of: index.number)
        }
        try insert("pg_catalog.pg_indexes", [.text(schema), .text(shown), .text(name), .null, .text(definition)])
        guard index.isConstraint else { return }
        let constrained = index.places.compactMap { place in columns.first { $0.place == place } }
        try constraint(
            Constraint(
                number: index.number + 2_000_000_000, name: name, kind: index.isPrimary ? "p" : "u",
                columns: constrained,
                definition: "\(index.isPrimary ? "PRIMARY KEY" : "UNIQUE") (\(list))", index: index.number),
            of: table, tableName)
    }
}
