// The version that `fairlead --version` prints.

/// The version of this program, by semantic versioning.
let fairleadVersion = "0.1.0"
