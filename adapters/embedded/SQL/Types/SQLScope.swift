// Which columns the names in a query can mean.

import Capabilities

/// A relation of a FROM clause.
struct SQLScopeRelation {
    /// What it is called there.
    var name: String
    /// nil where nothing is known of its columns.
    var columns: [SQLTypedColumn]?
    /// Columns of its primary key.
    var key: Set<String> = []
    /// Columns that an unqualified name does not mean here: USING has merged them with another relation's.
    var hidden: Set<String> = []
}

/// The relations of one query, and those around it.
final class SQLScope {
    let number: Int
    let outer: SQLScope?
    var relations: [SQLScopeRelation] = []
    /// Columns that USING and NATURAL have merged, in their order.
    var merged: [String] = []
    /// Queries that WITH names; nil for columns of which nothing is known.
    var named: [String: [SQLTypedColumn]?] = [:]
    /// Grouped columns, by relation and column, and grouped expressions as ``SQLTyper/normal(_:)`` writes them.
    var groupedColumns: Set<[Int]> = []
    var groupedTexts: Set<String> = []
    var longestGroup = 0
    /// Whether a group may be of numbers that are equal and show other digits, of which it shows the first one's.
    var groupsDigits = false

    init(_ number: Int, within outer: SQLScope?) {
        self.number = number
        self.outer = outer
    }

    /// What a name means.
    enum Meaning {
        case column(SQLTypedColumn, scope: SQLScope, relation: Int, column: Int)
        /// A relation of which nothing is known may have it.
        case untold
        case ambiguous
        case none
    }

    /// What `name` means, qualified by `relation` or not, here or further out.
    func meaning(of name: String, relation: String?) -> Meaning {
        var mayBeElsewhere = false
        var found: Meaning?
        for (place, candidate) in relations.enumerated() where relation == nil || candidate.name == relation {
            guard let columns = candidate.columns else {
                mayBeElsewhere = true
                continue
            }
            if relation == nil, candidate.hidden.contains(name) { continue }
            for (number, column) in columns.enumerated() where column.name == name {
                if found != nil { return .ambiguous }
                found = .column(column, scope: self, relation: place, column: number)
            }
        }
        if mayBeElsewhere { return .untold }
        if let found { return found }
        return outer?.meaning(of: name, relation: relation) ?? .none
    }

    /// The columns of a query that WITH names; nil where there is none of this name.
    func query(named name: String) -> [SQLTypedColumn]?? {
        if let columns = named[name] { return .some(columns) }
        return outer?.query(named: name) ?? nil
    }
}
