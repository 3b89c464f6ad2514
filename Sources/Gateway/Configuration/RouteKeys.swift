// The configuration keys of a listener's routes.

extension ConfigurationKey {
    static let routeKeys =
        [routes, routePrefix, routeDatabase, routeUser, routeBackend, routeRewrite] + routeRateLimit.all
        + [routeRequire] + routeShadow.all + [split]

    static let routes = ConfigurationKey(
        "listeners.NAME.routes", .sections, default: .described("all to `backend`"),
        """
        Redis only: traffic that goes elsewhere than to `backend`, which takes the rest. Each entry has at least one of \
        `prefix`, `database` and `user`, all of which must hold, and a `backend` with `mode: shared`. The longest \
        prefix wins; then an entry that names the user, then one that names the database.
        """)
    static let routePrefix = ConfigurationKey(
        "listeners.NAME.routes.prefix", .text, default: .described("any key, and commands without one"),
        "The first bytes of the keys that go here.")
    static let routeDatabase = ConfigurationKey(
        "listeners.NAME.routes.database", .wholeNumber(0...2_147_483_647), default: .described("any"),
        "The database (SELECT) of the clients whose commands go here.")
    static let routeUser = ConfigurationKey(
        "listeners.NAME.routes.user", .text, default: .described("any"),
        "The user (AUTH, HELLO AUTH) of the clients whose commands go here; `default` before any login.")
    static let routeBackend = ConfigurationKey(
        "listeners.NAME.routes.backend", .backendName, default: .required, "Where these commands lead.")
    static let routeRewrite = ConfigurationKey(
        "listeners.NAME.routes.rewrite", .text, default: .described("keys pass unchanged"),
        """
        What stands in place of `prefix` in the keys that reach the backend; may be empty. Bytes are changed then, which \
        `fairlead check` and the start line say; commands whose keys cannot be followed are refused.
        """)
    static let require = ConfigurationKey(
        "listeners.NAME.require", .words, default: .described("nothing"),
        """
        What the backend has to be able to do, or Fairlead does not start: capabilities such as `kv.ttl`, and \
        `kv.ttl/whole-seconds` where that weakening is not to be had either. `fairlead portability --require` writes it from a profile. \
        See [Moving away](#moving-away).
        """)
    static let routeRequire = ConfigurationKey(
        "listeners.NAME.routes.require", .words, default: .described("nothing"),
        "The same for what goes here.")
    static let split = ConfigurationKey(
        "listeners.NAME.split", .boolean, default: .value("false"),
        """
        With `routes`, or a cluster: whether MGET, MSET, DEL, EXISTS, UNLINK and TOUCH with keys of several backends, or \
        slots, are split and their replies merged, instead of refused with CROSSSLOT. A split MSET is not atomic.
        """)
}
