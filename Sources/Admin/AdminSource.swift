// What the admin listener shows, without knowing the gateway that it comes from.

/// The facts that the admin listener serves.
package protocol AdminSource: Sendable {
    /// All metrics as Prometheus text, format 0.0.4.
    func metrics() async -> String
    /// What the listeners' shadows have found, as JSON or as a table for a terminal.
    func shadows(asTable: Bool) async -> String
    /// How far the migrations of listeners' data are, as JSON.
    func migrations() -> String
    /// Gives the migration of `listener` an order in words; false when there is no such listener or order.
    func orderMigration(of listener: String, _ words: [String]) -> Bool
    /// Which keys are hot and which values big, as JSON or as a table for a terminal.
    func keys(asTable: Bool) async -> String
    /// Whether new sessions are welcome, and if not, why.
    var readiness: (ready: Bool, reason: String) { get }
    /// The configuration as YAML, without secrets.
    func configuration() -> String
    /// What applications were seen to use, as JSON; nil when that is not recorded.
    func usage() async -> String?
    /// Forgets what applications were seen to use; false when that is not recorded.
    func resetUsage() async -> Bool
}
