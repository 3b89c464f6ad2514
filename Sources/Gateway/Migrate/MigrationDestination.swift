// Where a listener leads whose data has been moved: the state file says it, not `backend`.

import Migration

extension Configuration {
    /// `listener` as a start of the gateway would have it: led to the target once its data has been cut over.
    ///
    /// A file that cannot be read stops a start, and says nothing here.
    package func served(_ listener: ListenerConfiguration) -> ListenerConfiguration {
        guard let migration = listener.migration,
            let record = (try? MigrationFile(path: migration.state).read()).flatMap({ $0 }),
            record.listener == listener.name, record.target == migration.target, record.phase.serving == .target
        else { return listener }
        return listener.moved(to: migration.target)
    }
}

extension ListenerConfiguration {
    /// The same with the moving place at `target`.
    func moved(to target: String) -> ListenerConfiguration {
        var moved = self
        // The last place is the listener's own.
        if movingPlace < moved.routes.count {
            moved.routes[movingPlace].backend = target
        } else {
            moved.backend = target
        }
        return moved
    }
}
