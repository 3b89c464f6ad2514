// The configuration keys of moving data.

extension ConfigurationKey {
    static let migrationKeys = [
        migration, migrationTarget, migrationState, migrationRoute, migrationRoutePrefix, migrationRouteDatabase,
        migrationRouteUser, migrationRouteRest, migrationLargestRequest,
    ]

    static let migration = ConfigurationKey(
        "listeners.NAME.migrate", .section, default: .described("none"),
        """
        Redis and S3: has everything ready for moving the data to another backend with `fairlead migrate`, while clients go on. \
        See [Moving](#moving).
        """)
    static let migrationTarget = ConfigurationKey(
        "listeners.NAME.migrate.to", .backendName, default: .required,
        "Where the data goes: a backend of the same protocol, or one with an adapter. Its `login` is used for copying.")
    static let migrationState = ConfigurationKey(
        "listeners.NAME.migrate.state", .text, default: .required,
        """
        The file that says who serves, and that a restart goes by: keep it as safe as the data. A relative path begins at \
        the configuration file's folder.
        """)
    static let migrationRoute = ConfigurationKey(
        "listeners.NAME.migrate.route", .textOrSection, default: .described("all, of a listener without routes"),
        """
        Redis with `routes`: the route whose keys move, and which leads to the target from the cut-over on: its `prefix`, or a mapping \
        of all that it goes by. One at a time.
        """)
    static let migrationRoutePrefix = ConfigurationKey(
        "listeners.NAME.migrate.route.prefix", .text, default: .described("none"), "The route's `prefix`.")
    static let migrationRouteDatabase = ConfigurationKey(
        "listeners.NAME.migrate.route.database", .wholeNumber(0...2_147_483_647), default: .described("none"),
        "The route's `database`.")
    static let migrationRouteUser = ConfigurationKey(
        "listeners.NAME.migrate.route.user", .text, default: .described("none"), "The route's `user`.")
    static let migrationRouteRest = ConfigurationKey(
        "listeners.NAME.migrate.route.all-else", .boolean, default: .value("false"),
        "In place of these: what no route takes moves, which the listener's own `backend` has.")
    static let migrationLargestRequest = ConfigurationKey(
        "listeners.NAME.migrate.largest-request", .size,
        default: .value(SizeText.render(Int(MigrationConfiguration.largestRequestDefault))),
        """
        S3: an object above this size goes to the other place in parts; at least `5MiB`. For servers, and whatever stands before them, \
        that take less than S3 does.
        """)
}
