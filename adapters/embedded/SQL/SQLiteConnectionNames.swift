// The catalogue and the search path of a connection, and what is forgotten when relations change.

import CSQLite
import Capabilities

extension SQLiteConnection {
    /// Brings what `names` name of the catalogue up to date.
    func refreshCatalog(_ names: Set<String>) throws(SQLFailure) {
        guard !names.isEmpty else { return }
        var others = names
        for relation in settings.liveRelations where others.remove(relation.name) != nil {
            try SQLCatalog.fill(relation, on: self)
        }
        others.remove("pg_catalog")
        guard !others.isEmpty else { return }
        catalogVersion = try SQLCatalogContents.refresh(on: self, since: catalogVersion)
    }

    /// What the catalogue holds may have been rolled back.
    func forgetCatalog() { catalogVersion = nil }

    func tablesChanged() {
        cache.clear()
        widths = [:]
        shared.noteDefinition()
        definesInBlock = transaction.isOpen
    }

    /// What a block has made is known to others from now on, or is no more.
    func transactionEnded() {
        shared.rowSharing.end(owner)
        guard definesInBlock else { return }
        definesInBlock = false
        shared.noteDefinition()
    }

    // MARK: The search path

    var resolution: SQLResolution { SQLResolution(path: pathVersion, definitions: shared.definitionCount) }

    /// Notes a setting that decides what statements mean.
    func settingChanged(_ name: String, _ value: SQLValue) {
        guard name == "search_path", let path = value.string.flatMap({ SQLSearchPath($0) }), path != searchPath else {
            return
        }
        searchPath = path
        pathVersion += 1
        cache.clear()
    }

    /// The schemas that were made.
    func madeSchemas() throws(SQLFailure) -> Set<String> {
        let now = resolution
        if let made, made.at == now { return made.names }
        let rows = try rows(
            "SELECT name FROM main.sqlite_master WHERE type = 'view' AND name LIKE '%' || char(31)")
        let names = Set(rows.compactMap { $0[0].string.map { SQLSchemaName.split($0).schema } })
        made = (names, now)
        return names
    }

    /// Whether names without a schema mean what SQLite takes them for.
    func hasPlainPath() throws(SQLFailure) -> Bool {
        let now = resolution
        if let plain, plain.at == now { return plain.isPlain }
        let isPlain = try SQLPathResolver(self).isPlain
        plain = (isPlain, now)
        return isPlain
    }
}
