// Which backend a session leads to.

/// The traffic of a listener that goes to one backend.
///
/// A trusted wire in its plain form has one route a listener: everything.
package struct Route: Sendable {
    package let backend: Backend
}
