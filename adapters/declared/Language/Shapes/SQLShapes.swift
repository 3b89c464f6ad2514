// SQL statements.

extension OperationShape {
    static let sql: [OperationShape] = [
        .init(
            "sql.query", .sqlQuery, [.statement, .parameter, .parameters],
            [.tag, .state, .columns, .types, .cells, .rows, .number],
            "Runs {statement}, whose parameters are $1 and so on, with {each parameters}…{parameter}…{end}. The names of columns are the list `columns`, their types (names as PostgreSQL's, found from the values otherwise) the list `types`; rows are the JSON text `rows`, a list of lists, or the list `cells` of a `more` message for each row. `number` is how many rows were changed, `tag` what the statement was. Of an error, `state` is the SQLSTATE."
        ),
        .init(
            "sql.describe", .sqlParameters, [.statement, .parameter, .parameters], [.state, .columns, .types],
            needs: [[.columns]],
            "The columns that a statement with parameters, or one that changes something and gives rows, would give, without running it; its parameters are NULL here."
        ),
    ]
}
