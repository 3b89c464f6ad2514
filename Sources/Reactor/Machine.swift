// What the machine offers this process: cores and descriptors.

import CLinux

/// The machine as this process may use it.
package enum Machine {
    /// The cores this process may run on, at least one.
    package static var coreCount: Int { max(1, Int(fl_core_count())) }

    /// Raises the number of files this process may open to what the system lets it have.
    package static func raiseFileLimit() { _ = fl_raise_file_limit() }
}
